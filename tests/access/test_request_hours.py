"""Calls counted by the hour: they agree with the log, whoever writes it, on every database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from child_tasks import Processes, read_and_log
from factories import API, MESSAGES, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi.access import request_hours, requests
from flask_waapi.access.request_hours import hour_of
from flask_waapi.storage.counter_models import RequestHour
from flask_waapi.storage.models import ApiRequest

Rows = Counter[tuple[datetime, UUID, int, str]]


def told(world: World) -> Rows:
    """What the rows tell."""
    with world.services.store.read() as session:
        rows = session.scalars(sa.select(RequestHour)).all()
    return Counter({(row.hour, row.key_id, row.status, row.error_code): row.calls for row in rows})


def logged(world: World) -> Rows:
    """What the log tells."""
    with world.services.store.read() as session:
        rows = session.scalars(sa.select(ApiRequest)).all()
    return Counter((hour_of(row.occurred_at), row.key_id, row.status, row.error_code or "") for row in rows)


def test_calls_are_counted_by_key_hour_status_and_code(any_world: World) -> None:
    shop, desk = any_world.issue_key("shop"), any_world.issue_key("desk", permissions=())
    for minutes in (0, 20, 59, 2):
        any_world.clock.advance(timedelta(minutes=minutes))
        any_world.get(MESSAGES, shop)
        any_world.get(MESSAGES, desk)
        any_world.post(TEXT_SEND, {"to": "nobody"}, shop)
        any_world.services.request_log.flush()

    assert told(any_world) == logged(any_world)
    assert sorted(told(any_world).values()) == [2, 2, 2, 2, 2, 2]


def test_four_processes_count_exactly(any_world: World, migrated_uri: str, processes: Processes) -> None:
    key = any_world.issue_key()

    processes.run(read_and_log, migrated_uri, key, 6, {})

    assert told(any_world) == logged(any_world)
    assert sum(told(any_world).values()) == 24


def test_what_was_written_before_the_connection_broke_is_not_written_again(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, log = any_world.services.store, any_world.services.request_log
    any_world.get(MESSAGES)
    real = store.write

    def broken(work: object) -> object:
        real(work)  # type: ignore[arg-type]
        raise OperationalError("COMMIT", None, ConnectionError("gone"), connection_invalidated=True)

    monkeypatch.setattr(store, "write", broken)
    with pytest.raises(OperationalError):
        log.flush()
    monkeypatch.setattr(store, "write", real)
    any_world.get(MESSAGES)
    log.flush()

    assert told(any_world) == logged(any_world)
    assert sum(told(any_world).values()) == 2


def test_calls_today_are_those_of_the_last_24_hours_to_the_minute(any_world: World) -> None:
    any_world.clock.advance(timedelta(minutes=30))
    for minutes in (0, 10, 60, 60 * 20):
        any_world.clock.advance(timedelta(minutes=minutes))
        any_world.get(MESSAGES)
    counters = any_world.services.request_log.counters

    assert counters("default").calls_today == 4
    any_world.clock.advance(timedelta(hours=2, minutes=45))
    assert counters("default").calls_today == 4
    any_world.clock.advance(timedelta(minutes=5))
    assert counters("default").calls_today == 3
    any_world.clock.advance(timedelta(minutes=10))
    assert counters("default").calls_today == 2
    assert counters("other").calls_today == 0


def test_a_call_is_linked_to_the_message_it_made_or_read(world: World) -> None:
    uuid = world.post(TEXT_SEND, text_body()).get_json()["data"]["message_uuid"]
    world.get(f"{MESSAGES}/{uuid}")
    world.get(f"{MESSAGES}/{uuid}/events")
    world.delete(f"{MESSAGES}/{uuid}")
    world.get(MESSAGES)
    world.get(f"{API}/nothing")
    world.services.request_log.flush()

    with world.services.store.read() as session:
        linked = session.scalars(sa.select(ApiRequest.message_id).order_by(ApiRequest.id)).all()
    assert Counter(linked) == {UUID(uuid): 4, None: 1}


def test_a_refused_send_is_linked_to_its_message(world: World) -> None:
    answer = world.post(TEXT_SEND, text_body(to="+15550131026"))
    world.services.request_log.flush()

    with world.services.store.read() as session:
        assert session.scalars(sa.select(ApiRequest.message_id)).all() == [world.message().id]
    assert answer.status_code == 422


def test_the_log_is_forgotten_after_its_time_in_bounded_batches(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "BATCH", 2)
    any_world.clock.advance(timedelta(minutes=30))
    for _ in range(5):
        any_world.get(MESSAGES)
    any_world.clock.advance(timedelta(hours=2))
    any_world.get(MESSAGES)
    any_world.services.request_log.flush()
    sizes: list[int] = []
    real = Session.execute

    def note(self: Session, statement: object, *arguments: object, **options: object) -> object:
        result = real(self, statement, *arguments, **options)  # type: ignore[call-overload]
        if getattr(statement, "is_delete", False):
            sizes.append(result.rowcount)
        return result

    monkeypatch.setattr(Session, "execute", note)

    before = any_world.clock() - timedelta(hours=1)
    for _ in range(3):
        any_world.services.store.write(lambda session: requests.forget(session, before))

    # The last is that of the hours.
    assert sizes == [2, 2, 1, 1]
    assert told(any_world) == logged(any_world)
    assert sum(told(any_world).values()) == 1


def test_the_worker_forgets_what_is_older_than_the_setting(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_LOG_LIFETIME=3_600)
    world.get(MESSAGES)
    world.services.request_log.flush()
    world.clock.advance(timedelta(hours=3))

    world.work()

    assert world.count(ApiRequest) == world.count(RequestHour) == 0


def test_hours_add_up_to_utc_days_on_every_database(any_world: World) -> None:
    any_world.clock.advance(timedelta(hours=22, minutes=30))
    for _ in range(4):
        any_world.get(MESSAGES)
        any_world.clock.advance(timedelta(hours=1))
    any_world.services.request_log.flush()
    store, start = any_world.services.store, any_world.clock() - timedelta(days=2)

    hours = request_hours.by_hour(store, "default", start)
    days = request_hours.by_day(store, "default", start)

    assert [(one.step.day, one.step.hour, one.calls) for one in hours] == [
        (1, 22, 1),
        (1, 23, 1),
        (2, 0, 1),
        (2, 1, 1),
    ]
    assert [(one.step, one.calls) for one in days] == [
        (datetime(2026, 1, 1, tzinfo=UTC), 2),
        (datetime(2026, 1, 2, tzinfo=UTC), 2),
    ]
    assert request_hours.by_day(store, "default", start, UUID(int=1)) == []
