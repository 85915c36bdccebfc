"""Revision 0002 takes over what 0001 has left: messages that wait, are in hand or unconfirmed; and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from answers import data
from factories import RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi.identifiers import uuid7
from flask_waapi.storage import migrate
from flask_waapi.testing import ManualClock

NAMES = ("waiting", "in hand", "unconfirmed", "sent")


@pytest.fixture
def engine(database_uri: str) -> Iterator[sa.Engine]:
    """An engine on a database at revision 0001, once for each kind."""
    engine = sa.create_engine(database_uri)
    migrate.upgrade(engine, "0001")
    yield engine
    engine.dispose()


@pytest.fixture
def ids(engine: sa.Engine, clock: ManualClock) -> dict[str, UUID]:
    """The messages of a database at 0001, each as its name says, and the key under which one was sent."""
    now = clock()
    tables = sa.MetaData()
    tables.reflect(engine, only=["waapi_messages", "waapi_message_events", "waapi_idempotency"])
    # The columns' types are ours, which reflection does not know.
    from flask_waapi.storage.columns import UtcDateTime, ordered_uuid

    for table in tables.tables.values():
        for column in table.columns:
            if column.name in {"id", "message_id"}:
                column.type = ordered_uuid()
            elif column.name.endswith("_at"):
                column.type = UtcDateTime()
            elif column.name in {"content", "answer_body"}:
                column.type = sa.JSON()
    states: dict[str, dict[str, Any]] = {
        "waiting": {"status": "queued", "due_at": now, "attempts": 1},
        "in hand": {"status": "queued", "due_at": now, "claimed_at": now - timedelta(minutes=2)},
        "unconfirmed": {"status": "unconfirmed"},
        "sent": {"status": "sent"},
    }
    found = {name: uuid7(now) for name in NAMES}
    columns = {
        "account": "default",
        "recipient": "+1234567890",
        "type": "text",
        "content": {"body": "Hello", "preview_url": False},
        "simulated": False,
        "provider": "recorder",
        "attempts": 1,
        "due_at": None,
        "claimed_at": None,
        "created_at": now,
        "updated_at": now,
    }
    digest = hashlib.sha256(json.dumps(text_body(), sort_keys=True).encode()).digest()
    with engine.begin() as connection:
        for name, state in states.items():
            row = {**columns, **state, "id": found[name]}
            connection.execute(tables.tables["waapi_messages"].insert(), row)
            event = {"id": uuid7(now), "message_id": found[name], "fingerprint": "queued#1"}
            event |= {"status": "queued", "occurred_at": now, "recorded_at": now}
            connection.execute(tables.tables["waapi_message_events"].insert(), event)
        record = {"id": uuid7(now), "account": "default", "route": "live:text", "idempotency_key": "k"}
        record |= {"request_digest": digest, "message_id": found["sent"], "created_at": now}
        connection.execute(tables.tables["waapi_idempotency"].insert(), record)
    return found


@pytest.fixture
def upgraded(engine: sa.Engine, ids: dict[str, UUID], make_world: MakeWorld, database_uri: str) -> World:
    """An app on that database after its upgrade."""
    migrate.upgrade(engine)
    return make_world(database_uri=database_uri, **RECORDING)


def test_what_waited_is_sent(upgraded: World, ids: dict[str, UUID]) -> None:
    upgraded.work()

    assert [message.uuid for message in upgraded.script.sent] == [ids["waiting"]]
    assert upgraded.message(ids["waiting"]).status == "sent"


def test_what_was_in_hand_and_abandoned_is_unconfirmed(upgraded: World, ids: dict[str, UUID]) -> None:
    upgraded.work()

    assert upgraded.message(ids["in hand"]).status == "unconfirmed"


def test_what_was_unconfirmed_comes_to_an_end(upgraded: World, ids: dict[str, UUID]) -> None:
    due_at = upgraded.message(ids["unconfirmed"]).due_at
    assert due_at is not None

    upgraded.clock.advance(due_at - upgraded.clock() + timedelta(seconds=1))
    upgraded.work()

    assert upgraded.message(ids["unconfirmed"]).status == "failed"


def test_what_had_ended_is_left_alone(upgraded: World, ids: dict[str, UUID]) -> None:
    upgraded.work()

    sent = upgraded.message(ids["sent"])
    assert (sent.status, sent.lane, sent.due_at, sent.round, sent.priority) == ("sent", None, None, 1, 1)


def test_an_idempotency_key_is_still_known(upgraded: World, ids: dict[str, UUID]) -> None:
    upgraded.clock.advance(10)
    answer = upgraded.post(TEXT_SEND, text_body(), headers={"Idempotency-Key": "k"})

    assert data(answer, 201)["message_uuid"] == str(ids["sent"])


def test_back_at_0001_nothing_is_lost(upgraded: World, engine: sa.Engine, ids: dict[str, UUID]) -> None:
    migrate.downgrade(engine, "0001")

    query = sa.text("SELECT count(*) FROM waapi_messages WHERE due_at IS NOT NULL AND status = 'queued'")
    with engine.connect() as connection:
        assert connection.scalar(query) == 2
        assert connection.scalar(sa.text("SELECT count(*) FROM waapi_messages")) == len(NAMES)
        assert connection.scalar(sa.text("SELECT count(message_id) FROM waapi_idempotency")) == 1
    migrate.upgrade(engine)
    upgraded.work()
    assert upgraded.message(ids["waiting"]).status == "sent"
