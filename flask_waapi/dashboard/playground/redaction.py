"""What is left of a payload where it is kept, or handed on: never a secret, no number of a real person."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ...api.message_types import RECIPIENT

REDACTED = "redacted"

_SECRET = re.compile(r"wak_(?:live|test)_[0-9A-Za-z]+")
_APART = r"[\s()./\u2010-\u2015-]"
"""What people write between the digits of a phone number."""

_NUMBER = re.compile(
    rf"\+\d(?:{_APART}{{0,3}}\d){{6,}}"
    r"|(?<![\w-])\d{9,15}(?![\w-])"
    # Of a country's own numbers the shortest have eight digits; two in a row are taken out as one.
    rf"|(?<!\d)(?=\d+{_APART}{{1,3}}\d)\d(?:{_APART}{{0,3}}\d){{7,}}"
)
"""A phone number as it is written anywhere: with its plus sign, as bare digits, or in groups of them."""

_NO_NUMBER = re.compile(
    r"(?<!\w)(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|\d{4}([-/])(?:0\d|1[0-2])\1[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?"
    r"(?:Z|[+-]\d\d:\d\d)?)?"
    r"|[0-3]?\d([./])[01]?\d\2\d{4})(?!\w|[-./]\d)",
    re.IGNORECASE,
)
"""Digits in groups that are no phone number: an id of ours, a date, a moment."""

_FIELDS_OF_NUMBERS = frozenset({"to", "from", "recipient", "phone", "phone_number", "wa_id"})
"""Members that hold somebody's number, whatever it looks like."""

_HARMLESS = frozenset(
    {
        "success",
        "status",
        "code",
        "pointer",
        "message_uuid",
        "request_id",
        "direction",
        "type",
        "sub_type",
        "index",
        "template_name",
        "language",
        "parameter_format",
        "provider",
        "simulated",
        "limit",
    }
)
"""Members that say what was done, and nothing of whom it was done to."""


def without_numbers(value: Any, allowed: Collection[str] = ()) -> Any:
    """JSON values in which no phone number is left but the example's and the allowed ones, and no key.

    A member that holds a number loses its value whatever that looks like; anywhere else what is written as
    a number goes.

    :param allowed: numbers that are nobody's, such as those that stand for an outcome in a simulation.
    """

    def replace(text: str) -> str:
        pieces, end = [], 0
        for harmless in _NO_NUMBER.finditer(text):
            pieces += [_outside(text[end : harmless.start()], allowed), harmless[0]]
            end = harmless.end()
        return "".join([*pieces, _outside(text[end:], allowed)])

    return _with_texts(value, replace, allowed, "")


def without_content(value: Any, allowed: Collection[str] = ()) -> Any:
    """JSON values of which the shape is left: no recipient, no text, no value of a variable.

    A recipient becomes the example's, so that what is left can be run again in a simulation.
    """
    return _redact(value, allowed, "")


def _redact(value: Any, allowed: Collection[str], name: str) -> Any:
    if isinstance(value, Mapping):
        return {member: _redact(item, allowed, _meaning(name, member)) for member, item in value.items()}
    if isinstance(value, list):
        return [_redact(item, allowed, name) for item in value]
    if name == "to":
        return value if value in allowed else RECIPIENT
    if name in _HARMLESS or value is None or isinstance(value, bool):
        return value
    return REDACTED if isinstance(value, str) else 0


def _meaning(parent: str, name: str) -> str:
    # A variable may have any name, ``code`` too: what is below ``variables`` is content.
    if parent == "variables":
        return parent
    # A template's own name, and nobody else's.
    return "template_name" if name == "name" and parent in {"", "template"} else name


def _holder(parent: str, name: str) -> str:
    # A variable may have any name, ``to`` too; what is below a number's member is of it.
    return parent if parent == "variables" or parent in _FIELDS_OF_NUMBERS else name


def _outside(text: str, allowed: Collection[str]) -> str:
    numbers = _NUMBER.sub(lambda found: _kept(found[0], allowed), text)
    return _SECRET.sub(REDACTED, numbers)


def _kept(number: str, allowed: Collection[str]) -> str:
    return number if number in allowed else RECIPIENT


def _with_texts(value: Any, change: Callable[[str], str], allowed: Collection[str], name: str) -> Any:
    if isinstance(value, Mapping):
        return {
            change(member): _with_texts(item, change, allowed, _holder(name, member))
            for member, item in value.items()
        }
    if isinstance(value, list):
        return [_with_texts(item, change, allowed, name) for item in value]
    if name in _FIELDS_OF_NUMBERS and value:
        if isinstance(value, str):
            return _kept(value, allowed)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return int(RECIPIENT)
    if isinstance(value, int) and _NUMBER.fullmatch(str(value)):
        # A number without its quotes is a mistake that is shared to ask about it.
        return int(change(str(value)))
    return change(value) if isinstance(value, str) else value
