"""What a batch counts for: each of its messages, all of them or none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

import services
from answers import error, structured_list
from batches import accepted, refusals, send_batch, text_item, texts
from child_tasks import Processes, send_batches, together
from factories import BATCH, MESSAGES, MakeWorld, World
from flask_waapi.api import operation
from flask_waapi.storage.models import DailyUsage

AMPLE = 100_000


def left(answer: TestResponse) -> dict[str, int]:
    """What an answer says is left of each limit."""
    return {name: window["r"] for name, window in structured_list(answer.headers["RateLimit"]).items()}


def used_today(world: World) -> int:
    """What the day's limit has granted to all keys."""
    with world.services.store.read() as session:
        return session.scalar(sa.select(sa.func.sum(DailyUsage.used))) or 0


def test_a_batch_counts_as_its_number_of_messages_in_both_limits(any_world: World) -> None:
    key = any_world.issue_key(rate_limit=50, daily_limit=80)

    answer = send_batch(any_world, texts(30), key=key)

    assert left(answer) == {"minute": 20, "daily": 50}
    assert answer.headers["X-RateLimit-Remaining"] == "20"


def test_messages_that_are_refused_count_too(world: World) -> None:
    key = world.issue_key(rate_limit=10)

    answer = send_batch(world, [text_item(), text_item(to="12"), None], key=key)

    assert len(refusals(answer)) == 2
    assert left(answer)["minute"] == 7


def test_exactly_what_is_left_is_granted(any_world: World) -> None:
    key = any_world.issue_key(rate_limit=30, daily_limit=30)

    accepted(send_batch(any_world, texts(30), key=key))

    error(any_world.get(MESSAGES, key), 429, "RATE_LIMIT_EXCEEDED")


def leave_ten(world: World, **limits: Any) -> str:
    """A key with 10 left of limits of 1,000."""
    key = world.issue_key(**{"rate_limit": AMPLE, "daily_limit": AMPLE, **limits})
    accepted(send_batch(world, texts(990), key=key))
    return key


@pytest.mark.parametrize(
    ("limits", "code", "window"),
    [
        ({"rate_limit": 1_000}, "RATE_LIMIT_EXCEEDED", "minute"),
        ({"daily_limit": 1_000}, "DAILY_LIMIT_EXCEEDED", "daily"),
        ({"daily_limit": 1_000, "rate_limit": 1_010}, "DAILY_LIMIT_EXCEEDED", "daily"),
    ],
)
def test_a_thousand_with_ten_left_queue_nothing_and_leave_the_ten(
    any_world: World, limits: dict[str, Any], code: str, window: str
) -> None:
    key = leave_ten(any_world, **limits)

    refused = send_batch(any_world, texts(1_000), key=key)

    assert "has 10 left, and this request counts as 1000" in error(refused, 429, code)["message"]
    assert len(any_world.messages()) == 990
    assert left(refused)[window] == 10
    assert refused.headers["X-RateLimit-Remaining"] == "10"
    assert [any_world.get(MESSAGES, key).status_code for _ in range(11)] == [200] * 10 + [429]


@pytest.mark.parametrize("limits", [{"rate_limit": 1_000}, {"daily_limit": 1_000}])
def test_what_would_fit_an_empty_limit_is_told_when_to_try_again(
    any_world: World, limits: dict[str, Any]
) -> None:
    key = leave_ten(any_world, **limits)

    refused = send_batch(any_world, texts(11), key=key)

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("limits", [{"rate_limit": 9}, {"daily_limit": 9}])
def test_a_batch_larger_than_the_limit_is_not_told_to_try_again(
    any_world: World, limits: dict[str, Any]
) -> None:
    key = any_world.issue_key(**limits)

    refused = send_batch(any_world, texts(10), key=key)

    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
    assert "9" == refused.headers["X-RateLimit-Remaining"] == refused.headers["X-RateLimit-Limit"]
    accepted(send_batch(any_world, texts(8), key=key))


def test_in_memory_a_batch_larger_than_the_share_of_a_process_is_told_the_share_and_not_to_try_again(
    make_world: MakeWorld,
) -> None:
    world = make_world(WAAPI_PROCESSES=4)
    key = world.issue_key(rate_limit=1_000)

    refused = send_batch(world, texts(300), key=key)

    message = error(refused, 429, "RATE_LIMIT_EXCEEDED")["message"]
    assert "limit of 1000 requests a minute, of which each process grants 250, has 250 left" in message
    assert "at most 250" in message
    assert "WAAPI_LIMITS_STORAGE_URI" in message
    assert "Retry-After" not in refused.headers
    accepted(send_batch(world, texts(250), key=key))


def test_in_memory_a_batch_that_fits_the_share_of_a_process_is_told_when_to_try_again(
    make_world: MakeWorld,
) -> None:
    world = make_world(WAAPI_PROCESSES=4)
    key = world.issue_key(rate_limit=1_000)
    accepted(send_batch(world, texts(1), key=key))

    refused = send_batch(world, texts(250), key=key)

    assert "at most" not in error(refused, 429, "RATE_LIMIT_EXCEEDED")["message"]
    assert int(refused.headers["Retry-After"]) >= 1


