"""Buckets, in memory and in Redis: how much they let through, and when."""

from __future__ import annotations

import logging
import multiprocessing
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import services
from flask_waapi import ConfigurationError
from flask_waapi.messaging.delivery.pace_stores import (
    LONGEST_LINE_SECONDS,
    RECOVERY_SECONDS,
    Buckets,
    Limit,
    MemoryBuckets,
    RedisBuckets,
    SharedBuckets,
    create_buckets,
)
from flask_waapi.settings import Settings
from pace_tasks import take_as_many

NOW = 1_800_000_000.0
PATIENCE = 0.25
CLOSE = 1e-5
"""Seconds: far below a message's interval, far above what a double loses at such a moment."""

MakeBuckets = Callable[[], Buckets]


def redis_buckets() -> Buckets:
    return RedisBuckets(services.require("redis"))


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def make_buckets(request: pytest.FixtureRequest) -> MakeBuckets:
    """Makes buckets, of each kind of store."""
    return MemoryBuckets if request.param == "memory" else redis_buckets


def limit(rate: float, burst: int = 1, *, lines_up: bool = False) -> Limit:
    """A limit whose bucket no test has used before."""
    return Limit(f"{{{uuid4().hex}}}", 1 / rate, burst, lines_up)


def take(buckets: Buckets, *limits: Limit, at: float = 0.0, patience: float = 0.0) -> float:
    """Take one, so many seconds after the start; the wait."""
    return buckets.take(limits, NOW + at, patience, in_line=True)


def test_a_full_bucket_gives_its_burst_and_then_one_after_each_interval(make_buckets: MakeBuckets) -> None:
    buckets, two = make_buckets(), limit(rate=2, burst=3)

    waits = [take(buckets, two) for _ in range(4)]

    assert waits[:3] == [0, 0, 0]
    assert waits[3] == pytest.approx(0.5, abs=CLOSE)
    assert take(buckets, two, at=0.5 + CLOSE) == 0
    assert take(buckets, two, at=0.5 + CLOSE) > 0.4


def test_who_is_patient_gets_what_comes_next(make_buckets: MakeBuckets) -> None:
    buckets, ten = make_buckets(), limit(rate=10)

    waits = [take(buckets, ten, patience=PATIENCE) for _ in range(4)]

    assert waits == pytest.approx([0, 0.1, 0.2, 0.3], abs=CLOSE)
    # The last was more than patience allows, so it was not taken.
    assert take(buckets, ten, patience=1) == pytest.approx(0.3, abs=CLOSE)


def test_nothing_is_taken_from_either_bucket_where_one_refuses(make_buckets: MakeBuckets) -> None:
    buckets, number, recipient, other = make_buckets(), limit(1, 2), limit(1), limit(1)

    assert take(buckets, number, recipient) == 0
    assert take(buckets, number, recipient) > 0
    assert take(buckets, number, other) == 0


def test_the_room_is_what_can_be_taken(make_buckets: MakeBuckets) -> None:
    buckets, ten = make_buckets(), limit(rate=10, burst=4)

    room = buckets.room(ten, NOW, PATIENCE)
    taken = [take(buckets, ten, patience=PATIENCE) for _ in range(room + 1)]

    assert room == 6
    assert [wait <= PATIENCE for wait in taken] == [True] * room + [False]
    assert buckets.room(ten, NOW, PATIENCE) == 0


def test_those_who_are_refused_for_a_recipient_come_back_one_after_the_other(
    make_buckets: MakeBuckets,
) -> None:
    buckets, recipient = make_buckets(), limit(rate=1 / 6, lines_up=True)
    take(buckets, recipient)

    waits = [take(buckets, recipient) for _ in range(4)]

    assert waits == pytest.approx([6, 12, 18, 24], abs=CLOSE)


def test_who_is_not_in_line_comes_back_when_the_next_may_go(make_buckets: MakeBuckets) -> None:
    buckets, recipient = make_buckets(), limit(rate=1 / 6, lines_up=True)
    for _ in range(5):
        take(buckets, recipient)

    wait = buckets.take([recipient], NOW, 0.0, in_line=False)

    assert wait == pytest.approx(6, abs=CLOSE)


