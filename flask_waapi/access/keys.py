"""The life of an API key: issue, look up, switch, delete; and who a secret belongs to.

There is no cache of keys. A secret is looked up by one indexed read at every request, so that what has
been switched off is off for every process at its next request.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..errors import (
    Fault,
    InvalidApiKey,
    KeyExpired,
    KeyInactive,
    NotFound,
    ValidationFailed,
)
from ..identifiers import uuid7
from ..settings import Settings
from ..storage.models import ApiKey, DailyUsage, KeySecret
from ..storage.session import Store
from . import secrets
from .audit import record as record_audit
from .key_fields import KeyFields, check_fields
from .permissions import Permission


@dataclass(frozen=True)
class Credential:
    """Whom a request acts for: the key, its account and the limits in force.

    :param rate_limit: requests a minute, the key's own or the standard one.
    :param daily_limit: requests a UTC day, likewise.
    """

    key_id: UUID
    account: str
    name: str
    mode: str
    permissions: frozenset[Permission]
    rate_limit: int
    daily_limit: int
    allowed_networks: tuple[str, ...]


@dataclass(frozen=True)
class KeyView:
    """A key as its owner sees it; the secret is not in it."""

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
    """A key that has just been made.

    :param secret: the only copy of the secret there will ever be.
    """

    key: KeyView
    secret: str = field(repr=False)


class Keys:
    """The keys of all accounts of one app."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    def issue(self, fields: KeyFields, *, account: str, actor: str) -> IssuedKey:
        """Make a key.

        :param account: whose key it is.
        :param actor: who asked for it, for the audit trail.
        :raises ValidationFailed: one or more fields are wrong, or the name is taken.
        """
        now = self._clock()
        faults = check_fields(fields, now)
        if faults:
            raise ValidationFailed(faults)
        secret = secrets.generate(fields.mode)
        key = ApiKey(
            id=uuid7(now),
            account=account,
            name=fields.name.strip(),
            description=fields.description,
            permissions=[str(permission) for permission in Permission if permission in fields.permissions],
            mode=fields.mode,
            rate_limit=fields.rate_limit,
            daily_limit=fields.daily_limit,
            allowed_networks=[str(ipaddress.ip_network(text)) for text in fields.allowed_networks],
            enabled=True,
            expires_at=fields.expires_at,
            created_at=now,
        )
        try:
            with self._store.begin() as session:
                session.add(key)
                session.flush()
                session.add(
                    KeySecret(
                        id=uuid7(now),
                        key_id=key.id,
                        digest=secrets.digest(secret, self._settings.peppers[0]),
                        last_four=secret[-4:],
                        created_at=now,
                    )
                )
                record_audit(session, key, "create", actor=actor, now=now)
        except IntegrityError as error:
            raise ValidationFailed(
                [
                    Fault(
                        "/name",
                        f"The name {key.name!r} is taken by another key of this account.",
                        "a name no other key of the account has",
                    )
                ]
            ) from error
        return IssuedKey(self.get(account, str(key.id)), secret)

    def list(self, account: str) -> Sequence[KeyView]:
        """The account's keys, newest first."""
        with self._store.read() as session:
            return [self._view(*row) for row in session.execute(_keys_of(account, self._today()))]

    def get(self, account: str, name_or_id: str) -> KeyView:
        """One key of the account.

        :raises NotFound: the account has no such key.
        """
        with self._store.read() as session:
            key = _find(session, account, name_or_id)
            query = _keys_of(account, self._today()).where(ApiKey.id == key.id)
            return self._view(*session.execute(query).one())

    def set_enabled(self, account: str, name_or_id: str, enabled: bool, *, actor: str) -> KeyView:
        """Switch a key on or off. Once this returns, no process accepts a key that is off.

        :raises NotFound: the account has no such key.
        """

        def switch(session: Session) -> UUID:
            key = _find(session, account, name_or_id, lock=True)
            if key.enabled != enabled:
                key.enabled = enabled
                action = "enable" if enabled else "disable"
                record_audit(session, key, action, actor=actor, now=self._clock())
            return key.id

        return self.get(account, str(self._store.write(switch)))

    def delete(self, account: str, name_or_id: str, *, actor: str) -> None:
        """Delete a key for good. What it sent stays.

        :raises NotFound: the account has no such key.
        """

        def erase(session: Session) -> None:
            key = _find(session, account, name_or_id, lock=True)
            record_audit(session, key, "delete", actor=actor, now=self._clock())
            session.execute(delete(DailyUsage).where(DailyUsage.key_id == key.id))
            session.execute(delete(KeySecret).where(KeySecret.key_id == key.id))
            session.delete(key)

        self._store.write(erase)

    def authenticate(self, secret: str) -> Credential:
        """Whom the secret belongs to.

        :raises InvalidApiKey: it is malformed or unknown.
        :raises KeyInactive: the key is switched off.
        :raises KeyExpired: the key's or the secret's time is over.
        """
        if not secrets.is_well_formed(secret):
            raise InvalidApiKey("The API key is not valid: check that it was copied whole.")
        digests = [secrets.digest(secret, pepper) for pepper in self._settings.peppers]
        query = _CREDENTIAL.join(KeySecret, KeySecret.key_id == ApiKey.id).where(
            KeySecret.digest.in_(digests)
        )
        with self._store.read() as session:
            row = session.execute(query.add_columns(KeySecret.expires_at)).one_or_none()
        if row is None:
            raise InvalidApiKey("The API key is not valid: it is unknown or has been deleted.")
        if row[-1] is not None and row[-1] <= self._clock():
            raise KeyExpired("This secret of the API key has been replaced: use the new one.")
        return self._credential(row)

    def credential(self, account: str, key_id: UUID) -> Credential:
        """The credential of a key of the account, without its secret, for the playground.

        :raises NotFound: the account has no such key.
        :raises KeyInactive: the key is switched off.
        :raises KeyExpired: the key's time is over.
        """
        query = _CREDENTIAL.where(ApiKey.id == key_id, ApiKey.account == account)
        with self._store.read() as session:
            row = session.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"There is no key {key_id} in this account.")
        return self._credential(row)

    def confirm(self, session: Session, key_id: UUID) -> None:
        """Hold the key as it is until the transaction ends.

        Whoever switches it off waits for that, so nothing is accepted after the switch has answered.

        :raises KeyInactive: it has been switched off or deleted meanwhile.
        """
        query = select(ApiKey.enabled).where(ApiKey.id == key_id).with_for_update(read=True)
        if not session.execute(query).scalar_one_or_none():
            raise KeyInactive("The API key has been switched off.")

    def _credential(self, row: Any) -> Credential:
        if not row.enabled:
            raise KeyInactive(f"The API key {row.name!r} is switched off.")
        if row.expires_at is not None and row.expires_at <= self._clock():
            raise KeyExpired(f"The API key {row.name!r} expired at {row.expires_at.isoformat()}.")
        return Credential(
            key_id=row.id,
            account=row.account,
            name=row.name,
            mode=row.mode,
            permissions=frozenset(Permission(name) for name in row.permissions),
            rate_limit=row.rate_limit or self._settings.standard_rate_limit,
            daily_limit=row.daily_limit or self._settings.standard_daily_limit,
            allowed_networks=tuple(row.allowed_networks),
        )

    def _view(
        self, key: ApiKey, last_four: str, used_today: int | None, last_used_at: datetime | None
    ) -> KeyView:
        return KeyView(
            id=key.id,
            account=key.account,
            name=key.name,
            description=key.description,
            permissions=tuple(Permission(name) for name in key.permissions),
            mode=key.mode,
            rate_limit=key.rate_limit or self._settings.standard_rate_limit,
            daily_limit=key.daily_limit or self._settings.standard_daily_limit,
            enabled=key.enabled,
            expires_at=key.expires_at,
            allowed_networks=tuple(key.allowed_networks),
            created_at=key.created_at,
            masked=secrets.masked(key.mode, last_four),
            used_today=used_today or 0,
            last_used_at=last_used_at,
            expired=key.expires_at is not None and key.expires_at <= self._clock(),
        )

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()


