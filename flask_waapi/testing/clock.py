"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Call it to get the time, aware UTC.

    :param now: where it starts; 1 January 2026 unless given.
    :raises ValueError: ``now`` has no time zone.
    """

    def __init__(self, now: datetime | None = None) -> None:
        now = now or datetime(2026, 1, 1, tzinfo=UTC)
        if now.tzinfo is None:
            raise ValueError("A ManualClock needs a start with a time zone.")
        self._now = now.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta | float) -> datetime:
        """Move on and return the new time.

        :param by: a duration, or a number of seconds.
        :raises ValueError: ``by`` is negative; time does not go back.
        """
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta():
            raise ValueError("A ManualClock does not go back.")
        self._now += step
        return self._now
