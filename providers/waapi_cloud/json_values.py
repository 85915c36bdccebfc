"""Reading JSON whose shape nobody vouches for."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from .failures import whole_number

DEEPEST = 50
"""How many levels a value may have: more than any callback, fewer than trouble whoever stores it."""

_FIRST_MILLISECONDS = 100_000_000_000
_LONGEST_ADDRESS = 135
"""Characters of a user id: the country's two, ``.ENT.`` and up to 128."""


class Unreadable(Exception):
    """An item is broken; the message says in what, for people."""


def read_json(body: bytes) -> Any:
    """The value of a JSON document.

    :raises ValueError: it is none. ``NaN`` and its like are no JSON, though Python reads them.
    """
    try:
        return json.loads(body, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("It has too many levels.") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON.")


def _finite(text: str) -> float | str:
    # 1e999 is JSON, but no float: what Python makes of it could not be written as JSON again.
    value = float(text)
    return value if math.isfinite(value) else text


def is_deeper(value: Any, levels: int) -> bool:
    """Whether a value has more than so many levels."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    else:
        return False
    return levels == 0 or any(is_deeper(item, levels - 1) for item in inner)


def member(value: Any, *names: str) -> Any:
    """The member of an object, of that the next and so on; ``None`` where there is no such object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any) -> str | None:
    """A string that is not empty; a whole number counts as its digits.

    Meta writes the same id as a string in one place and as a number in another.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= 64:
        return str(value)
    return value if isinstance(value, str) and value else None


def text_at(value: Any, *names: str) -> str | None:
    """The text under these names, as :func:`member` finds it."""
    return text(member(value, *names))


def needed(value: Any, *names: str) -> str:
    """Likewise.

    :raises Unreadable: it is missing.
    """
    found = text_at(value, *names)
    if found is None:
        raise Unreadable(f"It has no {'.'.join(names)}.")
    return found


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a list; nothing where there is no list."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def moment(value: Any) -> datetime | None:
    """A time in seconds since 1970, as a number or a string; in some entries it is milliseconds."""
    number = whole_number(value)
    if number is None or number <= 0:
        return None
    try:
        seconds = number / 1000 if number >= _FIRST_MILLISECONDS else number
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def as_number(shown: str) -> str | None:
    """A number as Meta shows it, ``+1 555-555-0100``, in E.164; ``None`` where it is none."""
    digits = re.sub(r"[\s()+.-]", "", shown)
    return f"+{digits}" if re.fullmatch(r"[0-9]{5,15}", digits) else None


def address(number: Any, user_id: Any = None) -> str | None:
    """A person: E.164 with the plus sign, or the network's id of those whose number it does not tell."""
    for value in (number, user_id):
        found = text(value)
        if found is None or len(found) > _LONGEST_ADDRESS:
            continue
        digits = re.fullmatch(r"\+?([0-9]{5,20})", found)
        return f"+{digits[1]}" if digits else found
    return None


def user_id_beside(number: Any, user_id: Any) -> str | None:
    """The network's id of a person whose number is told as well."""
    return None if address(number) is None else address(user_id)
