"""Connections to a database that break: pooled ones, and those that are just committing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from flask_waapi.storage.session import Store

on_servers = pytest.mark.parametrize(
    "migrated_uri",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
    indirect=True,
)


def connect_from_outside(store: Store) -> sa.Connection:
    """A connection to the store's database that is none of its own."""
    engine = sa.create_engine(store.engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    return engine.connect()


def cut(store: Store) -> int:
    """End the store's connections from outside, as a restart of the server does; how many there were."""
    with connect_from_outside(store) as connection:
        if store.engine.dialect.name == "postgresql":
            ours = "datname = current_database() AND pid <> pg_backend_pid()"
            ended = connection.scalars(
                sa.text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")
            ).all()
            return len(ended)
        find = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        numbers = connection.scalars(sa.text(find)).all()
        for number in numbers:
            connection.execute(sa.text(f"KILL {int(number)}"))
        return len(numbers)


@contextmanager
def breaking_commit(store: Store, statement: str, *, made: bool) -> Iterator[None]:
    """Meanwhile, the connection breaks at the first commit of a transaction that has run such a statement.

    :param made: whether the database has committed by then, so that only its answer is lost.
    """
    dialect = store.engine.dialect
    commit = dialect.do_commit
    seen: list[str] = []
    broken: list[bool] = []

    def note(*given: Any) -> None:
        if statement in str(given[2]):
            seen.append(statement)

    def break_off(connection: Any) -> None:
        if not seen or broken:
            commit(connection)
            return
        broken.append(True)
        if made:
            commit(connection)
        cut(store)
        # The driver's own word of what has happened.
        connection.cursor().execute("SELECT 1")

    sa.event.listen(store.engine, "before_cursor_execute", note)
    with patch.object(dialect, "do_commit", break_off):
        yield
    sa.event.remove(store.engine, "before_cursor_execute", note)
    assert broken
