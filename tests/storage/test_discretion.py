"""Errors of the database are logged: their text says what was wrong and none of the values."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from factories import migrated
from flask_waapi.identifiers import uuid7
from flask_waapi.settings import load
from flask_waapi.storage.models import Message
from flask_waapi.storage.session import Store
from flask_waapi.testing import ManualClock

SECRETS = ("+4915112345678", "the secret words")
NOW = ManualClock()()


@pytest.fixture(scope="module")
def store(module_uri: str) -> Iterator[Store]:
    """A store on a migrated database of each kind."""
    engine = sa.create_engine(migrated(module_uri))
    yield Store(Flask("bare"), load({"SECRET_KEY": "a secret of tests"}), db=None, engine=engine)
    engine.dispose()


def message(**members: Any) -> dict[str, Any]:
    """The columns of a message that says something secret."""
    return {
        "id": uuid7(NOW),
        "account": "default",
        "recipient": SECRETS[0],
        "type": "text",
        "content": {"body": SECRETS[1]},
        "rendered": SECRETS[1],
        "simulated": False,
        "provider": "simulation",
        "status": "queued",
        "attempts": 1,
        "created_at": NOW,
        "updated_at": NOW,
    } | members


def lacks_a_value(session: Session) -> None:
    """A row with a hole."""
    session.execute(sa.insert(Message), [message(status=None)])


def is_too_long(session: Session) -> None:
    """A value longer than its column, or on SQLite than any value can be."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(sa.text("SELECT zeroblob(2000000000) || :value"), {"value": SECRETS[0]}).all()
    session.execute(sa.insert(Message), [message(recipient=SECRETS[0] * 20)])


def is_there_already(session: Session) -> None:
    """The same primary key twice."""
    session.execute(sa.insert(Message), [message(id=UUID(int=1)), message(id=UUID(int=1))])


def is_no_sql(session: Session) -> None:
    """A statement about a table that does not exist."""
    query = sa.text("SELECT :one FROM nowhere WHERE x = :other")
    session.execute(query, dict(zip(("one", "other"), SECRETS, strict=True)))


def is_of_the_wrong_type(session: Session) -> None:
    """A value that the column's type cannot take."""
    session.execute(sa.insert(Message), [message(created_at=NOW.replace(tzinfo=None))])


@pytest.mark.parametrize(
    "work", [lacks_a_value, is_too_long, is_there_already, is_no_sql, is_of_the_wrong_type]
)
@pytest.mark.parametrize("way", ["begin", "write", "read"])
def test_neither_the_text_nor_the_traceback_holds_a_value(
    store: Store, work: Callable[[Session], None], way: str
) -> None:
    def run() -> None:
        if way == "write":
            store.write(work)
            return
        with getattr(store, way)() as session:
            work(session)

    with pytest.raises(StatementError) as raised:
        run()

    told = "".join(traceback.format_exception(raised.value))
    assert not [secret for secret in SECRETS if secret in told]


def test_the_text_still_says_what_was_wrong(store: Store) -> None:
    with pytest.raises(DBAPIError) as raised:
        store.write(lacks_a_value)

    assert "status" in str(raised.value).partition("[SQL")[0]
