"""What tests of the pace run in several processes at once: functions that a spawned process can import."""

from __future__ import annotations

from flask_waapi.messaging.delivery.pace_stores import Limit, RedisBuckets


def take_as_many(uri: str, limit: Limit, now: float, times: int) -> int:
    """Ask so often at one moment; how often something could be taken."""
    buckets = RedisBuckets(uri)
    return [buckets.take([limit], now, 0.0, in_line=False) for _ in range(times)].count(0.0)
