"""The media that a content carries, wherever they stand in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from .model import MEDIA_TYPES, Content, Document, Media
from .native import Native

ChangeMedium = Callable[[Media], Media]

Carrier = TypeVar("Carrier")


def with_media(content: Content, change: ChangeMedium) -> Content:
    """The content with each of its media changed: its own, those of headers and of cards.

    Of a :class:`Native` those are changed that have a link; they are given to ``change`` with their source
    and, of a document, its name, and nothing else of them is changed.

    :param change: makes of a medium the one to have in its place; of the same type.
    """
    if isinstance(content, Native):
        # As its members stand in the message object.
        message = _natively({**content.members, "type": content.kind}, change)
        return replace(content, members={name: message[name] for name in content.members})
    return _changed(content, change)


def _changed(value: Carrier, change: ChangeMedium) -> Carrier:
    if isinstance(value, Media):
        return change(value)  # type: ignore[return-value] # of the same type, as promised
    if isinstance(value, tuple):
        return tuple(_changed(item, change) for item in value)  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: _changed(getattr(value, field.name), change) for field in fields(value)}
        return replace(value, **members)
    return value


def _natively(value: Any, change: ChangeMedium) -> Any:
    if isinstance(value, list | tuple):
        return [_natively(item, change) for item in value]
    if not isinstance(value, Mapping):
        return value
    members = {name: _natively(item, change) for name, item in value.items()}
    # A picture is a medium where it is what its object is: a product's picture can only be a link.
    kind = value.get("type")
    medium = members.get(kind) if isinstance(kind, str) and kind in MEDIA_TYPES else None
    if isinstance(medium, Mapping) and isinstance(medium.get("link"), str):
        members[kind] = _native_medium(MEDIA_TYPES[str(kind)], medium, change)
    return members


def _native_medium(kind: type[Media], given: Mapping[str, Any], change: ChangeMedium) -> dict[str, Any]:
    medium = kind(link=given["link"])
    if isinstance(medium, Document):
        medium = replace(medium, filename=given.get("filename"))
    changed = change(medium)
    sources = {"link": changed.link, "id": changed.media_id}
    members = {name: value for name, value in given.items() if name not in sources}
    if isinstance(changed, Document):
        members |= {"filename": changed.filename} if changed.filename is not None else {}
    return {name: value for name, value in sources.items() if value is not None} | members
