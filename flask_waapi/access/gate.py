"""The gates a request of the API passes, in their one order: key, permission, address, minute, day.

What a request costs follows from the order. A refusal by key, permission or address costs the key nothing;
one over the minute limit costs nothing of the day; everything that passes costs one of both, also when its
body turns out to be wrong.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ..errors import (
    DailyLimitExceeded,
    InvalidApiKey,
    IpNotAllowed,
    MissingApiKey,
    PermissionDenied,
    RateLimitExceeded,
)
from ..gates import GateName, Trace
from ..storage.session import Store
from . import quota
from .key_views import Credential
from .keys import Keys
from .limits import MinuteLimits
from .permissions import Permission
from .quota import Quota


@dataclass
class Passage:
    """How far a request has come; filled gate by gate, so that a refusal shows what was known by then."""

    credential: Credential | None = None
    minute: Quota | None = None
    daily: Quota | None = None


class Gate:
    """The gates of one app."""

    def __init__(self, keys: Keys, limits: MinuteLimits, store: Store, clock: Callable[[], datetime]) -> None:
        self._keys = keys
        self._limits = limits
        self._store = store
        self._clock = clock

    def identify(self, passage: Passage, secret: str | None, address: str) -> Credential:
        """Whom the secret belongs to.

        :param address: the client's address; wrong keys are counted by it.
        :raises Unauthenticated: there is no key, or it opens nothing.
        :raises RateLimitExceeded: too many wrong keys came from this address.
        """
        if secret is None:
            raise MissingApiKey("Send your API key in the X-API-Key header.")
        try:
            credential = self._keys.authenticate(secret)
        except InvalidApiKey:
            wrong_keys = self._limits.count_wrong_key(address)
            if not wrong_keys.granted:
                raise RateLimitExceeded(
                    "Too many requests with wrong API keys came from this address: wait, and check the key.",
                    retry_after=wrong_keys.reset_seconds,
                ) from None
            raise
        passage.credential = credential
        return credential

    def admit(
        self,
        passage: Passage,
        permissions: Sequence[Permission],
        address: str,
        trace: Trace | None = None,
    ) -> Credential:
        """Whether an identified request may be made at all.

        :param permissions: of which the key needs one.
        :param trace: is told what the request meets at each gate.
        :raises PermissionDenied: the key has none of them.
        :raises IpNotAllowed: the address is in none of the key's networks.
        """
        credential = passage.credential
        if credential is None:
            raise MissingApiKey("Send your API key in the X-API-Key header.")
        trace = trace or Trace()
        trace.at(GateName.PERMISSION)
        if credential.permissions.isdisjoint(permissions):
            raise denied(credential, permissions)
        trace.passed(GateName.PERMISSION, f"The key has {_labels(permissions, credential)}.")
        trace.at(GateName.ADDRESS)
        if not _is_allowed(address, credential.allowed_networks):
            raise IpNotAllowed(
                f"The API key {credential.name!r} may not be used from {address}.",
                details={"address": address},
            )
        networks = ", ".join(credential.allowed_networks)
        trace.passed(
            GateName.ADDRESS,
            f"{address} is in {networks}." if networks else "The key may be used from everywhere.",
        )
        return credential

    def spend(self, passage: Passage, credential: Credential, amount: int = 1) -> None:
        """Count a request that may be made.

        :param amount: what it counts for; a batch counts for each of its messages.
        :raises RateLimitExceeded: the minute has less left than that.
        :raises DailyLimitExceeded: the day has less left than that.
        :raises KeyInactive: the key was switched off meanwhile.
        """
        too_little = self._too_little(credential, amount)
        # A batch that the day has no room for counts once: what the key has left must stay of use.
        minute_amount = amount if too_little is None else 1
        passage.minute = self._limits.take(str(credential.key_id), credential.rate_limit, minute_amount)
        _check_minute(passage.minute, amount)
        passage.daily = too_little or self._store.write(
            lambda session: self._take_day(session, credential, amount)
        )
        _check_day(passage.daily, amount)

    def is_used_up(self, credential: Credential) -> bool:
        """Whether a key has nothing left of a limit, so that :meth:`spend` would refuse whatever is asked."""
        minute = self._limits.left(str(credential.key_id), credential.rate_limit)
        if minute is not None and not minute.granted:
            return True
        return self._day_left(credential).remaining < 1

    def peek(self, passage: Passage, credential: Credential, trace: Trace) -> None:
        """Whether a request would be let through by the limits. It is not counted.

        :param trace: is told what the request meets at each gate.
        :raises WaApiError: as :meth:`spend`.
        """
        trace.at(GateName.MINUTE)
        passage.minute = self._limits.left(str(credential.key_id), credential.rate_limit)
        if passage.minute is None:
            trace.unknown(GateName.MINUTE, "The store of the minute limit does not answer.")
        else:
            _check_minute(passage.minute, 1)
            trace.passed(GateName.MINUTE, _left_of(passage.minute, "this minute"))
        trace.at(GateName.DAY)
        day = self._day_left(credential)
        passage.daily = replace(day, granted=day.remaining > 0)
        _check_day(passage.daily, 1)
        trace.passed(GateName.DAY, _left_of(passage.daily, "today"))

    def minute_left(self, key_id: UUID, limit: int) -> Quota | None:
        """What a key has left of the minute; as :meth:`MinuteLimits.left`."""
        return self._limits.left(str(key_id), limit)

    def _too_little(self, credential: Credential, amount: int) -> Quota | None:
        """What the day has left, where a batch counts for more."""
        if amount == 1:
            return None
        left = self._day_left(credential)
        return left if left.remaining < amount else None

    def _day_left(self, credential: Credential) -> Quota:
        with self._store.read() as session:
            return quota.left(session, credential.key_id, credential.daily_limit, self._clock())

    def _take_day(self, session: Session, credential: Credential, amount: int) -> Quota:
        # First, since requests of one key follow each other here: where many share the key's lock at a time,
        # PostgreSQL lets whoever would switch it off wait for ever.
        taken = quota.take(session, credential.key_id, credential.daily_limit, self._clock(), amount)
        # The minute's store may have taken a while, and the key may have been switched off meanwhile.
        self._keys.confirm(session, credential.key_id, credential.secret_id)
        return taken


def denied(credential: Credential, permissions: Sequence[Permission]) -> PermissionDenied:
    """The refusal of a key that has none of these permissions."""
    labels = " or ".join(permission.label for permission in permissions)
    needed = [permission.value for permission in permissions]
    details: dict[str, object] = {"required_permission": needed[0]}
    if len(needed) > 1:
        details = {"required_permissions": needed}
    return PermissionDenied(
        f"The API key {credential.name!r} lacks the permission {labels}.", details=details
    )


def _check_minute(left: Quota, amount: int) -> None:
    if not left.granted:
        raise RateLimitExceeded(_used_up(left, amount, "a minute"), retry_after=_wait_for(left, amount))


def _check_day(left: Quota, amount: int) -> None:
    if not left.granted:
        raise DailyLimitExceeded(
            f"{_used_up(left, amount, 'a day')} Days begin at midnight UTC.",
            retry_after=_wait_for(left, amount),
        )


def _left_of(left: Quota, window: str) -> str:
    return f"{left.remaining:,} of {left.limit:,} requests are left {window}."


def _labels(permissions: Sequence[Permission], credential: Credential) -> str:
    return ", ".join(item.label for item in permissions if item in credential.permissions)


def _used_up(left: Quota, amount: int, window: str) -> str:
    limit = f"The key's limit of {left.limit} requests {window}"
    if left.share < left.limit:
        limit += f", of which each process grants {left.share},"
    if amount == 1:
        return f"{limit} is used up."
    used_up = f"{limit} has {left.remaining} left, and this request counts as {amount}."
    if left.share < amount <= left.limit:
        used_up += (
            f" Send at most {left.share} at once, or let the processes count together:"
            " WAAPI_LIMITS_STORAGE_URI."
        )
    return used_up


def _wait_for(left: Quota, amount: int) -> int | None:
    # What exceeds all there is at once will never fit.
    return left.reset_seconds if amount <= left.share else None


def _is_allowed(address: str, networks: tuple[str, ...]) -> bool:
    if not networks:
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    # A dual-stack socket shows an IPv4 client as ::ffff:203.0.113.9.
    mapped = getattr(parsed, "ipv4_mapped", None)
    return any((mapped or parsed) in ipaddress.ip_network(network) for network in networks)
