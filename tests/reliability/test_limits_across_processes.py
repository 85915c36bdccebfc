"""Limits and switches hold over real processes, also when these are killed."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

import services
from flask_waapi.access.key_fields import KeyFields
from flask_waapi.access.key_views import IssuedKey
from flask_waapi.services import Services, current_services
from flask_waapi.storage import migrate
from flask_waapi.storage.models import DailyUsage, Message

from .server import Outcome, hammer, serve
from .serving import create_app

pytest.importorskip("gunicorn", reason="real processes need the extra: reference")

TEXT: dict[str, Any] = {"to": "+1234567890", "text": "Hello", "simulate": True}
MANY = 1_000_000


@pytest.fixture
def app(database_uri: str) -> Any:
    """The app of the tests' own process, on the database that the servers use."""
    app = create_app(SQLALCHEMY_DATABASE_URI=database_uri, WAAPI_BACKGROUND_THREAD=False)
    with app.app_context():
        engine = current_services().store.engine
        migrate.upgrade(engine)
        yield app
        engine.dispose()


def issue(app: Flask, **fields: Any) -> IssuedKey:
    """A key that may send texts."""
    wanted = KeyFields("hammer", permissions=["send_text"], **fields)
    return of(app).keys.issue(wanted, account="default", actor="test")


def of(app: Flask) -> Services:
    """The app's services."""
    services: Services = app.extensions["waapi"]
    return services


def used_today(app: Flask, key_id: UUID) -> int:
    """Requests granted to the key so far, of all days the test may span."""
    with of(app).store.read() as session:
        query = select(func.sum(DailyUsage.used)).where(DailyUsage.key_id == key_id)
        return int(session.scalar(query) or 0)


def stored_messages(app: Flask) -> int:
    """Messages in the database."""
    with of(app).store.read() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


def a_new_day_is_near() -> bool:
    """Whether midnight UTC would come within a test."""
    now = datetime.now(UTC)
    return now.hour == 23 and now.minute >= 57


@pytest.mark.skipif(a_new_day_is_near(), reason="midnight UTC is near, when days change")
def test_eight_processes_grant_the_daily_limit_exactly_also_after_they_were_killed(
    app: Flask, database_uri: str
) -> None:
    limit = 200
    key = issue(app, rate_limit=MANY, daily_limit=limit)
    with serve(database_uri, processes=8) as server:
        first = hammer(
            server,
            key.secret,
            clients=8,
            body=TEXT,
            until=lambda outcome: outcome.codes["accepted"] >= limit // 2 - 8,
        )
        server.kill_workers()
        second = hammer(
            server,
            key.secret,
            clients=8,
            body=TEXT,
            until=lambda outcome: outcome.codes["DAILY_LIMIT_EXCEEDED"] >= 16,
        )
    with serve(database_uri, processes=2) as server:
        third = hammer(
            server,
            key.secret,
            clients=2,
            body=TEXT,
            until=lambda outcome: outcome.codes.total() >= 8,
        )
    accepted = first.codes["accepted"] + second.codes["accepted"]
    assert (accepted, third.codes["accepted"]) == (limit, 0)
    assert used_today(app, key.key.id) == stored_messages(app) == limit


def test_no_message_is_accepted_once_the_switch_has_answered(app: Flask, database_uri: str) -> None:
    key = issue(app, rate_limit=MANY, daily_limit=MANY)
    switched_off: list[float] = []
    stored_at_the_switch: list[int] = []

    def switch_off() -> None:
        time.sleep(1.0)
        of(app).keys.set_enabled("default", "hammer", False, actor="test")
        stored_at_the_switch.append(stored_messages(app))
        switched_off.append(time.monotonic())

    def enough(outcome: Outcome) -> bool:
        return outcome.codes["KEY_INACTIVE"] >= 40

    with serve(database_uri, processes=4) as server:
        thread = threading.Thread(target=switch_off)
        thread.start()
        outcome = hammer(server, key.secret, clients=8, body=TEXT, until=enough)
        thread.join()
    assert outcome.codes["accepted"] > 0
    assert [start for start in outcome.accepted_starts if start > switched_off[0]] == []
    assert stored_messages(app) == stored_at_the_switch[0]


@pytest.mark.redis
@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_processes_share_the_minute_limit_over_redis(app: Flask, database_uri: str) -> None:
    key = issue(app, rate_limit=50, daily_limit=MANY)
    with serve(database_uri, processes=8, WAAPI_LIMITS_STORAGE_URI=services.require("redis")) as server:
        outcome = hammer(
            server,
            key.secret,
            clients=16,
            body=TEXT,
            until=lambda outcome: outcome.codes["RATE_LIMIT_EXCEEDED"] >= 200,
        )
    assert outcome.codes["accepted"] == 50
