"""Under which type a medium is served that somebody has sent to us."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from factories import API, MakeWorld, World
from flask_waapi.messaging.media.store import MediaFile
from flask_waapi.testing.graph_double import GraphDouble
from incoming import written
from media_files import JPEG
from reports import apply


@pytest.fixture
def cloud(make_world: MakeWorld) -> Iterator[World]:
    """An app that sends to a double."""
    with GraphDouble() as double:
        world = make_world(WAAPI_PROVIDERS={"main": {"type": "cloud", **double.provider_settings}})
        yield world
        world.services.providers.close()


@pytest.mark.parametrize(
    ("declared", "served"),
    [
        ("audio/ogg; codecs=opus", "audio/ogg; codecs=opus"),
        ("text/html\r\nSet-Cookie: a=b", "application/octet-stream"),
        ("image/\N{GRINNING FACE}", "application/octet-stream"),
        ("text", "application/octet-stream"),
    ],
)
def test_it_is_the_one_that_its_sender_has_declared_only_if_that_is_one(
    cloud: World, declared: str, served: str
) -> None:
    file = MediaFile.of(io.BytesIO(JPEG), "cat.jpg")
    media_id = cloud.services.media.upload(file, account="elsewhere", provider="main").media_id
    content = {"document": {"id": media_id, "mime_type": declared}}
    apply(cloud, "main", written(cloud, type="document", content=content))

    answer = cloud.get(f"{API}/media/{media_id}/content")

    assert (answer.status_code, answer.content_type) == (200, served)
    assert "Set-Cookie" not in answer.headers
