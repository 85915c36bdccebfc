"""Moments and durations on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click


class Moment(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A moment in ISO form; in UTC where it names no zone."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The option's value, aware."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a moment such as 2027-01-01T00:00:00Z.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Hours(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A number of hours."""

    name = "hours"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The option's value."""
        if isinstance(value, timedelta):
            return value
        try:
            return timedelta(hours=float(value))
        except (ValueError, OverflowError):
            self.fail(f"{value} is no number of hours.", param, ctx)
