"""The minute limit of a key and the limit on wrong keys: the only module that knows Flask-Limiter.

Flask-Limiter is given a stand-in for the app. On the real one it would adopt the host's ``RATELIMIT_*``
settings, apply them to the host's pages and be switched off by the host's tests.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext, suppress
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import flask
from flask_limiter import Limiter, RateLimitExceeded
from limits import parse
from limits.storage import MemoryStorage

from ..errors import ConfigurationError
from ..settings import Settings
from .quota import Quota

STORE_TIMEOUT_SECONDS = 0.25
"""Longest wait for the shared store; without one, a store that hangs hangs every request (measured)."""

WINDOW_SECONDS = 60


class Asked(NamedTuple):
    """What is being counted: for whom, of how many, how many."""

    subject: str
    limit: int
    amount: int


_asked: ContextVar[Asked] = ContextVar("flask_waapi_limit_asked")


class MinuteLimits:
    """Limits on requests, by key id, and on wrong keys, by client address.

    Requests are counted in any sixty seconds: the moving window remembers each of the last minute and is
    exact. It also remembers whom it has ever counted for, which keys bound and addresses do not. So wrong
    keys are counted in minutes that begin with the first one; where two of these meet, any sixty seconds may
    see up to twice the limit.

    Over the shared store all processes count together. Where it is not configured or does not answer, each
    process counts in memory and grants its share.
    """

    def __init__(self, settings: Settings) -> None:
        self._requests = _Window(settings, "requests", "moving-window")
        self._wrong_keys = _Window(settings, "wrong-keys", "fixed-window")
        self._wrong_key_limit = settings.wrong_key_limit
        self._alone = threading.Lock()

    def take(self, key_id: str, limit: int, amount: int = 1) -> Quota:
        """Count requests of the key, all of them or, where that would exceed the minute's limit, none.

        :param key_id: the key's id; never its secret, which would end in logs and names in the store.
        """
        return self._requests.take(key_id, limit, amount)

    def left(self, key_id: str, limit: int) -> Quota | None:
        """What the key has left of its minute. Nothing is counted.

        :returns: as if one request had asked; ``None`` where the shared store does not answer.
        """
        return self._requests.left(key_id, limit)

    def count_wrong_key(self, address: str) -> Quota:
        """Count one request with a wrong key from a client's address."""
        # The counters in memory lose count where threads meet.
        with self._alone if self._wrong_keys.is_in_memory else nullcontext():
            return self._wrong_keys.take(_network_of(address), self._wrong_key_limit)


class _Window:
    """One way to count on the store.

    :param scope: what is counted.
    :param strategy: how, by Flask-Limiter's name.
    """

    def __init__(self, settings: Settings, scope: str, strategy: str) -> None:
        self._processes = settings.processes
        self._scope = scope
        uri = settings.limits_storage_uri
        shared = not uri.startswith("memory:")
        options: dict[str, Any] = {"key_prefix": "waapi"} if shared else {}
        if uri.startswith("redis"):
            options["socket_timeout"] = STORE_TIMEOUT_SECONDS
            options["socket_connect_timeout"] = STORE_TIMEOUT_SECONDS
        self.limiter = Limiter(
            lambda: _asked.get().subject,
            strategy=strategy,
            storage_uri=uri,
            storage_options=options,
            in_memory_fallback_enabled=shared,
            swallow_errors=False,
            request_identifier=lambda: "flask_waapi",
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.limiter.init_app(cast("flask.Flask", _StandIn()))
        except Exception as error:
            raise ConfigurationError([f"WAAPI_LIMITS_STORAGE_URI {_without(uri, error)}"]) from None
        self._count = self._limited()

    @property
    def is_in_memory(self) -> bool:
        """Whether this process counts for itself at the moment."""
        return isinstance(self.limiter.limiter.storage, MemoryStorage)

    def take(self, subject: str, limit: int, amount: int = 1) -> Quota:
        """Count so many, or none where that would exceed the limit."""
        asked = _asked.set(Asked(subject, limit, amount))
        try:
            granted = _counted(self._count)
        finally:
            _asked.reset(asked)
        current = self.limiter.current_limit
        remaining, reset_seconds = 0, WINDOW_SECONDS
        if current is not None:
            # The store may have gone since it counted; the headers are not worth a failure.
            with suppress(*_as_tuple(self.limiter.storage.base_exceptions)):
                # Flask-Limiter has rounded the moment up to a second already.
                reset_seconds = _seconds_until(current.reset_at)
                remaining = current.remaining
        return Quota(limit, self._share(limit), remaining, reset_seconds, granted)

    def left(self, subject: str, limit: int) -> Quota | None:
        """What is left, as if one had asked; ``None`` where the shared store does not answer."""
        try:
            stats = self.limiter.limiter.get_window_stats(parse(self._rule(limit)), subject, self._scope)
        except _as_tuple(self.limiter.storage.base_exceptions):
            return None
        remaining = max(0, stats.remaining)
        reset_seconds = _seconds_until(stats.reset_time)
        return Quota(limit, self._share(limit), remaining, reset_seconds, granted=remaining > 0)

    def _limited(self) -> Callable[[], None]:
        def counted() -> None:
            """Be counted: Flask-Limiter limits functions."""

        counted.__qualname__ = f"count_{self._scope}"

        def allowed() -> str:
            # Asked again when the shared store has failed meanwhile: then it is the share that counts.
            return self._rule(_asked.get().limit)

        limited = self.limiter.shared_limit(allowed, scope=self._scope, cost=lambda: _asked.get().amount)
        return limited(counted)

    def _rule(self, limit: int) -> str:
        return f"{self._share(limit)}/minute"

    def _share(self, limit: int) -> int:
        return max(1, limit // self._processes) if self.is_in_memory else limit


class _StandIn(SimpleNamespace):
    """As much of an app as ``Limiter.init_app`` asks for."""

    def __init__(self) -> None:
        super().__init__(config={}, extensions={})

    def before_request(self, function: Callable[[], None]) -> None:
        """Flask-Limiter's check of the host's routes: not wanted."""

    def after_request(self, function: Callable[[Any], Any]) -> None:
        """Its headers: we write our own."""

    def teardown_request(self, function: Callable[[Any], None]) -> None:
        """Its clean-up of the request's context, which Flask drops by itself."""


def _seconds_until(moment: float) -> int:
    return min(WINDOW_SECONDS, max(1, math.ceil(moment - time.time())))


def _as_tuple(
    errors: type[Exception] | tuple[type[Exception], ...],
) -> tuple[type[Exception], ...]:
    return errors if isinstance(errors, tuple) else (errors,)


def _without(uri: str, error: Exception) -> str:
    # The URI may hold a password, and some of these errors repeat it.
    reason = str(error)
    for part in (uri, uri.partition("//")[2]):
        reason = reason.replace(part, "...") if part else reason
    return f"cannot be used: {reason}"


def _counted(count: Callable[[], None]) -> bool:
    try:
        try:
            count()
        except RateLimitExceeded:
            raise
        except Exception:
            # The shared store has failed, and another thread has found out first; now memory counts.
            count()
    except RateLimitExceeded:
        return False
    return True


def _network_of(address: str) -> str:
    # One IPv6 client owns a whole /64 and would otherwise have 2**64 tries.
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    # A dual-stack socket shows every IPv4 client within one /64, ::ffff:203.0.113.9.
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    prefix = 64 if parsed.version == 6 else 32
    return str(ipaddress.ip_network((parsed, prefix), strict=False))
