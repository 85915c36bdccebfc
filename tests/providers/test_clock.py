"""The clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from flask_waapi.testing import ManualClock


def test_it_stands_still() -> None:
    clock = ManualClock()

    assert clock() == clock() == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("by", [timedelta(minutes=1), 60, 60.0])
def test_it_moves_by_durations_and_by_seconds(by: timedelta | float) -> None:
    clock = ManualClock()
    start = clock()

    assert clock.advance(by) == clock() == start + timedelta(minutes=1)


def test_it_tells_utc_whatever_it_is_started_with() -> None:
    clock = ManualClock(datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2))))

    assert clock() == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert clock().tzinfo is UTC


def test_a_start_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test


def test_it_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        ManualClock().advance(-1)
