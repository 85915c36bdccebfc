"""Contents to and from plain JSON values, as the database keeps them."""

from __future__ import annotations

from typing import Any

import cattrs

from .model import CONTENT_TYPES, Content

_converter = cattrs.Converter(forbid_extra_keys=True, omit_if_default=True)


def to_json(content: Content) -> dict[str, Any]:
    """The content as JSON values; members that hold their default are left out."""
    values: dict[str, Any] = _converter.unstructure(content, type(content))
    return values


def from_json(type_name: str, values: dict[str, Any]) -> Content:
    """The content that :func:`to_json` was given.

    :raises KeyError: the type name is not one of ``CONTENT_TYPES``.
    :raises cattrs.BaseValidationError: the values are not of that type.
    """
    return _converter.structure(values, CONTENT_TYPES[type_name])
