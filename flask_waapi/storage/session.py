"""The Store: whose database we use, and our own units of work in it.

Never the host's session: a commit of ours there would commit the host's half-done rows, a rollback would
discard them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, has_app_context
from sqlalchemy import Engine, create_engine, event, false, text, update
from sqlalchemy.exc import OperationalError, StatementError, UnboundExecutionError
from sqlalchemy.orm import Session, sessionmaker

from ..errors import ConfigurationError, StorageBusy
from ..settings import Settings
from .models import ApiKey, Base

if TYPE_CHECKING:
    from flask_sqlalchemy import SQLAlchemy

SQLITE_BUSY_SECONDS = 30
"""How long a connection of our own waits for SQLite's one write lock."""


DEADLOCK_TRIES = 5
"""How often a transaction is tried that the database chose as a deadlock's victim."""

Result = TypeVar("Result")


NO_DATABASE = (
    "There is no database: pass db= (the host's Flask-SQLAlchemy object) or engine=,"
    " or set WAAPI_DATABASE_URI."
)


class Store:
    """Units of work on one app's database.

    :param app: whose database; only used to reach the host's engine when it is first needed.
    :param db: the host's Flask-SQLAlchemy object, if it has one.
    :param engine: an engine to use instead of the host's.
    """

    def __init__(
        self, app: Flask, settings: Settings, *, db: SQLAlchemy | None, engine: Engine | None
    ) -> None:
        self._app = app
        self._settings = settings
        self._db = db
        self._given_engine = engine
        if engine is None and settings.database_uri is None and db is None:
            raise ConfigurationError([NO_DATABASE])

    @cached_property
    def _sessions(self) -> sessionmaker[Session]:
        engine = self.engine
        if engine.dialect.name != "sqlite":
            # What our locks are written for, whatever the host has chosen for itself: at higher levels a
            # read may be older than a lock taken after it, at AUTOCOMMIT a transaction is none.
            engine = engine.execution_options(isolation_level="READ COMMITTED")
        return sessionmaker(engine, expire_on_commit=False)

    @cached_property
    def engine(self) -> Engine:
        """The engine: ``engine=``, else ``WAAPI_DATABASE_URI``, else the bind, else the host's own.

        Found when it is first needed: the host's engines exist only within an app context.
        """
        if self._given_engine is not None:
            return self._given_engine
        if self._settings.database_uri is not None:
            return _own_engine(self._settings.database_uri)
        if self._db is None:
            raise ConfigurationError([NO_DATABASE])
        with self._app.app_context():
            engines = self._db.engines
        if self._settings.bind_key not in engines:
            raise ConfigurationError(
                [f"WAAPI_BIND_KEY names {self._settings.bind_key!r}, which SQLALCHEMY_BINDS lacks."]
            )
        return engines[self._settings.bind_key]

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction of our own that writes; committed at the end, rolled back on an exception.

        :raises StorageBusy: SQLite's write lock was not to be had.
        """
        with _discreet(), self._sessions() as session, session.begin():
            if self.engine.dialect.name == "sqlite":
                self._refuse_to_wait_for_ourselves()
                _take_write_lock(session)
            yield session

    def write(self, work: Callable[[Session], Result]) -> Result:
        """One transaction that runs ``work``, again from its start when the database saw a deadlock.

        :raises StorageBusy: SQLite's write lock was not to be had.
        """
        for _ in range(DEADLOCK_TRIES - 1):
            try:
                with self.begin() as session:
                    return work(session)
            except OperationalError as error:
                if not _is_deadlock(error):
                    raise
        with self.begin() as session:
            return work(session)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session of our own that only reads."""
        with _discreet(), self._sessions() as session:
            yield session

    def create_all(self) -> None:
        """Create the tables without migrations, for a host's unit tests."""
        Base.metadata.create_all(self.engine)

    def _refuse_to_wait_for_ourselves(self) -> None:
        # SQLite has one writer. If this very request has written through the host's session and not yet
        # committed, we would wait for a lock that is only released after we return.
        if self._db is None or not has_app_context() or not self._db.session.registry.has():
            return
        host_session = self._db.session()
        # After a failed flush it is in a transaction, has no connection and refuses to say so.
        if not host_session.in_transaction() or not host_session.is_active:
            return
        try:
            bind = host_session.get_bind()
        except UnboundExecutionError:
            # A host with binds alone has no engine that could be ours.
            return
        if bind is not self.engine:
            return
        if _driver_connection(host_session).in_transaction and not _is_in_memory(self.engine):
            raise StorageBusy(
                "db.session holds uncommitted changes, and SQLite allows one writer: commit them before"
                " calling flask-waapi, or use a database server.",
            )


@contextmanager
def _discreet() -> Iterator[None]:
    # An error's text holds the values of its statement: recipients and message texts, which would end in
    # a log.
    try:
        yield
    except OperationalError as error:
        error.hide_parameters = True
        if "database is locked" not in str(error):
            raise
        raise StorageBusy(
            "The SQLite database is locked by another writer: try again, or use a database server.",
            retry_after=1,
        ) from error
    except StatementError as error:
        error.hide_parameters = True
        if error.orig is not None and hasattr(error.orig, "diag"):
            # PostgreSQL's message goes on with the failing row.
            for told in (error, error.orig):
                told.args = (str(told.args[0]).partition("\n")[0], *told.args[1:])
        raise


def _is_deadlock(error: OperationalError) -> bool:
    # SQLSTATE 40P01 or 40001; older PyMySQL has only MariaDB's numbers, 1213 and, for a row changed
    # meanwhile, 1020.
    origin = error.orig
    names = ("sqlstate", "pgcode")
    codes = {getattr(origin, name, None) for name in names} | set(origin.args[:1] if origin else ())
    return not codes.isdisjoint({"40P01", "40001", 1213, 1020})


def _driver_connection(session: Session) -> Any:
    return session.connection().connection.driver_connection


def _is_in_memory(engine: Engine) -> bool:
    return engine.url.database in {None, "", ":memory:"}


def _take_write_lock(session: Session) -> None:
    # A transaction that begins by reading and then writes can fail at once in WAL mode, without waiting.
    if _driver_connection(session).in_transaction:
        # The host's engine has begun by itself, deferred; a write, if only of nothing, takes the lock.
        session.execute(update(ApiKey).where(false()).values(enabled=ApiKey.enabled))
    else:
        session.execute(text("BEGIN IMMEDIATE"))


def _own_engine(uri: str) -> Engine:
    if uri.startswith("sqlite"):
        engine = create_engine(uri, connect_args={"timeout": SQLITE_BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        engine = create_engine(uri, pool_pre_ping=True)
    # A pooled connection used by two processes after a fork breaks both.
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")
