"""Buckets that say when the next message may go: in the memory of a process, or in Redis for all of them.

A bucket remembers one moment, ``full_at``: when it would be full again if nothing more were taken (the
generic cell rate algorithm). A bucket is slowed by stretching the time between two messages.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ...discretion import log_failure
from ...errors import ConfigurationError
from ...settings import Settings

RECOVERY_SECONDS = 60.0
"""How long a bucket that was slowed takes from a standstill back to its full rate."""

SLOWEST = 1 / 16
"""Part of its rate that a bucket keeps, however often it is slowed."""

LONGEST_LINE_SECONDS = 60.0
"""How far ahead those are sent away who wait for one recipient."""

AWAY_SECONDS = 5.0
"""How long a Redis that has failed is not asked again."""

STORE_TIMEOUT_SECONDS = 0.25
"""Longest wait for Redis; without one, a Redis that hangs hangs every send."""

MOST_IDLE_BUCKETS = 10_000

LATE_SECONDS = 1.0
"""How far a moment may lie before the last one of another thread, which has come first; if it is further, the
clock was set back."""

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Limit:
    """How fast something may go.

    :param name: of its bucket.
    :param interval: seconds from one to the next.
    :param burst: how many may go at once when none has gone for a while.
    :param lines_up: whether those who are refused are sent away one behind the other, each to come back when
        it is its turn. Otherwise they all come back when the next may go.
    """

    name: str
    interval: float
    burst: int
    lines_up: bool = False

    @property
    def tolerance(self) -> float:
        """How many seconds before a bucket is full again something may be taken from it."""
        return (self.burst - 1) * self.interval

    def share(self, processes: int) -> Limit:
        """What one of several processes may do that cannot count together."""
        burst = max(1, self.burst // processes)
        return Limit(self.name, self.interval * processes, burst, self.lines_up)


class Buckets(Protocol):
    """Where the buckets are."""

    def take(self, limits: Sequence[Limit], now: float, patience: float, *, in_line: bool) -> float:
        """Take one from each bucket, or from none.

        :param now: seconds since the epoch.
        :param patience: seconds the caller would wait at most.
        :param in_line: whether a caller who is refused goes to the end of the line.
        :returns: seconds to wait. Up to ``patience`` it was taken, for after that wait; beyond, it was not.
        """

    def room(self, limit: Limit, now: float, patience: float) -> int:
        """How many could be taken within so many seconds."""

    def slow(self, limit: Limit, now: float, pause: float) -> None:
        """Let a bucket rest for so many seconds, and go on at half its rate, which grows again."""


@dataclass
class _Bucket:
    """The state of a bucket; the moments are seconds since the epoch.

    :param factor: part of the rate at ``since``; from there it grows.
    :param line_until: when those are done who were sent away.
    """

    full_at: float = 0.0
    factor: float = 1.0
    since: float = 0.0
    line_until: float = 0.0

    def factor_at(self, now: float) -> float:
        return min(1.0, self.factor + max(0.0, now - self.since) / RECOVERY_SECONDS)

    def wait(self, limit: Limit, now: float) -> float:
        return max(0.0, self.full_at - limit.tolerance - now)

    def is_idle(self, now: float) -> bool:
        return max(self.full_at, self.line_until) <= now and self.factor_at(now) == 1


class MemoryBuckets:
    """Buckets of one process.

    :param processes: how many processes share what a number may send; this one has its share.
    """

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._latest = 0.0

    def take(self, limits: Sequence[Limit], now: float, patience: float, *, in_line: bool) -> float:
        """As :class:`Buckets` says."""
        with self._lock:
            self._follow(now)
            shares = [limit.share(self._processes) for limit in limits]
            pairs = [(limit, self._bucket(limit, now)) for limit in shares]
            wait = max((bucket.wait(limit, now) for limit, bucket in pairs), default=0.0)
            if wait > patience:
                lines = [pair for pair in pairs if in_line and pair[0].lines_up]
                return max([wait, *(_place(limit, bucket, now, patience) for limit, bucket in lines)])
            for limit, bucket in pairs:
                step = limit.interval / bucket.factor_at(now)
                # What goes later on account of one bucket goes later for the other too.
                bucket.full_at = max(bucket.full_at, now + wait) + step
            return wait

    def room(self, limit: Limit, now: float, patience: float) -> int:
        """As :class:`Buckets` says."""
        with self._lock:
            self._follow(now)
            share = limit.share(self._processes)
            bucket = self._bucket(share, now)
            early = now + patience + share.tolerance - max(bucket.full_at, now)
            return max(0, math.floor(early * bucket.factor_at(now) / share.interval) + 1)

    def slow(self, limit: Limit, now: float, pause: float) -> None:
        """As :class:`Buckets` says."""
        with self._lock:
            self._follow(now)
            share = limit.share(self._processes)
            bucket = self._bucket(share, now)
            if now >= bucket.since:
                # Of many that went together each is refused: that is one refusal.
                bucket.factor = max(SLOWEST, bucket.factor_at(now) / 2)
            bucket.since = max(bucket.since, now + pause)
            bucket.full_at = max(bucket.full_at, now + pause + share.tolerance)

    def _follow(self, now: float) -> None:
        # Moments of a clock that was set back lie in the future, and nothing would go until then.
        ahead = self._latest - now
        if ahead <= LATE_SECONDS:
            self._latest = max(self._latest, now)
            return
        self._latest = now
        for bucket in self._buckets.values():
            bucket.full_at -= ahead
            bucket.since -= ahead
            bucket.line_until -= ahead

    def _bucket(self, limit: Limit, now: float) -> _Bucket:
        if limit.name not in self._buckets:
            self._forget_idle(now)
            self._buckets[limit.name] = _Bucket()
        return self._buckets[limit.name]

    def _forget_idle(self, now: float) -> None:
        # Recipients come and go; the buckets of all there ever were would stay.
        if len(self._buckets) % MOST_IDLE_BUCKETS == MOST_IDLE_BUCKETS - 1:
            kept = {name: bucket for name, bucket in self._buckets.items() if not bucket.is_idle(now)}
            self._buckets = kept


def _place(limit: Limit, bucket: _Bucket, now: float, patience: float) -> float:
    """Seconds until the turn of one who joins the line; 0 where there is nothing to wait for."""
    wait = bucket.wait(limit, now)
    if wait <= patience:
        return 0.0
    place = max(now + wait, min(bucket.line_until, now + LONGEST_LINE_SECONDS))
    bucket.line_until = place + limit.interval / bucket.factor_at(now)
    return place - now


# The same as MemoryBuckets, word by word; a test holds the two together.
_LUA_STATE = f"""
local now = tonumber(ARGV[1])
local function bucket(key)
  local v = redis.call('HMGET', key, 'full_at', 'factor', 'since', 'line_until')
  local b = {{key = key, full_at = tonumber(v[1] or 0), factor = tonumber(v[2] or 1),
              since = tonumber(v[3] or 0), line_until = tonumber(v[4] or 0)}}
  b.factor_now = math.min(1, b.factor + math.max(0, now - b.since) / {RECOVERY_SECONDS})
  return b
