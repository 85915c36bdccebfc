"""When a delivery that failed is tried again, and when it is given up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_waapi.outgoing.schedule import JITTER, SCHEDULE, wait_after
from flask_waapi.testing import ManualClock

from .desk import URL, Desk, answer, opened

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks to an endpoint that fails, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        desk.internet.answers[URL] = answer(500)
        desk.endpoint()
        yield desk


def wait(desk: Desk) -> timedelta:
    """How long the delivery waits now."""
    due_at = desk.delivery().due_at
    assert due_at is not None
    return due_at - desk.clock()


def fail_until_given_up(desk: Desk) -> list[timedelta]:
    """Attempt again as soon as that is due; the waits in between."""
    waits = []
    while desk.delivery().state == "pending":
        waits.append(wait(desk))
        desk.clock.advance(waits[-1])
        assert desk.deliver() == 1
    return waits


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    assert len(SCHEDULE) == 10
    assert sum(SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def test_ten_attempts_follow_the_schedule_and_then_it_is_given_up(desk: Desk) -> None:
    desk.publish()

    assert fail_until_given_up(desk) == list(SCHEDULE)
    assert (desk.delivery().state, desk.delivery().attempts) == ("failed", 10)
    attempts = desk.log.attempts("default", desk.delivery().id)
    assert [attempt.attempt for attempt in attempts] == list(range(1, 11))
    assert [later.attempted_at - one.attempted_at for one, later in pairwise(attempts)] == list(SCHEDULE[1:])


def test_what_was_given_up_is_not_tried_again(desk: Desk) -> None:
    desk.publish()
    fail_until_given_up(desk)
    desk.clock.advance(timedelta(days=30))

    assert desk.deliver() == 0


def test_it_is_not_tried_before_its_time(desk: Desk) -> None:
    desk.publish()
    desk.deliver()
    desk.clock.advance(timedelta(seconds=5) - timedelta(microseconds=1))

    assert desk.deliver() == 0


def test_a_success_in_between_ends_it(desk: Desk) -> None:
    desk.publish()
    desk.deliver()
    desk.internet.answers[URL] = answer(200)
    desk.clock.advance(5)
    desk.deliver()

    assert (desk.delivery().state, desk.delivery().attempts) == ("succeeded", 2)


def test_the_wait_is_stretched_by_the_jitter(desk: Desk) -> None:
    desk.stretch = 1.2
    desk.publish()
    desk.deliver()

    assert wait(desk) == timedelta(seconds=6)


def test_a_longer_retry_after_is_obeyed(desk: Desk) -> None:
    desk.internet.answers[URL] = answer(429, retry_after=HOUR)
    desk.publish()
    desk.deliver()

    assert wait(desk) == HOUR


def test_a_shorter_retry_after_changes_nothing(desk: Desk) -> None:
    desk.internet.answers[URL] = answer(503, retry_after=timedelta(seconds=1))
    desk.publish()
    desk.deliver()

    assert wait(desk) == timedelta(seconds=5)


def test_a_retry_after_of_a_week_is_cut_to_a_day(desk: Desk) -> None:
    desk.internet.answers[URL] = answer(503, retry_after=timedelta(days=7))
    desk.publish()
    desk.deliver()

    assert wait(desk) == timedelta(hours=24)


def test_no_attempt_is_made_up_for_by_a_retry_after(desk: Desk) -> None:
    desk.internet.answers[URL] = answer(503, retry_after=timedelta(seconds=1))
    desk.publish()
    fail_until_given_up(desk)

    assert desk.delivery().attempts == 10


@given(
    attempt=st.integers(1, 30),
    stretch=st.floats(*JITTER),
    retry_after=st.none() | st.timedeltas(timedelta(0), timedelta(days=30)),
)
def test_a_wait_is_within_a_fifth_of_the_schedule_or_what_was_asked_for(
    attempt: int, stretch: float, retry_after: timedelta | None
) -> None:
    wait = wait_after(attempt, stretch, retry_after)

    if attempt >= 10:
        assert wait is None
        return
    assert wait is not None
    asked = min(retry_after or timedelta(0), timedelta(hours=24))
    assert wait >= asked
    assert wait == asked or SCHEDULE[attempt] * 0.8 <= wait <= SCHEDULE[attempt] * 1.2
