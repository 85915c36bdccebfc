"""Events of messages: each stored once, each followed by a new fold of the status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, select
from sqlalchemy.orm import Session

from ..identifiers import uuid7
from ..outgoing import outbox
from ..plugins.callbacks import StatusUpdate
from ..plugins.events import AccountEvent
from ..storage.changes import note_change
from ..storage.json_values import clean
from ..storage.models import Message, MessageEvent
from .account_events import status_changed
from .delivery import queue
from .status import DELIVERED, FAILED, QUEUED, Fact, fold, is_settled, rank

OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
"""Our code for a send whose answer was lost."""

LONGEST_STATUS = 16
"""Characters; what the column holds."""

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


DECIDED_BY = "decided_by"
"""Member of an event's details: a user of the dashboard, the name of a key, ``cli`` or ``python``."""


@dataclass(frozen=True)
class Event:
    """One fact about a message.

    :param fingerprint: what makes it the same fact when it is reported again.
    :param round: the message's round it belongs to; ``None`` where only ``provider_message_id`` tells.
    :param attempt: the try it came of.
    :param answered: whether it was the answer to the message's sender, who may send it again.
    :param details: what else the provider told.
    """

    status: str
    occurred_at: datetime
    fingerprint: str
    failure: Failure | None = None
    round: int | None = None
    attempt: int | None = None
    provider_message_id: str | None = None
    answered: bool = False
    details: dict[str, Any] | None = None


def reported(update: StatusUpdate) -> Event:
    """The event of a provider's report; a repeated report has the same time."""
    # As it will be stored, or a repetition would not be known by its fingerprint.
    status = clean(update.status)[:LONGEST_STATUS]
    failure = None
    if update.refusal is not None:
        failure = Failure(DELIVERY_FAILED, update.refusal.code, update.refusal.reason)
    elif status == FAILED:
        failure = Failure(DELIVERY_FAILED, None, "The provider gave no reason.")
    return Event(
        status,
        update.occurred_at,
        f"{status}@{update.occurred_at.isoformat()}{_of_participant(update)}",
        failure,
        provider_message_id=update.provider_message_id or None,
        details=clean(dict(update.details)) or None,
    )


def _of_participant(update: StatusUpdate) -> str:
    # A digest, since names of people have no length that a fingerprint could hold.
    return f"~{blake2b(update.participant.encode(), digest_size=8).hexdigest()}" if update.participant else ""


def attempted(
    message: Message,
    status: str,
    occurred_at: datetime,
    failure: Failure | None = None,
    provider_message_id: str | None = None,
    *,
    answered: bool = False,
) -> Event:
    """The event of our own attempt to send, the one the message is at."""
    return Event(
        status,
        occurred_at,
        f"{status}#{message.round}.{message.attempts}",
        failure,
        message.round,
        message.attempts,
        provider_message_id,
        answered,
    )


def decided(
    message: Message,
    status: str,
    occurred_at: datetime,
    failure: Failure | None = None,
    *,
    actor: str | None = None,
) -> Event:
    """The event of a decision about a message: cancelled, retried by hand, sent again by policy.

    :param actor: who decided; ``None`` where it was policy.
    """
    return Event(
        status,
        occurred_at,
        f"{status}!{message.round}.{message.attempts}",
        failure,
        message.round,
        details=None if actor is None else clean({DECIDED_BY: actor}),
    )


def lock_message(session: Session, message_id: UUID) -> Message | None:
    """The message, held against others until the transaction ends; ``None`` when there is none.

    The first thing a transaction reads: what is read before may be older than the lock.
    """
    query = select(Message).where(Message.id == message_id).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def add(session: Session, message: Message, event: Event, now: datetime) -> AccountEvent | None:
    """Store an event of a locked message, fold its status anew, and publish what that changes.

    A message whose status is settled waits no longer, unless a process has it in hand.

    :returns: the change of status, to be told after the commit; ``None`` when the event was known or changed
        nothing.
    """
    # What is changed on the message so far is written once, at the end.
    with session.no_autoflush:
        known = session.execute(_known_events(message.id)).all()
    if any(row.fingerprint == event.fingerprint for row in known):
        return None
    event_round = event.round or _round_of(event.provider_message_id, known) or round_now(message)
    session.add(MessageEvent(**_values(message.id, event, event_round, now)))
    note_change(session, message.account, message.id)
    previous = message.status
    facts = [Fact(row.round, row.status, row.attempt, row.code == OUTCOME_UNKNOWN) for row in known]
    is_guess = event.failure is not None and event.failure.code == OUTCOME_UNKNOWN
    message.status = fold([*facts, Fact(event_round, event.status, event.attempt, is_guess)])
    message.updated_at = now
    is_receipt = rank(event.status) >= rank(DELIVERED)
    if message.status == event.status and (event_round == message.round or is_receipt):
        tell_failure(message, event.failure)
    if is_settled(message.status) and message.claimed_at is None:
        queue.put_away(message)
    if message.status == previous:
        return None
    change = status_changed(message, previous, event.occurred_at)
    outbox.publish(session, change, now)
    return change


def first_event_values(message: Message) -> dict[str, Any]:
    """The columns of a new message's first event."""
    # Of no attempt, also where one is about to follow: that has an event of its own.
    event = Event(QUEUED, message.created_at, QUEUED, round=message.round)
    return _values(message.id, event, message.round, message.created_at)


def tell_failure(message: Message, failure: Failure | None) -> None:
    """Put onto the message why it is not on its way; ``None`` when it is."""
    message.failure_code = failure.code if failure else None
    message.provider_code = failure.provider_code if failure else None
    message.failure_reason = failure.reason if failure else None


def _known_events(message_id: UUID) -> Executable:
    return select(
        MessageEvent.status,
        MessageEvent.fingerprint,
        MessageEvent.round,
        MessageEvent.attempt,
        MessageEvent.code,
        MessageEvent.provider_message_id,
    ).where(MessageEvent.message_id == message_id)


def round_now(message: Message) -> int:
    """The round that a report is of when nothing tells: before the first attempt of one, the round before."""
    is_unbegun = message.attempts == 0 and message.round > 1
    return message.round - 1 if is_unbegun else message.round


def _round_of(provider_message_id: str | None, known: Iterable[Any]) -> int | None:
    # A report may come late, of a round before the one the message is in now.
    if provider_message_id is None:
        return None
    return next((row.round for row in known if row.provider_message_id == provider_message_id), None)


def _values(message_id: UUID, event: Event, event_round: int, now: datetime) -> dict[str, Any]:
    failure = event.failure
    return {
        "id": uuid7(now),
        "message_id": message_id,
        "fingerprint": event.fingerprint,
        "status": event.status,
        "occurred_at": event.occurred_at,
        "recorded_at": now,
        "round": event_round,
        "attempt": event.attempt,
        "answered": event.answered,
        "provider_message_id": event.provider_message_id,
        "code": failure.code if failure else None,
        "provider_code": failure.provider_code if failure else None,
        "reason": failure.reason if failure else None,
        "details": event.details,
    }
