"""The parameters of a template send: texts, amounts of money, moments, and what fills a header."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .errors import GraphError
from .parts import Part

LONGEST_VALUE = 32_768

CheckLink = Callable[[str, dict[str, Any]], None]
"""Checks ``id`` and ``link`` of a medium: kind of medium, medium object."""

_UNSENDABLE = re.compile(r"[\n\r\t]| {5,}")
_MEDIA_FORMATS = {"IMAGE", "VIDEO", "DOCUMENT"}


def objects(values: Any, what: str) -> list[dict[str, Any]]:
    """A list of objects.

    :raises GraphError: it is none; so do all functions here for what Meta would refuse.
    """
    if not isinstance(values, list) or not all(isinstance(item, dict) for item in values):
        raise GraphError(100, f"{what} must be a list of objects.")
    return values


def check_sendable(place: str, value: str) -> str:
    """Check the characters of a text that is put into a template."""
    if _UNSENDABLE.search(value):
        raise GraphError(132018, f"{place}: a line break, a tab or five spaces in a row.")
    if len(value) > LONGEST_VALUE:
        raise GraphError(100, f"{place}: {len(value)} characters.")
    return value


def typed_text(place: str, parameter: dict[str, Any], kind: str) -> str:
    """The text of a parameter of this type."""
    value = parameter.get(kind)
    if parameter.get("type") != kind or not isinstance(value, str) or not value:
        raise GraphError(132012, f"{place}: a parameter of type {kind} is expected.")
    return check_sendable(place, value)


def shown_text(place: str, parameter: dict[str, Any]) -> str:
    """What stands in a placeholder's place: a text, or the fallback of an amount or a moment."""
    kind = parameter.get("type")
    if kind not in {"currency", "date_time"}:
        return typed_text(place, parameter, "text")
    value = Part(parameter, place).part(kind)
    if kind == "currency":
        if not re.fullmatch("[A-Z]{3}", value.text("code")):
            raise value.wrong("code", "is a code of ISO 4217")
        value.whole_number("amount_1000", -(10**18), 10**18)
    return check_sendable(place, value.text("fallback_value"))


def check_header(given: list[dict[str, Any]], kind: str, check_link: CheckLink) -> None:
    """Check what fills a header that is no text. :param kind: its format."""
    if len(given) != 1:
        raise GraphError(132012, f"header: one parameter of type {kind} is needed.")
    received = str(given[0].get("type")).upper()
    value = given[0].get(kind.lower())
    if received != kind or not isinstance(value, dict):
        raise GraphError(132012, f"header: {kind} is expected, {received} was received.")
    part = Part(value, f"header['{kind.lower()}']")
    if kind in _MEDIA_FORMATS:
        part.only("id", "link", *(["filename"] if kind == "DOCUMENT" else []))
        check_link(kind.lower(), value)
    elif kind == "LOCATION":
        _check_place(part)
    elif kind == "PRODUCT":
        part.only("catalog_id", "product_retailer_id")
        part.text("catalog_id")
        part.text("product_retailer_id")


def _check_place(place: Part) -> None:
    for name, limit in (("latitude", 90), ("longitude", 180)):
        degrees = place.needed(name)
        if isinstance(degrees, bool) or not isinstance(degrees, int | float) or abs(degrees) > limit:
            raise place.wrong(name, f"lies between -{limit} and {limit}")
    place.optional_text("name")
    place.optional_text("address")
