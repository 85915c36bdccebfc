"""Real locks: deadlocks of two transactions, SQLite's one writer, connections given back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from factories import migrated
from flask_waapi.errors import StorageBusy
from flask_waapi.settings import load
from flask_waapi.storage.models import TemplateSync
from flask_waapi.storage.session import Store
from flask_waapi.testing import ManualClock

on_servers = pytest.mark.parametrize(
    "module_uri",
    [
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
    indirect=True,
)
on_sqlite = pytest.mark.parametrize("module_uri", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def engine(module_uri: str) -> Iterator[sa.Engine]:
    """An engine on a migrated database of each kind."""
    arguments: dict[str, Any] = {}
    if module_uri.startswith("sqlite"):
        arguments["timeout"] = 0
    if module_uri.startswith("postgresql"):
        # It looks for deadlocks after this long, a second by default.
        arguments["options"] = "-c deadlock_timeout=20ms"
    engine = sa.create_engine(migrated(module_uri), connect_args=arguments)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    """A store on it, with two rows that tests may change and no others."""
    store = Store(Flask("bare"), load({"SECRET_KEY": "a secret of tests"}), db=None, engine=engine)
    now = ManualClock()()
    with store.begin() as session:
        session.execute(sa.delete(TemplateSync))
        session.add_all([TemplateSync(provider=name, attempted_at=now, problem="") for name in "ab"])
    return store


def change(session: Session, name: str, problem: str) -> None:
    """Add to a row and hold it until the transaction ends."""
    update = sa.update(TemplateSync).where(TemplateSync.provider == name)
    session.execute(update.values(problem=sa.func.concat(TemplateSync.problem, problem)))


def problems(store: Store) -> dict[str, str | None]:
    """The rows, as another transaction sees them."""
    query = sa.select(TemplateSync.provider, TemplateSync.problem)
    with store.read() as session:
        return {row.provider: row.problem for row in session.execute(query)}


@on_servers
def test_both_transactions_of_a_real_deadlock_end_well(store: Store) -> None:
    both_hold_one = threading.Barrier(2, timeout=60)
    tries: list[str] = []

    def cross(first: str, second: str) -> None:
        def work(session: Session) -> None:
            tries.append(first)
            change(session, first, first)
            if tries.count(first) == 1:
                both_hold_one.wait()
            change(session, second, first)

        store.write(work)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(cross, "a", "b"), pool.submit(cross, "b", "a")]:
            done.result(timeout=60)

    # One that begins anew may take its row before the other, who waited for it, and be ended again.
    assert len(tries) >= 3, "the database ended one of them"
    assert {name: sorted(problem or "") for name, problem in problems(store).items()} == {
        "a": ["a", "b"],
        "b": ["a", "b"],
    }


def test_reading_commits_nothing(store: Store) -> None:
    with store.read() as session:
        session.execute(sa.update(TemplateSync).values(problem="x"))

    assert problems(store) == {"a": "", "b": ""}


def test_after_a_failure_no_connection_is_kept(store: Store, engine: sa.Engine) -> None:
    for way in (store.begin, store.read):
        with pytest.raises(DBAPIError), way() as session:
            session.execute(sa.text("SELECT * FROM nowhere"))

    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@on_sqlite
class TestOneWriter:
    """SQLite and its one write lock."""

    @pytest.fixture
    def other_writer(self, engine: sa.Engine, store: Store) -> Iterator[sa.Connection]:
        """A connection of someone else's that holds the lock."""
        with engine.connect() as connection:
            connection.execute(sa.text("UPDATE waapi_template_syncs SET problem = 'theirs'"))
            yield connection

    def test_reading_needs_no_lock(self, store: Store, other_writer: sa.Connection) -> None:
        assert problems(store) == {"a": "", "b": ""}

    def test_once_the_lock_is_free_writing_works(self, store: Store, other_writer: sa.Connection) -> None:
        update = sa.update(TemplateSync).values(problem="ours")
        with pytest.raises(StorageBusy):
            store.write(lambda session: session.execute(update))

        other_writer.rollback()
        store.write(lambda session: session.execute(update))

        assert problems(store) == {"a": "ours", "b": "ours"}

    def test_the_lock_is_taken_before_anything_is_read(self, store: Store, engine: sa.Engine) -> None:
        """What a transaction has read is not changed by others before it writes."""
        theirs = sa.text("UPDATE waapi_template_syncs SET problem = 'theirs'")

        with store.begin() as session, engine.connect() as connection:
            session.get_one(TemplateSync, "a")
            with pytest.raises(OperationalError, match="locked"):
                connection.execute(theirs)
