"""Work of ours within a transaction of the host's, which the host will commit or roll back.

Whatever becomes of our part, the host must be able to go on with its own: each part stands behind a
savepoint, so that a statement that fails takes back nothing but itself. PostgreSQL would refuse every further
statement otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction, scoped_session

from ..errors import ConfigurationError

HostSession = Session | scoped_session[Any]

NO_TRANSACTION = (
    "session= has the isolation level AUTOCOMMIT: there is no transaction of the host's to join. Give it"
    " another one, or leave session= out."
)

_WAKES = "flask_waapi_wakes"


def plain(session: HostSession) -> Session:
    """The session itself, of this context where there is one for each."""
    return session() if isinstance(session, scoped_session) else session


def connection_of(session: Session, bind_arguments: dict[str, Any]) -> Connection:
    """The connection of a host's session, within its transaction, the innermost where they are nested.

    :raises ConfigurationError: the host commits each statement by itself.
    """
    root = session.get_transaction()
    if session.in_nested_transaction() and root is not None:
        # SQLite's driver begins no transaction for a savepoint; the release of one that is the first would
        # commit it.
        _begin(root.connection(bind_arguments.get("mapper"), bind=bind_arguments.get("bind")))
    connection = session.connection(bind_arguments=bind_arguments)
    if _commits_each_statement(connection):
        raise ConfigurationError([NO_TRANSACTION])
    return connection


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """A part of the transaction that can fail without the rest."""
    _begin(connection)
    point = connection.begin_nested()
    try:
        yield
        point.commit()
    except BaseException:
        # MariaDB ends the whole transaction of a deadlock's victim, and its savepoints with it: that there
        # is none is not what went wrong.
        with suppress(DBAPIError):
            point.rollback()
        raise


@contextmanager
def session_within(connection: Connection) -> Iterator[Session]:
    """A session of our own on that connection; closing it leaves the transaction as it is."""
    with Session(connection, join_transaction_mode="rollback_only", expire_on_commit=False) as session:
        yield session


def sees_too_little(error: DBAPIError) -> bool:
    """Whether a transaction that reads as of its beginning met a row that another has made since.

    PostgreSQL's isolation levels above its standard one; the transaction lives on behind its savepoint.
    """
    return getattr(error.orig, "sqlstate", None) == "40001" and hasattr(error.orig, "diag")


def call_after(host_session: HostSession, wake: Callable[[], None]) -> None:
    """Call ``wake`` once, when the host's outermost transaction has ended."""
    session = plain(host_session)
    if _WAKES not in session.info:
        # Once for the session's life, which ends with it.
        session.info[_WAKES] = set()
        event.listen(session, "after_transaction_end", _call_waiting)
    session.info[_WAKES].add(wake)


def _call_waiting(session: Session, transaction: SessionTransaction) -> None:
    # Committed or rolled back, the rows say which; a nested transaction's end is not the end.
    if transaction.parent is not None:
        return
    waiting = session.info[_WAKES]
    while waiting:
        waiting.pop()()


def _begin(connection: Connection) -> None:
    # The driver would begin by itself at the first write, but not at a savepoint. With the lock at once: a
    # transaction that reads first may be refused it without waiting.
    if connection.dialect.name != "sqlite" or _driver(connection).in_transaction:
        return
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _commits_each_statement(connection: Connection) -> bool:
    level = connection.get_execution_options().get("isolation_level")
    if level is None:
        # Of create_engine(isolation_level=...), which SQLAlchemy tells in no public way.
        level = getattr(connection.dialect, "_on_connect_isolation_level", None)
    return level == "AUTOCOMMIT"


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
