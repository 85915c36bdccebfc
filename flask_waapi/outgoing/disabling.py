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

GIVEN_UP_AT_ONCE = 1_000
"""Deliveries that are given up in one transaction."""


def kept_failing(since: datetime) -> str:
    """The reason for switching an endpoint off that has failed for too long."""
    return f"Every attempt since {since.isoformat(timespec='seconds')} failed."


def lock_endpoint(session: Session, endpoint_id: UUID) -> WebhookEndpoint | None:
    """The endpoint, held until the transaction ends against whoever would change it, not publish to it.

    It is to be locked before its deliveries are.
    """
    query = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
    query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def give_up_pending(session: Session, now: datetime) -> int:
    """Let pending deliveries to disabled endpoints be failed ones; each can be replayed.

    Not where an endpoint is disabled: it may have very many, and whoever publishes to it would wait.

    :returns: how many; at most :data:`GIVEN_UP_AT_ONCE`.
    """
    query = (
        select(WebhookDelivery.id)
        .join(WebhookEndpoint)
        .where(WebhookEndpoint.state == DISABLED, WebhookDelivery.state == PENDING)
        .limit(GIVEN_UP_AT_ONCE)
    )
    given_up = session.scalars(query).all()
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(given_up), WebhookDelivery.state == PENDING)
        .values(state=FAILED, due_at=None, claimed_at=None, updated_at=now),
        execution_options={"synchronize_session": False},
    )
    return len(given_up)


def disable(session: Session, endpoint: WebhookEndpoint, reason: str, now: datetime) -> AccountEvent:
    """Switch a locked endpoint off, and publish that to the account's other endpoints.

    Its pending deliveries are for :func:`give_up_pending`, after the commit.

    :returns: the event, to be told after the commit.
    """
    endpoint.state, endpoint.state_reason, endpoint.updated_at = DISABLED, reason, now
    # The outbox reads who is to hear of it from the database.
    session.flush()
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
