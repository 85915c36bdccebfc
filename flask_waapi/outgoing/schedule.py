"""When a delivery that failed is tried again: the example schedule of Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Retries".
"""

from __future__ import annotations

from datetime import timedelta

SCHEDULE = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""How long each attempt waits after the one before: 75 hours, 35 minutes and 5 seconds in all."""

JITTER = (0.8, 1.2)
"""Each wait is stretched by a factor between these, so that what failed together does not return together."""

LONGEST_RETRY_AFTER = timedelta(hours=24)


def wait_after(attempt: int, stretch: float, retry_after: timedelta | None) -> timedelta | None:
    """How long a delivery waits for its next attempt.

    :param attempt: the number of the one that failed, from 1.
    :param stretch: a factor between those of :data:`JITTER`.
    :param retry_after: what the endpoint has asked for; the next attempt is not sooner.
    :returns: ``None`` when that was the last attempt.
    """
    if attempt >= len(SCHEDULE):
        return None
    asked = min(retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    return max(SCHEDULE[attempt] * stretch, asked)
