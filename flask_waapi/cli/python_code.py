"""Values written as Python, laid out as a formatter would."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

WIDTH = 110
"""Characters of a line."""

_INDENT = "    "


def call_code(name: str, positional: Sequence[Any], named: dict[str, Any]) -> str:
    """A call with these arguments, on as many lines as it needs."""
    arguments = [("", value) for value in positional]
    arguments += [(f"{keyword}=", value) for keyword, value in named.items()]
    return _bracketed(f"{name}(", arguments, ")", "", WIDTH)


def _code(prefix: str, value: Any, indent: str, width: int) -> str:
    """One value. :param prefix: what stands before it on its line. :param width: what the line may have."""
    if isinstance(value, dict):
        items = [(f"{json.dumps(name, ensure_ascii=False)}: ", item) for name, item in value.items()]
        return _bracketed(f"{prefix}{{", items, "}", indent, width)
    if isinstance(value, list):
        return _bracketed(f"{prefix}[", [("", item) for item in value], "]", indent, width)
    if isinstance(value, tuple):
        return _bracketed(f"{prefix}(", [("", item) for item in value], ")", indent, width, len(value) == 1)
    if dataclasses.is_dataclass(value):
        given = [(f"{name}=", item) for name, item in _members(value).items()]
        return _bracketed(f"{prefix}{type(value).__name__}(", given, ")", indent, width)
    return prefix + (json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value))


def _members(value: Any) -> dict[str, Any]:
    """The members of a dataclass that do not hold their default."""
    return {
        field.name: getattr(value, field.name)
        for field in dataclasses.fields(value)
        if getattr(value, field.name) != field.default
    }


def _bracketed(
    opening: str,
    items: Sequence[tuple[str, Any]],
    closing: str,
    indent: str,
    width: int,
    needs_comma: bool = False,
) -> str:
    """Items within brackets: on one line, on a line of their own, or on a line each."""
    endless = 1_000_000
    flat = ", ".join(_code(prefix, value, "", endless) for prefix, value in items)
    comma = "," if needs_comma else ""
    inner = indent + _INDENT
    if len(indent) + len(opening) + len(flat) + len(comma) + len(closing) <= width:
        return f"{opening}{flat}{comma}{closing}"
    if not needs_comma and not opening.endswith(("{", "[")) and len(inner) + len(flat) <= width:
        return f"{opening}\n{inner}{flat}\n{indent}{closing}"
    lines = [f"{inner}{_code(prefix, value, inner, width - 1)},\n" for prefix, value in items]
    return f"{opening}\n{''.join(lines)}{indent}{closing}"
