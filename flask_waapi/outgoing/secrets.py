"""The secrets of endpoints: made, replaced, and found again under the server's peppers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from secrets import token_bytes
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from ..identifiers import ordered_id
from ..storage.webhook_models import WebhookSecret
from .signing import derive_secret, pepper_fingerprint

MOST_SIGNING = 10
"""Secrets of one endpoint that sign at once: each makes every webhook's header longer."""

STANDARD_OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)
"""How long a replaced secret signs along."""

_SALT_BYTES = 32


def issue(session: Session, endpoint_id: UUID, pepper: bytes, now: datetime) -> bytes:
    """Make a secret for an endpoint, of which the salt alone is stored.

    :param pepper: the one in use.
    """
    salt = token_bytes(_SALT_BYTES)
    session.add(
        WebhookSecret(
            id=ordered_id(now),
            endpoint_id=endpoint_id,
            salt=salt,
            pepper=pepper_fingerprint(pepper),
            created_at=now,
        )
    )
    return derive_secret(pepper, salt)


def retire(session: Session, endpoint_id: UUID, overlap: timedelta, now: datetime) -> None:
    """Let the endpoint's secrets end with the overlap, those that end sooner then; drop what has ended."""
    ours = WebhookSecret.endpoint_id == endpoint_id
    end = now + overlap
    session.execute(
        update(WebhookSecret)
        .where(ours, or_(WebhookSecret.expires_at.is_(None), WebhookSecret.expires_at > end))
        .values(expires_at=end)
    )
    session.execute(delete(WebhookSecret).where(ours, WebhookSecret.expires_at <= now))


def count(session: Session, endpoint_id: UUID, now: datetime) -> int:
    """How many secrets of an endpoint sign."""
    query = select(func.count()).select_from(WebhookSecret)
    return session.scalar(query.where(_signing(endpoint_id, now))) or 0


def find(session: Session, endpoint_id: UUID, now: datetime) -> Sequence[WebhookSecret]:
    """The secrets of an endpoint that sign, the newest first."""
    query = select(WebhookSecret).where(_signing(endpoint_id, now)).order_by(WebhookSecret.id.desc())
    return session.scalars(query).all()


def derive(found: Iterable[WebhookSecret], peppers: Sequence[bytes]) -> list[bytes]:
    """The secrets themselves, in the same order, without those whose pepper the server no longer has."""
    by_fingerprint = {pepper_fingerprint(pepper): pepper for pepper in peppers}
    return [
        derive_secret(by_fingerprint[secret.pepper], secret.salt)
        for secret in found
        if secret.pepper in by_fingerprint
    ]


def _signing(endpoint_id: UUID, now: datetime) -> ColumnElement[bool]:
    is_valid = or_(WebhookSecret.expires_at.is_(None), WebhookSecret.expires_at > now)
    return (WebhookSecret.endpoint_id == endpoint_id) & is_valid
