"""The life of an API key: issue, look up, switch, delete; and who a secret belongs to.

There is no cache of keys. A secret is looked up by one indexed read at every request, so that what has
been switched off is off for every process at its next request.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from dataclasses import fields as dataclass_fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..errors import Fault, InvalidApiKey, KeyExpired, KeyInactive, NotFound, ValidationFailed
from ..identifiers import uuid7
from ..settings import Settings
from ..storage.models import ApiKey, DailyUsage, KeySecret
from ..storage.session import Store
from . import secrets
from .audit import DELETE, Change, record
from .key_fields import EDITABLE, KeyFields, account_faults, check_fields
from .key_views import Credential, IssuedKey, KeyView
from .permissions import Permission

STANDARD_OVERLAP = timedelta(hours=24)
"""How long the former secrets of a rotated key are accepted unless told otherwise."""

LONGEST_OVERLAP = timedelta(days=30)


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
        faults = [*account_faults(account), *check_fields(fields, now, self._settings.provider_names)]
        if faults:
            raise ValidationFailed(faults)
        key = ApiKey(id=uuid7(now), account=account, enabled=True, created_at=now, **_columns(fields))
        try:
            with self._store.begin() as session:
                session.add(key)
                session.flush()
                secret = self._add_secret(session, key, now)
                record(session, _change(key, "create"), actor=actor, now=now)
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

    def names(self, account: str) -> Mapping[UUID, str]:
        """How the account's keys are called, by their ids, newest first."""
        query = select(ApiKey.id, ApiKey.name).where(ApiKey.account == account).order_by(ApiKey.id.desc())
        with self._store.read() as session:
            return {row.id: row.name for row in session.execute(query)}

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
                record(session, _change(key, action), actor=actor, now=self._clock())
            return key.id

        return self.get(account, str(self._store.write(switch)))

    def update(self, account: str, name_or_id: str, changes: Mapping[str, Any], *, actor: str) -> KeyView:
        """Change what a key may do. It holds from the next request on; the name and the mode stay.

        :param changes: new values by the name of the field, of :data:`EDITABLE`.
        :raises NotFound: the account has no such key.
        :raises ValidationFailed: a new value is wrong.
        :raises TypeError: there is no such field to change.
        """

        if unknown := set(changes) - set(EDITABLE):
            raise TypeError(f"These cannot be changed: {', '.join(sorted(unknown))}.")

        def change(session: Session) -> UUID:
            key = _find(session, account, name_or_id, lock=True)
            fields = replace(_fields_of(key), **changes)
            faults = check_fields(fields, self._clock(), self._settings.provider_names)
            # What was not touched may have become wrong since, such as a moment that has passed.
            faults = [fault for fault in faults if fault.pointer.split("/")[1] in changes]
            if faults:
                raise ValidationFailed(faults)
            before = _details(key)
            for name, value in _columns(fields).items():
                setattr(key, name, value)
            changed = {
                name: [before[name], value] for name, value in _details(key).items() if value != before[name]
            }
            if changed:
                record(session, _change(key, "update", changed=changed), actor=actor, now=self._clock())
            return key.id

        return self.get(account, str(self._store.write(change)))

    def rotate(
        self, account: str, name_or_id: str, *, actor: str, overlap: timedelta = STANDARD_OVERLAP
    ) -> IssuedKey:
        """Give a key a new secret. Without an overlap, once this returns no process accepts a former one.

        :param overlap: how long the former secrets are accepted too; up to thirty days.
        :raises NotFound: the account has no such key.
        :raises ValidationFailed: the overlap is out of bounds.
        """
        if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
            raise ValidationFailed([Fault("/overlap", f"{overlap} is not an overlap.", "none to 30 days")])

        def change(session: Session) -> tuple[UUID, str]:
            key = _find(session, account, name_or_id, lock=True)
            now = self._clock()
            # Another process's clock may be behind: without an overlap the end is one that it has seen too.
            ends = now + overlap if overlap else KeySecret.created_at
            session.execute(
                update(KeySecret)
                .where(
                    KeySecret.key_id == key.id,
                    or_(KeySecret.expires_at.is_(None), KeySecret.expires_at > now + overlap),
                )
                .values(expires_at=ends)
                .execution_options(synchronize_session=False)
            )
            secret = self._add_secret(session, key, now)
            told = _change(key, "rotate", overlap_seconds=int(overlap.total_seconds()))
            record(session, told, actor=actor, now=now)
            return key.id, secret

        key_id, secret = self._store.write(change)
        return IssuedKey(self.get(account, str(key_id)), secret)

    def _add_secret(self, session: Session, key: ApiKey, now: datetime) -> str:
        secret = secrets.generate(key.mode)
        session.add(
            KeySecret(
                id=uuid7(now),
                key_id=key.id,
                digest=secrets.digest(secret, self._settings.peppers[0]),
                last_four=secret[-4:],
                created_at=now,
                expires_at=None,
            )
        )
        return secret

    def delete(self, account: str, name_or_id: str, *, actor: str) -> None:
        """Delete a key for good. What it sent stays.

        :raises NotFound: the account has no such key.
        """

        def erase(session: Session) -> UUID:
            key = _find(session, account, name_or_id, lock=True)
            record(session, _change(key, DELETE), actor=actor, now=self._clock())
            session.execute(delete(KeySecret).where(KeySecret.key_id == key.id))
            session.delete(key)
            return key.id

        erased = self._store.write(erase)
        # By itself: a request that is being counted holds the usage and waits for the key.
        usage = delete(DailyUsage).where(DailyUsage.key_id == erased)
        self._store.write(lambda session: session.execute(usage))

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
        query = query.add_columns(KeySecret.id.label("secret_id"), KeySecret.expires_at.label("secret_ends"))
        with self._store.read() as session:
            row = session.execute(query).one_or_none()
        if row is None:
            raise InvalidApiKey("The API key is not valid: it is unknown or has been deleted.")
        self._refuse_replaced(row.secret_ends)
        return replace(self._credential(row), secret_id=row.secret_id)

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

    def confirm(self, session: Session, key_id: UUID, secret_id: UUID | None = None) -> None:
        """Hold the key as it is until the transaction ends.

        Whoever switches it off or rotates it waits for that, so nothing is accepted after they have answered.

        :param secret_id: which of its secrets the request came with.
        :raises KeyInactive: it has been switched off or deleted meanwhile.
        :raises KeyExpired: the secret has been replaced meanwhile.
        """
        query = select(ApiKey.enabled).where(ApiKey.id == key_id).with_for_update(read=True)
        if not session.execute(query).scalar_one_or_none():
            raise KeyInactive("The API key has been switched off.")
        if secret_id is not None:
            # In a statement of its own, which sees what was committed while the first one waited.
            ends = select(KeySecret.expires_at).where(KeySecret.id == secret_id)
            self._refuse_replaced(session.execute(ends).scalar_one_or_none())

    def _refuse_replaced(self, ends: datetime | None) -> None:
        if ends is not None and ends <= self._clock():
            raise KeyExpired("This secret of the API key has been replaced: use the new one.")

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
            provider=row.provider,
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
            provider=key.provider,
            own_rate_limit=key.rate_limit,
            own_daily_limit=key.daily_limit,
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
    ApiKey.provider,
    ApiKey.enabled,
    ApiKey.expires_at,
)


