"""Which sessions a message can join: the host's in all their forms, and no other database's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InvalidRequestError, PendingRollbackError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from factories import RECIPIENT, RECORDING, SAMPLE_VARIABLES, World, close, migrated
from flask_waapi import ConfigurationError, SentMessage, TemplateDefinition
from flask_waapi.storage.joining import HostSession
from flask_waapi.storage.models import Message
from host_apps import HostBase, Purchase, make_app, titles

MakeHost = Callable[..., World]


def send(world: World, session: HostSession) -> SentMessage:
    """The sample template in the transaction of that session."""
    return world.waapi.send_template(RECIPIENT, "order_confirmation", "en", SAMPLE_VARIABLES, session=session)


def stored(world: World) -> int:
    """How many messages are committed."""
    return world.count(Message)


KINDS: dict[str, Callable[[sa.Engine], HostSession]] = {
    "plain": Session,
    "made by a sessionmaker": lambda engine: sessionmaker(engine)(),
    "scoped": lambda engine: scoped_session(sessionmaker(engine)),
    "with options": lambda engine: Session(engine.execution_options(logging_token="host")),
    "bound by model": lambda engine: Session(binds={HostBase: engine, sa.orm.DeclarativeBase: engine}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_session_of_the_hosts_own_making(joined: World, kind: str, end: str) -> None:
    session = KINDS[kind](joined.db.engine)
    session.add(Purchase(title="tea"))
    session.flush()
    send(joined, session)
    getattr(session, end)()
    session.close()

    assert (titles(joined), stored(joined)) == ((["tea"], 1) if end == "commit" else ([], 0))


def test_a_session_that_does_not_begin_by_itself_is_not_begun_by_us(joined: World) -> None:
    with Session(joined.db.engine, autobegin=False) as session:
        with pytest.raises(InvalidRequestError, match="begin"):
            send(joined, session)
        with session.begin():
            send(joined, session)

    assert stored(joined) == 1


def test_a_session_that_waits_to_be_rolled_back_says_so_itself(joined: World) -> None:
    with Session(joined.db.engine) as session:
        session.add(Purchase(title=None))
        with pytest.raises(DBAPIError):
            session.flush()
        with pytest.raises(PendingRollbackError):
            send(joined, session)
        session.rollback()

    assert stored(joined) == 0


@pytest.mark.parametrize(
    "recording_host",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
    indirect=True,
)
@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_every_isolation_level_will_do(joined: World, level: str) -> None:
    with Session(joined.db.engine.execution_options(isolation_level=level)) as session:
        session.add(Purchase(title="tea"))
        session.flush()
        sent = send(joined, session)
        session.commit()

    assert joined.message(sent.message_uuid).status == "queued"


def test_where_each_statement_is_committed_by_itself_there_is_nothing_to_join(joined: World) -> None:
    with (
        Session(joined.db.engine.execution_options(isolation_level="AUTOCOMMIT")) as session,
        pytest.raises(ConfigurationError, match="AUTOCOMMIT"),
    ):
        send(joined, session)

    engine = sa.create_engine(joined.db.engine.url, isolation_level="AUTOCOMMIT")
    with Session(engine) as session, pytest.raises(ConfigurationError):
        send(joined, session)
    engine.dispose()
    assert stored(joined) == 0


class TestRigs:
    """Tests of a host's that roll everything back at their end."""

    @pytest.fixture
    def outer(self, joined: World) -> Iterator[sa.Connection]:
        """A connection whose transaction the rig rolls back."""
        with joined.db.engine.connect() as connection:
            transaction = connection.begin()
            if connection.dialect.name == "sqlite":
                # As SQLAlchemy advises; the driver would begin at the first write.
                connection.exec_driver_sql("BEGIN")
            yield connection
            if transaction.is_active:
                transaction.rollback()

    @pytest.mark.parametrize(
        "mode", ["conditional_savepoint", "rollback_only", "control_fully", "create_savepoint"]
    )
    def test_a_session_on_the_rigs_connection(self, joined: World, outer: sa.Connection, mode: Any) -> None:
        with Session(outer, join_transaction_mode=mode) as session:
            session.add(Purchase(title="tea"))
            session.flush()
            sent = send(joined, session)
            if mode != "control_fully":
                session.commit()
            seen = session.scalars(sa.select(Message.id)).all()

        assert seen == [sent.message_uuid]
        outer.rollback()
        assert (titles(joined), stored(joined)) == ([], 0)

    def test_the_rigs_connection_in_the_place_of_the_engine(
        self, joined: World, outer: sa.Connection
    ) -> None:
        engines: Any = joined.db.engines
        engine, engines[None] = engines[None], outer
        try:
            sent = send(joined, joined.db.session)
            joined.db.session.commit()
            assert joined.db.session.scalars(sa.select(Message.id)).all() == [sent.message_uuid]
            joined.db.session.remove()
        finally:
            engines[None] = engine
        outer.rollback()

        assert stored(joined) == 0

    def test_a_rig_that_was_there_before_us(self, joined: World, outer: sa.Connection) -> None:
        store = joined.services.store
        engines: Any = joined.db.engines
        engine, engines[None] = engines[None], outer
        for name in ("engine", "_sessions"):
            store.__dict__.pop(name, None)
        try:
            assert store.engine is engine
            send(joined, joined.db.session)
            joined.db.session.remove()
        finally:
            engines[None] = engine

        assert joined.services.keys.list("default") == []


