"""The Store: whose database, own transactions, and what happens when another one writes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from answers import error
from factories import MESSAGES, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi.access.key_fields import KeyFields
from flask_waapi.errors import StorageBusy
from flask_waapi.storage.models import ApiKey
from flask_waapi.storage.session import WRITE_TRIES
from statements import transactions

LESS_THAN_A_WAIT_SECONDS = 60.0
"""What no test takes that does not wait for SQLite's lock."""


@pytest.fixture
def host(any_world: World) -> Iterator[World]:
    """A host with a table of its own, once for each kind of database."""
    yield from _with_orders(any_world)


@pytest.fixture
def sqlite_host(make_world: MakeWorld) -> Iterator[World]:
    """The same on a SQLite file, for whose lock one would wait long."""
    options = {"connect_args": {"timeout": 2 * LESS_THAN_A_WAIT_SECONDS}}
    yield from _with_orders(make_world(SQLALCHEMY_ENGINE_OPTIONS=options))


on_servers = pytest.mark.parametrize(
    "migrated_uri",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
    indirect=True,
)
"""SQLite has one writer and refuses what these tests do."""


def _with_orders(world: World) -> Iterator[World]:
    with world.app.app_context():
        world.db.session.execute(sa.text("CREATE TABLE host_orders (id INTEGER NOT NULL PRIMARY KEY)"))
        world.db.session.commit()
        yield world
        world.db.session.rollback()
        world.db.session.execute(sa.text("DROP TABLE host_orders"))
        world.db.session.commit()


def order(world: World, number: int) -> None:
    """Write a row of the host's and leave its transaction open."""
    world.db.session.execute(sa.text(f"INSERT INTO host_orders VALUES ({number})"))


def orders(world: World) -> list[int]:
    """The host's rows, as others see them."""
    with world.db.engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT id FROM host_orders ORDER BY id")))


def lock(uri: str) -> Any:
    """Another process with SQLite's write lock."""
    other = sqlite3.connect(str(sa.make_url(uri).database))
    other.execute("BEGIN IMMEDIATE")
    return closing(other)


def test_a_write_beside_the_hosts_open_one_is_refused_at_once_with_words_on_sqlite(
    sqlite_host: World,
) -> None:
    order(sqlite_host, 1)
    began = time.monotonic()

    with pytest.raises(StorageBusy, match="holds uncommitted changes"):
        sqlite_host.waapi.send_text("+1234567890", "Hello")

    assert time.monotonic() - began < LESS_THAN_A_WAIT_SECONDS
    sqlite_host.db.session.commit()
    assert orders(sqlite_host) == [1]
    assert sqlite_host.waapi.send_text("+1234567890", "Hello").status == "sent"


def test_a_guarded_view_of_a_host_with_an_open_write_is_told_too(sqlite_host: World) -> None:
    sqlite_host.key()

    @sqlite_host.app.before_request
    def begin() -> None:
        order(sqlite_host, 2)

    began = time.monotonic()
    answer = sqlite_host.post(TEXT_SEND, text_body())

    error(answer, 503, "STORAGE_BUSY")
    assert "Retry-After" not in answer.headers
    assert time.monotonic() - began < LESS_THAN_A_WAIT_SECONDS


def test_a_host_that_has_only_read_is_no_hindrance(host: World) -> None:
    host.db.session.execute(sa.text("SELECT * FROM host_orders")).all()

    assert host.waapi.send_text("+1234567890", "Hello").status == "sent"


@on_servers
def test_our_commit_does_not_commit_the_hosts_rows(host: World) -> None:
    order(host, 1)

    host.waapi.send_text("+1234567890", "Hello")

    assert orders(host) == []
    host.db.session.rollback()
    assert orders(host) == []
    assert len(host.messages()) == 1


@on_servers
def test_our_rollback_does_not_discard_the_hosts_rows(host: World) -> None:
    order(host, 1)

    with pytest.raises(ZeroDivisionError), host.services.store.begin():
        raise ZeroDivisionError

    host.db.session.commit()
    assert orders(host) == [1]


def test_a_transaction_is_kept_whole_or_not_at_all(any_world: World) -> None:
    any_world.key()

    with suppress(ZeroDivisionError), any_world.services.store.begin() as session:
        session.execute(sa.update(ApiKey).values(description="half done"))
        raise ZeroDivisionError

    assert any_world.services.keys.get("default", "shop").description == ""


