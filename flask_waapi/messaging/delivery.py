"""Hand a stored message to its provider, and record what came of it.

A message belongs to whoever has claimed it, until its lease ends. A lease that ended without a record means
that a process died while sending: the message may be on its way, so it becomes ``unconfirmed`` and is not
sent again. No transaction is open while a provider is called.

Who waits is told, who does not is served: while the caller of the API still waits, a failure that may pass
is the caller's to hear; once a message has been acknowledged, the failure is ours to retry.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from .. import content
from ..errors import (
    FeatureUnsupported,
    MessageRejected,
    ProviderFailed,
    ProviderUnavailable,
    ServiceWindowClosed,
)
from ..identifiers import uuid7
from ..plugins.provider import (
    Misconfigured,
    OutboundMessage,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Retryable,
    SendResult,
    UnsupportedFeature,
    WindowClosed,
)
from ..plugins.registry import Providers
from ..settings import Settings
from ..storage.models import Message, ScheduledUpdate
from ..storage.session import Store
from .events import Failure, StatusChange, add, attempted, lock_message, tell_failure
from .status import FAILED, SENT, UNCONFIRMED

BATCH = 50
FIRST_BACK_OFF = timedelta(seconds=5)
LONGEST_BACK_OFF = timedelta(hours=1)

OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
"""Our code for a send whose answer was lost."""

logger = logging.getLogger(__name__)

Record = Callable[[Session, Message, datetime], StatusChange | None]
"""Writes the outcome of an attempt onto a locked message."""


class Delivery:
    """Sends the messages of one app.

    :param tell: called with each change of status after its commit.
    :param jitter: draws the factor by which a back-off is stretched.
    """

    def __init__(
        self,
        store: Store,
        providers: Providers,
        settings: Settings,
        clock: Callable[[], datetime],
        tell: Callable[[StatusChange], None],
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._store = store
        self._providers = providers
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._jitter = jitter

    def claim_new(self, message: Message, now: datetime) -> None:
        """Take a message in hand that is about to be stored."""
        message.attempts = 1
        message.claimed_at = now
        message.due_at = now + self._settings.send_lease

    def deliver_due(self) -> int:
        """Send the messages whose time has come, and settle those whose sender has died.

        :returns: how many were taken up.
        """
        query = (
            select(Message.id).where(Message.due_at <= self._clock()).order_by(Message.due_at).limit(BATCH)
        )
        with self._store.read() as session:
            due = session.execute(query).scalars().all()
        return sum(self._take_up(message_id) for message_id in due)

    def attempt(self, message: Message, *, acknowledged: bool) -> Message:
        """Send a claimed message once.

        :param acknowledged: whether its caller has been told that we have it.
        :returns: the message with the outcome recorded.
        """
        record = self._call_provider(message, acknowledged)
        now = self._clock()

        def settle(session: Session) -> tuple[Message, StatusChange | None]:
            locked = lock_message(session, message.id)
            if locked is None:
                return message, None
            locked.claimed_at = locked.due_at = None
            return locked, record(session, locked, now)

        settled, change = self._store.write(settle)
        if change is not None:
            self._tell(change)
        return settled

    def _take_up(self, message_id: UUID) -> bool:
        now = self._clock()
        claimed = self._store.write(lambda session: self._claim(session, message_id, now))
        if claimed is not None:
            self.attempt(claimed, acknowledged=True)
            return True
        change = self._store.write(lambda session: _settle_abandoned(session, message_id, now))
        if change is not None:
            self._tell(change)
        return change is not None

    def _claim(self, session: Session, message_id: UUID, now: datetime) -> Message | None:
        """The message, now in our hand; ``None`` when it is in another's, or no longer due."""
        claim = (
            update(Message)
            .where(Message.id == message_id, Message.due_at <= now, Message.claimed_at.is_(None))
            .values(
                claimed_at=now,
                due_at=now + self._settings.send_lease,
                attempts=Message.attempts + 1,
            )
        )
        if session.execute(claim).rowcount == 0:  # type: ignore[attr-defined]
            return None
        return session.get_one(Message, message_id)

    def _call_provider(self, message: Message, acknowledged: bool) -> Record:
        outbound = OutboundMessage(
            uuid=message.id,
            to=message.recipient,
            content=content.from_json(message.type, message.content),
            attempt=message.attempts,
        )
        try:
            if message.provider not in self._providers:
                raise Misconfigured(f"The provider {message.provider!r} is not configured any more.")
            result = self._providers[message.provider].send(outbound)
        except Retryable as error:
            if acknowledged and message.attempts < self._settings.max_attempts:
                return self._retry(error)
            return _fail(error, ProviderUnavailable.code)
        except WindowClosed as error:
            return _fail(error, ServiceWindowClosed.code)
        except Rejected as error:
            return _fail(error, MessageRejected.code)
        except UnsupportedFeature as error:
            return _fail(error, FeatureUnsupported.code)
        except Misconfigured as error:
            logger.error("Provider %s cannot send: %s", message.provider, error.message)
            return _fail(error, ProviderFailed.code)
        except OutcomeUnknown as error:
            return _unconfirmed(error)
        except Exception as error:
            # A provider's own bug can strike before or after the message went out.
            logger.exception("Provider %s raised an unexpected error", message.provider)
            return _unconfirmed(OutcomeUnknown(f"The provider broke: {type(error).__name__}."))
        return lambda session, locked, now: _sent(session, locked, result, now)

    def _retry(self, error: Retryable) -> Record:
        def record(session: Session, message: Message, now: datetime) -> None:
            wait = error.retry_after or self._back_off(message.attempts)
            message.due_at = now + wait
            message.updated_at = now
            tell_failure(message, Failure(ProviderUnavailable.code, error.code, error.message))

        return record

    def _back_off(self, attempts: int) -> timedelta:
        # The exponent is bounded so that a long life of a message does not overflow.
        doubled: timedelta = FIRST_BACK_OFF * (1 << min(attempts - 1, 20))
        return min(doubled, LONGEST_BACK_OFF) * self._jitter(0.8, 1.2)


def _settle_abandoned(session: Session, message_id: UUID, now: datetime) -> StatusChange | None:
    message = lock_message(session, message_id)
    if message is None or message.due_at is None or message.due_at > now:
        return None
    message.claimed_at = message.due_at = None
    lost = Failure(OUTCOME_UNKNOWN, None, "The process that was sending it ended before it knew.")
    return add(session, message, attempted(UNCONFIRMED, now, message.attempts, lost), now)


def _sent(session: Session, message: Message, result: SendResult, now: datetime) -> StatusChange | None:
    message.provider_message_id = message.provider_message_id or result.provider_message_id
    for later in result.later:
        session.add(
            ScheduledUpdate(
                id=uuid7(now),
                message_id=message.id,
                due_at=later.occurred_at,
                status=later.status,
                occurred_at=later.occurred_at,
                provider_code=later.refusal.code if later.refusal else None,
                reason=later.refusal.reason if later.refusal else None,
            )
        )
    return add(session, message, attempted(SENT, now, message.attempts), now)


def _fail(error: ProviderError, code: str) -> Record:
    return _record(FAILED, Failure(code, error.code, error.message))


def _unconfirmed(error: OutcomeUnknown) -> Record:
    return _record(UNCONFIRMED, Failure(OUTCOME_UNKNOWN, error.code, error.message))


def _record(status: str, failure: Failure) -> Record:
    def record(session: Session, message: Message, now: datetime) -> StatusChange | None:
        return add(session, message, attempted(status, now, message.attempts, failure), now)

    return record