def _change(key: ApiKey, action: str, **more: Any) -> Change:
    return Change(key.account, action, key.id, key.name, _details(key) | more)


def _details(key: ApiKey) -> dict[str, Any]:
    return {
        "description": key.description,
        "permissions": key.permissions,
        "mode": key.mode,
        "rate_limit": key.rate_limit,
        "daily_limit": key.daily_limit,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "allowed_networks": key.allowed_networks,
        "provider": key.provider,
    }


def _fields_of(key: ApiKey) -> KeyFields:
    return KeyFields(**{member.name: getattr(key, member.name) for member in dataclass_fields(KeyFields)})


def _columns(fields: KeyFields) -> dict[str, Any]:
    """The columns of a key that its fields decide."""
    return asdict(fields) | {
        "name": fields.name.strip(),
        "permissions": [str(permission) for permission in Permission if permission in fields.permissions],
        "allowed_networks": [str(ipaddress.ip_network(text)) for text in fields.allowed_networks],
    }


def _keys_of(account: str, today: date) -> Any:
    newest_secret = (
        select(KeySecret.last_four)
        .where(KeySecret.key_id == ApiKey.id)
        # The one without an end; two may have been made in the same microsecond.
        .order_by(KeySecret.expires_at.is_(None).desc(), KeySecret.id.desc())
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
