"""Events on their way to endpoints are rows, written in the transaction that makes the event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ..identifiers import ordered_id
from ..plugins.events import AccountEvent
from ..storage.webhook_models import WebhookDelivery, WebhookEndpoint, WebhookEvent

ACTIVE = "active"
PAUSED = "paused"
DISABLED = "disabled"
"""States of an endpoint."""

PENDING = "pending"
"""State of a delivery that is not at its end."""

REHEARSED = "rehearsed"
"""State of a delivery whose endpoint only seems to answer; it is never on its way."""

ALL_EVENTS = "*"

# Held, as a new delivery holds its endpoint in any case: one that is being deleted or switched off meanwhile
# is seen as it is then.
_SUBSCRIPTIONS = (
    select(WebhookEndpoint.id, WebhookEndpoint.account, WebhookEndpoint.events)
    .where(WebhookEndpoint.state.in_([ACTIVE, PAUSED]))
    .with_for_update(read=True, key_share=True)
)

_GATHERED = "flask_waapi_gathered_events"


@contextmanager
def gathered(session: Session) -> Iterator[None]:
    """Meanwhile, what is published is kept, and written at the end.

    For transactions that lock row after row. A new delivery holds its endpoint until the commit: who waits
    for another row with that in hand makes all wait who change the endpoint, on MariaDB in a circle.
    """
    waiting: list[tuple[AccountEvent, datetime]] = []
    session.info[_GATHERED] = waiting
    try:
        yield
    finally:
        del session.info[_GATHERED]
    for event, now in waiting:
        _publish(session, event, now)


def publish(session: Session, event: AccountEvent, now: datetime) -> None:
    """Write an event, and a delivery to each endpoint that is to hear of it, into the transaction.

    Nothing is written where no endpoint wants it, or where its fingerprint was published before.
    """
    if _GATHERED in session.info:
        session.info[_GATHERED].append((event, now))
    else:
        _publish(session, event, now)


def _publish(session: Session, event: AccountEvent, now: datetime) -> int:
    """Publish at once; how many endpoints are to hear of it."""
    query = _SUBSCRIPTIONS
    if event.account is not None:
        query = query.where(WebhookEndpoint.account == event.account)
    endpoints: dict[str, list[UUID]] = defaultdict(list)
    with session.no_autoflush:
        for row in session.execute(query):
            if event.type in row.events or ALL_EVENTS in row.events:
                endpoints[row.account].append(row.id)
    return sum(_publish_to(session, event, account, wanted, now) for account, wanted in endpoints.items())


def _publish_to(
    session: Session, event: AccountEvent, account: str, endpoints: Sequence[UUID], now: datetime
) -> int:
    if event.fingerprint is not None and _is_known(session, account, event.fingerprint):
        return 0
    return len(_write(session, event, account, endpoints, now))


def publish_to(
    session: Session, event: AccountEvent, endpoint: WebhookEndpoint, now: datetime, state: str = PENDING
) -> UUID:
    """Write an event that one endpoint is to hear of, whatever it listens to.

    :param state: what its delivery is at first.
    :returns: the id of its delivery.
    """
    return _write(session, event, endpoint.account, [endpoint.id], now, state)[0]


def publish_once(session: Session, event: AccountEvent, now: datetime) -> bool:
    """Publish an event of one account with its fingerprint, and remember it though nobody is to hear of it.

    :returns: whether it is new.
    """
    if event.account is None or event.fingerprint is None:
        raise ValueError(f"event {event.type} is published once: give it an account and a fingerprint")
    if _is_known(session, event.account, event.fingerprint):
        return False
    if not _publish(session, event, now):
        _write(session, event, event.account, [], now)
    return True


def _write(
    session: Session,
    event: AccountEvent,
    account: str,
    endpoints: Sequence[UUID],
    now: datetime,
    state: str = PENDING,
) -> list[UUID]:
    event_id = ordered_id(now, after=_last_of(session, account, event.message_uuid))
    values = {
        "id": event_id,
        "account": account,
        "type": event.type,
        "body": event.body(),
        "message_id": event.message_uuid,
        "fingerprint": event.fingerprint,
        "occurred_at": event.occurred_at,
        "created_at": now,
    }
    deliveries = [
        delivery_values(endpoint, event_id, event.message_uuid, now, state) for endpoint in endpoints
    ]
    connection = session.connection()
    connection.execute(insert(WebhookEvent), values)
    if deliveries:
        connection.execute(insert(WebhookDelivery), deliveries)
    return [delivery["id"] for delivery in deliveries]


def _last_of(session: Session, account: str, message_id: UUID | None) -> UUID | None:
    """The last event of a message; another process may have written it, by a clock that is ahead of ours.

    Its row is held by whoever publishes an event of it, so that none is written meanwhile.
    """
    if message_id is None:
        return None
    query = select(WebhookEvent.id).where(
        WebhookEvent.account == account, WebhookEvent.message_id == message_id
    )
    with session.no_autoflush:
        # Not by the database's max, which PostgreSQL has for UUIDs since 18 only.
        return max(session.scalars(query), default=None)


def delivery_values(
    endpoint_id: UUID, event_id: UUID, message_id: UUID | None, now: datetime, state: str = PENDING
) -> dict[str, Any]:
    """The columns of a new delivery."""
    return {
        "id": ordered_id(now),
        "endpoint_id": endpoint_id,
        "event_id": event_id,
        "message_id": message_id,
        "state": state,
        "due_at": now,
        "attempts": 0,
        "created_at": now,
        "updated_at": now,
    }


def _is_known(session: Session, account: str, fingerprint: str) -> bool:
    query = select(WebhookEvent.id).where(
        WebhookEvent.account == account, WebhookEvent.fingerprint == fingerprint
    )
    return session.scalar(query) is not None