def test_the_line_ends_after_a_minute(make_buckets: MakeBuckets) -> None:
    buckets, recipient = make_buckets(), limit(rate=1 / 6, lines_up=True)

    waits = [take(buckets, recipient) for _ in range(40)]

    assert max(waits) == pytest.approx(LONGEST_LINE_SECONDS, abs=CLOSE)


def test_a_slowed_bucket_rests_then_goes_at_half_its_rate_and_grows_back(make_buckets: MakeBuckets) -> None:
    buckets, ten = make_buckets(), limit(rate=10, burst=5)
    buckets.slow(ten, NOW, 4.0)

    assert take(buckets, ten) == pytest.approx(4, abs=CLOSE)
    assert take(buckets, ten, at=4 + CLOSE) == 0
    assert take(buckets, ten, at=4 + CLOSE) == pytest.approx(0.2, abs=1e-3)
    recovered = 4 + RECOVERY_SECONDS
    assert [take(buckets, ten, at=recovered) for _ in range(6)] == pytest.approx(
        [0, 0, 0, 0, 0, 0.1], abs=CLOSE
    )


def test_refusals_of_messages_that_went_together_slow_a_bucket_once(make_buckets: MakeBuckets) -> None:
    buckets, ten = make_buckets(), limit(rate=10)
    for _ in range(8):
        buckets.slow(ten, NOW, 1.0)

    take(buckets, ten, at=1 + CLOSE)

    assert take(buckets, ten, at=1 + CLOSE) == pytest.approx(0.2, abs=1e-3)


def test_a_bucket_that_is_slowed_again_and_again_keeps_a_sixteenth(make_buckets: MakeBuckets) -> None:
    buckets, ten = make_buckets(), limit(rate=10)
    for second in range(8):
        buckets.slow(ten, NOW + second, 0.5)

    take(buckets, ten, at=7.5 + CLOSE)

    assert take(buckets, ten, at=7.5 + CLOSE) == pytest.approx(1.6, abs=1e-2)


STEPS = st.lists(
    st.tuples(
        st.floats(0, 0.4),
        st.sampled_from([0.0, PATIENCE]),
        st.booleans(),
    ),
    max_size=60,
)
"""Seconds since the step before, patience, whether the bucket is slowed first."""


def admissions(buckets: Buckets, of: Limit, steps: Sequence[tuple[float, float, bool]]) -> list[float]:
    """When something went, over a sequence of steps."""
    moment, went = 0.0, []
    for pause, patience, slows in steps:
        moment += pause
        if slows:
            buckets.slow(of, NOW + moment, 0.1)
        wait = take(buckets, of, at=moment, patience=patience)
        if wait <= patience:
            went.append(moment + wait)
    return sorted(went)


def most_within_a_second(went: Sequence[float]) -> int:
    return max((sum(begin <= moment < begin + 1 for moment in went) for begin in went), default=0)


@given(STEPS, st.integers(1, 30), st.integers(1, 10))
def test_no_second_admits_more_than_rate_and_burst(
    steps: list[tuple[float, float, bool]], rate: int, burst: int
) -> None:
    went = admissions(MemoryBuckets(), limit(rate, burst), steps)

    assert most_within_a_second(went) <= rate + burst


@pytest.mark.redis
@settings(max_examples=40)
@given(STEPS, st.integers(1, 30), st.integers(1, 10), st.booleans())
def test_redis_admits_the_same_at_the_same_moments_as_memory(
    steps: list[tuple[float, float, bool]], rate: int, burst: int, lines_up: bool
) -> None:
    same = limit(rate, burst, lines_up=lines_up)

    in_redis = admissions(redis_buckets(), same, steps)

    assert in_redis == pytest.approx(admissions(MemoryBuckets(), same, steps), abs=CLOSE)
    assert most_within_a_second(in_redis) <= rate + burst