end
local function keep(b)
  local function text(number) return string.format('%.17g', number) end
  redis.call('HSET', b.key, 'full_at', text(b.full_at), 'factor', text(b.factor),
             'since', text(b.since), 'line_until', text(b.line_until))
  local idle_at = math.max(b.full_at, b.since, b.line_until) + {RECOVERY_SECONDS}
  redis.call('PEXPIRE', b.key, math.ceil(math.max(1, idle_at - now) * 1000))
end
"""

_LUA_TAKE = (
    _LUA_STATE
    + f"""
local patience, in_line = tonumber(ARGV[2]), ARGV[3] == '1'
local buckets, wait = {{}}, 0
for i, key in ipairs(KEYS) do
  local b = bucket(key)
  b.interval = tonumber(ARGV[1 + 3 * i])
  b.lines_up = ARGV[3 + 3 * i] == '1'
  b.wait = math.max(0, b.full_at - (tonumber(ARGV[2 + 3 * i]) - 1) * b.interval - now)
  wait = math.max(wait, b.wait)
  buckets[i] = b
end
if wait > patience then
  for _, b in ipairs(buckets) do
    if in_line and b.lines_up and b.wait > patience then
      local place = math.max(now + b.wait, math.min(b.line_until, now + {LONGEST_LINE_SECONDS}))
      b.line_until = place + b.interval / b.factor_now
      keep(b)
      wait = math.max(wait, place - now)
    end
  end
else
  for _, b in ipairs(buckets) do
    b.full_at = math.max(b.full_at, now + wait) + b.interval / b.factor_now
    keep(b)
  end
end
return string.format('%.17g', wait)
"""
)

_LUA_ROOM = (
    _LUA_STATE
    + """
local interval = tonumber(ARGV[3])
local b = bucket(KEYS[1])
local early = now + tonumber(ARGV[2]) + (tonumber(ARGV[4]) - 1) * interval - math.max(b.full_at, now)
return math.max(0, math.floor(early * b.factor_now / interval) + 1)
"""
)

_LUA_SLOW = (
    _LUA_STATE
    + f"""
