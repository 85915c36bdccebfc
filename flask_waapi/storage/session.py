"""The Store: whose database we use, and our own units of work in it.

Not in the host's session, unless the host asks for it: a commit of ours there would commit the host's
half-done rows, a rollback would discard them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, has_app_context
from sqlalchemy import Connection, Engine, false, text, update
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError, UnboundExecutionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from ..errors import ConfigurationError, StorageBusy, StorageUnavailable
from ..settings import Settings
from .changes import Listener, changed_by
from .engines import at_read_committed, own_engine
from .joining import HostSession, connection_of, plain, savepoint, session_within
from .models import ApiKey
from .tables import Base

if TYPE_CHECKING:
    from flask_sqlalchemy import SQLAlchemy

WRITE_TRIES = 5
"""How often a transaction is tried that the database chose as a deadlock's victim, or lost before its end."""

UNAVAILABLE_RETRY_SECONDS = 5

DEADLOCKS = {"40P01", "40001", 1213, 1020}
"""SQLSTATE, or MariaDB's number, of a transaction that was given up; 1020 is a row changed meanwhile."""

LOCK_TIMEOUTS = {"55P03", 1205}
"""Of one that has waited too long for another; only where the database is set to end waiting."""

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_joined: ContextVar[tuple[Store, Connection] | None] = ContextVar("flask_waapi_joined", default=None)
"""The host's transaction that a store works in at the moment; of another app's store it is none."""

_reading: ContextVar[tuple[Store, Connection] | None] = ContextVar("flask_waapi_reading", default=None)
"""The connection that a store reads on at the moment, where several reads go together."""

NO_DATABASE = (
    "There is no database: pass db= (the host's Flask-SQLAlchemy object) or engine=,"
    " or set WAAPI_DATABASE_URI."
)


