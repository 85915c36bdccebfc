"""Values as source text that means the same value, whatever the value holds."""

from __future__ import annotations

import json
import re
from typing import Any

_UNSEEN = re.compile("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""What cannot be seen, or turns the direction of writing: escaped, so that what is read is what runs."""

_LARGEST_EXACT = 2**53
"""From here on JavaScript rounds whole numbers."""

_INDENT = 4


def json_text(value: Any, indent: int | None = 2) -> str:
    """JSON as people read it. Only strings can hold what is escaped here, so that it stays JSON."""
    return _show_unseen(json.dumps(value, indent=indent, ensure_ascii=False))


def string(text: str) -> str:
    """A string in double quotes, as JSON, Python and JavaScript read it alike."""
    return json_text(text)


def python_value(value: Any, depth: int = 1) -> str:
    """JSON values as a Python literal that spans lines."""
    if isinstance(value, dict) and value:
        items = [f"{string(name)}: {python_value(item, depth + 1)}" for name, item in value.items()]
        return _block("{", items, "}", depth)
    if isinstance(value, list) and value:
        return _block("[", [python_value(item, depth + 1) for item in value], "]", depth)
    # repr() of a string would escape less than is told apart here.
    return string(value) if isinstance(value, str) else repr(value)


def is_exact_in_javascript(value: Any) -> bool:
    """Whether an object literal of JavaScript means the same: it rounds large numbers, and takes a member
    ``__proto__`` for something else."""
    if isinstance(value, dict):
        return "__proto__" not in value and all(map(is_exact_in_javascript, value.values()))
    if isinstance(value, list):
        return all(map(is_exact_in_javascript, value))
    return not isinstance(value, int) or abs(value) < _LARGEST_EXACT


def shell_word(text: str) -> str:
    """One word of a POSIX shell in single quotes, within which nothing has a meaning."""
    return "'" + text.replace("'", r"'\''") + "'"


def indented(text: str, columns: int) -> str:
    """Text whose lines but the first are moved to the right."""
    return text.replace("\n", "\n" + " " * columns)


def _show_unseen(text: str) -> str:
    return _UNSEEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _block(opening: str, items: list[str], closing: str, depth: int) -> str:
    inner, outer = " " * _INDENT * depth, " " * _INDENT * (depth - 1)
    lines = [f"{inner}{item}," for item in items]
    return "\n".join([opening, *lines, f"{outer}{closing}"])
