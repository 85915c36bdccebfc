"""Events of messages: each stored once, each followed by a new fold of the status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..identifiers import uuid7
from ..plugins.provider import Refusal
from ..storage.models import Message, MessageEvent
from .status import FAILED, fold


@dataclass(frozen=True)
class Event:
    """One fact about a message.

    :param fingerprint: what makes it the same fact when it is reported again.
    """

    status: str
    occurred_at: datetime
    fingerprint: str
    refusal: Refusal | None = None


@dataclass(frozen=True)
class StatusChange:
    """What an event changed, for the signal after the commit."""

    message_uuid: UUID
    previous: str
    status: str


def reported(status: str, occurred_at: datetime, refusal: Refusal | None = None) -> Event:
    """The event of a provider's report; a repeated report has the same time."""
    return Event(status, occurred_at, f"{status}@{occurred_at.isoformat()}", refusal)


def attempted(status: str, occurred_at: datetime, attempt: int, refusal: Refusal | None = None) -> Event:
    """The event of our own attempt to send."""
    return Event(status, occurred_at, f"{status}#{attempt}", refusal)


def lock_message(session: Session, message_id: UUID) -> Message | None:
    """The message, held against others until the transaction ends; ``None`` when there is none."""
    query = select(Message).where(Message.id == message_id).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def add(session: Session, message: Message, event: Event, now: datetime) -> StatusChange | None:
    """Store an event of a locked message and fold its status anew.

    :returns: the change of status; ``None`` when the event was known or changed nothing.
    """
    known = session.execute(
        select(MessageEvent.status, MessageEvent.fingerprint).where(MessageEvent.message_id == message.id)
    ).all()
    if any(row.fingerprint == event.fingerprint for row in known):
        return None
    session.add(_row(message.id, event, now))
    previous = message.status
    message.status = fold([*(row.status for row in known), event.status])
    message.updated_at = now
    if event.status == FAILED and message.status == FAILED and event.refusal is not None:
        message.provider_code = event.refusal.code
        message.failure_reason = event.refusal.reason
        message.failure_code = message.failure_code or "DELIVERY_FAILED"
    if message.status == previous:
        return None
    return StatusChange(message.id, previous, message.status)


def first(session: Session, message: Message, event: Event, now: datetime) -> None:
    """Store the first event of a message that is new in this transaction."""
    session.add(_row(message.id, event, now))


def _row(message_id: UUID, event: Event, now: datetime) -> MessageEvent:
    return MessageEvent(
        id=uuid7(now),
        message_id=message_id,
        fingerprint=event.fingerprint,
        status=event.status,
        occurred_at=event.occurred_at,
        recorded_at=now,
        provider_code=event.refusal.code if event.refusal else None,
        reason=event.refusal.reason if event.refusal else None,
    )
