"""What a person reads of a message: words, captions, titles of buttons, names of places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .json_values import member, objects, text_at


def readable_text(item: dict[str, Any]) -> str | None:
    """The words of a message, ``None`` where it has none or is of a type that is not known.

    :param item: the message, its payload under the name of its ``type``.
    """
    kind = item.get("type")
    read = _READERS.get(kind) if isinstance(kind, str) else None
    return None if read is None else read(item.get(str(kind)))


def _member(name: str) -> Callable[[Any], str | None]:
    return lambda payload: text_at(payload, name)


def _document(payload: Any) -> str | None:
    return text_at(payload, "caption") or text_at(payload, "filename")


def _location(payload: Any) -> str | None:
    return _joined(text_at(payload, "name"), text_at(payload, "address"))


def _contacts(payload: Any) -> str | None:
    return _joined(*(text_at(contact, "name", "formatted_name") for contact in objects(payload)))


def _interactive(payload: Any) -> str | None:
    reply = member(payload, text_at(payload, "type") or "")
    return text_at(reply, "title") or text_at(reply, "body") or text_at(reply, "response")


def _edit(payload: Any) -> str | None:
    message = member(payload, "message")
    # An edit of an edit is not a thing that Meta knows, and could go on without end.
    if not isinstance(message, dict) or message.get("type") == "edit":
        return None
    return readable_text(message)


def _joined(*parts: str | None) -> str | None:
    return ", ".join(part for part in parts if part) or None


_READERS: dict[str, Callable[[Any], str | None]] = {
    "text": _member("body"),
    "image": _member("caption"),
    "video": _member("caption"),
    "document": _document,
    "location": _location,
    "contacts": _contacts,
    "reaction": _member("emoji"),
    "button": _member("text"),
    "interactive": _interactive,
    "order": _member("text"),
    "system": _member("body"),
    "edit": _edit,
}
