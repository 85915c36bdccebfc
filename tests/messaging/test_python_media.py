"""``waapi.media``: uploading, reading, fetching and deleting from Python."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from factories import RECIPIENT, MakeWorld, World
from flask_waapi import ProviderError, ValidationFailed, WaApi
from flask_waapi.errors import FeatureUnsupported, NotFound, ProviderFailed
from flask_waapi.testing.graph_double import GraphDouble
from media_files import JPEG, PDF


@pytest.fixture
def double() -> Iterator[GraphDouble]:
    with GraphDouble() as double:
        yield double


@pytest.fixture
def cloud(make_world: MakeWorld, double: GraphDouble) -> Iterator[World]:
    world = make_world(WAAPI_PROVIDERS={"main": {"type": "cloud", **double.provider_settings}})
    yield world
    world.services.providers.close()


@contextmanager
def calls(world: World) -> Iterator[WaApi]:
    with world.app.app_context():
        yield world.waapi


def test_a_file_is_uploaded_by_its_path_and_sent(cloud: World, double: GraphDouble, tmp_path: Path) -> None:
    path = tmp_path / "bill.pdf"
    path.write_bytes(PDF)

    with calls(cloud) as waapi:
        medium = waapi.media.upload(path)
        waapi.send_media(RECIPIENT, "document", media_id=medium.media_id, filename=medium.filename)

    assert (medium.mime_type, medium.size, medium.filename) == ("application/pdf", len(PDF), "bill.pdf")
    assert double.messages[0].body["document"] == {"id": medium.media_id, "filename": "bill.pdf"}


def test_an_open_file_is_uploaded_from_its_beginning(cloud: World, double: GraphDouble) -> None:
    file = io.BytesIO(JPEG)
    file.read()

    with calls(cloud) as waapi:
        medium = waapi.media.upload(file, filename="cat.jpg", type="image")

    assert double.media.get(medium.media_id).content == JPEG
    assert not file.closed


def test_a_medium_is_read_fetched_and_deleted(cloud: World) -> None:
    with calls(cloud) as waapi:
        medium = waapi.media.upload(io.BytesIO(JPEG))

        assert waapi.media.get(medium.media_id) == medium
        assert b"".join(waapi.media.download(medium.media_id).chunks) == JPEG
        waapi.media.delete(medium.media_id)
        with pytest.raises(NotFound):
            waapi.media.get(medium.media_id)


def test_a_content_that_is_another_breaks_off(
    cloud: World, double: GraphDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    with calls(cloud) as waapi:
        media_id = waapi.media.upload(io.BytesIO(JPEG)).media_id
        monkeypatch.setattr(double.media.get(media_id), "sha256", "0" * 64)

        with pytest.raises(ProviderError):
            list(waapi.media.download(media_id).chunks)


def test_accounts_do_not_see_each_other_s_media(cloud: World) -> None:
    with calls(cloud) as waapi:
        media_id = waapi.media.upload(io.BytesIO(JPEG), account="one").media_id

        for ask in (waapi.media.get, waapi.media.download, waapi.media.delete):
            with pytest.raises(NotFound):
                ask(media_id, account="other")
        with pytest.raises(ValidationFailed, match="no medium"):
            waapi.send_media(RECIPIENT, "image", media_id=media_id, account="other")


def test_a_simulated_upload_leaves_nothing_to_fetch(cloud: World, double: GraphDouble) -> None:
    with calls(cloud) as waapi:
        media_id = waapi.media.upload(io.BytesIO(JPEG), simulate=True).media_id

        assert waapi.media.get(media_id).provider == "simulation"
        with pytest.raises(FeatureUnsupported):
            waapi.media.download(media_id)
    assert double.requests == ()


def test_a_file_that_is_not_taken_is_refused(cloud: World) -> None:
    with calls(cloud) as waapi, pytest.raises(ValidationFailed, match="image/gif"):
        waapi.media.upload(io.BytesIO(b"GIF89a"))


def test_an_instance_that_does_not_exist_is_refused(cloud: World) -> None:
    with calls(cloud) as waapi, pytest.raises(ProviderFailed, match="nowhere"):
        waapi.media.upload(io.BytesIO(JPEG), provider="nowhere")


def test_a_medium_of_an_instance_that_is_gone_is_not_found(make_world: MakeWorld) -> None:
    former = make_world(WAAPI_PROVIDERS={"former": {"type": "logging"}})
    with calls(former) as waapi:
        media_id = waapi.media.upload(io.BytesIO(JPEG)).media_id
        assert media_id.startswith("log.")

    with calls(make_world()) as waapi, pytest.raises(NotFound):
        waapi.media.get(media_id)


def test_a_provider_without_media_says_so(recording: World) -> None:
    with calls(recording) as waapi, pytest.raises(FeatureUnsupported, match="keeps no media"):
        waapi.media.upload(io.BytesIO(JPEG))
