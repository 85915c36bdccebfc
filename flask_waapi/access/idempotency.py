"""The first answer to an ``Idempotency-Key``, kept so that a repeated request does nothing again.

The record is written in the transaction that stores the message. Requests that are refused before that leave
none: they had no effect that a repetition could double.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from ..errors import IdempotencyMismatch
from ..identifiers import uuid7
from ..storage.models import IdempotencyRecord
from ..storage.session import Store


@dataclass(frozen=True)
class IdempotencyClaim:
    """What a caller asks for with an ``Idempotency-Key``.

    :param route: the operation; the same key on another one is another claim.
    :param key: 1 to 255 ASCII characters of the caller's.
    :param request_digest: SHA-256 of the request's body.
    """

    account: str
    route: str
    key: str
    request_digest: bytes


@dataclass(frozen=True)
class Answer:
    """The first request's answer.

    :param status: its HTTP status; ``None`` while it has not been answered.
    """

    message_id: UUID
    status: int | None
    body: dict[str, Any] | None


def find(store: Store, claim: IdempotencyClaim, oldest: datetime) -> Answer | None:
    """The answer to the first request with this claim; ``None`` when this is the first.

    :param oldest: records from before are forgotten.
    :raises IdempotencyMismatch: the first request had another body.
    """
    query = select(IdempotencyRecord).where(_same(claim), IdempotencyRecord.created_at > oldest)
    with store.read() as session:
        record = session.scalars(query).one_or_none()
    if record is None:
        return None
    if record.request_digest != claim.request_digest:
        raise IdempotencyMismatch(
            "This Idempotency-Key was used for a request with another body: use a new key."
        )
    return Answer(record.message_id, record.answer_status, record.answer_body)


def reserve(
    session: Session, claim: IdempotencyClaim, message_id: UUID, now: datetime, lifetime: timedelta
) -> None:
    """Write the claim into the transaction that stores its message.

    :raises sqlalchemy.exc.IntegrityError: another request has just made the same claim.
    """
    session.execute(
        delete(IdempotencyRecord).where(_same(claim), IdempotencyRecord.created_at <= now - lifetime)
    )
    session.add(
        IdempotencyRecord(
            id=uuid7(now),
            account=claim.account,
            route=claim.route,
            idempotency_key=claim.key,
            request_digest=claim.request_digest,
            message_id=message_id,
            created_at=now,
        )
    )
    session.flush()


def keep_answer(
    store: Store, claim: IdempotencyClaim, message_id: UUID, status: int, body: dict[str, Any]
) -> None:
    """Keep the answer for repetitions.

    :param message_id: of the message that the answer tells of; another's claim is not touched.
    """
    with store.begin() as session:
        session.execute(
            update(IdempotencyRecord)
            .where(_same(claim), IdempotencyRecord.message_id == message_id)
            .values(answer_status=status, answer_body=body)
        )


def release(store: Store, claim: IdempotencyClaim, message_id: UUID) -> None:
    """Give the claim back, so that a repetition is a new try.

    :param message_id: of the message that had no effect. By now the claim may be another's, who would be
        sent twice without it.
    """
    with store.begin() as session:
        session.execute(
            delete(IdempotencyRecord).where(
                _same(claim),
                IdempotencyRecord.message_id == message_id,
                IdempotencyRecord.answer_status.is_(None),
            )
        )


def forget(store: Store, oldest: datetime) -> int:
    """Delete the records from before ``oldest``; returns how many."""
    with store.begin() as session:
        result = session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.created_at <= oldest))
    return int(result.rowcount)  # type: ignore[attr-defined]


def _same(claim: IdempotencyClaim) -> Any:
    return (
        (IdempotencyRecord.account == claim.account)
        & (IdempotencyRecord.route == claim.route)
        & (IdempotencyRecord.idempotency_key == claim.key)
    )
