"""The first answer to an ``Idempotency-Key``, kept so that a repeated request does nothing again.

The record is written in the transaction that stores the message. Requests that are refused before that leave
none: they had no effect that a repetition could double.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from ..errors import IdempotencyMismatch
from ..identifiers import uuid7
from ..storage.models import IdempotencyRecord
from ..storage.session import Store

FORGOTTEN_AT_ONCE = 500
"""Records that are deleted in one transaction."""


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

    :param subject_id: the message's id, or the batch's.
    :param status: its HTTP status; ``None`` while it has not been answered.
    :param body: ``None`` where it is to be made of the message as it stands.
    """

    subject_id: UUID
    status: int | None
    body: dict[str, Any] | None


def find(session: Session, claim: IdempotencyClaim, oldest: datetime) -> Answer | None:
    """The answer to the first request with this claim; ``None`` when this is the first.

    :param oldest: records from before are forgotten.
    :raises IdempotencyMismatch: the first request had another body.
    """
    query = select(IdempotencyRecord).where(_same(claim), IdempotencyRecord.created_at > oldest)
    record = session.scalars(query).one_or_none()
    if record is None:
        return None
    if record.request_digest != claim.request_digest:
        raise IdempotencyMismatch(
            "This Idempotency-Key was used for a request with another body: use a new key."
        )
    return Answer(record.subject_id, record.answer_status, record.answer_body)


def reserve(
    connection: Connection,
    claim: IdempotencyClaim,
    subject_id: UUID,
    now: datetime,
    lifetime: timedelta,
    answer: tuple[int, dict[str, Any] | None] | None = None,
) -> bool:
    """Write the claim into the transaction that stores what it is for.

    :param answer: status and body, as far as they are known already.
    :returns: whether it was free; otherwise another request has just made it, and this one must do nothing.
    """
    status, body = answer or (None, None)
    row = {
        "id": uuid7(now),
        "account": claim.account,
        "route": claim.route,
        "idempotency_key": claim.key,
        "request_digest": claim.request_digest,
        "subject_id": subject_id,
        "answer_status": status,
        "answer_body": body,
        "created_at": now,
    }
    if _insert(connection, row):
        return True
    # Only now, and only what there is: MariaDB locks the gap where it finds nothing to delete, and shares the
    # lock of a record that was in the way, and two that hold one of these wait for each other.
    query = select(IdempotencyRecord.id).where(_same(claim), IdempotencyRecord.created_at <= now - lifetime)
    too_old = connection.execute(query).scalar_one_or_none()
    if too_old is None:
        return False
    forgotten = delete(IdempotencyRecord).where(IdempotencyRecord.id == too_old)
    return connection.execute(forgotten).rowcount == 1 and _insert(connection, row)


def _insert(connection: Connection, row: dict[str, Any]) -> bool:
    # Not an error where it exists: in PostgreSQL that would spoil the transaction, which may be the host's.
    dialect = connection.dialect.name
    if dialect in {"mysql", "mariadb"}:
        ignoring = mysql.insert(IdempotencyRecord).prefix_with("IGNORE").values(row)
        return connection.execute(ignoring).rowcount == 1
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(IdempotencyRecord).values(row).on_conflict_do_nothing()
    # Not by the row count: psycopg has forgotten it once the cursor is closed.
    return connection.execute(statement.returning(IdempotencyRecord.id)).one_or_none() is not None


def keep_answer(
    store: Store, claim: IdempotencyClaim, message_id: UUID, status: int, body: dict[str, Any] | None
) -> None:
    """Keep the answer for repetitions.

    :param message_id: of the message that the answer tells of; another's claim is not touched.
    """
    with store.begin() as session:
        session.execute(
            update(IdempotencyRecord)
            .where(_same(claim), IdempotencyRecord.subject_id == message_id)
            .values(answer_status=status, answer_body=body)
        )


def release(session: Session, claim: IdempotencyClaim, message_id: UUID) -> None:
    """Give the claim back, so that a repetition is a new try.

    :param message_id: of the message that had no effect. By now the claim may be another's, who would be
        sent twice without it.
    """
    session.execute(
        delete(IdempotencyRecord).where(
            _same(claim),
            IdempotencyRecord.subject_id == message_id,
            IdempotencyRecord.answer_status.is_(None),
        )
    )


def forget(session: Session, oldest: datetime) -> int:
    """Delete records from before ``oldest``, a bounded number of them; returns how many."""
    query = select(IdempotencyRecord.id).where(IdempotencyRecord.created_at <= oldest)
    old = session.scalars(query.order_by(IdempotencyRecord.created_at).limit(FORGOTTEN_AT_ONCE)).all()
    if old:
        session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.id.in_(old)))
    return len(old)


def _same(claim: IdempotencyClaim) -> Any:
    return (
        (IdempotencyRecord.account == claim.account)
        & (IdempotencyRecord.route == claim.route)
        & (IdempotencyRecord.idempotency_key == claim.key)
    )