@pytest.mark.redis
def test_over_redis_a_batch_may_be_larger_than_the_share_of_a_process(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_LIMITS_STORAGE_URI=services.require("redis"), WAAPI_PROCESSES=4)
    key = world.issue_key(rate_limit=100)

    accepted(send_batch(world, texts(90), key=key))

    refused = send_batch(world, texts(90), key=key)
    assert "process" not in error(refused, 429, "RATE_LIMIT_EXCEEDED")["message"]
    assert "Retry-After" in refused.headers


@pytest.mark.redis
def test_over_redis_a_batch_is_granted_whole_or_not_at_all(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_LIMITS_STORAGE_URI=services.require("redis"))
    key = world.issue_key(rate_limit=100)

    answers = [send_batch(world, texts(count), key=key) for count in (60, 60, 40, 1)]

    assert [answer.status_code for answer in answers] == [202, 429, 202, 429]
    assert [left(answer)["minute"] for answer in answers] == [40, 40, 0, 0]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'{"messages": []}',
        b'{"messages": {}}',
        b'{"messages": 1000}',
        b'{"messages": [' + b"1," * 1_000 + b"1]}",
        b'{"messages": [1, 1], "messages": [1, 1]}',
        b'{"messages": [1, NaN]}',
        b'{"messages": "' + b"x" * 2_000 + b'"}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_body_that_is_no_batch_costs_one(shared: World, body: bytes) -> None:
    key = shared.issue_key(f"no batch {hash(body)}", rate_limit=10, daily_limit=10)

    refused = shared.post_raw(BATCH, body, key)

    assert refused.status_code in {400, 422}
    assert left(refused) == {"minute": 9, "daily": 9}


def test_a_body_that_is_not_read_costs_one(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_MAX_BATCH_BODY_SIZE=1_024)
    key = world.issue_key(rate_limit=10)

    too_long = world.post_raw(BATCH, b" " * 1_025, key)
    no_json = world.post_raw(BATCH, b"{}", key, content_type="text/plain")

    error(too_long, 413, "PAYLOAD_TOO_LARGE")
    error(no_json, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert (left(too_long)["minute"], left(no_json)["minute"]) == (9, 8)


def test_a_body_that_is_not_read_is_refused_by_the_limits_first(world: World) -> None:
    key = world.issue_key(rate_limit=1)
    world.get(MESSAGES, key)

    error(world.post_raw(BATCH, b"{", key), 429, "RATE_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("limit", "code"),
    [({"rate_limit": 1}, "RATE_LIMIT_EXCEEDED"), ({"daily_limit": 1}, "DAILY_LIMIT_EXCEEDED")],
)
def test_the_body_of_a_key_that_has_nothing_left_is_not_read(
    any_world: World, monkeypatch: pytest.MonkeyPatch, limit: dict[str, Any], code: str
) -> None:
    key = any_world.issue_key(**limit)
    any_world.get(MESSAGES, key)
    read: list[object] = []
    monkeypatch.setattr(operation, "read_json", lambda *given: read.append(given))

    error(send_batch(any_world, texts(2), key=key), 429, code)

    assert read == []


def test_a_refusal_by_permission_costs_nothing(world: World) -> None:
    key = world.issue_key(permissions=["view_messages"], rate_limit=10)
    error(send_batch(world, texts(5), key=key), 403, "PERMISSION_DENIED")

    assert left(world.get(MESSAGES, key))["minute"] == 9


def test_a_repeated_batch_counts_again(world: World) -> None:
    key = world.issue_key(rate_limit=10)

    answers = [send_batch(world, texts(4), key=key, idempotency_key="b") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert left(answers[1])["minute"] == 2


def test_a_batch_may_be_longer_than_a_single_request(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_MAX_BODY_SIZE=1_024, WAAPI_MAX_BATCH_BODY_SIZE=65_536)

    accepted(send_batch(world, texts(100)))


@pytest.mark.parametrize("limits", [{"rate_limit": 100}, {"daily_limit": 100}])
def test_threads_with_batches_are_never_granted_more_than_the_limit(
    any_world: World, limits: dict[str, Any]
) -> None:
    key = any_world.issue_key(**limits)
    start = threading.Barrier(8)

    def race(number: int) -> list[int]:
        start.wait(20)
        sizes = [30, 7] if number % 2 else [13, 1]
        return [size for size in sizes if send_batch(any_world, texts(size), key=key).status_code == 202]

    with ThreadPoolExecutor(8) as pool:
        granted = [size for sizes in pool.map(race, range(8)) for size in sizes]

    stored = len(any_world.messages())
    assert stored == sum(granted) <= 100
    # Whatever was refused last had more than what was left.
    assert stored > 100 - 30
    if "daily_limit" in limits:
        assert used_today(any_world) == stored


def test_processes_with_batches_are_granted_exactly_what_fits(
    any_world: World, migrated_uri: str, processes: Processes
) -> None:
    key = any_world.issue_key(daily_limit=100)

    statuses = together(processes.run(send_batches, migrated_uri, key, 30, 3, {}))

    assert statuses == {202: 3, 429: 9}
    assert used_today(any_world) == len(any_world.messages()) == 90


def test_the_overview_of_a_key_counts_the_messages_of_its_batches(any_world: World) -> None:
    send_batch(any_world, texts(12))

    assert any_world.services.keys.get("default", "shop").used_today == 12
