"""POST /messages/media/send."""

from __future__ import annotations

from typing import Any

import pytest

from answers import data, error, pointers
from factories import MEDIA_SEND, RECIPIENT, World
from flask_waapi import Audio, Content, Document, Image, Sticker, Video

LINK = "https://example.com/file"


def body(**members: Any) -> dict[str, Any]:
    """The body of a media send."""
    return {"to": RECIPIENT, **members}


@pytest.mark.parametrize(
    ("members", "content"),
    [
        ({"type": "image", "link": LINK}, Image(LINK)),
        ({"type": "image", "media_id": "4711"}, Image(media_id="4711")),
        ({"type": "image", "link": LINK, "caption": "A cat"}, Image(LINK, caption="A cat")),
        ({"type": "video", "link": LINK, "caption": "x" * 1024}, Video(LINK, caption="x" * 1024)),
        ({"type": "audio", "media_id": "1"}, Audio(media_id="1")),
        ({"type": "sticker", "link": LINK}, Sticker(LINK)),
        (
            {"type": "document", "link": LINK, "caption": "Bill", "filename": "bill.pdf"},
            Document(LINK, caption="Bill", filename="bill.pdf"),
        ),
        (
            {"type": "image", "link": "http://example.com/a?b=c&d=%20#e"},
            Image("http://example.com/a?b=c&d=%20#e"),
        ),
    ],
)
def test_a_medium_is_sent(recording: World, members: dict[str, Any], content: Content) -> None:
    sent = data(recording.post(MEDIA_SEND, body(**members)), 201)

    assert (sent["status"], sent["type"]) == ("sent", members["type"])
    assert sent["text"] == members.get("caption")
    assert [message.content for message in recording.script.sent] == [content]


def test_a_medium_is_sent_on_every_database(any_world: World) -> None:
    sent = data(any_world.post(MEDIA_SEND, body(type="image", link=LINK, caption="A cat")), 201)

    assert any_world.message(sent["message_uuid"]).content == {"link": LINK, "caption": "A cat"}


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({}, {"/type", "/link"}),
        ({"type": "image"}, {"/link"}),
        ({"type": "image", "link": LINK, "media_id": "1"}, {"/media_id"}),
        ({"type": "hologram", "link": LINK}, {"/type"}),
        ({"type": "Image", "link": LINK}, {"/type"}),
        ({"type": 5, "link": LINK}, {"/type"}),
        ({"type": "image", "link": "ftp://example.com/a"}, {"/link"}),
        ({"type": "image", "link": "javascript:alert(1)"}, {"/link"}),
        ({"type": "image", "link": "file:///etc/passwd"}, {"/link"}),
        ({"type": "image", "link": "example.com/a.jpg"}, {"/link"}),
        ({"type": "image", "link": ""}, {"/link"}),
        ({"type": "image", "link": "https://example.com/" + "x" * 2048}, {"/link"}),
        ({"type": "image", "media_id": ""}, {"/media_id"}),
        ({"type": "image", "media_id": 4711}, {"/media_id"}),
        ({"type": "image", "link": LINK, "caption": ""}, {"/caption"}),
        ({"type": "image", "link": LINK, "caption": "x" * 1025}, {"/caption"}),
        ({"type": "audio", "link": LINK, "caption": "A song"}, {"/caption"}),
        ({"type": "sticker", "link": LINK, "caption": "A cat"}, {"/caption"}),
        ({"type": "image", "link": LINK, "filename": "a.jpg"}, {"/filename"}),
        ({"type": "document", "link": LINK, "filename": "x" * 241}, {"/filename"}),
        ({"type": "audio", "caption": "A song", "filename": "a.ogg"}, {"/link", "/caption", "/filename"}),
        ({"type": "image", "link": LINK, "text": "Hello"}, {"/text"}),
    ],
)
def test_a_wrong_medium_is_refused_with_all_its_faults(
    shared: World, members: dict[str, Any], wrong: set[str]
) -> None:
    assert pointers(shared.post(MEDIA_SEND, body(**members))) == wrong


def test_a_type_the_provider_lacks_is_refused_by_name(recording: World) -> None:
    provider = recording.services.providers["recorder"]
    provider.content_types = frozenset({Image})

    answer = recording.post(MEDIA_SEND, body(type="video", link=LINK))

    assert error(answer, 422, "UNSUPPORTED_FEATURE")["details"] == {"provider": "recorder", "type": "video"}
    assert recording.messages() == []
