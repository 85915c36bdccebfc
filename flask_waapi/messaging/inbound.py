"""Facts that come in about messages: announced by a provider at sending, or reported by callback."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..identifiers import uuid7
from ..plugins.provider import Refusal, StatusUpdate
from ..storage.models import Message, ScheduledUpdate, StoredCallback
from ..storage.session import Store
from .events import StatusChange, add, lock_message, reported

BATCH = 200


class Inbound:
    """Applies facts to messages.

    :param tell: called with each change of status after its commit.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime], tell: Callable[[StatusChange], None]
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
        for scheduled_id, message_id in due:
            self._commit(partial(_apply_scheduled, scheduled_id=scheduled_id, message_id=message_id, now=now))
        return len(due)

    def apply(self, provider: str, updates: Iterable[StatusUpdate]) -> tuple[int, int]:
        """Apply what a provider instance reports.

        A report that cannot be applied hinders no other; what was wrong with it is raised after them.

        :param provider: the instance's name; its message ids mean nothing to another.
        :returns: how many reports found their message, and how many did not.
        """
        applied = unmatched = 0
        failure: Exception | None = None
        for update in updates:
            try:
                found = self._apply_one(provider, update)
            except Exception as error:
                failure = failure or error
                continue
            applied += found
            unmatched += not found
        if failure is not None:
            raise failure
        return applied, unmatched

    def _apply_one(self, provider: str, update: StatusUpdate) -> bool:
        message_id = self._match(provider, update)
        if message_id is None:
            return False
        self._commit(partial(_apply_reported, message_id=message_id, update=update, now=self._clock()))
        return True

    def store_callback(self, provider: str, body: bytes) -> UUID:
        """Keep a callback whole, before anything is made of it.

        :param body: the raw bytes, their signature checked.
        :returns: the id for :meth:`count_callback`.
        """
        now = self._clock()
        callback = StoredCallback(
            id=uuid7(now),
            provider=provider,
            received_at=now,
            body=body.decode("utf-8", "backslashreplace").replace("\0", "\\x00"),
            applied=0,
            unmatched=0,
        )
        with self._store.begin() as session:
            session.add(callback)
        return callback.id

    def count_callback(self, callback_id: UUID, applied: int, unmatched: int) -> None:
        """Note what became of a stored callback."""
        with self._store.begin() as session:
            callback = session.get_one(StoredCallback, callback_id)
            callback.applied, callback.unmatched = applied, unmatched

    def _match(self, provider: str, update: StatusUpdate) -> UUID | None:
        query = select(Message.id).where(Message.provider == provider)
        if update.message_uuid is not None:
            query = query.where(Message.id == update.message_uuid)
        else:
            query = query.where(Message.provider_message_id == update.provider_message_id)
        with self._store.read() as session:
            return session.execute(query.limit(1)).scalar_one_or_none()

    def _commit(self, work: Callable[[Session], StatusChange | None]) -> None:
        change = self._store.write(work)
        if change is not None:
            self._tell(change)


def _apply_scheduled(
    session: Session, scheduled_id: UUID, message_id: UUID, now: datetime
) -> StatusChange | None:
    message = lock_message(session, message_id)
    scheduled = session.get(ScheduledUpdate, scheduled_id)
    if message is None or scheduled is None:
        return None
    session.delete(scheduled)
    refusal = None
    if scheduled.provider_code is not None:
        refusal = Refusal(scheduled.provider_code, scheduled.reason or "")
    return add(session, message, reported(scheduled.status, scheduled.occurred_at, refusal), now)


def _apply_reported(
    session: Session, message_id: UUID, update: StatusUpdate, now: datetime
) -> StatusChange | None:
    message = lock_message(session, message_id)
    if message is None:
        return None
    # The report of a send whose answer never came is where its id is learnt.
    message.provider_message_id = message.provider_message_id or update.provider_message_id
    return add(session, message, reported(update.status, update.occurred_at, update.refusal), now)
