"""Every type of message that can be sent, each with a body to begin with.

The table of the docs is made from it, and the dashboard's playground begins with its bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from . import schemas
from .interactive_types import INTERACTIVE_BODIES

RECIPIENT = "+1234567890"
PICTURE = "https://example.com/picture.jpg"
WAMID = "wamid.HBgLMTIzNDU2Nzg5MBUCABIYFDNBMDIyMTFERTk4RjUzRTlBN0Q5AA=="


@dataclass(frozen=True)
class MessageType:
    """A type, and how it is sent.

    :param family: its path below ``messages``.
    :param schema: of its own form.
    :param body: a body in our own form, without recipient.
    :param native: the same in Meta's form; ``None`` where there is only one.
    """

    name: str
    family: str
    schema: Schema
    body: Mapping[str, Any]
    native: Mapping[str, Any] | None = None


def _medium(kind: str, **members: Any) -> MessageType:
    link = {"link": members.pop("link")}
    body = {"type": kind, **link, **members}
    return MessageType(kind, "media", schemas.MEDIA_SEND, body, {"type": kind, kind: link | members})


_PLACE = {
    "latitude": 52.5219,
    "longitude": 13.4132,
    "name": "World Clock",
    "address": "Alexanderplatz, Berlin",
}
_REACTION = {"message_id": WAMID, "emoji": "👍"}
_CARD = {
    "name": {"formatted_name": "Jane Doe", "first_name": "Jane", "last_name": "Doe"},
    "phones": [{"phone": "+1234567891", "type": "WORK"}],
    "emails": [{"email": "jane@example.com", "type": "WORK"}],
}

MESSAGE_TYPES: tuple[MessageType, ...] = (
    MessageType(
        "template",
        "template",
        schemas.TEMPLATE_SEND,
        {
            "template_name": "order_confirmation",
            "language": "en",
            "variables": {"customer_name": "John Doe", "order_id": "ORD-12345", "total": "99.99"},
        },
        {
            "template": {
                "name": "order_confirmation",
                "language": {"code": "en"},
                "components": [
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "parameter_name": "customer_name", "text": "John Doe"},
                            {"type": "text", "parameter_name": "order_id", "text": "ORD-12345"},
                            {"type": "text", "parameter_name": "total", "text": "99.99"},
                        ],
                    }
                ],
            }
        },
    ),
    MessageType(
        "text",
        "text",
        schemas.TEXT_SEND,
        {"text": "Look at https://example.com/", "preview_url": True},
        {"text": {"body": "Look at https://example.com/", "preview_url": True}},
    ),
    _medium("image", link=PICTURE, caption="Your table"),
    _medium("video", link="https://example.com/film.mp4", caption="The way to us"),
    _medium("audio", link="https://example.com/note.ogg", voice=True),
    _medium("document", link="https://example.com/menu.pdf", caption="The menu", filename="menu.pdf"),
    _medium("sticker", link="https://example.com/sticker.webp"),
    MessageType("location", "location", schemas.LOCATION_SEND, _PLACE, {"location": _PLACE}),
    MessageType("contacts", "contacts", schemas.CONTACTS_SEND, {"contacts": [_CARD]}),
    MessageType("reaction", "reaction", schemas.REACTION_SEND, _REACTION, {"reaction": _REACTION}),
    *(
        MessageType(
            kind,
            "interactive",
            schemas.INTERACTIVE_SENDS[kind],
            {"type": kind, **body},
            {"interactive": native},
        )
        for kind, (body, native) in INTERACTIVE_BODIES.items()
    ),
    MessageType(
        "raw",
        "raw",
        schemas.RAW_SEND,
        {"raw": {"type": "text", "text": {"body": "Hello"}}},
    ),
)
"""In the order in which the docs tell of them."""
