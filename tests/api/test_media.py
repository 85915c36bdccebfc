"""POST, GET and DELETE /media: files to send, and files that came in."""

from __future__ import annotations

import base64
import hashlib
import io
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import request
from werkzeug.test import TestResponse

from answers import data, error, pointers
from factories import API, MakeWorld, World
from flask_waapi.storage.media_models import StoredMedium
from flask_waapi.testing import ManualClock
from flask_waapi.testing.graph_double import Close, ErrorAnswer, GraphDouble
from media_files import JPEG, PDF, TAKEN

MEDIA = f"{API}/media"
LARGE_PDF = PDF + random.Random(1).randbytes(400_000)


@pytest.fixture(scope="module")
def double() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        yield double


@pytest.fixture
def cloud(make_world: MakeWorld, double: GraphDouble) -> Iterator[World]:
    """An app that sends to the double."""
    world = make_world(**cloud_settings(double))
    yield world
    world.services.providers.close()


def cloud_settings(double: GraphDouble) -> dict[str, Any]:
    return {"WAAPI_PROVIDERS": {"main": {"type": "cloud", **double.provider_settings}}}


def post_form(world: World, *parts: tuple[str, Any], key: str = "", path: str = MEDIA) -> TestResponse:
    """A POST of a form with these parts; a file is a tuple of content and name."""
    form: dict[str, list[Any]] = {}
    for name, value in parts:
        if isinstance(value, tuple):
            value = (io.BytesIO(value[0]), *value[1:])
        form.setdefault(name, []).append(value)
    headers = {"X-API-Key": key or world.key()}
    return world.client.post(path, data=form, headers=headers, content_type="multipart/form-data")


def upload(world: World, content: bytes = JPEG, name: str = "cat.jpg", **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = data(post_form(world, ("file", (content, name)), **options), 201)
    return found


# Uploads


def test_a_file_is_uploaded_to_the_provider(cloud: World, double: GraphDouble) -> None:
    medium = upload(cloud, LARGE_PDF, "Rechnung März.pdf")

    kept = double.media.get(medium["media_id"])
    assert (kept.content, kept.mime_type) == (LARGE_PDF, "application/pdf")
    assert medium == {
        "media_id": kept.id,
        "mime_type": "application/pdf",
        "size": len(LARGE_PDF),
        "sha256": hashlib.sha256(LARGE_PDF).hexdigest(),
        "filename": "Rechnung März.pdf",
        "expires_at": medium["expires_at"],
    }
    assert medium["expires_at"].startswith((cloud.clock() + timedelta(days=30)).date().isoformat())


def test_neither_name_nor_declared_type_say_what_a_file_is(cloud: World) -> None:
    answer = post_form(cloud, ("file", (JPEG, "invoice.pdf", "application/pdf")))

    assert data(answer, 201)["mime_type"] == "image/jpeg"


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_a_file_must_be_of_the_kind_that_is_asked_for(cloud: World, kind: str) -> None:
    answer = post_form(cloud, ("file", (JPEG, "a")), ("type", kind))

    if kind == "image":
        assert data(answer, 201)["mime_type"] == "image/jpeg"
    else:
        assert pointers(answer) == {"/file"}
        assert "image/jpeg" in error(answer, 422, "VALIDATION_ERROR")["message"]


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([], {"/file"}),
        ([("type", "image")], {"/file"}),
        ([("file", "not a file")], {"/file"}),
        ([("file", (b"", "empty.txt"))], {"/file"}),
        ([("file", (JPEG, "a")), ("file", (JPEG, "b"))], {"/file"}),
        ([("file", (JPEG, "a")), ("file", "text")], {"/file"}),
        ([("upload", (JPEG, "a"))], {"/file", "/upload"}),
        ([("file", (JPEG, "a")), ("link", "x")], {"/link"}),
        ([("file", (JPEG, "a")), ("type", "image"), ("type", "image")], {"/type"}),
        ([("file", (JPEG, "a")), ("type", "hologram")], {"/type"}),
        ([("file", (JPEG, "../../etc/passwd"))], {"/file"}),
        ([("file", (JPEG, ".."))], {"/file"}),
        ([("file", (JPEG, "x" * 241))], {"/file"}),
    ],
)
def test_a_form_that_is_wrong_is_refused_and_says_where(
    cloud: World, double: GraphDouble, parts: list[tuple[str, Any]], wrong: set[str]
) -> None:
    before = len(double.requests)

    assert pointers(post_form(cloud, *parts)) == wrong
    assert len(double.requests) == before


