"""Messages that nobody has in hand any more and that do not wait: whose sender died, or whose outcome stays
unknown.

A lease that ended without a record means that a process died while sending: the message may be on its way,
so it becomes ``unconfirmed``. A status report settles it, since our id travels with the message. When none
has come in time, ``WAAPI_UNCONFIRMED_POLICY`` decides: given up, or sent again at the risk of a double.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...plugins.events import AccountEvent
from ...settings import Settings
from ...storage.models import Message
from ...storage.session import Store
from ..each import each
from ..events import OUTCOME_UNKNOWN, Failure, add, attempted, decided, lock_message
from ..status import FAILED, QUEUED, UNCONFIRMED
from . import queue

BATCH = 100


def is_sent_again(message: Message, settings: Settings) -> bool:
    """Whether a message whose outcome stays unknown is sent again in the end, rather than given up."""
    return settings.unconfirmed_policy == "resend" and message.attempts < settings.max_attempts


class Overdue:
    """Settles the overdue messages of one app.

    :param tell: called with each change of status after its commit.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Callable[[], datetime],
        tell: Callable[[AccountEvent], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._tell = tell

    def settle(self) -> int:
        """Settle the messages whose lease or time of waiting for a report has ended.

        One that cannot be settled hinders no other; what was wrong with it is raised after them.

        :returns: how many were looked at.
        """
        query = (
            select(Message.id)
            .where(Message.lane.is_(None), Message.due_at <= self._clock())
            .order_by(Message.due_at)
            .limit(BATCH)
        )
        with self._store.read() as session:
            overdue = session.scalars(query).all()
        return len(each(overdue, self._settle_one))

    def _settle_one(self, message_id: UUID) -> None:
        change = self._store.write(partial(self._settle, message_id=message_id))
        if change is not None:
            self._tell(change)

    def _settle(self, session: Session, message_id: UUID) -> AccountEvent | None:
        now = self._clock()
        message = lock_message(session, message_id)
        if message is None or message.lane is not None or message.due_at is None or message.due_at > now:
            return None
        abandoned = message.claimed_at is not None
        queue.put_away(message)
        if abandoned:
            return self._abandoned(session, message, now)
        if message.status == QUEUED:
            # Stored by a process of a version that knew no lanes.
            queue.enqueue(message, now)
        if message.status != UNCONFIRMED:
            return None
        return self._decide(session, message, now)

    def _abandoned(self, session: Session, message: Message, now: datetime) -> AccountEvent | None:
        lost = Failure(OUTCOME_UNKNOWN, None, "The process that was sending it ended before it knew.")
        change = add(session, message, attempted(message, UNCONFIRMED, now, lost), now)
        if message.status == UNCONFIRMED:
            message.due_at = now + self._settings.unconfirmed_after
        return change

    def _decide(self, session: Session, message: Message, now: datetime) -> AccountEvent | None:
        seconds = self._settings.unconfirmed_after.total_seconds()
        waited = f"No report has come within {seconds:,.0f} seconds"
        if is_sent_again(message, self._settings):
            again = Failure(OUTCOME_UNKNOWN, None, f"{waited}: sent again (WAAPI_UNCONFIRMED_POLICY).")
            change = add(session, message, decided(message, QUEUED, now, again), now)
            queue.enqueue(message, now)
            return change
        given_up = Failure(OUTCOME_UNKNOWN, None, f"{waited}: given up; it may have been sent.")
        return add(session, message, decided(message, FAILED, now, given_up), now)
