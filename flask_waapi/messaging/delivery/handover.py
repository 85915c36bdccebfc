"""Hand a claimed message to its provider, and record what came of it.

A message belongs to whoever has claimed it, until its lease ends. No transaction is open while a provider is
called. What a provider has said cannot be had again, so an outcome that the database does not take is kept
until it does.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...discretion import log_failure
from ...errors import StorageBusy, StorageUnavailable
from ...identifiers import ordered_id
from ...plugins.callbacks import StatusUpdate
from ...plugins.events import AccountEvent
from ...plugins.registry import Providers
from ...settings import Settings
from ...storage.models import Message, MessageEvent, ScheduledUpdate
from ...storage.owed import Owed
from ...storage.session import Store
from ...timing import STORE, part
from ..aliases import know_recipient
from ..events import Failure, add, attempted, lock_message
from ..media.links import LinkedMedia
from ..status import FAILED, QUEUED, UNCONFIRMED, is_settled
from . import queue
from .outcomes import PROVIDER_THROTTLED, Attempts, Outcome
from .pace import Pace

RECORD_TRIES = 2
"""How often an outcome is tried to be recorded before its recording is left to the background."""

DISOWNED = "The connection to the database broke while it was stored. It was not sent."

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempted:
    """A message after an attempt to send it.

    :param retry_after: after a failure that may pass: when to try again.
    """

    message: Message
    retry_after: timedelta | None = None


class Delivery:
    """Sends the claimed messages of one app.

    :param owed: takes the outcomes that could not be recorded at once.
    :param tell: called with each change of status after its commit.
    :param recognise: called with a provider's name and its id of a message, once that is stored.
    :param jitter: draws the factor by which a back-off is stretched.
    """

    def __init__(
        self,
        store: Store,
        providers: Providers,
        pace: Pace,
        settings: Settings,
        clock: Callable[[], datetime],
        owed: Owed,
        tell: Callable[[AccountEvent], None],
        recognise: Callable[[str, str], None],
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._owed = owed
        self._tell = tell
        self._recognise = recognise
        links = LinkedMedia(settings, clock)
        self._attempts = Attempts(providers, pace, links, settings, clock, self._throttled_before, jitter)

    def attempt(self, message: Message, *, acknowledged: bool) -> Attempted:
        """Send a claimed message once, or put it back where its number has no room for it now.

        :param acknowledged: whether its caller has been told that we have it.
        :returns: the message with the outcome recorded. Where that could not be done yet, the message as it
            was.
        """
        outcome = self._attempts.make(message, acknowledged=acknowledged)
        answered = outcome.status == FAILED and not acknowledged
        for _ in range(RECORD_TRIES):
            try:
                return Attempted(self._record(message, outcome, answered=answered), outcome.retry_in)
            except Exception as error:
                log_failure(logger, error, "The outcome of message %s could not be recorded", message.id)
        if outcome.retry_in is not None:
            # Its caller hears that we have it, so a failure that may pass is ours to retry now.
            outcome = replace(outcome, status=QUEUED)
        # One that is given up leaves its message to the end of its lease, when that is ``unconfirmed``.
        self._owed.add(f"The outcome of message {message.id}", partial(self._record, message, outcome))
        return Attempted(message)

    def disown(self, message: Message, release: Callable[[Session], object]) -> None:
        """Have a claimed message settled as failed that may have been stored and will not be sent.

        :param release: gives back what was taken for it, in the same transaction.
        """
        failure = Failure(StorageUnavailable.code, None, DISOWNED)
        settle = partial(self._record, message, Outcome(FAILED, failure), release, answered=True)
        self._owed.add(f"The settling of message {message.id}", settle)

    def _record(
        self,
        message: Message,
        outcome: Outcome,
        release: Callable[[Session], object] = lambda session: None,
        *,
        answered: bool = False,
    ) -> Message:
        def record(session: Session) -> tuple[Message, AccountEvent | None]:
            recorded = _record(session, message, outcome, self._clock(), self._settings, answered)
            release(session)
            return recorded

        with part(STORE):
            recorded, change = self._store.write(record)
        if change is not None:
            self._tell(change)
        if outcome.result is not None:
            self._recognise_quietly(message.provider, outcome.result.provider_message_id)
        return recorded

    def _throttled_before(self, message: Message) -> int:
        query = select(func.count()).where(
            MessageEvent.message_id == message.id,
            MessageEvent.round == message.round,
            MessageEvent.code == PROVIDER_THROTTLED,
        )
        try:
            with self._store.read() as session:
                return session.scalar(query) or 0
        except (StorageBusy, StorageUnavailable):
            # What the provider has said must not be lost over this: rather once too often than given up.
            return message.attempts

    def _recognise_quietly(self, provider: str, provider_message_id: str) -> None:
        try:
            self._recognise(provider, provider_message_id)
        except Exception as error:
            # The outcome is recorded; an early report is found again later.
            log_failure(logger, error, "Early reports of a message could not be looked for")


def _record(
    session: Session,
    message: Message,
    outcome: Outcome,
    now: datetime,
    settings: Settings,
    answered: bool,
) -> tuple[Message, AccountEvent | None]:
    locked = lock_message(session, message.id)
    if locked is None:
        return message, None
    # Whoever was slow must not touch what another has in hand by now.
    is_current = (locked.round, locked.attempts) == (message.round, message.attempts)
    if not outcome.begun:
        if is_current and locked.claimed_at == message.claimed_at:
            queue.put_back(locked, now + (outcome.retry_in or timedelta(0)))
        return locked, None
    if is_current:
        queue.put_away(locked)
    provider_message_id = None
    if outcome.result is not None:
        provider_message_id = outcome.result.provider_message_id
        if is_current or locked.provider_message_id is None:
            locked.provider_message_id = provider_message_id
        session.add_all(_announced(locked, later, now) for later in outcome.result.later)
        know_recipient(session, locked, outcome.result.recipient_id)
    event = attempted(message, outcome.status, now, outcome.failure, provider_message_id, answered=answered)
    change = add(session, locked, event, now)
    if is_current and not is_settled(locked.status):
        if outcome.retry_in is not None:
            queue.enqueue(locked, now + outcome.retry_in)
        elif locked.status == UNCONFIRMED:
            locked.due_at = now + settings.unconfirmed_after
    return locked, change


def _announced(message: Message, later: StatusUpdate, now: datetime) -> ScheduledUpdate:
    # Facts of one moment come about in the order of their ids.
    return ScheduledUpdate(
        id=ordered_id(now),
        message_id=message.id,
        due_at=later.occurred_at,
        status=later.status,
        occurred_at=later.occurred_at,
        provider_message_id=later.provider_message_id,
        provider_code=later.refusal.code if later.refusal else None,
        reason=later.refusal.reason if later.refusal else None,
    )
