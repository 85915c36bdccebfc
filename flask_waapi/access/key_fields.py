"""What a person decides about a key, and what may be wrong with it."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import Fault
from ..identifiers import ACCOUNT, is_account
from .permissions import Permission
from .secrets import MODES

PREFILLED_RATE_LIMIT = 60
PREFILLED_DAILY_LIMIT = 10_000
"""What the form of a new key starts with; a key without own limits gets the standard ones."""

LARGEST_LIMIT = 1_000_000_000

EDITABLE = (
    "description",
    "permissions",
    "rate_limit",
    "daily_limit",
    "expires_at",
    "allowed_networks",
    "provider",
)
"""The fields that may be changed afterwards: a key's name and mode stay what programs rely on."""


@dataclass(frozen=True)
class KeyFields:
    """What a person decides about a key.

    :param rate_limit: requests a minute; ``None`` for the standard limit.
    :param daily_limit: requests a UTC day; ``None`` for the standard limit.
    :param expires_at: the first moment at which the key no longer works, aware; ``None`` for never.
    :param allowed_networks: addresses or networks in CIDR form it may be used from; empty for any.
    :param provider: the instance, and so the number, that it sends from; ``None`` where the host or the
        default decides.
    """

    name: str
    description: str = ""
    permissions: Sequence[str] = ()
    rate_limit: int | None = None
    daily_limit: int | None = None
    expires_at: datetime | None = None
    mode: str = "live"
    allowed_networks: Sequence[str] = ()
    provider: str | None = None


def check_fields(fields: KeyFields, now: datetime, providers: Collection[str]) -> list[Fault]:
    """Everything wrong with the fields of a new key; empty when nothing is.

    :param providers: the names of the configured provider instances.
    """
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
    faults += provider_faults(fields.provider, providers)
    return faults


def account_faults(account: object) -> list[Fault]:
    """What is wrong with the name of an account; empty when nothing is."""
    return [] if is_account(account) else [Fault("/account", f"{account!r} names no account.", ACCOUNT)]


def provider_faults(provider: str | None, providers: Collection[str]) -> list[Fault]:
    """What is wrong with the provider of a key; empty when nothing is.

    :param providers: the names of the configured instances.
    """
    if provider is None or provider in providers:
        return []
    return [Fault("/provider", f"{provider!r} is no provider.", f"one of {', '.join(providers)}, or none")]


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
