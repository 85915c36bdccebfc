"""What a person or a caller decides about a stored message: take it back, or set it on its way again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ...errors import MessageNotFailed, MessageNotQueued, NotFound
from ...plugins.events import AccountEvent
from ...storage.models import Message
from ...storage.session import Store
from ..events import add, decided, lock_message
from ..history import HistoryFilter, is_for_its_sender, narrow
from ..status import CANCELED, FAILED, QUEUED
from . import queue

RETRIED_AT_ONCE = 1_000
"""Failed messages that are looked up together."""


class Interventions:
    """Decisions about the messages of one app.

    :param tell: called with each change of status after its commit.
    :param wake: called when there is something new to send.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        tell: Callable[[AccountEvent], None],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._tell = tell
        self._wake = wake

    def cancel(self, account: str, message_id: UUID, *, actor: str) -> Message:
        """Take back a message that still waits.

        :param actor: who decides it; kept with the event.

        :raises NotFound: the account has no such message.
        :raises MessageNotQueued: it is being sent, was sent, or has ended.
        """
        return self._decide(account, message_id, _cancel, actor)

    def retry(self, account: str, message_id: UUID, *, actor: str) -> Message:
        """Set a failed message on its way again, as if it were new: a new round of attempts, no expiry.

        :param actor: who decides it; kept with the event.

        :raises NotFound: the account has no such message.
        :raises MessageNotFailed: its status is not ``failed``.
        """
        message = self._decide(account, message_id, _retry, actor)
        self._wake()
        return message

    def retry_failed(self, account: str, wanted: HistoryFilter, *, actor: str) -> int:
        """Set all failed messages that a filter finds on their way again, unless that is for their senders.

        Those were answered with the failure and may have tried again: a retry would be a double.

        :param actor: who decides it; kept with each event.
        :returns: how many.
        """
        failed = select(Message.id).where(
            Message.account == account, Message.status == FAILED, ~is_for_its_sender()
        )
        query = narrow(failed, wanted)
        retried, after = 0, UUID(int=0)
        while found := self._some(query.where(Message.id > after)):
            after = found[-1]
            retried += sum(self._retried(account, message_id, actor) for message_id in found)
            self._wake()
        return retried

    def _some(self, query: Select[Any]) -> Sequence[UUID]:
        # A provider that was away for a day may have left more of them than there is memory for.
        with self._store.read() as session:
            return session.scalars(query.order_by(Message.id).limit(RETRIED_AT_ONCE)).all()

    def _retried(self, account: str, message_id: UUID, actor: str) -> bool:
        try:
            self._decide(account, message_id, _retry, actor)
        except MessageNotFailed:
            # A report has settled it meanwhile.
            return False
        return True

    def _decide(
        self,
        account: str,
        message_id: UUID,
        decision: Callable[[Session, Message, datetime, str], AccountEvent | None],
        actor: str,
    ) -> Message:
        def work(session: Session) -> tuple[Message, AccountEvent | None]:
            message = lock_message(session, message_id)
            if message is None or message.account != account:
                raise NotFound(f"There is no message {message_id} in this account.")
            return message, decision(session, message, self._clock(), actor)

        message, change = self._store.write(work)
        if change is not None:
            self._tell(change)
        return message


def _cancel(session: Session, message: Message, now: datetime, actor: str) -> AccountEvent | None:
    if message.status != QUEUED or message.lane is None:
        state = "being sent" if message.status == QUEUED else message.status
        raise MessageNotQueued(
            f"The message {message.id} is {state}: only one that still waits can be canceled.",
            details={"message_uuid": str(message.id), "status": message.status},
        )
    return add(session, message, decided(message, CANCELED, now, actor=actor), now)


def _retry(session: Session, message: Message, now: datetime, actor: str) -> AccountEvent | None:
    if message.status != FAILED or message.claimed_at is not None:
        state = "being sent" if message.status == FAILED else message.status
        raise MessageNotFailed(
            f"The message {message.id} is {state}: only one that has failed can be retried.",
            details={"message_uuid": str(message.id), "status": message.status},
        )
    message.round += 1
    message.attempts = 0
    message.provider_message_id = message.expires_at = None
    # Its age is counted from here.
    message.send_at = now
    change = add(session, message, decided(message, QUEUED, now, actor=actor), now)
    queue.enqueue(message, now)
    return change
