"""What a content reads like, as far as it is text: the words that are kept with the message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..content import Contacts, Content, Interactive, Location, Media, Native, Reaction, Text


def words_of(content: Content) -> str | None:
    """What the recipient of a free-form message reads; ``None`` where that is no text."""
    match content:
        case Text():
            return content.body
        case Media():
            return getattr(content, "caption", None)
        case Reaction():
            return content.emoji
        case Location():
            return _lines(content.name, content.address)
        case Contacts():
            return _lines(*(contact.name.formatted_name for contact in content.contacts))
        case Interactive():
            header = getattr(content, "header", None)
            above = header if isinstance(header, str) else getattr(header, "text", None)
            return _lines(above, getattr(content, "body", None), getattr(content, "footer", None))
        case Native():
            return _native_words(content.members.get(content.kind))
        case _:
            return None


def _native_words(value: Any) -> str | None:
    """What is text in an object of Meta's: the members that hold words in every type that we know."""
    if not isinstance(value, Mapping):
        return None
    parts = [value.get(name) for name in ("header", "body", "footer")]
    words = [part.get("text") if isinstance(part, Mapping) else part for part in parts]
    words += [value.get(name) for name in ("caption", "emoji", "name", "address")]
    return _lines(*words)


def _lines(*parts: Any) -> str | None:
    return "\n".join(part for part in parts if isinstance(part, str) and part) or None