def raw_form(*headers: str, content: bytes = JPEG, end: bytes = b"--x--\r\n") -> bytes:
    return b"--x\r\n" + "\r\n".join([*headers, "", ""]).encode() + content + b"\r\n" + end


def post_raw(
    world: World, body: bytes, content_type: str = "multipart/form-data; boundary=x"
) -> TestResponse:
    return world.post_raw(MEDIA, body, content_type=content_type)


@pytest.mark.parametrize("name", ["a%0D%0AX-Evil: 1", "a%00", "%7F", "a%5Cb", "%2Fa"])
def test_a_file_name_with_control_characters_or_a_path_is_refused(cloud: World, name: str) -> None:
    form = raw_form(f"Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''{name}")

    assert pointers(post_raw(cloud, form)) == {"/file"}


FILE_HEADER = 'Content-Disposition: form-data; name="file"; filename="a"'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (raw_form(FILE_HEADER, end=b""), "multipart/form-data; boundary=x"),
        (raw_form(FILE_HEADER)[:40], "multipart/form-data; boundary=x"),
        (raw_form("X-Nothing: 1"), "multipart/form-data; boundary=x"),
        (raw_form(FILE_HEADER), "multipart/form-data; boundary=other"),
        (raw_form(FILE_HEADER), "multipart/form-data"),
        (b"--x\r\n" + FILE_HEADER.encode() + b"; \xff\r\n\r\nx\r\n--x--", "multipart/form-data; boundary=x"),
        (b"--x\r\n" + FILE_HEADER.encode() + b"\r\n\r\n", "multipart/form-data; boundary=x"),
    ],
)
def test_a_body_that_is_no_form_is_malformed(cloud: World, body: bytes, content_type: str) -> None:
    error(post_raw(cloud, body, content_type), 400, "MALFORMED_REQUEST")


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", None])
def test_a_body_that_is_not_declared_as_a_form_is_refused(cloud: World, content_type: str | None) -> None:
    answer = cloud.client.post(
        MEDIA, data=b"{}", content_type=content_type, headers={"X-API-Key": cloud.key()}
    )

    error(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_file_that_is_larger_than_its_kind_may_be_is_too_large(cloud: World) -> None:
    answer = post_raw(cloud, raw_form(FILE_HEADER, content=JPEG.ljust(5 * 1024 * 1024 + 1, b"\0")))

    details = error(answer, 413, "PAYLOAD_TOO_LARGE")["details"]
    assert (details["kind"], details["largest"]) == ("image", 5 * 1024 * 1024)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_longer_than_the_setting_is_too_large(make_world: MakeWorld, declared: bool) -> None:
    world = make_world(WAAPI_MAX_UPLOAD_SIZE=300_000)
    body = raw_form(FILE_HEADER, content=bytes(300_000))
    options: dict[str, Any] = {"headers": {"X-API-Key": world.key()}, "input_stream": io.BytesIO(body)}
    if declared:
        options["content_length"] = len(body)
    else:
        options["environ_overrides"] = {"wsgi.input_terminated": True}

    answer = world.client.post(MEDIA, content_type="multipart/form-data; boundary=x", **options)

    error(answer, 413, "PAYLOAD_TOO_LARGE")


def test_a_chunked_body_is_read_whole(cloud: World) -> None:
    body = raw_form(FILE_HEADER, content=LARGE_PDF)

    answer = cloud.client.post(
        MEDIA,
        input_stream=io.BytesIO(body),
        environ_overrides={"wsgi.input_terminated": True},
        content_type="multipart/form-data; boundary=x",
        headers={"X-API-Key": cloud.key()},
    )

    assert data(answer, 201)["size"] == len(LARGE_PDF)


def test_a_text_part_is_not_collected_without_end(cloud: World) -> None:
    answer = post_form(cloud, ("file", (JPEG, "a")), ("type", "x" * 400_000))

    error(answer, 413, "PAYLOAD_TOO_LARGE")


def test_many_parts_are_not_collected_without_end(cloud: World) -> None:
    answer = post_form(cloud, *((f"part{number}", "x") for number in range(100)))

    error(answer, 413, "PAYLOAD_TOO_LARGE")


def test_the_limits_of_the_host_for_its_own_forms_do_not_count(
    make_world: MakeWorld, double: GraphDouble
) -> None:
    limits = {"MAX_CONTENT_LENGTH": 10_000, "MAX_FORM_MEMORY_SIZE": 1_000, "MAX_FORM_PARTS": 1}
    world = make_world(**cloud_settings(double), **limits)

    assert upload(world, LARGE_PDF, "a.pdf")["size"] == len(LARGE_PDF)


def test_a_form_that_the_host_has_read_already_is_taken(make_world: MakeWorld, double: GraphDouble) -> None:
    world = make_world(**cloud_settings(double))

    @world.app.before_request
    def read_every_form() -> None:
        assert request.form is not None

    assert upload(world, LARGE_PDF, "a.pdf")["size"] == len(LARGE_PDF)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Close(), 503, "PROVIDER_UNAVAILABLE"),
        (ErrorAnswer(131053), 422, "MESSAGE_REJECTED"),
        (ErrorAnswer(190), 502, "PROVIDER_ERROR"),
        (ErrorAnswer(4), 503, "PROVIDER_UNAVAILABLE"),
    ],
)
def test_what_the_provider_says_is_told(
    cloud: World, double: GraphDouble, fault: Any, status: int, code: str
) -> None:
    double.fail_next(fault, edge="media")

    error(post_form(cloud, ("file", (JPEG, "a.jpg"))), status, code)

    assert cloud.count(StoredMedium) == 0


