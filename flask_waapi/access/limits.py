"""The minute limit of a key and the limit on wrong keys: the only module that knows Flask-Limiter.

Flask-Limiter is given a stand-in for the app. On the real one it would adopt the host's ``RATELIMIT_*``
settings, apply them to the host's pages and be switched off by the host's tests.
"""

from __future__ import annotations

import ipaddress
import math
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, cast

import flask
from flask_limiter import Limiter, RateLimitExceeded
from limits.storage import MemoryStorage

from ..errors import ConfigurationError
from ..settings import Settings
from .quota import Quota

STORE_TIMEOUT_SECONDS = 0.25
"""Longest wait for the shared store; without one, a store that hangs hangs every request (measured)."""

WINDOW_SECONDS = 60

_subject: ContextVar[str] = ContextVar("flask_waapi_limit_subject")
_amount: ContextVar[int] = ContextVar("flask_waapi_limit_amount")


class MinuteLimits:
    """Limits on any sixty seconds, by key id and by client address.

    The moving window remembers each request of the last minute and is exact. Counters are cheaper and
    admit up to twice the limit within a minute that spans two of their windows.

    Over the shared store all processes count together. Where it is not configured or does not answer, each
    process counts in memory and grants its share.
    """

    def __init__(self, settings: Settings) -> None:
        self._processes = settings.processes
        self._wrong_key_limit = settings.wrong_key_limit
        uri = settings.limits_storage_uri
        shared = not uri.startswith("memory:")
        options: dict[str, Any] = {"key_prefix": "waapi"} if shared else {}
        if uri.startswith("redis"):
            options["socket_timeout"] = STORE_TIMEOUT_SECONDS
            options["socket_connect_timeout"] = STORE_TIMEOUT_SECONDS
        self._limiter = Limiter(
            _subject.get,
            strategy="moving-window",
            storage_uri=uri,
            storage_options=options,
            in_memory_fallback_enabled=shared,
            swallow_errors=False,
            request_identifier=lambda: "flask_waapi",
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._limiter.init_app(cast("flask.Flask", _StandIn()))
        except Exception as error:
            raise ConfigurationError([f"WAAPI_LIMITS_STORAGE_URI {_without(uri, error)}"]) from None
        self._count_request = self._limited("requests")
        self._count_wrong_key = self._limited("wrong-keys")

    def take(self, key_id: str, limit: int) -> Quota:
        """Count one request of the key, unless the minute's limit is used up.

        :param key_id: the key's id; never its secret, which would end in logs and names in the store.
        """
        return self._take(self._count_request, key_id, limit)

    def count_wrong_key(self, address: str) -> Quota:
        """Count one request with a wrong key from a client's address."""
        return self._take(self._count_wrong_key, _network_of(address), self._wrong_key_limit)

    def _limited(self, scope: str) -> Callable[[], None]:
        def counted() -> None:
            """Be counted: Flask-Limiter limits functions."""

        counted.__qualname__ = f"count_{scope}"

        def amount() -> str:
            # Asked again when the shared store has failed meanwhile: then it is the share that counts.
            return f"{self._share(_amount.get())}/minute"

        return self._limiter.shared_limit(amount, scope=scope)(counted)

    def _take(self, count: Callable[[], None], subject: str, limit: int) -> Quota:
        subject_token = _subject.set(subject)
        amount_token = _amount.set(limit)
        try:
            granted = _counted(count)
        finally:
            _amount.reset(amount_token)
            _subject.reset(subject_token)
        return self._quota(limit, granted)

    def _share(self, limit: int) -> int:
        if isinstance(self._limiter.limiter.storage, MemoryStorage):
            return max(1, limit // self._processes)
        return limit

    def _quota(self, limit: int, granted: bool) -> Quota:
        current = self._limiter.current_limit
        remaining, reset_seconds = 0, WINDOW_SECONDS
        if current is not None:
            # The store may have gone since it counted; the headers are not worth a failure.
            with suppress(*_as_tuple(self._limiter.storage.base_exceptions)):
                # Flask-Limiter has rounded the moment up to a second already.
                reset_seconds = min(WINDOW_SECONDS, max(1, math.ceil(current.reset_at - time.time())))
                remaining = current.remaining if granted else 0
        return Quota(limit, remaining, reset_seconds, granted)


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
