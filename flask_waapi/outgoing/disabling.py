"""Endpoints that are switched off because nothing can be delivered to them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..plugins.events import AccountEvent
from ..storage.webhook_models import WebhookDelivery, WebhookEndpoint
from . import outbox
from .deliveries import FAILED
from .moments import written
from .outbox import DISABLED, PENDING

GONE = "The endpoint answered 410 Gone."
UNSIGNABLE = (
    "None of its secrets can be derived any more, since the server's pepper has changed:"
    " rotate the secret, then enable the endpoint."
)


def kept_failing(since: datetime) -> str:
    """The reason for switching an endpoint off that has failed for too long."""
    return f"Every attempt since {since.isoformat(timespec='seconds')} failed."


def lock_endpoint(session: Session, endpoint_id: UUID) -> WebhookEndpoint | None:
    """The endpoint, held until the transaction ends; to be locked before its deliveries are."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def give_up_pending(session: Session, endpoint_id: UUID, now: datetime) -> None:
    """Let an endpoint's pending deliveries be failed ones; each can be replayed."""
    session.flush()
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == PENDING)
        .values(state=FAILED, due_at=None, claimed_at=None, updated_at=now),
        execution_options={"synchronize_session": False},
    )


def disable(session: Session, endpoint: WebhookEndpoint, reason: str, now: datetime) -> AccountEvent:
    """Switch a locked endpoint off, and publish that to the account's other endpoints.

    :returns: the event, to be told after the commit.
    """
    endpoint.state, endpoint.state_reason, endpoint.updated_at = DISABLED, reason, now
    # The outbox reads who is to hear of it from the database.
    give_up_pending(session, endpoint.id, now)
    failing_since = endpoint.failing_since
    event = AccountEvent(
        type="endpoint.disabled",
        occurred_at=now,
        data={
            "endpoint_id": str(endpoint.id),
            "url": endpoint.url,
            "description": endpoint.description,
            "reason": reason,
            "failing_since": written(failing_since) if failing_since else None,
        },
        account=endpoint.account,
    )
    outbox.publish(session, event, now)
    return event
