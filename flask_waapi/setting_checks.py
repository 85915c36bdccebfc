"""What the values of settings must be: each check answers the value used, or says what it must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from .identifiers import ACCOUNT, is_account

Check = Callable[[Any], Any]
"""Turns a configured value into the value used, or raises ``ValueError`` with what it must be."""


def account(value: Any) -> str:
    """The name of an account."""
    if not is_account(value):
        raise ValueError(f"must be {ACCOUNT}")
    return str(value)


def text(value: Any) -> str:
    """A text that is not empty."""

    if not isinstance(value, str) or not value:
        raise ValueError("must be a non-empty string")
    return value


def url_prefix(value: Any) -> str:
    """The path below which something is mounted."""

    if not isinstance(value, str) or not value.startswith("/") or value.endswith("/"):
        raise ValueError("must start with a slash and not end with one")
    return value


def flag(value: Any) -> bool:
    """True or False."""

    if not isinstance(value, bool):
        raise ValueError("must be True or False")
    return value


def whole_number(low: int, high: int) -> Check:
    """A whole number between two others."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low:,} to {high:,}")
        return value

    return check


def seconds(low: int, high: int) -> Check:
    """A time, between two others, given in seconds."""

    def check(value: Any) -> timedelta:
        if isinstance(value, timedelta):
            value = value.total_seconds()
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"must be a number of seconds from {low:,} to {high:,}")
        return timedelta(seconds=value)

    return check


def one_of(*choices: str) -> Check:
    """One of some words."""

    def check(value: Any) -> str:
        # YAML and JSON readers turn the words on and off into booleans.
        word = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
        if word not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return str(word)

    return check


def strings(value: Any) -> tuple[str, ...]:
    """A list of texts."""

    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError("must be a list of strings")
    if not all(isinstance(item, str) and item for item in value):
        raise ValueError("must be a list of non-empty strings")
    return tuple(value)


def instance_name(value: Any) -> str:
    """The name of a provider instance."""

    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", value, re.ASCII):
        raise ValueError("must be 1 to 64 letters, digits, dots, dashes or underscores")
    return value


def providers(value: Any) -> Mapping[str, Mapping[str, Any]]:
    """Provider instances by name."""

    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and isinstance(settings, Mapping) for name, settings in value.items()
    ):
        raise ValueError('must map a name to settings: {"main": {"type": "cloud", ...}}')
    for name in value:
        try:
            instance_name(name)
        except ValueError as error:
            raise ValueError(f"has an instance {name!r}, whose name {error}") from None
    return {name: dict(settings) for name, settings in value.items()}
