"""What is told of a key: to its owner, and to whatever a request passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from .permissions import Permission


@dataclass(frozen=True)
class Credential:
    """Whom a request acts for: the key, its account and the limits in force.

    :param rate_limit: requests a minute, the key's own or the standard one.
    :param daily_limit: requests a UTC day, likewise.
    :param provider: the instance that the key sends from, where that is settled.
    :param secret_id: which of the key's secrets the request came with; ``None`` for the playground.
    """

    key_id: UUID
    account: str
    name: str
    mode: str
    permissions: frozenset[Permission]
    rate_limit: int
    daily_limit: int
    allowed_networks: tuple[str, ...]
    provider: str | None = None
    secret_id: UUID | None = None


@dataclass(frozen=True)
class KeyView:
    """A key as its owner sees it; the secret is not in it.

    :param rate_limit: requests a minute, the key's own or the standard one.
    :param daily_limit: requests a UTC day, likewise.
    :param own_rate_limit: ``None`` where the standard one holds. :param own_daily_limit: likewise.
    :param masked: what may be shown of its newest secret.
    """

    id: UUID
    account: str
    name: str
    description: str
    permissions: tuple[Permission, ...]
    mode: str
    rate_limit: int
    daily_limit: int
    enabled: bool
    expires_at: datetime | None
    allowed_networks: tuple[str, ...]
    created_at: datetime
    masked: str
    used_today: int
    last_used_at: datetime | None
    expired: bool
    provider: str | None = None
    own_rate_limit: int | None = None
    own_daily_limit: int | None = None

    @property
    def active(self) -> bool:
        """Enabled and valid now."""
        return self.enabled and not self.expired

    @property
    def state(self) -> str:
        """``active``, ``inactive`` or ``expired``."""
        if self.expired:
            return "expired"
        return "active" if self.enabled else "inactive"


@dataclass(frozen=True)
class IssuedKey:
    """A key that has just been made, or been given a new secret.

    :param secret: the only copy of the secret there will ever be.
    """

    key: KeyView
    secret: str = field(repr=False)