OTHER_DATABASE = (
    "session= is a session of another database than flask-waapi's, so the two cannot share a transaction:"
    " leave WAAPI_DATABASE_URI and engine= out, or give both the same engine."
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
        self.tell_changed: Listener = lambda changed: None
        if engine is None and settings.database_uri is None and db is None:
            raise ConfigurationError([NO_DATABASE])

    @cached_property
    def _sessions(self) -> sessionmaker[Session]:
        engine = self.engine
        if engine.dialect.name != "sqlite":
            # What our locks are written for, whatever the host has chosen for itself: at higher levels a
            # read may be older than a lock taken after it, at AUTOCOMMIT a transaction is none.
            engine = at_read_committed(engine)
        return sessionmaker(engine, expire_on_commit=False)

    @cached_property
    def engine(self) -> Engine:
        """The engine: ``engine=``, else ``WAAPI_DATABASE_URI``, else the bind, else the host's own.

        Found when it is first needed: the host's engines exist only within an app context.
        """
        if self._given_engine is not None:
            return self._given_engine
        if self._settings.database_uri is not None:
            return own_engine(self._settings.database_uri, self._settings.send_threads)
        if self._db is None:
            raise ConfigurationError([NO_DATABASE])
        with self._app.app_context():
            engines = self._db.engines
        if self._settings.bind_key not in engines:
            raise ConfigurationError(
                [f"WAAPI_BIND_KEY names {self._settings.bind_key!r}, which SQLALCHEMY_BINDS lacks."]
            )
        # In tests a host may have put a connection there, whose transaction it rolls back at the end.
        return engines[self._settings.bind_key].engine

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction of our own that writes; committed at the end, rolled back on an exception.

        :raises StorageBusy: SQLite's write lock was not to be had.
        :raises StorageUnavailable: the database cannot be reached.
        """
        if (joined := self._joined_on_sqlite()) is not None:
            with _discreet(), savepoint(joined), session_within(joined) as session:
                yield session
                session.flush()
            return
        with _discreet(), self._sessions() as session:
            with session.begin():
                if self.engine.dialect.name == "sqlite":
                    self._refuse_to_wait_for_ourselves()
                    _take_write_lock(session)
                yield session
            changed = changed_by(session)
        if changed:
            self.tell_changed(changed)

    def write(
        self, work: Callable[[Session], Result], in_doubt: Callable[[Result], object] = lambda result: None
    ) -> Result:
        """One transaction that runs ``work``, again from its start when the database has given it up.

        That is a deadlock, or a pooled connection that turns out to be dead. A connection that breaks while
        the transaction is committed is not tried again: it may have been.

        :param in_doubt: told what ``work`` has returned where that may be committed and an error is raised.
        :raises StorageBusy: SQLite's write lock was not to be had, or each try has met a deadlock.
        :raises StorageUnavailable: the database cannot be reached.
        """
        for tries_left in reversed(range(WRITE_TRIES)):
            results: list[Result] = []
            try:
                with self.begin() as session:
                    results.append(work(session))
                return results[0]
            except (DBAPIError, StorageUnavailable) as error:
                cause = error if isinstance(error, DBAPIError) else error.__cause__
                is_deadlock = _is_deadlock(cause)
                may_retry = is_deadlock or (not results and _is_stale(cause))
                if not may_retry or not tries_left or self._joined_on_sqlite() is not None:
                    if is_deadlock:
                        raise _busy() from error
                    if results:
                        in_doubt(results[0])
                    raise
        raise AssertionError("unreachable")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session of our own that only reads.

        :raises StorageUnavailable: the database cannot be reached.
        """
        if (shared := self._joined_on_sqlite() or self._shared_by_reads()) is not None:
            with _discreet(), session_within(shared) as session:
                yield session
            return
        with _discreet(), self._sessions() as session:
            yield session

    @contextmanager
    def reads_together(self) -> Iterator[None]:
        """What is read meanwhile goes over one connection, in one transaction.

        A read by itself costs the database three more answers: whether the connection lives, the beginning
        and the end. Nothing is written and no provider asked meanwhile, which would hold the connection.

        :raises StorageUnavailable: the database cannot be reached.
        """
        with _discreet(), self._sessions() as session:
            token = _reading.set((self, session.connection()))
            try:
                yield
            finally:
                _reading.reset(token)

    @contextmanager
    def joined(self, host_session: HostSession) -> Iterator[Connection]:
        """The connection of a host's session, within its transaction; the host commits it or rolls it back.

        On SQLite, which has one writer, what we read and write on the way goes through it too.

        :raises ConfigurationError: that session's database is not the one our tables are in.
        """
        session = plain(host_session)
        with _discreet():
            connection = connection_of(session, self._bind_of(session))
            token = _joined.set((self, connection))
            try:
                yield connection
            finally:
                _joined.reset(token)

    def _bind_of(self, session: Session) -> dict[str, Any]:
        bind = _bind(session, {"mapper": ApiKey.__mapper__})
        if bind is not None and bind.engine.pool is self.engine.pool:
            return {"mapper": ApiKey.__mapper__}
        if self._is_of_the_host(session):
            # Ours is one of the host's binds; its session holds a transaction for each.
            return {"bind": self.engine}
        raise ConfigurationError([OTHER_DATABASE])

    def _is_of_the_host(self, session: Session) -> bool:
        if self._db is None or self._given_engine is not None or self._settings.database_uri is not None:
            return False
        bind = _bind(session, {})
        if bind is None:
            # A host with binds alone.
            return getattr(session, "_db", None) is self._db
        return any(bind.engine.pool is engine.engine.pool for engine in self._db.engines.values())

    def _joined_on_sqlite(self) -> Connection | None:
        joined = _joined.get()
        if joined is None or joined[0] is not self or self.engine.dialect.name != "sqlite":
            return None
        return joined[1]

    def _shared_by_reads(self) -> Connection | None:
        reading = _reading.get()
        return reading[1] if reading is not None and reading[0] is self else None

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
        bind = _bind(host_session, {})
        # A host with binds alone has no engine that could be ours.
        if bind is None or bind.engine.pool is not self.engine.pool:
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
    except PoolTimeout as error:
        raise _unavailable(error) from error
    except StatementError as error:
        error.hide_parameters = True
        if error.orig is not None and hasattr(error.orig, "diag"):
            # PostgreSQL's message goes on with the failing row.
            for told in (error, error.orig):
                told.args = (str(told.args[0]).partition("\n")[0], *told.args[1:])
        if isinstance(error, OperationalError) and "database is locked" in str(error):
            raise StorageBusy(
                "The SQLite database is locked by another writer: try again, or use a database server.",
                retry_after=1,
            ) from error
        if not _codes(error).isdisjoint(LOCK_TIMEOUTS):
            raise _busy() from error
        if _is_out_of_reach(error):
            raise _unavailable(error) from error
        raise


def _busy() -> StorageBusy:
    return StorageBusy("Another transaction holds what this one needs: try again.", retry_after=1)


def _unavailable(error: Exception) -> StorageUnavailable:
    # Callers are told no more than that; who runs the app must hear why. Only of connecting, since there are
    # no values in it yet.
    if isinstance(error, DBAPIError) and error.statement is None:
        cause = str(error.orig).partition("\n")[0]
    else:
        cause = type(error).__name__
    logger.error("The database cannot be reached: %s", cause)
    return StorageUnavailable(
        "The database cannot be reached: try again.", retry_after=UNAVAILABLE_RETRY_SECONDS
    )


def _bind(session: Session, arguments: dict[str, Any]) -> Engine | Connection | None:
    try:
        return session.get_bind(**arguments)
    except UnboundExecutionError:
        return None


def _is_stale(error: BaseException | None) -> bool:
    # A connection from the pool whose server has been restarted; the pool is emptied then.
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _is_out_of_reach(error: StatementError) -> bool:
    # Without a statement it was the connecting that failed, or a commit that met a deadlock.
    refused = isinstance(error, OperationalError) and error.statement is None and not _is_deadlock(error)
    return refused or _is_stale(error)


def _is_deadlock(error: BaseException | None) -> bool:
    return isinstance(error, OperationalError) and not _codes(error).isdisjoint(DEADLOCKS)


def _codes(error: StatementError) -> set[Any]:
    # Older PyMySQL has no SQLSTATE, only numbers.
    names = ("sqlstate", "pgcode")
    arguments = error.orig.args[:1] if isinstance(error.orig, Exception) else ()
    return {getattr(error.orig, name, None) for name in names} | {*arguments}


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
