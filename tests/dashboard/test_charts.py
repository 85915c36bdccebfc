"""Plots, from numbers to figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from flask_waapi.access.request_hours import Calls
from flask_waapi.dashboard import usage
from flask_waapi.dashboard.charts import HEIGHT, Column, Series, round_up, stacked_bars

NOW = datetime(2026, 3, 31, 10, 20, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
KEY = UUID(int=1)
DAY, MONTH = usage.PERIODS["day"], usage.PERIODS["month"]


def calls(step: datetime, number: int, status: int = 200, key_id: UUID = KEY) -> Calls:
    """So many calls of an hour."""
    return Calls(step, key_id, status, "", number, 1.0)


@given(st.integers(0, 10**12))
def test_the_top_is_a_round_number_that_everything_fits_below(value: int) -> None:
    top = round_up(value)

    assert max(1, value) <= top <= max(1, 2.5 * value)
    assert str(top).rstrip("0") in {"1", "2", "5"}


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=31))
def test_bars_stand_upon_each_other_and_within_the_drawing(values: list[tuple[int, int]]) -> None:
    columns = [Column(NOW + timedelta(hours=index), "hour") for index in range(len(values))]
    low, high = ([pair[part] for pair in values] for part in range(2))

    chart = stacked_bars("x", "X", columns, [Series("low", "good", low), Series("high", "bad", high)])

    assert chart.total == sum(map(sum, values))
    for bar in chart.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= chart.width
        assert bar.y >= -0.01
        assert bar.y + bar.height <= HEIGHT + 0.01
    for index, pair in enumerate(values):
        bars = [bar for bar in chart.bars if int(bar.x // 10) == index]
        drawn = sum(bar.height for bar in bars) * chart.top / HEIGHT
        assert abs(drawn - sum(pair)) < 0.05


def test_a_plot_of_nothing_says_so() -> None:
    chart = usage.by_outcome([], DAY, NOW)

    assert (chart.total, chart.bars, chart.summary) == (0, [], "nothing.")


def test_a_day_ends_with_the_hour_of_now() -> None:
    first, last = HOUR - timedelta(hours=23), HOUR

    chart = usage.by_outcome(
        [calls(first - timedelta(hours=1), 7), calls(first, 1), calls(last, 2)], DAY, NOW
    )

    (accepted,) = chart.series
    assert (accepted.values[0], accepted.values[-1], accepted.total) == (1, 2, 3)
    assert chart.summary == "accepted 3. Most in one step: 2, at 31 Mar 2026, 10:00 UTC."


def test_a_month_ends_with_the_utc_day_of_now() -> None:
    midnight = NOW.replace(hour=0, minute=0)

    chart = usage.by_outcome(
        [calls(midnight, 1), calls(midnight, 2), calls(midnight - timedelta(days=1), 4)],
        MONTH,
        NOW,
    )

    assert chart.series[0].values[-2:] == [4, 3]
    assert len(chart.columns) == 30


def test_outcomes_are_told_apart_by_status() -> None:
    statuses = {200: 1, 202: 2, 404: 3, 429: 4, 500: 5, 503: 6}

    chart = usage.by_outcome([calls(HOUR, n, status) for status, n in statuses.items()], DAY, NOW)

    assert {one.label: one.total for one in chart.series} == {
        "accepted": 3,
        "refused": 3,
        "over the limit": 4,
        "failed on our side": 11,
    }


def test_the_busiest_keys_stand_alone_and_the_others_together() -> None:
    ids = [uuid4() for _ in range(8)]
    names = {key_id: f"key {index}" for index, key_id in enumerate(ids[:-1])}
    found = [calls(HOUR, 100 - index, key_id=key_id) for index, key_id in enumerate(ids[:-1])]
    found.append(calls(HOUR, 1_000, key_id=ids[-1]))

    chart = usage.by_key(found, DAY, NOW, names)

    assert {one.label: one.total for one in chart.series} == {
        usage.DELETED: 1_000,
        "key 0": 100,
        "key 1": 99,
        "key 2": 98,
        "key 3": 97,
        usage.OTHERS: 96 + 95 + 94,
    }


def test_the_average_counts_each_call() -> None:
    found = [Calls(HOUR, KEY, 200, "", 3, 30.0), Calls(HOUR, KEY, 422, "VALIDATION_ERROR", 1, 90.0)]

    assert usage.average_ms(found) == 30.0
    assert usage.average_ms([]) is None
