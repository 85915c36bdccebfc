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

DELIVERY_FAILED = "DELIVERY_FAILED"
"""Our code for a failure that the provider reports after it had accepted the message."""


@dataclass(frozen=True)
class Failure:
    """Why a message is not on its way.

    :param code: our own code, ``MESSAGE_REJECTED``.
    :param provider_code: the provider's, where it gave one.
    """

    code: str
    provider_code: str | None
    reason: str


@dataclass(frozen=True)
class Event:
    """One fact about a message.

    :param fingerprint: what makes it the same fact when it is reported again.
    """

    status: str
    occurred_at: datetime
    fingerprint: str
    failure: Failure | None = None


@dataclass(frozen=True)
class StatusChange:
    """What an event changed, for the signal after the commit."""

    message_uuid: UUID
    previous: str
    status: str


def reported(status: str, occurred_at: datetime, refusal: Refusal | None = None) -> Event:
    """The event of a provider's report; a repeated report has the same time."""
    failure = None
    if refusal is not None:
        failure = Failure(DELIVERY_FAILED, refusal.code, refusal.reason)
    elif status == FAILED:
        failure = Failure(DELIVERY_FAILED, None, "The provider gave no reason.")
    return Event(status, occurred_at, f"{status[:16]}@{occurred_at.isoformat()}", failure)


def attempted(status: str, occurred_at: datetime, attempt: int, failure: Failure | None = None) -> Event:
    """The event of our own attempt to send."""
    return Event(status, occurred_at, f"{status}#{attempt}", failure)


def lock_message(session: Session, message_id: UUID) -> Message | None:
    """The message, held against others until the transaction ends; ``None`` when there is none.

    The first thing a transaction reads: what is read before may be older than the lock.
    """
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
    if message.status == event.status:
        tell_failure(message, event.failure)
    if message.status == previous:
        return None
    return StatusChange(message.id, previous, message.status)


def tell_failure(message: Message, failure: Failure | None) -> None:
    """Put onto the message why it is not on its way; ``None`` when it is."""
    message.failure_code = failure.code if failure else None
    message.provider_code = failure.provider_code if failure else None
    message.failure_reason = failure.reason if failure else None


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
        provider_code=event.failure.provider_code if event.failure else None,
        reason=event.failure.reason if event.failure else None,
    )
