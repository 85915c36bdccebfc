"""The daily limit: exact for any number of threads and processes, by UTC day, on every database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from answers import error, structured_list
from child_tasks import Processes, read_messages, together
from factories import API, MESSAGES, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi.storage.models import DailyUsage
from flask_waapi.testing import ManualClock


def used(world: World) -> dict[date, int]:
    """Requests granted by day, of all keys."""
    with world.services.store.read() as session:
        rows = session.execute(sa.select(DailyUsage.day, DailyUsage.used)).all()
    return {row.day: row.used for row in rows}


def test_exactly_the_limit_is_granted(any_world: World) -> None:
    key = any_world.issue_key(daily_limit=5)

    answers = [any_world.get(MESSAGES, key) for _ in range(8)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    error(answers[-1], 429, "DAILY_LIMIT_EXCEEDED")
    assert used(any_world) == {date(2026, 1, 1): 5}


def test_what_remains_is_counted_down(any_world: World) -> None:
    key = any_world.issue_key(daily_limit=3)

    remaining = [
        structured_list(any_world.get(MESSAGES, key).headers["RateLimit"])["daily"]["r"] for _ in range(4)
    ]

    assert remaining == [2, 1, 0, 0]


def test_eight_threads_are_granted_exactly_the_limit(any_world: World) -> None:
    key = any_world.issue_key(daily_limit=40)
    start = threading.Barrier(8)

    def race(_: int) -> list[int]:
        start.wait(20)
        return [any_world.get(MESSAGES, key).status_code for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        statuses = [status for part in pool.map(race, range(8)) for status in part]

    assert (statuses.count(200), statuses.count(429)) == (40, 24)
    assert used(any_world) == {date(2026, 1, 1): 40}


def test_four_processes_are_granted_exactly_the_limit(
    any_world: World, migrated_uri: str, processes: Processes
) -> None:
    key = any_world.issue_key(daily_limit=40)

    statuses = together(processes.run(read_messages, migrated_uri, key, 16, {}))

    assert statuses == {200: 40, 429: 24}
    assert used(any_world) == {date(2026, 1, 1): 40}


def test_a_new_process_goes_on_counting(make_world: MakeWorld, migrated_uri: str) -> None:
    first = make_world(database_uri=migrated_uri)
    key = first.issue_key(daily_limit=3)
    assert [first.get(MESSAGES, key).status_code for _ in range(2)] == [200, 200]

    second = make_world(database_uri=migrated_uri)

    assert [second.get(MESSAGES, key).status_code for _ in range(2)] == [200, 429]


def test_a_new_day_begins_at_midnight_utc_to_the_microsecond(
    make_world: MakeWorld, migrated_uri: str
) -> None:
    midnight = datetime(2026, 3, 29, tzinfo=UTC)
    clock = ManualClock(midnight - timedelta(microseconds=1))
    world = make_world(database_uri=migrated_uri, clock=clock)
    key = world.issue_key(daily_limit=1)

    assert [world.get(MESSAGES, key).status_code for _ in range(2)] == [200, 429]
    clock.advance(timedelta(microseconds=1))
    assert [world.get(MESSAGES, key).status_code for _ in range(2)] == [200, 429]

    assert used(world) == {date(2026, 3, 28): 1, date(2026, 3, 29): 1}


def test_a_day_is_utc_where_the_clock_is_not(make_world: MakeWorld, sqlite_uri: str) -> None:
    world = make_world()
    key = world.issue_key(daily_limit=1)
    world.clock.advance(timedelta(hours=23, minutes=59, seconds=59))

    answer = [world.get(MESSAGES, key) for _ in range(2)][-1]

    assert answer.headers["Retry-After"] == "1"


def test_each_key_has_a_quota_of_its_own(world: World) -> None:
    one, other = (world.issue_key(name, daily_limit=1) for name in ("one", "other"))

    assert [world.get(MESSAGES, key).status_code for key in (one, one, other)] == [200, 429, 200]


def test_a_key_without_a_limit_has_the_standard_one(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_STANDARD_DAILY_LIMIT=2)
    key = world.issue_key(daily_limit=None)

    assert [world.get(MESSAGES, key).status_code for _ in range(3)] == [200, 200, 429]


def test_a_limit_of_one_is_one(any_world: World) -> None:
    key = any_world.issue_key(daily_limit=1)

    assert [any_world.get(MESSAGES, key).status_code for _ in range(2)] == [200, 429]


def test_all_endpoints_share_the_quota(world: World) -> None:
    key = world.issue_key(daily_limit=2)

    statuses = [
        world.get(MESSAGES, key).status_code,
        world.post(TEXT_SEND, text_body(), key).status_code,
        world.get(f"{API}/nothing-of-the-quota", key).status_code,
        world.get(MESSAGES, key).status_code,
    ]

    assert statuses == [200, 201, 404, 429]


def test_nothing_is_stored_of_a_send_over_the_quota(world: World) -> None:
    key = world.issue_key(daily_limit=1)
    world.get(MESSAGES, key)

    error(world.post(TEXT_SEND, text_body(), key), 429, "DAILY_LIMIT_EXCEEDED")

    assert world.messages() == []


def test_the_key_shows_what_it_has_used_today(any_world: World) -> None:
    key = any_world.issue_key(daily_limit=10)
    for _ in range(3):
        any_world.get(MESSAGES, key)
    shown = any_world.services.keys.get("default", "shop")

    assert (shown.used_today, shown.last_used_at) == (3, any_world.clock())

    any_world.clock.advance(timedelta(days=1))
    later = any_world.services.keys.get("default", "shop")
    assert (later.used_today, later.last_used_at) == (0, shown.last_used_at)


@pytest.mark.parametrize("limit", [1, 7])
def test_a_flushed_minute_counter_does_not_touch_the_day(make_world: MakeWorld, limit: int) -> None:
    first = make_world()
    key = first.issue_key(daily_limit=limit)
    assert [first.get(MESSAGES, key).status_code for _ in range(limit)] == [200] * limit

    # Another app has minute counters of its own.
    assert make_world().get(MESSAGES, key).status_code == 429


def test_what_a_key_used_long_ago_is_forgotten_on_its_first_request_of_a_day(any_world: World) -> None:
    for days in (0, 1, 31):
        any_world.clock.advance(timedelta(days=days))
        any_world.get(MESSAGES)
    other = any_world.issue_key("other")
    any_world.clock.advance(timedelta(days=40))
    any_world.get(MESSAGES, other)
    assert set(used(any_world)) == {date(2026, 1, 2), date(2026, 2, 2), date(2026, 3, 14)}

    any_world.get(MESSAGES)

    assert set(used(any_world)) == {date(2026, 3, 14)}