_CREDENTIAL = select(
    ApiKey.id,
    ApiKey.account,
    ApiKey.name,
    ApiKey.mode,
    ApiKey.permissions,
    ApiKey.rate_limit,
    ApiKey.daily_limit,
    ApiKey.allowed_networks,
    ApiKey.enabled,
    ApiKey.expires_at,
)


def _keys_of(account: str, today: date) -> Any:
    newest_secret = (
        select(KeySecret.last_four)
        .where(KeySecret.key_id == ApiKey.id)
        .order_by(KeySecret.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    used_today = (
        select(DailyUsage.used)
        .where(DailyUsage.key_id == ApiKey.id, DailyUsage.day == today)
        .scalar_subquery()
    )
    last_used_at = (
        select(func.max(DailyUsage.last_used_at)).where(DailyUsage.key_id == ApiKey.id).scalar_subquery()
    )
    return (
        select(ApiKey, newest_secret, used_today, last_used_at)
        .where(ApiKey.account == account)
        .order_by(ApiKey.id.desc())
    )


def _find(session: Session, account: str, name_or_id: str, *, lock: bool = False) -> ApiKey:
    query = select(ApiKey).where(ApiKey.account == account)
    query = query.with_for_update() if lock else query
    # An id comes first: a key whose name looks like another's id must not shadow it.
    with suppress(ValueError):
        key = session.scalars(query.where(ApiKey.id == UUID(name_or_id))).one_or_none()
        if key is not None:
            return key
    key = session.scalars(query.where(ApiKey.name == name_or_id)).one_or_none()
    if key is None:
        raise NotFound(f"There is no key {name_or_id!r} in this account.")
    return key
