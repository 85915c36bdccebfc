"""Jobs that are done by the hour, whatever happens to the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from flask_waapi.work.jobs import CLEAN_UP_INTERVAL, _every, _hourly
from flask_waapi.work.loop import Job

NOW = datetime(2026, 1, 1, tzinfo=UTC)

MakeJob = Callable[[Job, Callable[[], datetime]], Job]


def every_hour(job: Job, clock: Callable[[], datetime]) -> Job:
    return _every(CLEAN_UP_INTERVAL, job, clock)


def runs(make_job: MakeJob, *moments: timedelta) -> list[bool]:
    """At which of these moments a job was done that finds nothing."""
    done: list[datetime] = []
    now = NOW

    def job() -> int:
        done.append(now)
        return 0

    by_the_hour = make_job(job, lambda: now)
    was_done = []
    for moment in moments:
        now = NOW + moment
        before = len(done)
        by_the_hour()
        was_done.append(len(done) > before)
    return was_done


@pytest.mark.parametrize("make_job", [every_hour, _hourly])
def test_a_job_rests_for_an_hour(make_job: MakeJob) -> None:
    minutes = [timedelta(minutes=minute) for minute in (0, 1, 59, 60, 61, 119, 120)]

    assert runs(make_job, *minutes) == [True, False, False, True, False, False, True]


@pytest.mark.parametrize("make_job", [every_hour, _hourly])
def test_a_job_that_was_done_in_what_is_now_the_future_is_due(make_job: MakeJob) -> None:
    back = timedelta(days=-30)

    assert runs(make_job, timedelta(), back, back + timedelta(minutes=59), back + timedelta(hours=1)) == [
        True,
        True,
        False,
        True,
    ]
