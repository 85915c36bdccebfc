"""Who changed which key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..identifiers import uuid7
from ..storage.models import ApiKey, AuditEntry
from ..storage.session import Store


def record(session: Session, key: ApiKey, action: str, *, actor: str, now: datetime) -> None:
    """Write the change into the transaction that makes it.

    :param action: ``create``, ``enable``, ``disable`` or ``delete``.
    :param actor: who did it: a user of the dashboard, ``cli`` or ``python``.
    """
    session.add(
        AuditEntry(
            id=uuid7(now),
            account=key.account,
            occurred_at=now,
            actor=actor,
            action=action,
            key_id=key.id,
            key_name=key.name,
            details={
                "permissions": key.permissions,
                "mode": key.mode,
                "rate_limit": key.rate_limit,
                "daily_limit": key.daily_limit,
                "expires_at": key.expires_at.isoformat() if key.expires_at else None,
            },
        )
    )


def of_key(store: Store, account: str, key_id: UUID, *, limit: int = 50) -> Sequence[AuditEntry]:
    """The last changes of one key of the account, newest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.account == account, AuditEntry.key_id == key_id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    with store.read() as session:
        return session.scalars(query).all()