class TestOtherDatabases:
    """A session that cannot share a transaction with our tables."""

    @pytest.fixture
    def other(self, tmp_path: Path) -> Iterator[sa.Engine]:
        """Another database, with tables of ours even."""
        engine = sa.create_engine(migrated(f"sqlite:///{tmp_path / 'other.sqlite'}"))
        yield engine
        engine.dispose()

    @pytest.fixture
    def refused(self) -> Any:
        """The error that says so."""
        return pytest.raises(ConfigurationError, match="session= is a session of another database")

    def test_of_an_engine_that_is_not_ours(self, host: World, other: sa.Engine, refused: Any) -> None:
        with host.app.app_context(), Session(other) as session, refused:
            send(host, session)

    def test_of_no_engine_at_all(self, host: World, other: sa.Engine, refused: Any) -> None:
        with host.app.app_context(), Session(binds={HostBase: other}) as session, refused:
            send(host, session)

    def test_of_the_host_while_ours_is_apart(
        self, make_host: MakeHost, other: sa.Engine, refused: Any
    ) -> None:
        world = make_host(WAAPI_DATABASE_URI=str(other.url))
        with world.app.app_context(), refused:
            send(world, world.db.session)

    def test_of_a_stranger_beside_a_bind_of_ours(
        self, make_host: MakeHost, other: sa.Engine, refused: Any, tmp_path: Path
    ) -> None:
        ours = migrated(f"sqlite:///{tmp_path / 'ours.sqlite'}")
        world = make_host(SQLALCHEMY_BINDS={"ours": ours}, WAAPI_BIND_KEY="ours")
        with world.app.app_context(), Session(other) as session, refused:
            send(world, session)


class TestBinds:
    """A host whose session holds a transaction for each of its databases."""

    @pytest.fixture
    def bound(self, make_host: MakeHost, tmp_path: Path) -> Iterator[World]:
        """A host that has given us a bind."""
        ours = migrated(f"sqlite:///{tmp_path / 'ours.sqlite'}")
        world = make_host(SQLALCHEMY_BINDS={"ours": ours}, WAAPI_BIND_KEY="ours", **RECORDING)
        with world.app.app_context():
            yield world

    @pytest.mark.parametrize("end", ["commit", "rollback"])
    def test_the_bind_is_ended_with_the_session(self, bound: World, end: str) -> None:
        bound.db.session.add(Purchase(title="tea"))
        bound.db.session.flush()
        send(bound, bound.db.session)
        getattr(bound.db.session, end)()

        assert stored(bound) == (1 if end == "commit" else 0)
        with bound.db.engine.connect() as connection:
            purchases = connection.scalars(sa.select(Purchase.title)).all()
        assert purchases == (["tea"] if end == "commit" else [])

    def test_savepoints_hold_there_too(self, bound: World) -> None:
        nested = bound.db.session.begin_nested()
        send(bound, bound.db.session)
        nested.rollback()
        bound.db.session.commit()

        assert stored(bound) == 0

    def test_binds_alone_will_do(self, sqlite_uri: str) -> None:
        binds = {"ours": migrated(sqlite_uri)}
        world = make_app(sqlite_uri, SQLALCHEMY_BINDS=binds, WAAPI_BIND_KEY="ours", **RECORDING)
        world.app.config["SQLALCHEMY_DATABASE_URI"] = None
        world.waapi.init_app(world.app)
        with world.app.app_context():
            send(world, world.db.session)
            assert stored(world) == 0
            world.db.session.commit()

        assert stored(world) == 1
        close(world)


def test_another_app_used_on_the_way_keeps_to_its_own_database(make_host: MakeHost, tmp_path: Path) -> None:
    """As by a provider that asks it for something."""
    near = make_host(**RECORDING)
    far = make_host(database_uri=f"sqlite:///{tmp_path / 'far.sqlite'}", **RECORDING)

    recorder = near.services.providers["recorder"]
    list_templates = recorder.list_templates

    def ask_the_other_first() -> Iterable[TemplateDefinition]:
        with far.app.app_context():
            far.waapi.send_text(RECIPIENT, "on the way")
        return list_templates()

    recorder.list_templates = ask_the_other_first  # type: ignore[method-assign]
    with near.app.app_context():
        send(near, near.db.session)
        near.db.session.rollback()

    assert (stored(near), stored(far)) == (0, 1)