local pause, interval = tonumber(ARGV[2]), tonumber(ARGV[3])
local b = bucket(KEYS[1])
if now >= b.since then b.factor = math.max({SLOWEST}, b.factor_now / 2) end
b.since = math.max(b.since, now + pause)
b.full_at = math.max(b.full_at, now + pause + (tonumber(ARGV[4]) - 1) * interval)
keep(b)
"""
)


class RedisBuckets:
    """Buckets of all processes that ask the same Redis.

    Each tells its own time, since a test must be able to. Where the clocks of machines differ, what goes is
    less, never more.

    :param uri: ``redis://``, ``rediss://`` or ``redis+unix://``.
    :raises ImportError: the package ``redis`` is not installed.
    :raises ValueError: the address is none.
    """

    def __init__(self, uri: str) -> None:
        from redis import Redis, RedisError

        timeouts = {"socket_timeout": STORE_TIMEOUT_SECONDS, "socket_connect_timeout": STORE_TIMEOUT_SECONDS}
        redis: Any = Redis.from_url(uri.replace("redis+unix://", "unix://"), **timeouts)
        self.errors: type[Exception] = RedisError
        self._take = redis.register_script(_LUA_TAKE)
        self._room = redis.register_script(_LUA_ROOM)
        self._slow = redis.register_script(_LUA_SLOW)

    def take(self, limits: Sequence[Limit], now: float, patience: float, *, in_line: bool) -> float:
        """As :class:`Buckets` says."""
        values = [value for limit in limits for value in (*_rate(limit), int(limit.lines_up))]
        return float(self._take(_keys(limits), [repr(now), patience, int(in_line), *values]))

    def room(self, limit: Limit, now: float, patience: float) -> int:
        """As :class:`Buckets` says."""
        return int(self._room(_keys([limit]), [repr(now), patience, *_rate(limit)]))

    def slow(self, limit: Limit, now: float, pause: float) -> None:
        """As :class:`Buckets` says."""
        self._slow(_keys([limit]), [repr(now), pause, *_rate(limit)])


class SharedBuckets:
    """Buckets in Redis; while it is away, each process has its share.

    :param own: those of this process.
    """

    def __init__(self, shared: RedisBuckets, own: MemoryBuckets) -> None:
        self._shared = shared
        self._own = own
        self._ask_again_at = 0.0
        self._told = False

    def take(self, limits: Sequence[Limit], now: float, patience: float, *, in_line: bool) -> float:
        """As :class:`Buckets` says."""
        return self._ask(lambda buckets: buckets.take(limits, now, patience, in_line=in_line))

    def room(self, limit: Limit, now: float, patience: float) -> int:
        """As :class:`Buckets` says."""
        return self._ask(lambda buckets: buckets.room(limit, now, patience))

    def slow(self, limit: Limit, now: float, pause: float) -> None:
        """As :class:`Buckets` says; in both, since Redis may go next."""
        self._own.slow(limit, now, pause)
        self._ask(lambda buckets: buckets.slow(limit, now, pause))

    def _ask(self, question: Callable[[Buckets], Result]) -> Result:
        if time.monotonic() < self._ask_again_at:
            return question(self._own)
        try:
            answer = question(self._shared)
        except self._shared.errors as error:
            self._ask_again_at = time.monotonic() + AWAY_SECONDS
            if not self._told:
                self._told = True
                log_failure(
                    logger, error, "Redis does not keep the pace of the numbers; each process has its share"
                )
            return question(self._own)
        self._told = False
        return answer


def create_buckets(settings: Settings) -> Buckets:
    """The buckets in the Redis of ``WAAPI_LIMITS_STORAGE_URI``; without one, those of this process.

    :raises ConfigurationError: the setting cannot be used.
    """
    own = MemoryBuckets(settings.processes)
    uri = settings.limits_storage_uri
    if not uri.startswith(("redis://", "rediss://", "redis+unix://")):
        return own
    try:
        return SharedBuckets(RedisBuckets(uri), own)
    except (ImportError, ValueError) as error:
        # The address may hold a password, so it is not told.
        reason = f"WAAPI_LIMITS_STORAGE_URI cannot be used: {type(error).__name__}."
        raise ConfigurationError([reason]) from None


def _keys(limits: Sequence[Limit]) -> list[str]:
    return [f"waapi:pace:{limit.name}" for limit in limits]


def _rate(limit: Limit) -> tuple[str, int]:
    return repr(limit.interval), limit.burst
