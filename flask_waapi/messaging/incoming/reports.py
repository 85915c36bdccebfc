"""Reports of what became of messages that were sent: by callback, or announced by the provider before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...plugins.callbacks import Refusal, StatusUpdate
from ...plugins.events import AccountEvent
from ...storage.models import Message, ScheduledUpdate
from ...storage.session import Store
from ..account_events import OUTBOUND
from ..each import each
from ..events import add, lock_message, reported, round_now
from .source import Source

BATCH = 200

LONGEST_HOLD = timedelta(days=1)
"""How long a held message waits for somebody to take its next step; then it goes on by itself."""


class Unmatched(Exception):
    """A report is about a message that is not, or not yet, one of ours."""


def report_status(
    session: Session, source: Source, update: StatusUpdate, now: datetime
) -> list[AccountEvent]:
    """Add what a provider reports to its message.

    :raises Unmatched: there is no such message.
    """
    # Found without a lock, then locked: what is read before a lock may be older than it.
    message_id = _match(session, source, update)
    message = lock_message(session, message_id) if message_id else None
    if message is None:
        raise Unmatched(f"No message of ours has the id {update.provider_message_id}.")
    # The report of a send whose answer never came is where its id is learnt.
    if round_now(message) == message.round:
        message.provider_message_id = message.provider_message_id or update.provider_message_id
    change = add(session, message, reported(update), now)
    return [change] if change else []


class Announced:
    """The facts that providers have announced for later.

    :param tell: called with each change of status after its commit.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime], tell: Callable[[AccountEvent], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._tell = tell

    def apply_due(self) -> int:
        """Turn announced facts whose time has come into events.

        :returns: how many were taken up.
        """
        now = self._clock()
        query = (
            select(ScheduledUpdate.id, ScheduledUpdate.message_id)
            .where(ScheduledUpdate.due_at <= now)
            .order_by(ScheduledUpdate.due_at, ScheduledUpdate.id)
            .limit(BATCH)
        )
        with self._store.read() as session:
            due = session.execute(query).all()
        work = [
            partial(_apply_scheduled, scheduled_id=scheduled_id, message_id=message_id, now=now)
            for scheduled_id, message_id in due
        ]
        return len(each(work, self._commit))

    def waiting(self, message_id: UUID) -> Sequence[ScheduledUpdate]:
        """What is announced for a message and has not happened yet, in its order."""
        with self._store.read() as session:
            return session.scalars(_announced_for(message_id)).all()

    def apply_next(self, account: str, message_id: UUID) -> bool:
        """Let the next announced fact about a simulated message happen now, whenever it was due.

        :returns: whether there was one.
        :raises NotFound: the account has no such simulated message.
        """
        now = self._clock()

        def work(session: Session) -> tuple[bool, AccountEvent | None]:
            message = _lock_simulated(session, account, message_id)
            scheduled = session.scalars(_announced_for(message_id).limit(1)).first()
            if scheduled is None:
                return False, None
            return True, _take_up(session, message, scheduled, now)

        found, change = self._store.write(work)
        if change is not None:
            self._tell(change)
        return found

    def hold(self, account: str, message_id: UUID) -> None:
        """Put off what is announced for a simulated message by :data:`LONGEST_HOLD`, for somebody to take it
        step by step meanwhile. Once: what is held already is held no longer than that.

        :raises NotFound: the account has no such simulated message.
        """

        def work(session: Session) -> None:
            _lock_simulated(session, account, message_id)
            for scheduled in session.scalars(_announced_for(message_id)):
                scheduled.due_at = scheduled.occurred_at + LONGEST_HOLD

        self._store.write(work)

    def _commit(self, work: Callable[[Session], AccountEvent | None]) -> None:
        change = self._store.write(work)
        if change is not None:
            self._tell(change)


def _apply_scheduled(
    session: Session, scheduled_id: UUID, message_id: UUID, now: datetime
) -> AccountEvent | None:
    message = lock_message(session, message_id)
    scheduled = session.get(ScheduledUpdate, scheduled_id)
    if scheduled is None:
        return None
    if message is None:
        session.delete(scheduled)
        return None
    return _take_up(session, message, scheduled, now)


def _announced_for(message_id: UUID) -> Select[Any]:
    return (
        select(ScheduledUpdate)
        .where(ScheduledUpdate.message_id == message_id)
        .order_by(ScheduledUpdate.due_at, ScheduledUpdate.id)
    )


def _lock_simulated(session: Session, account: str, message_id: UUID) -> Message:
    message = lock_message(session, message_id)
    if message is None or message.account != account or not message.simulated:
        raise NotFound(f"There is no simulated message {message_id} in this account.")
    return message


def _take_up(
    session: Session, message: Message, scheduled: ScheduledUpdate, now: datetime
) -> AccountEvent | None:
    session.delete(scheduled)
    refusal = None
    if scheduled.provider_code is not None:
        refusal = Refusal(scheduled.provider_code, scheduled.reason or "")
    update = StatusUpdate(
        scheduled.status, scheduled.occurred_at, scheduled.provider_message_id or "", refusal=refusal
    )
    return add(session, message, reported(update), now)


def _match(session: Session, source: Source, update: StatusUpdate) -> UUID | None:
    ours = select(Message.id).where(Message.provider == source.provider, Message.direction == OUTBOUND)
    by_provider = ours.where(Message.provider_message_id == update.provider_message_id).limit(1)
    with session.no_autoflush:
        # Whoever shares the number with us may echo ids of its own.
        found = update.message_uuid and session.scalar(ours.where(Message.id == update.message_uuid))
        return found or session.scalar(by_provider)