@pytest.mark.redis
def test_two_processes_share_one_bucket_over_redis() -> None:
    uri, fifty = services.require("redis"), limit(rate=1, burst=50)

    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        tasks = [pool.submit(take_as_many, uri, fifty, NOW, 40) for _ in range(2)]
        taken = [task.result(60) for task in tasks]

    assert sum(taken) == 50


@pytest.mark.parametrize(("processes", "granted"), [(1, 8), (4, 2), (100, 1)])
def test_in_memory_a_process_has_its_share(processes: int, granted: int) -> None:
    buckets, eight = MemoryBuckets(processes), limit(rate=8, burst=8)

    assert [take(buckets, eight) for _ in range(9)].count(0) == granted
    assert take(buckets, eight) == pytest.approx(processes / 8, abs=CLOSE)


def test_buckets_that_nobody_uses_any_more_are_forgotten() -> None:
    buckets = MemoryBuckets()
    for index in range(25_000):
        take(buckets, limit(rate=1_000), at=index)

    assert len(buckets._buckets) < 10_001


@pytest.mark.parametrize("back", [2, 60, 3_600])
def test_in_memory_a_clock_that_is_set_back_stops_nothing_and_lets_nothing_through(back: float) -> None:
    buckets, ten = MemoryBuckets(), limit(rate=10, burst=4)
    for _ in range(4):
        take(buckets, ten)

    assert take(buckets, ten, at=-back) == pytest.approx(0.1, abs=CLOSE)
    assert buckets.room(ten, NOW - back, PATIENCE) == 2
    assert take(buckets, ten, at=-back + 0.1 + CLOSE) == 0


def test_in_memory_a_rest_and_a_line_are_as_long_after_the_clock_was_set_back() -> None:
    buckets, number, recipient = MemoryBuckets(), limit(rate=10), limit(rate=1 / 6, lines_up=True)
    buckets.slow(number, NOW, 4.0)
    for _ in range(3):
        take(buckets, recipient)

    assert take(buckets, recipient, at=-3_600) == pytest.approx(18, abs=CLOSE)
    assert take(buckets, number, at=-3_600) == pytest.approx(4, abs=CLOSE)
    take(buckets, number, at=-3_596 + CLOSE)
    assert take(buckets, number, at=-3_596 + CLOSE) == pytest.approx(0.2, abs=1e-3)


def test_in_memory_a_thread_that_has_its_turn_late_is_not_taken_for_a_clock_that_was_set_back() -> None:
    buckets, ten = MemoryBuckets(), limit(rate=10, burst=4)
    for _ in range(4):
        take(buckets, ten)

    assert take(buckets, ten, at=-0.5) == pytest.approx(0.6, abs=CLOSE)
    assert take(buckets, ten) == pytest.approx(0.1, abs=CLOSE)


@pytest.mark.redis
def test_without_redis_each_process_has_its_share_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        uri = f"redis://:secret@127.0.0.1:{bound.getsockname()[1]}/0"
        buckets = SharedBuckets(RedisBuckets(uri), MemoryBuckets(2))
        eight = limit(rate=8, burst=8)
        with caplog.at_level(logging.ERROR, "flask_waapi"):
            taken = [take(buckets, eight) for _ in range(6)]
            buckets.slow(eight, NOW, 1.0)
            room = buckets.room(eight, NOW, PATIENCE)

    assert taken.count(0) == 4
    assert room == 0
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text


def test_the_store_of_the_limits_keeps_the_pace_too() -> None:
    assert isinstance(create_buckets(Settings()), MemoryBuckets)
    assert isinstance(create_buckets(Settings(limits_storage_uri="memcached://x")), MemoryBuckets)


@pytest.mark.redis
def test_an_address_of_redis_that_is_none_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigurationError) as caught:
        create_buckets(Settings(limits_storage_uri="redis://:secret@host:port/0"))

    assert "WAAPI_LIMITS_STORAGE_URI" in str(caught.value)
    assert "secret" not in str(caught.value)
