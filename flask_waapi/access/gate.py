"""The gates a request of the API passes, in their one order: key, permission, address, minute, day.

What a request costs follows from the order. A refusal by key, permission or address costs the key nothing;
one over the minute limit costs nothing of the day; everything that passes costs one of both, also when its
body turns out to be wrong.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..errors import (
    DailyLimitExceeded,
    InvalidApiKey,
    IpNotAllowed,
    MissingApiKey,
    PermissionDenied,
    RateLimitExceeded,
)
from ..storage.session import Store
from . import quota
from .keys import Credential, Keys
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

    def admit(self, passage: Passage, permission: Permission, address: str) -> None:
        """Take an identified request through the other gates.

        :raises PermissionDenied: the key lacks the permission.
        :raises IpNotAllowed: the address is in none of the key's networks.
        :raises RateLimitExceeded: the minute's limit is used up.
        :raises DailyLimitExceeded: the day's limit is used up.
        :raises KeyInactive: the key was switched off meanwhile.
        """
        credential = passage.credential
        if credential is None:
            raise MissingApiKey("Send your API key in the X-API-Key header.")
        if permission not in credential.permissions:
            raise PermissionDenied(
                f"The API key {credential.name!r} lacks the permission {permission.label}.",
                details={"required_permission": permission.value},
            )
        if not _is_allowed(address, credential.allowed_networks):
            raise IpNotAllowed(
                f"The API key {credential.name!r} may not be used from {address}.",
                details={"address": address},
            )
        passage.minute = self._limits.take(str(credential.key_id), credential.rate_limit)
        if not passage.minute.granted:
            raise RateLimitExceeded(
                f"The key's limit of {credential.rate_limit} requests a minute is used up.",
                retry_after=passage.minute.reset_seconds,
            )
        passage.daily = self._store.write(lambda session: self._take_day(session, credential))
        if not passage.daily.granted:
            raise DailyLimitExceeded(
                f"The key's limit of {credential.daily_limit} requests a day is used up;"
                " days begin at midnight UTC.",
                retry_after=passage.daily.reset_seconds,
            )

    def _take_day(self, session: Session, credential: Credential) -> Quota:
        taken = quota.take(session, credential.key_id, credential.daily_limit, self._clock())
        # The minute's store may have taken a while, and the key may have been switched off meanwhile.
        self._keys.confirm(session, credential.key_id)
        return taken


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
