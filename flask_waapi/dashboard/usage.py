"""Calls of the API by hour and by day, by outcome and by key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ..access import request_hours
from ..access.request_hours import Calls, hour_of
from ..storage.session import Store
from .charts import Chart, Column, Series, stacked_bars

OUTCOMES = {
    "accepted": "good",
    "refused": "warn",
    "over the limit": "limit",
    "failed on our side": "bad",
}
"""Of a call, each with its colour."""

MOST_KEYS = 5
"""How many keys a plot tells apart."""

OTHERS = "other keys"
DELETED = "a deleted key"


@dataclass(frozen=True)
class Period:
    """What a plot spans. :param form: ``hour`` or ``day``, its steps."""

    name: str
    label: str
    form: str
    steps: int

    @property
    def step(self) -> timedelta:
        """How long one is."""
        return timedelta(hours=1) if self.form == "hour" else timedelta(days=1)

    def begin(self, moment: datetime) -> datetime:
        """The beginning of the step that a moment is in."""
        hour = hour_of(moment)
        return hour if self.form == "hour" else hour.replace(hour=0)

    def start(self, now: datetime) -> datetime:
        """The beginning of the first step; the last one is that of now."""
        return self.begin(now) - (self.steps - 1) * self.step

    def columns(self, now: datetime) -> list[Column]:
        """The steps."""
        return [Column(self.start(now) + index * self.step, self.form) for index in range(self.steps)]


PERIODS: Mapping[str, Period] = {
    period.name: period
    for period in (Period("day", "24 hours", "hour", 24), Period("month", "30 days", "day", 30))
}


def period_of(name: str | None) -> Period:
    """The period that a page is asked for; a day for none."""
    return PERIODS.get(name or "", PERIODS["day"])


def read(
    store: Store, account: str, period: Period, now: datetime, key_id: UUID | None = None
) -> list[Calls]:
    """The calls of a period by its steps. :param key_id: of this key alone."""
    by_step = request_hours.by_hour if period.form == "hour" else request_hours.by_day
    return by_step(store, account, period.start(now), key_id)


def by_outcome(calls: Sequence[Calls], period: Period, now: datetime) -> Chart:
    """The plot of calls by what became of them."""
    return _plot(
        "calls-by-outcome",
        f"Calls in {period.label} by outcome",
        calls,
        period,
        now,
        lambda call: outcome_of(call.status),
        OUTCOMES,
    )


def average_ms(calls: Sequence[Calls]) -> float | None:
    """How long the calls took to answer, on average; ``None`` when there were none."""
    number = sum(call.calls for call in calls)
    return sum(call.duration_ms for call in calls) / number if number else None


def outcome_of(status: int) -> str:
    """What became of a call, of :data:`OUTCOMES`, by its HTTP status."""
    if status == 429:
        return "over the limit"
    if status >= 500:
        return "failed on our side"
    return "refused" if status >= 400 else "accepted"


def by_key(calls: Sequence[Calls], period: Period, now: datetime, names: Mapping[UUID, str]) -> Chart:
    """The plot of calls by key, those with the most calls each, and the others together."""
    totals: Counter[UUID] = Counter()
    for call in calls:
        totals[call.key_id] += call.calls
    labels = {key_id: names.get(key_id, DELETED) for key_id, _ in totals.most_common(MOST_KEYS)}
    tones = {label: f"key-{index}" for index, label in enumerate(dict.fromkeys(labels.values()), 1)}
    tones[OTHERS] = "others"
    return _plot(
        "calls-by-key",
        f"Calls in {period.label} by key",
        calls,
        period,
        now,
        lambda call: labels.get(call.key_id, OTHERS),
        tones,
    )


def _plot(
    id: str,  # noqa: A002 - HTML's name
    title: str,
    calls: Sequence[Calls],
    period: Period,
    now: datetime,
    label_of: Callable[[Calls], str],
    tones: Mapping[str, str],
) -> Chart:
    columns = period.columns(now)
    # The calls are added up by the steps of the period: each stands for one.
    places = {column.start: index for index, column in enumerate(columns)}
    values = {label: [0] * len(columns) for label in tones}
    for call in calls:
        index = places.get(call.step)
        if index is not None:
            values[label_of(call)][index] += call.calls
    series = [Series(label, tone, values[label]) for label, tone in tones.items()]
    return stacked_bars(id, title, columns, series)
