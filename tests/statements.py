"""What an app asks its database, for tests that look at how and not only at what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are run meanwhile, with their values."""
    seen: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        seen.append((statement, values))

    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


@contextmanager
def transactions(engine: sa.Engine) -> Iterator[list[sa.Connection]]:
    """The connections on which a transaction is begun meanwhile, once for each."""
    begun: list[sa.Connection] = []

    def note(connection: sa.Connection) -> None:
        begun.append(connection)

    sa.event.listen(engine, "begin", note)
    yield begun
    sa.event.remove(engine, "begin", note)
