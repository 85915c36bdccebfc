"""Who changed which key, webhook endpoint or template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..identifiers import uuid7
from ..storage.models import AuditEntry
from ..storage.session import Store

DELETE = "delete"
"""The action of deleting a key."""

MOST_LOOKED_AT = 2_000
"""How many changes a search for some of them goes back."""


MOST_SHOWN = 200
"""Changes that such a search gives."""


@dataclass(frozen=True)
class Change:
    """What was done to what.

    :param action: ``create``, ``enable``, ``endpoint.rotate`` ...
    :param subject_id: of the key, endpoint or template. :param subject_name: how people know it.
    :param details: how it stands since; never a secret.
    """

    account: str
    action: str
    subject_id: UUID
    subject_name: str
    details: dict[str, Any] = field(default_factory=dict)


def record(session: Session, change: Change, *, actor: str, now: datetime) -> None:
    """Write the change into the transaction that makes it.

    :param actor: who did it: a user of the dashboard, ``cli`` or ``python``.
    """
    session.add(
        AuditEntry(
            id=uuid7(now),
            account=change.account,
            occurred_at=now,
            actor=actor,
            action=change.action,
            subject_id=change.subject_id,
            subject_name=change.subject_name,
            details=change.details,
        )
    )


def of_subject(store: Store, account: str, subject_id: UUID, *, limit: int = 50) -> Sequence[AuditEntry]:
    """The last changes of one key, endpoint or template of the account, newest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.account == account, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    with store.read() as session:
        return session.scalars(query).all()


def deleted_keys(store: Store, account: str) -> Mapping[UUID, str]:
    """How keys of the account were called, by their ids, the last one that was deleted first.

    Only as far as :data:`MOST_LOOKED_AT` changes go.
    """
    columns = (AuditEntry.id, AuditEntry.action, AuditEntry.subject_id, AuditEntry.subject_name)
    of_account = select(*columns).where(AuditEntry.account == account).order_by(AuditEntry.id.desc())
    newest = of_account.limit(MOST_LOOKED_AT).subquery().c
    query = select(newest.subject_id, newest.subject_name).where(newest.action == DELETE)
    query = query.order_by(newest.id.desc())
    with store.read() as session:
        return {row.subject_id: row.subject_name for row in session.execute(query)}


def of_actions(store: Store, account: str, actions: Sequence[str]) -> Sequence[AuditEntry]:
    """The last :data:`MOST_SHOWN` changes of some kinds, newest first.

    Only as far as :data:`MOST_LOOKED_AT` changes go.
    """
    of_account = select(AuditEntry.id, AuditEntry.action).where(AuditEntry.account == account)
    newest = of_account.order_by(AuditEntry.id.desc()).limit(MOST_LOOKED_AT).subquery().c
    found = select(newest.id).where(newest.action.in_(actions)).order_by(newest.id.desc()).limit(MOST_SHOWN)
    ids = found.subquery()
    query = select(AuditEntry).join(ids, ids.c.id == AuditEntry.id).order_by(AuditEntry.id.desc())
    with store.read() as session:
        return session.scalars(query).all()
