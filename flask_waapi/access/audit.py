"""Who changed which key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ..identifiers import uuid7
from ..storage.models import ApiKey, AuditEntry


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
