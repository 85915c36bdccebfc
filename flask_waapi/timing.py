"""How long the parts of one request take, for whoever watches it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

GATES = "gates"
VALIDATION = "validation"
STORE = "store"
PROVIDER = "provider"

_watched: ContextVar[dict[str, float] | None] = ContextVar("flask_waapi_watched", default=None)


def watch() -> dict[str, float]:
    """Begin to note the parts of what this context does; milliseconds by name, filled as they end."""
    noted: dict[str, float] = {}
    _watched.set(noted)
    return noted


@contextmanager
def part(name: str) -> Iterator[None]:
    """What happens within is a part of that name; where nobody watches, nothing is noted."""
    noted = _watched.get()
    if noted is None:
        yield
        return
    started = time.perf_counter()
    try:
        yield
    finally:
        noted[name] = noted.get(name, 0.0) + (time.perf_counter() - started) * 1_000
