"""Engines: one of our own where the host gives none, and how ours and the host's are used."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

SQLITE_BUSY_SECONDS = 30
"""How long a connection of our own waits for SQLite's one write lock."""

POOL_SIZE = 5
"""How many connections of our own a process keeps, beside one for each sending thread."""


def own_engine(uri: str, send_threads: int) -> Engine:
    """An engine for ``WAAPI_DATABASE_URI``, also for processes that fork."""
    if uri.startswith("sqlite"):
        engine = create_engine(uri, connect_args={"timeout": SQLITE_BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        # Connections beyond this size are opened and closed each time, which costs a worker a sixth of its
        # processor (measured).
        engine = create_engine(uri, pool_pre_ping=True, pool_size=POOL_SIZE + send_threads)
    # A pooled connection used by two processes after a fork breaks both.
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


def at_read_committed(engine: Engine) -> Engine:
    """The same pool, whose connections are at READ COMMITTED while they are taken through this engine.

    Not by ``execution_options(isolation_level=...)``: SQLAlchemy sets that unguarded, so that a connection
    the server has ended raises the driver's own error and stays taken until garbage is collected.

    :returns: an engine whose connections raise :class:`~sqlalchemy.exc.OperationalError` where the
        connection from the pool is dead; the pool is emptied then, the others in it will be as dead.
    """
    committed = engine.execution_options()

    @event.listens_for(committed, "engine_connect")
    def set_level(connection: Connection) -> None:
        try:
            connection.execution_options(isolation_level="READ COMMITTED")
        except engine.dialect.loaded_dbapi.Error as error:
            connection.invalidate(error)
            if not engine.dialect.is_disconnect(error, None, None):
                raise
            engine.dispose()
            raise OperationalError(None, None, error, connection_invalidated=True) from error

    return committed


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")
