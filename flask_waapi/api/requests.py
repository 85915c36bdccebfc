"""From a request's JSON to the pipeline's :class:`SendRequest`, its faults beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..content import (
    MEDIA_TYPES,
    Button,
    Content,
    Document,
    Header,
    Image,
    Location,
    Text,
    Variable,
    Video,
)
from ..errors import Fault, ValidationFailed
from ..messaging.pipeline import SendRequest
from ..messaging.rendering import TemplateDraft
from . import schemas
from .faults import load_partly

LARGEST_IDEMPOTENCY_KEY = 255


def template_request(body: Any) -> SendRequest:
    """A template send; ``content`` is kept as far as its members are sound."""
    members, faults = load_partly(schemas.TEMPLATE_SEND, body)
    draft = None
    if "template_name" in members and "language" in members and not _touch(faults, "variables"):
        draft = TemplateDraft(
            name=members["template_name"],
            language=members["language"],
            variables=members.get("variables", ()),
            header=_header(members["header"]) if "header" in members else None,
            buttons=tuple(
                Button(item["index"], item["type"], item["value"]) for item in members.get("buttons", ())
            ),
        )
    return _request(members, draft, faults)


def text_request(body: Any) -> SendRequest:
    """A text send."""
    members, faults = load_partly(schemas.TEXT_SEND, body)
    content = None
    if "text" in members:
        content = Text(members["text"], members.get("preview_url", False))
    return _request(members, content, faults)


def media_request(body: Any) -> SendRequest:
    """A media send."""
    members, faults = load_partly(schemas.MEDIA_SEND, body)
    content = None
    if not faults:
        wanted = ("link", "media_id", "caption", "filename")
        content = MEDIA_TYPES[members["type"]](**{name: members[name] for name in wanted if name in members})
    return _request(members, content, faults)


ReadRequest = Callable[[Any], SendRequest]


def read_idempotency_key(header: str | None) -> str | None:
    """The caller's key from ``Idempotency-Key``, quoted as the IETF draft has it or bare.

    :raises ValidationFailed: it is not 1 to 255 printable ASCII characters.
    """
    if header is None:
        return None
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = re.sub(r'\\(["\\])', r"\1", key[1:-1])
    if re.fullmatch(r"[\x20-\x7e]{1,255}", key, re.ASCII):
        return key
    raise ValidationFailed(
        [
            Fault(
                "/headers/Idempotency-Key",
                "The Idempotency-Key is not usable.",
                f"1 to {LARGEST_IDEMPOTENCY_KEY} printable ASCII characters",
            )
        ]
    )


def _request(
    members: Mapping[str, Any], content: Content | TemplateDraft | None, faults: list[Fault]
) -> SendRequest:
    return SendRequest(
        to=members.get("to", ""),
        content=content,
        reference=members.get("reference"),
        simulate=members.get("simulate", False),
        faults=tuple(faults),
    )


def _touch(faults: list[Fault], member: str) -> bool:
    return any(fault.pointer.split("/")[1:2] == [member] for fault in faults)


def _header(members: Mapping[str, Any]) -> Header:
    makers: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
        "text": ("variable", Variable),
        "image": ("image", lambda given: Image(**given)),
        "video": ("video", lambda given: Video(**given)),
        "document": ("document", lambda given: Document(**given)),
        "location": ("location", lambda given: Location(**given)),
    }
    ((name, given),) = members.items()
    member, make = makers[name]
    return Header(**{member: make(given)})
