"""What a person decides about a key, and what may be wrong with it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import Fault
from .permissions import Permission
from .secrets import MODES

PREFILLED_RATE_LIMIT = 60
PREFILLED_DAILY_LIMIT = 10_000
"""What the form of a new key starts with; a key without own limits gets the standard ones."""

LARGEST_LIMIT = 1_000_000_000


@dataclass(frozen=True)
class KeyFields:
    """What a person decides about a key.

    :param rate_limit: requests a minute; ``None`` for the standard limit.
    :param daily_limit: requests a UTC day; ``None`` for the standard limit.
    :param expires_at: the first moment at which the key no longer works, aware; ``None`` for never.
    :param allowed_networks: addresses or networks in CIDR form it may be used from; empty for any.
    """

    name: str
    description: str = ""
    permissions: Sequence[str] = ()
    rate_limit: int | None = None
    daily_limit: int | None = None
    expires_at: datetime | None = None
    mode: str = "live"
    allowed_networks: Sequence[str] = ()


def check_fields(fields: KeyFields, now: datetime) -> list[Fault]:
    """Everything wrong with the fields of a new key; empty when nothing is."""
    faults = []
    name = fields.name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        faults.append(Fault("/name", "The name is not usable.", "1 to 100 printable characters"))
    if len(fields.description) > 1_000 or "\0" in fields.description:
        faults.append(Fault("/description", "The description is not usable.", "up to 1,000 characters"))
    known = ", ".join(Permission)
    for index, permission in enumerate(fields.permissions):
        if permission not in set(Permission):
            faults.append(
                Fault(
                    f"/permissions/{index}",
                    f"{permission!r} is not a permission.",
                    f"one of {known}",
                )
            )
    for member in ("rate_limit", "daily_limit"):
        limit = getattr(fields, member)
        if limit is not None and not _is_limit(limit):
            faults.append(
                Fault(f"/{member}", f"{limit!r} is not a limit.", f"1 to {LARGEST_LIMIT:,} requests")
            )
    if fields.mode not in MODES:
        faults.append(Fault("/mode", f"{fields.mode!r} is not a mode.", "live or test"))
    faults += _expiry_faults(fields.expires_at, now)
    for index, network in enumerate(fields.allowed_networks):
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            faults.append(
                Fault(
                    f"/allowed_networks/{index}",
                    f"{network!r} is not a network: {error}.",
                    "an IP address, or a network in CIDR form such as 203.0.113.0/24",
                )
            )
    return faults


def _is_limit(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST_LIMIT


def _expiry_faults(expires_at: datetime | None, now: datetime) -> list[Fault]:
    if expires_at is None:
        return []
    expected = "a moment in the future with its time zone, 2027-01-01T00:00:00Z"
    if expires_at.tzinfo is None:
        return [Fault("/expires_at", f"{expires_at} has no time zone.", expected)]
    if expires_at <= now:
        return [Fault("/expires_at", f"{expires_at.isoformat()} is in the past.", expected)]
    return []