def test_a_lock_of_another_process_is_waited_for_and_then_told(
    make_world: MakeWorld, sqlite_uri: str
) -> None:
    world = make_world(SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0.05}})
    world.key()

    with lock(sqlite_uri):
        answer = world.get(MESSAGES)

    error(answer, 503, "STORAGE_BUSY")
    assert answer.headers["Retry-After"] == "1"
    assert world.get(MESSAGES).status_code == 200


def test_an_engine_of_our_own_waits_for_sqlites_lock_and_keeps_a_log_beside(
    make_world: MakeWorld, sqlite_uri: str
) -> None:
    world = make_world(WAAPI_DATABASE_URI=sqlite_uri)

    with world.services.store.read() as session:
        assert session.scalar(sa.text("PRAGMA busy_timeout")) == 30_000
        assert session.scalar(sa.text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(sa.text("PRAGMA foreign_keys")) == 1


def test_the_hosts_engine_is_used_as_the_host_made_it(world: World) -> None:
    with world.app.app_context():
        assert world.services.store.engine is world.db.engine
    with world.services.store.read() as session:
        assert session.scalar(sa.text("PRAGMA journal_mode")) == "delete"


class Deadlock(Exception):
    """What a driver raises for the victim of a deadlock."""

    def __init__(self, *args: object, sqlstate: str | None = None) -> None:
        super().__init__(*args)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "origin", [Deadlock(sqlstate="40P01"), Deadlock(1213, "Deadlock"), Deadlock(1020, "Changed")]
)
def test_the_victim_of_a_deadlock_is_tried_again(shared: World, origin: Deadlock) -> None:
    tries = []

    def work(session: object) -> str:
        tries.append(session)
        if len(tries) < WRITE_TRIES:
            raise OperationalError("UPDATE", {}, origin)
        return "done"

    assert shared.services.store.write(work) == "done"
    assert len(tries) == WRITE_TRIES


def test_a_transaction_that_is_the_victim_each_time_is_told_to_come_again(shared: World) -> None:
    tries = []

    def work(session: object) -> None:
        tries.append(session)
        raise OperationalError("UPDATE", {}, Deadlock(1213, "Deadlock"))

    with pytest.raises(StorageBusy) as busy:
        shared.services.store.write(work)
    assert busy.value.retry_after == 1
    assert len(tries) == WRITE_TRIES


@pytest.mark.parametrize("origin", [Deadlock(2006, "Gone away"), Deadlock(sqlstate="57P01"), Deadlock()])
def test_no_other_failure_is_tried_again(shared: World, origin: Deadlock) -> None:
    tries = []

    def work(session: object) -> None:
        tries.append(session)
        raise OperationalError("UPDATE", {}, origin)

    with pytest.raises(OperationalError):
        shared.services.store.write(work)
    assert len(tries) == 1


def test_a_failed_statement_shows_no_values(any_world: World) -> None:
    with pytest.raises(sa.exc.DBAPIError) as failed, any_world.services.store.begin() as session:
        session.execute(sa.text("INSERT INTO waapi_nowhere VALUES (:secret)"), {"secret": "the rabbit"})

    assert "the rabbit" not in str(failed.value)


def test_objects_can_be_read_after_their_transaction(any_world: World) -> None:
    any_world.services.keys.issue(KeyFields("shop"), account="default", actor="test")

    with any_world.services.store.begin() as session:
        key = session.scalars(sa.select(ApiKey)).one()

    assert key.name == "shop"


def test_reads_together_take_one_transaction_and_see_what_others_commit_meanwhile(any_world: World) -> None:
    keys, store = any_world.services.keys, any_world.services.store
    before = len(keys.list("default"))

    with transactions(store.engine) as begun, store.reads_together():
        keys.list("default")
        first = len(begun)
        assert len(keys.list("default")) == before
        assert (first, len(begun)) == (1, 1)
        keys.issue(KeyFields("made meanwhile"), account="default", actor="test")
        assert len(keys.list("default")) == before + 1

    assert len(keys.list("default")) == before + 1


def test_a_read_that_fails_among_others_leaves_the_next_ones_alone(any_world: World) -> None:
    store = any_world.services.store

    with pytest.raises(sa.exc.DBAPIError), store.reads_together(), store.read() as session:
        session.execute(sa.text("SELECT nothing FROM nowhere"))

    with store.read() as session:
        assert session.scalar(sa.text("SELECT 1")) == 1
