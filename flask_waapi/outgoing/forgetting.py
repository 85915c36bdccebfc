"""The log of webhooks does not grow for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from ..storage.webhook_models import WebhookAttempt, WebhookDelivery, WebhookEvent
from .outbox import PENDING

BATCH = 500
"""Events that are deleted in one transaction."""

FINGERPRINTS_KEPT = timedelta(days=8)
"""How much longer events are kept that must not be published twice: as long as they could be found again."""


def forget(session: Session, before: datetime) -> int:
    """Delete events from before a moment, the oldest first, with their deliveries and attempts.

    An event that is yet to be delivered stays, as does one whose endpoint is paused.

    :returns: how many events were deleted; at most :data:`BATCH`.
    """
    is_awaited = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.event_id == WebhookEvent.id, WebhookDelivery.state == PENDING)
        .exists()
    )
    may_go = or_(WebhookEvent.fingerprint.is_(None), WebhookEvent.created_at < before - FINGERPRINTS_KEPT)
    events = session.scalars(
        select(WebhookEvent.id)
        .where(WebhookEvent.created_at < before, may_go, ~is_awaited)
        .order_by(WebhookEvent.created_at)
        .limit(BATCH)
    ).all()
    if events:
        _delete(session, events)
    return len(events)


def _delete(session: Session, events: Sequence[UUID]) -> None:
    deliveries = session.scalars(select(WebhookDelivery.id).where(WebhookDelivery.event_id.in_(events))).all()
    # A host's SQLite need not follow foreign keys.
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(deliveries)))
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(deliveries)))
    session.execute(delete(WebhookEvent).where(WebhookEvent.id.in_(events)))
