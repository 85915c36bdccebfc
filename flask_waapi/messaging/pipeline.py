"""The way of a message, the same for API, Python, CLI and playground.

idempotency -> recipient -> template and variables -> what the provider can do -> stored -> sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ..access import idempotency
from ..access.idempotency import Answer, IdempotencyClaim
from ..access.keys import Keys
from ..access.open_claims import OpenClaims
from ..discretion import log_failure
from ..errors import (
    IdempotencyInProgress,
    StorageBusy,
    StorageUnavailable,
    ValidationFailed,
    WaApiError,
)
from ..gates import Trace
from ..identifiers import uuid7
from ..settings import Settings
from ..storage.changes import note_change
from ..storage.joining import HostSession, call_after, savepoint, sees_too_little, session_within
from ..storage.models import Message, MessageEvent
from ..storage.owed import Owed
from ..storage.session import Store
from ..timing import STORE, VALIDATION, part
from .composing import Composer
from .decisions import Decision
from .delivery.handover import Delivery
from .delivery.queue import take_in_hand
from .events import first_event_values
from .passing_failures import may_be_repeated
from .send_requests import Sender, SendRequest

ANSWER_TIME = timedelta(seconds=5)
"""How long an answer may take to be kept once its message has been dealt with."""

logger = logging.getLogger(__name__)

_QUEUED = (202, None)
"""The answer to a request whose message waits: whatever it says, the message has been taken in."""

MakeAnswer = Callable[[Sequence[Message | WaApiError]], tuple[int, dict[str, Any]]]
"""HTTP status and body, from what became of each request of a batch."""

Reading = Callable[[], AbstractContextManager[Session]]
"""A way to a session that only reads."""


@dataclass(frozen=True)
class Submission:
    """What became of a request.

    :param answer: the first answer, when the request repeats one that was answered.
    :param retry_after: after a failure that may pass: when to try again.
    """

    message: Message
    answer: Answer | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class BatchSubmission:
    """What became of each request of a batch, in their order: a stored message or a refusal.

    :param answer: the first answer, when the batch repeats one; there are no results then.
    """

    results: Sequence[Message | WaApiError] = ()
    answer: Answer | None = None


class Pipeline:
    """Takes requests to send from one app.

    :param owed: is settled by requests too, since a process may have no loop.
    :param answers_first: whether messages are sent after their requests have been answered.
    :param wake: called when something new waits to be sent.
    """

    def __init__(
        self,
        store: Store,
        keys: Keys,
        composer: Composer,
        delivery: Delivery,
        settings: Settings,
        clock: Callable[[], datetime],
        owed: Owed,
        *,
        answers_first: bool,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._keys = keys
        self._composer = composer
        self._delivery = delivery
        self._settings = settings
        self._clock = clock
        self._owed = owed
        self._answers_first = answers_first
        self._wake = wake
        self._open_claims = OpenClaims()

    def submit(
        self,
        request: SendRequest,
        sender: Sender,
        claim: IdempotencyClaim | None = None,
        *,
        answer_first: bool = False,
        only_repeats: bool = False,
    ) -> Submission:
        """Take a message through the gates, store it, and send it unless it is to wait.

        :param answer_first: whether to leave the sending to the background, whatever the engine.
        :param only_repeats: whether it cannot be sent, since it was found to repeat another.
        :returns: the message as it now stands; one that a provider refused is returned too, ``failed``.
        :raises ValidationFailed: something is wrong with the request; everything at once.
        :raises TemplateNotFound: there is no such template in that language.
        :raises FeatureUnsupported: the provider cannot carry this.
        :raises IdempotencyMismatch: the claim was made for another body before.
        :raises IdempotencyInProgress: the first request with the claim is not answered yet.
        :raises KeyInactive: the key was switched off meanwhile.
        :raises StorageBusy: the claim is held by a transaction of the host's in this very thread.
        :raises KeyExpired: its secret was replaced meanwhile.
        """
        self._owed.settle_quietly()
        if claim is not None:
            self._open_claims.refuse_to_wait(claim)
        repeated = claim and self._repeated(claim)
        if repeated:
            return repeated
        if only_repeats:
            # What it repeats has failed since, and gave the claim back.
            raise _still_in_progress()
        with part(VALIDATION):
            message = self._composer.compose(request, sender, self._composer.finder([request]))
        waits = self._answers_first or answer_first or message.send_at is not None
        if not waits:
            take_in_hand(message, self._clock(), self._settings)
        answer = _QUEUED if waits else None
        with part(STORE):
            is_first = self._store.write(
                lambda session: self._save(session, [message], sender, claim, answer),
                lambda is_first: None if waits or not is_first else self._disown(message, claim),
            )
        if not is_first:
            # Another request with the same claim was faster.
            repeated = claim and self._repeated(claim)
            if not repeated:
                raise _still_in_progress()
            return repeated
        if waits:
            self._wake()
            return Submission(message)
        attempted = self._delivery.attempt(message, acknowledged=False)
        self._wake()
        if claim is not None and may_be_repeated(attempted.message):
            self._release(claim, message)
        return Submission(attempted.message, retry_after=attempted.retry_after)

    def decide(self, request: SendRequest, sender: Sender, trace: Trace) -> Decision:
        """What :meth:`submit` would send now. Nothing is stored, and no provider is asked anything.

        :param trace: is told what the message meets at each gate.
        :raises WaApiError: as :meth:`submit`; an ``Idempotency-Key`` is not looked at.
        """
        return self._composer.decide(request, sender, self._composer.finder([request], asks=False), trace)

    def submit_within(
        self, host_session: HostSession, request: SendRequest, sender: Sender, claim: IdempotencyClaim | None
    ) -> Submission:
        """Take a message through the gates and store it in the host's transaction.

        It is sent after the host's commit; after a rollback it never was.

        :raises WaApiError: as :meth:`submit`.
        :raises ConfigurationError: the session's database is not the one our tables are in.
        """
        if claim is not None:
            self._open_claims.refuse_to_wait(claim, host_session)
        with self._store.joined(host_session) as connection:
            repeated = claim and self._repeated(claim)
            if repeated:
                return repeated
            message = self._composer.compose(request, sender, self._composer.finder([request]))
            submission = self._store_within(connection, message, claim)
            if submission is None and claim is not None:
                # Another transaction was faster, and ours may not see what it has committed.
                submission = self._repeated(claim)
        if submission is None:
            raise _still_in_progress()
        changed = [(submission.message.account, submission.message.id)]
        call_after(host_session, lambda: self._store.tell_changed(changed))
        if claim is not None:
            self._open_claims.hold(claim, host_session)
        call_after(host_session, self._wake)
        return submission

    def _store_within(
        self, connection: Connection, message: Message, claim: IdempotencyClaim | None
    ) -> Submission | None:
        try:
            with savepoint(connection):
                if self._insert(connection, [message], claim, _QUEUED):
                    return Submission(message)
                # The claim may be of this very transaction, where only its own connection sees it.
                return self._repeated(claim, lambda: session_within(connection)) if claim else None
        except DBAPIError as error:
            if claim is None or not sees_too_little(error):
                raise
            return None

    def submit_batch(
        self,
        requests: Sequence[SendRequest | WaApiError],
        sender: Sender,
        claim: IdempotencyClaim | None = None,
        answer: MakeAnswer | None = None,
    ) -> BatchSubmission:
        """Take many messages through the gates and store those that pass, all at once; they are sent later.

        :param requests: what to send; an error stands for a request that was refused before.
        :param answer: makes the answer that is kept under the claim, in the same transaction.
        :raises WaApiError: as :meth:`submit`, for the batch as a whole.
        """
        first = claim and self.first_answer(claim)
        if first:
            return BatchSubmission(answer=first)
        return self.store_batch(self.check_batch(requests, sender), sender, claim, answer)

    def check_batch(
        self, requests: Sequence[SendRequest | WaApiError], sender: Sender
    ) -> list[Message | WaApiError]:
        """What would become of each request of a batch: a message, not stored yet, or a refusal."""
        finder = self._composer.finder(requests)
        results: list[Message | WaApiError] = []
        for request in requests:
            if isinstance(request, WaApiError):
                results.append(request)
                continue
            try:
                results.append(self._composer.compose(request, sender, finder))
            except ValidationFailed as error:
                results.append(error.below(request.pointer))
            except (StorageBusy, StorageUnavailable):
                # Not a word about this message: the batch as a whole may be made again.
                raise
            except WaApiError as error:
                results.append(error)
        return results

    def store_batch(
        self,
        results: Sequence[Message | WaApiError],
        sender: Sender,
        claim: IdempotencyClaim | None = None,
        answer: MakeAnswer | None = None,
    ) -> BatchSubmission:
        """Store the messages of a batch that has been checked, all at once; they are sent later.

        :param answer: makes the answer that is kept under the claim, in the same transaction.
        """
        messages = [result for result in results if isinstance(result, Message)]
        kept = answer(results) if answer is not None and claim is not None else None
        if not self._store.write(lambda session: self._save(session, messages, sender, claim, kept)):
            first = claim and self.first_answer(claim)
            if not first:
                raise _still_in_progress()
            return BatchSubmission(answer=first)
        self._wake()
        return BatchSubmission(results)

    def keep_answer(
        self, claim: IdempotencyClaim, message: Message, status: int, body: dict[str, Any] | None
    ) -> None:
        """Keep the answer to the first request with a claim for those that repeat it.

        :param body: ``None`` where a repetition is answered from the message as it stands.
        """
        try:
            idempotency.keep_answer(self._store, claim, message.id, status, body)
        except Exception as error:
            # The message has been dealt with, and its caller must hear so.
            log_failure(logger, error, "The answer to message %s could not be kept", message.id)

    def _disown(self, message: Message, claim: IdempotencyClaim | None) -> None:
        def release(session: Session) -> None:
            if claim is not None:
                idempotency.release(session, claim, message.id)

        # Its caller hears that nothing was sent and may try again.
        self._delivery.disown(message, release)

    def _release(self, claim: IdempotencyClaim, message: Message) -> None:
        try:
            self._store.write(lambda session: idempotency.release(session, claim, message.id))
        except Exception as error:
            # Its caller must hear what became of the message all the same.
            log_failure(logger, error, "The Idempotency-Key of message %s could not be freed", message.id)

    def is_repeated(self, claim: IdempotencyClaim) -> bool:
        """Whether a request with a claim repeats another.

        :raises WaApiError: as :meth:`submit`.
        """
        return self._repeated(claim) is not None

    def first_answer(self, claim: IdempotencyClaim) -> Answer | None:
        """The answer to the first batch with a claim; ``None`` when there was none."""
        with self._store.read() as session:
            return idempotency.find(session, claim, self._oldest_claim())

    def _oldest_claim(self) -> datetime:
        return self._clock() - self._settings.idempotency_lifetime

    def _repeated(self, claim: IdempotencyClaim, reading: Reading | None = None) -> Submission | None:
        with (reading or self._store.read)() as session:
            answer = idempotency.find(session, claim, self._oldest_claim())
            if answer is None:
                return None
            message = session.get_one(Message, answer.subject_id)
        now = self._clock()
        in_hand = message.claimed_at is not None and (message.due_at or now) > now
        # A moment later the first answer is kept, unless its process has died.
        if answer.status is None and (in_hand or now - ANSWER_TIME < message.updated_at <= now):
            raise _still_in_progress()
        if answer.status is None and may_be_repeated(message):
            # It died before it could give the claim back.
            self._release(claim, message)
            return None
        return Submission(message, answer)

    def _save(
        self,
        session: Session,
        messages: Sequence[Message],
        sender: Sender,
        claim: IdempotencyClaim | None,
        answer: tuple[int, dict[str, Any] | None] | None = None,
    ) -> bool:
        if not self._insert(session.connection(), messages, claim, answer):
            return False
        for message in messages:
            note_change(session, message.account, message.id)
        if sender.key_id is not None:
            self._keys.confirm(session, sender.key_id, sender.secret_id)
        return True

    def _insert(
        self,
        connection: Connection,
        messages: Sequence[Message],
        claim: IdempotencyClaim | None,
        answer: tuple[int, dict[str, Any] | None] | None = None,
    ) -> bool:
        now = self._clock()
        lifetime = self._settings.idempotency_lifetime
        subject_id = messages[0].id if len(messages) == 1 else uuid7(now)
        if claim is not None:
            is_first = idempotency.reserve(connection, claim, subject_id, now, lifetime, answer)
            if not is_first:
                return False
        if messages:
            connection.execute(insert(Message), [_columns(message) for message in messages])
            connection.execute(insert(MessageEvent), [first_event_values(message) for message in messages])
        return True


def _columns(message: Message) -> dict[str, Any]:
    return {column.name: getattr(message, column.name) for column in Message.__table__.columns}


def _still_in_progress() -> IdempotencyInProgress:
    return IdempotencyInProgress(
        "The first request with this Idempotency-Key is still being answered: try again.", retry_after=1
    )
