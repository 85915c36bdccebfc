"""Examples for templates at Meta: announced to the app, then handed over in pieces, and nowhere else."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tempfile
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloud_world import cloud_provider, cloud_world, unhurried
from flask_waapi import MediaUpload, Misconfigured, Rejected, Retryable, UnsupportedFeature
from flask_waapi.testing.graph_double import Close, ErrorAnswer, Fault, GraphDouble, RawAnswer
from media_files import PNG
from waapi_cloud import CloudProvider

World = tuple[GraphDouble, CloudProvider]

LARGE = 40 * 1024 * 1024
MOST_MEMORY = 4 * 1024 * 1024


@pytest.fixture
def world() -> Iterator[World]:
    with cloud_world() as (double, provider):
        yield double, provider


def upload(content: bytes = PNG, **changes: Any) -> MediaUpload:
    facts: dict[str, Any] = {"size": len(content), "mime_type": "image/png", "filename": "a.png"} | changes
    return MediaUpload(io.BytesIO(content), **facts)


def answer(value: Any) -> RawAnswer:
    return RawAnswer(200, json.dumps(value).encode(), "application/json")


def test_an_example_is_announced_and_handed_over_as_meta_documents_it(world: World) -> None:
    double, provider = world

    handle = provider.upload_template_example(upload())

    announced, handed_over = double.requests
    assert announced.path == f"/v23.0/{double.account.app_id}/uploads"
    assert announced.query == {"file_name": "a.png", "file_length": str(len(PNG)), "file_type": "image/png"}
    assert announced.headers["authorization"] == f"Bearer {double.account.access_token}"
    assert handed_over.path.startswith("/v23.0/upload:")
    assert handed_over.query["sig"]
    assert handed_over.headers["file_offset"] == "0"
    assert handed_over.headers["authorization"] == f"OAuth {double.account.access_token}"
    assert handed_over.headers["content-length"] == str(len(PNG))
    assert handed_over.body == PNG
    assert handle == double.examples.all()[0].handle


def test_an_instance_with_an_app_says_that_it_takes_examples(world: World) -> None:
    assert world[1].takes_template_examples


@unhurried
@given(content=st.binary(min_size=1, max_size=2_000), filename=st.text(min_size=1, max_size=20))
@example(content=b"x", filename="a&file_type=video/mp4#b?c%00")
@example(content=b"x", filename="\ud800")
def test_any_content_under_any_name_arrives_as_it_is(content: bytes, filename: str) -> None:
    with cloud_world() as (double, provider):
        provider.upload_template_example(upload(content, filename=filename))

        (taken,) = double.examples.all()
        assert taken.sha256 == hashlib.sha256(content).hexdigest()
        assert taken.file_name == filename.encode("utf-8", "replace").decode("utf-8")
        assert taken.file_type == "image/png"


def test_a_large_example_is_never_whole_in_memory(world: World) -> None:
    double, provider = world
    with tempfile.TemporaryFile() as file:
        file.write(PNG)
        file.truncate(LARGE)
        file.seek(0)
        tracemalloc.start()
        try:
            provider.upload_template_example(MediaUpload(file, LARGE, "image/png", "a.png"))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert double.examples.all()[0].size == LARGE
    assert peak < MOST_MEMORY


def test_without_an_app_id_none_is_uploaded() -> None:
    with GraphDouble() as double:
        provider = cloud_provider(double, app_id=None)

        assert not provider.takes_template_examples
        with pytest.raises(UnsupportedFeature, match="app_id"):
            provider.upload_template_example(upload())
        assert double.requests == ()


def test_an_app_that_meta_does_not_know_is_a_fault_of_the_settings() -> None:
    with GraphDouble() as double:
        provider = cloud_provider(double, app_id="404")

        with pytest.raises(Misconfigured, match="app_id"):
            provider.upload_template_example(upload())


def test_a_type_that_meta_does_not_take_is_rejected(world: World) -> None:
    with pytest.raises(Rejected, match="file_type"):
        world[1].upload_template_example(upload(mime_type="image/gif"))


@pytest.mark.parametrize(
    "fault",
    [
        Close(),
        RawAnswer(503),
        answer({"id": None}),
        answer({"id": "1234567890"}),
        answer({"id": "upload:a/../1234567890/media"}),
        answer({"id": "upload:a#b"}),
        answer({"id": "upload:a\\b"}),
        answer({"id": "upload:a@example.com"}),
        answer({"id": "upload:a?sig=b#c"}),
        answer({"id": "upload:a\r\nX-Evil: 1"}),
        answer({"id": "upload:%2e%2e/me"}),
        answer({"success": True}),
    ],
    ids=repr,
)
def test_without_a_session_of_meta_nothing_is_handed_over(world: World, fault: Fault) -> None:
    double, provider = world
    double.fail_next(fault, edge="uploads")

    with pytest.raises(Retryable):
        provider.upload_template_example(upload())

    assert len(double.requests) == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Close(accepted=False), Retryable),
        (RawAnswer(200, b"<html>"), Retryable),
        (answer({"h": ""}), Retryable),
        (answer({"h": ["4::a"]}), Retryable),
        (ErrorAnswer(190), Misconfigured),
        (ErrorAnswer(100), Rejected),
        (ErrorAnswer(4), Retryable),
    ],
    ids=repr,
)
def test_a_session_that_breaks_is_told_and_the_next_upload_is_none_the_worse(
    world: World, fault: Fault, kind: type[Exception]
) -> None:
    double, provider = world
    double.fail_next(answer({"id": "upload:bW9ua2V5?sig=AR1"}), edge="uploads")
    double.fail_next(fault, edge="upload:bW9ua2V5")

    with pytest.raises(kind):
        provider.upload_template_example(upload())

    assert provider.upload_template_example(upload()).startswith("4::")


def test_a_file_that_is_shorter_than_it_says_is_not_uploaded(world: World) -> None:
    double, provider = world

    with pytest.raises(Retryable):
        provider.upload_template_example(upload(b"short", size=100))

    assert double.examples.all() == ()


def test_no_error_tells_the_token(world: World) -> None:
    double, provider = world
    token = double.account.access_token
    double.fail_next(ErrorAnswer(190, details=f"Malformed access token {token}"), edge="uploads")

    with pytest.raises(Misconfigured) as caught:
        provider.upload_template_example(upload(random.Random(1).randbytes(100)))

    assert token not in str(caught.value)
