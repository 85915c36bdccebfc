"""Contents to and from plain JSON values, as the database keeps them."""

from __future__ import annotations

from typing import Any, TypeVar

import cattrs

from .interactive import INTERACTIVE_KINDS, Interactive
from .model import MEDIA_TYPES, Content, Location, Reaction, Text
from .native import Native
from .options import MessageOptions
from .people import Contacts
from .template import Template

Made = TypeVar("Made", bound=Content)

_converter = cattrs.Converter(forbid_extra_keys=True, omit_if_default=True)

_PLAIN: tuple[type[Content], ...] = (
    Text,
    *MEDIA_TYPES.values(),
    Location,
    Contacts,
    Reaction,
    Template,
)
_TYPES = {cls.type: cls for cls in _PLAIN}

CONTENT_TYPES: tuple[type[Content], ...] = (*_PLAIN, *INTERACTIVE_KINDS.values(), Native)
"""All contents there are."""


def to_json(content: Content) -> dict[str, Any]:
    """The content as JSON values; members that hold their default are left out."""
    values: dict[str, Any] = _converter.unstructure(content, type(content))
    return values | {"kind": content.kind} if isinstance(content, Interactive) else values


def from_json(message_type: str, values: dict[str, Any]) -> Content:
    """The content that :func:`to_json` was given.

    :param message_type: of the message it makes.
    :raises KeyError: there is no such content.
    :raises cattrs.BaseValidationError: the values are not of that type.
    """
    if "members" in values:
        return _converter.structure(values, Native)
    if message_type == Interactive.type:
        members = dict(values)
        return make(INTERACTIVE_KINDS[members.pop("kind")], members)
    return make(_TYPES[message_type], values)


def make(cls: type[Made], values: dict[str, Any]) -> Made:
    """A content from JSON values that a schema has checked."""
    return _converter.structure(values, cls)


def options_to_json(options: MessageOptions) -> dict[str, Any] | None:
    """The options as JSON values; ``None`` when all hold their default."""
    return _converter.unstructure(options) or None


def options_from_json(values: dict[str, Any] | None) -> MessageOptions:
    """The options that :func:`options_to_json` was given."""
    return _converter.structure(values or {}, MessageOptions)