def test_an_upload_counts_in_the_limits_and_needs_its_permission(cloud: World) -> None:
    answer = post_form(cloud, ("file", (JPEG, "a.jpg")))
    assert "RateLimit" in answer.headers
    key = cloud.issue_key("reader", permissions=["view_messages"])

    error(post_form(cloud, ("file", (JPEG, "a.jpg")), key=key), 403, "PERMISSION_DENIED")


# Facts, content, end


def test_a_medium_can_be_read_fetched_and_deleted(cloud: World, double: GraphDouble) -> None:
    medium = upload(cloud, LARGE_PDF, 'Bill "März".pdf')
    path = f"{MEDIA}/{medium['media_id']}"

    assert data(cloud.get(path)) == medium
    answer = cloud.get(f"{path}/content")
    digest = base64.b64encode(hashlib.sha256(LARGE_PDF).digest()).decode()
    assert (answer.status_code, answer.data, answer.mimetype) == (200, LARGE_PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert answer.headers["Content-Length"] == str(len(LARGE_PDF))
    assert answer.headers["X-Request-Id"]
    assert data(cloud.delete(path)) == {"media_id": medium["media_id"]}
    assert medium["media_id"] not in double.media
    for gone in (cloud.get(path), cloud.get(f"{path}/content"), cloud.delete(path)):
        error(gone, 404, "NOT_FOUND")


def test_a_key_that_only_views_messages_reads_media_and_deletes_none(cloud: World) -> None:
    path = f"{MEDIA}/{upload(cloud)['media_id']}"
    key = cloud.issue_key("reader", permissions=["view_messages"])

    assert data(cloud.get(path, key=key))["mime_type"] == "image/jpeg"
    assert cloud.get(f"{path}/content", key=key).data == JPEG
    error(cloud.delete(path, key=key), 403, "PERMISSION_DENIED")


def test_a_medium_of_another_account_is_as_unknown_as_any(cloud: World) -> None:
    medium = upload(cloud)["media_id"]
    key = cloud.issue_key("stranger", account="other")

    for method, path in (("get", ""), ("get", "/content"), ("delete", "")):
        answers = [getattr(cloud, method)(f"{MEDIA}/{one}{path}", key=key) for one in (medium, "4711")]
        messages = [error(answer, 404, "NOT_FOUND")["message"] for answer in answers]
        assert messages[0].replace(medium, "X") == messages[1].replace("4711", "X")


@pytest.mark.parametrize("media_id", ["%00", "x" * 300, "%ED%A0%80", "..%2F.."])
def test_an_id_that_is_none_is_not_found(cloud: World, media_id: str) -> None:
    error(cloud.get(f"{MEDIA}/{media_id}"), 404, "NOT_FOUND")


def test_a_medium_that_the_provider_has_lost_is_not_found(cloud: World, double: GraphDouble) -> None:
    media_id = upload(cloud)["media_id"]
    double.media.delete(media_id)

    error(cloud.get(f"{MEDIA}/{media_id}/content"), 404, "NOT_FOUND")
    error(cloud.delete(f"{MEDIA}/{media_id}"), 404, "NOT_FOUND")
    assert cloud.count(StoredMedium) == 0


def test_a_content_that_breaks_off_is_not_taken_for_whole(
    cloud: World, double: GraphDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    media_id = upload(cloud, LARGE_PDF, "a.pdf")["media_id"]
    monkeypatch.setattr(double.media.get(media_id), "sha256", "0" * 64)

    with pytest.raises(Exception, match="checksum"):
        cloud.get(f"{MEDIA}/{media_id}/content", buffered=True)


def test_media_are_forgotten_when_their_time_is_over(cloud: World, clock: ManualClock) -> None:
    media_id = upload(cloud)["media_id"]
    clock.advance(timedelta(days=29, hours=23))
    assert data(cloud.get(f"{MEDIA}/{media_id}"))["media_id"] == media_id

    clock.advance(timedelta(hours=1))

    error(cloud.get(f"{MEDIA}/{media_id}"), 404, "NOT_FOUND")
    cloud.work()
    assert cloud.count(StoredMedium) == 0


# Simulation


def test_a_test_key_uploads_to_the_simulation(cloud: World, double: GraphDouble) -> None:
    before = len(double.requests)
    key = cloud.issue_key("tests", mode="test")

    medium = upload(cloud, key=key)

    assert medium["media_id"] == f"sim.{hashlib.sha256(JPEG).hexdigest()[:32]}"
    assert data(cloud.get(f"{MEDIA}/{medium['media_id']}", key=key)) == medium
    refusal = error(cloud.get(f"{MEDIA}/{medium['media_id']}/content", key=key), 422, "UNSUPPORTED_FEATURE")
    assert "simulation keeps no media" in refusal["message"]
    assert data(cloud.delete(f"{MEDIA}/{medium['media_id']}", key=key))
    assert len(double.requests) == before


def test_a_test_key_does_not_reach_a_real_provider_by_an_id(cloud: World, double: GraphDouble) -> None:
    media_id = upload(cloud)["media_id"]
    before = len(double.requests)
    key = cloud.issue_key("tests", mode="test")

    error(cloud.get(f"{MEDIA}/{media_id}/content", key=key), 404, "NOT_FOUND")
    error(cloud.delete(f"{MEDIA}/{media_id}", key=key), 404, "NOT_FOUND")
    assert len(double.requests) == before


def test_the_same_file_may_be_uploaded_again(world: World) -> None:
    assert upload(world) == upload(world)
    assert world.count(StoredMedium) == 1


@pytest.mark.parametrize("name", list(TAKEN))
def test_every_type_is_taken_on_every_way(world: World, name: str) -> None:
    kind, mime_type, content = TAKEN[name]

    answer = post_form(world, ("file", (content, "any")), ("type", kind))

    assert data(answer, 201)["mime_type"] == mime_type


def test_media_are_kept_on_every_database(any_world: World) -> None:
    medium = upload(any_world)

    assert data(any_world.get(f"{MEDIA}/{medium['media_id']}")) == medium
    assert data(any_world.delete(f"{MEDIA}/{medium['media_id']}"))
    assert any_world.count(StoredMedium) == 0
