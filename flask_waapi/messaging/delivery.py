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
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from .. import content
from ..discretion import log_failure
from ..errors import (
    FeatureUnsupported,
    InternalError,
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
    Provider,
    ProviderError,
    Rejected,
    Retryable,
    SendResult,
    StatusUpdate,
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

LONGEST_RETRY_AFTER = timedelta(hours=24)
"""What a provider may ask us to wait at most."""

SETTLE_TRIES = 3
"""How often the outcome of an attempt is tried to be recorded; it cannot be had again."""

TURN_SECONDS = 1.0
"""After so long the other jobs of the loop have their turn, however slow a provider is."""


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt.

    :param status: the message's status from it; ``None`` when it is to be tried again.
    :param failure: why it is not on its way.
    :param retry_in: when to try again.
    :param result: the provider's word, when it has accepted.
    """

    status: str | None
    failure: Failure | None = None
    retry_in: timedelta | None = None
    result: SendResult | None = None


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
        taken_up = 0
        deadline = time.monotonic() + TURN_SECONDS
        for message_id in due:
            try:
                taken_up += self._take_up(message_id)
            except Exception as error:
                log_failure(logger, error, "Message %s could not be taken up", message_id)
            if time.monotonic() > deadline:
                break
        return taken_up

    def attempt(self, message: Message, *, acknowledged: bool) -> Message:
        """Send a claimed message once.

        :param acknowledged: whether its caller has been told that we have it.
        :returns: the message with the outcome recorded. Where that could not be done, the message as it was:
            it stays ours until its lease ends, and is ``unconfirmed`` then.
        """
        outcome = self._call_provider(message, acknowledged)
        for _ in range(SETTLE_TRIES):
            try:
                settled, change = self._store.write(
                    partial(_settle, message=message, outcome=outcome, now=self._clock())
                )
            except Exception as error:
                log_failure(logger, error, "The outcome of message %s could not be recorded", message.id)
            else:
                if change is not None:
                    self._tell(change)
                return settled
        return message

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

    def _call_provider(self, message: Message, acknowledged: bool) -> Outcome:
        try:
            outbound = _outbound(message)
        except Exception as error:
            log_failure(logger, error, "Message %s cannot be read", message.id)
            reason = "What was stored of the message cannot be read."
            return Outcome(FAILED, Failure(InternalError.code, None, reason))
        try:
            return Outcome(SENT, result=self._provider(message).send(outbound))
        except Retryable as error:
            if acknowledged and message.attempts < self._settings.max_attempts:
                return self._retry(error, message.attempts)
            return _failed(error, ProviderUnavailable.code)
        except WindowClosed as error:
            return _failed(error, ServiceWindowClosed.code)
        except Rejected as error:
            return _failed(error, MessageRejected.code)
        except UnsupportedFeature as error:
            return _failed(error, FeatureUnsupported.code)
        except Misconfigured as error:
            logger.error("Provider %s cannot send: %s", message.provider, error.message)
            return _failed(error, ProviderFailed.code)
        except OutcomeUnknown as error:
            return Outcome(UNCONFIRMED, Failure(OUTCOME_UNKNOWN, error.code, error.message))
        except Exception as error:
            # A provider's own bug can strike before or after the message went out.
            log_failure(logger, error, "Provider %s broke while sending %s", message.provider, message.id)
            reason = f"The provider broke: {type(error).__name__}."
            return Outcome(UNCONFIRMED, Failure(OUTCOME_UNKNOWN, None, reason))

    def _provider(self, message: Message) -> Provider:
        if message.provider not in self._providers:
            raise Misconfigured(f"The provider {message.provider!r} is not configured any more.")
        provider = self._providers[message.provider]
        if message.simulated and not provider.simulated:
            # The name was a simulation's when the message was stored.
            raise Misconfigured("A simulated message must not reach a real provider.")
        return provider

    def _retry(self, error: Retryable, attempts: int) -> Outcome:
        wait = self._back_off(attempts) if error.retry_after is None else error.retry_after
        wait = max(timedelta(0), min(wait, LONGEST_RETRY_AFTER))
        failure = Failure(ProviderUnavailable.code, error.code, error.message)
        return Outcome(None, failure, retry_in=wait)

    def _back_off(self, attempts: int) -> timedelta:
        # The exponent is bounded so that a long life of a message does not overflow.
        doubled: timedelta = FIRST_BACK_OFF * (1 << min(attempts - 1, 20))
        return min(doubled, LONGEST_BACK_OFF) * self._jitter(0.8, 1.2)


def _outbound(message: Message) -> OutboundMessage:
    return OutboundMessage(
        uuid=message.id,
        to=message.recipient,
        content=content.from_json(message.type, message.content),
        attempt=message.attempts,
    )


def _failed(error: ProviderError, code: str) -> Outcome:
    return Outcome(FAILED, Failure(code, error.code, error.message))


def _settle(
    session: Session, message: Message, outcome: Outcome, now: datetime
) -> tuple[Message, StatusChange | None]:
    locked = lock_message(session, message.id)
    if locked is None:
        return message, None
    locked.claimed_at = locked.due_at = None
    if outcome.status is None:
        locked.due_at = now + (outcome.retry_in or timedelta(0))
        locked.updated_at = now
        tell_failure(locked, outcome.failure)
        return locked, None
    if outcome.result is not None:
        locked.provider_message_id = locked.provider_message_id or outcome.result.provider_message_id
        session.add_all(_announced(locked, later, now) for later in outcome.result.later)
    event = attempted(outcome.status, now, locked.attempts, outcome.failure)
    return locked, add(session, locked, event, now)


def _settle_abandoned(session: Session, message_id: UUID, now: datetime) -> StatusChange | None:
    message = lock_message(session, message_id)
    if message is None or message.claimed_at is None or message.due_at is None or message.due_at > now:
        return None
    message.claimed_at = message.due_at = None
    lost = Failure(OUTCOME_UNKNOWN, None, "The process that was sending it ended before it knew.")
    return add(session, message, attempted(UNCONFIRMED, now, message.attempts, lost), now)


def _announced(message: Message, later: StatusUpdate, now: datetime) -> ScheduledUpdate:
    return ScheduledUpdate(
        id=uuid7(now),
        message_id=message.id,
        due_at=later.occurred_at,
        status=later.status,
        occurred_at=later.occurred_at,
        provider_code=later.refusal.code if later.refusal else None,
        reason=later.refusal.reason if later.refusal else None,
    )
