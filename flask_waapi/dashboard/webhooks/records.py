"""What only the dashboard asks about webhooks: last deliveries, secrets without their salts, bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from ...outgoing import secrets
from ...outgoing.outbox import REHEARSED
from ...storage.json_values import clean
from ...storage.session import Store
from ...storage.webhook_models import WebhookDelivery, WebhookEndpoint, WebhookEvent


@dataclass(frozen=True)
class LastDelivery:
    """The delivery of the newest event of an endpoint. :param updated_at: when its state last changed."""

    id: UUID
    state: str
    updated_at: datetime


@dataclass(frozen=True)
class Secret:
    """A secret that signs. :param expires_at: when it ends; ``None`` for the newest one."""

    created_at: datetime
    expires_at: datetime | None


def last_deliveries(store: Store, account: str) -> Mapping[UUID, LastDelivery]:
    """The last delivery to each endpoint of an account that has had one, by the endpoint's id.

    Rehearsals are none: they say nothing of the endpoint.
    """
    # Ids of events rise with time, and the index of an endpoint's events ends at the newest.
    newest = (
        select(WebhookDelivery.event_id)
        .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.state != REHEARSED)
        .order_by(WebhookDelivery.event_id.desc())
        .limit(1)
        .correlate(WebhookEndpoint)
        .scalar_subquery()
    )
    query = (
        select(WebhookEndpoint.id, WebhookDelivery)
        .join(WebhookDelivery, WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        .where(WebhookEndpoint.account == account, WebhookDelivery.event_id == newest)
    )
    with store.read() as session:
        return {
            endpoint_id: LastDelivery(delivery.id, delivery.state, delivery.updated_at)
            for endpoint_id, delivery in session.execute(query)
        }


def signing_secrets(store: Store, endpoint_id: UUID, now: datetime) -> Sequence[Secret]:
    """The secrets that sign for an endpoint, the newest first."""
    with store.read() as session:
        return [Secret(row.created_at, row.expires_at) for row in secrets.find(session, endpoint_id, now)]


def event_body(store: Store, event_id: UUID) -> str:
    """What is sent of an event, with its JSON laid out for reading."""
    with store.read() as session:
        body = session.scalar(select(WebhookEvent.body).where(WebhookEvent.id == event_id)) or "{}"
    # A lone surrogate, escaped in the body, cannot be written in a page.
    return json.dumps(clean(json.loads(body)), indent=2, ensure_ascii=False)
