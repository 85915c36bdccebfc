"""Request bodies, read strictly: what two JSON readers could take for different things is refused."""

from __future__ import annotations

import json
import math
from typing import Any

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from ..errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType

DEEPEST = 32
"""Levels of arrays and objects within each other."""


def read_json(request: Request, max_size: int) -> Any:
    """The body as JSON values.

    :param max_size: longest body in bytes, declared or chunked.
    :raises UnsupportedMediaType: it is not declared as ``application/json``.
    :raises PayloadTooLarge: it is longer.
    :raises MalformedRequest: it is not JSON, or JSON that is not safe to act on.
    """
    if request.mimetype != "application/json":
        declared = request.headers.get("Content-Type") or "nothing"
        raise UnsupportedMediaType(f"Send Content-Type: application/json, not {declared}.")
    return parse(read_bytes(request, max_size))


def read_bytes(request: Request, max_size: int) -> bytes:
    """The body as it came in.

    :param max_size: longest body in bytes, declared or chunked.
    :raises PayloadTooLarge: it is longer.
    :raises MalformedRequest: the client hung up before its end.
    """
    too_large = PayloadTooLarge(f"The body is longer than {max_size:,} bytes.")
    if request.content_length is not None and request.content_length > max_size:
        raise too_large
    # A chunked body has no length to check, and a server may cut it at the limit without a word, so
    # one byte more than allowed is asked for.
    request.max_content_length = max_size + 1
    try:
        body = request.get_data(cache=True)
    except RequestEntityTooLarge:
        raise too_large from None
    except (ClientDisconnected, OSError):
        raise MalformedRequest("The body ended before its declared end.") from None
    if len(body) > max_size:
        raise too_large
    return body


def parse(body: bytes) -> Any:
    """JSON values from bytes: UTF-8, each member once, finite numbers, sound text, bounded depth.

    :raises MalformedRequest: any of that does not hold.
    """
    try:
        values = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not UTF-8 at byte {error.start}.") from None
    except RecursionError:
        raise MalformedRequest(f"The body nests deeper than {DEEPEST} levels.") from None
    except json.JSONDecodeError as error:
        message = f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise MalformedRequest(message) from None
    except ValueError:
        # The one ValueError left: an integer of more digits than Python converts.
        raise MalformedRequest("The body has a number that is too long.") from None
    check(values)
    return values


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise MalformedRequest(f"The body has the member {name!r} twice in one object.")
            seen.add(name)
    return members


def _refuse_constant(name: str) -> float:
    raise MalformedRequest(f"{name} is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedRequest(f"The number {text[:40]} is out of range.")
    return number


def check(value: Any, depth: int = 1) -> None:
    """Refuse JSON values that no database could hold or no reader could take.

    :raises MalformedRequest: a text has a NUL character or a lone surrogate, or the values nest too deep.
    """
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list):
        if depth > DEEPEST:
            raise MalformedRequest(f"The body nests deeper than {DEEPEST} levels.")
        if isinstance(value, dict):
            for name in value:
                _check_text(name)
            value = value.values()
        for item in value:
            check(item, depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise MalformedRequest("The body has a NUL character in a string.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedRequest("The body has a lone surrogate in a string.") from None
