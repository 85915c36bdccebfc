"""What the page of a message tells beside it: its webhooks, the requests about it, its recipient."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ...access import requests
from ...messaging import window
from ...messaging.account_events import INBOUND
from ...messaging.window import WINDOW, Known, last_received
from ...outgoing.outbox import PENDING
from ...services import Services
from ...storage.models import ApiRequest, Message, MessageEvent
from ...storage.session import Store
from ...storage.webhook_models import WebhookDelivery, WebhookEndpoint, WebhookEvent

MOST_EVENTS = 50
MOST_DELIVERIES = 200
MOST_REQUESTS = 20
"""How many are shown of one message."""


@dataclass(frozen=True)
class Delivery:
    """A webhook on its way to one endpoint. :param url: the endpoint's."""

    id: UUID
    url: str
    state: str
    attempts: int


@dataclass(frozen=True)
class Told:
    """An event of a message that endpoints were to hear of."""

    id: UUID
    type: str
    occurred_at: datetime
    deliveries: Sequence[Delivery]

    @property
    def is_pending(self) -> bool:
        """Whether it is still on its way to an endpoint."""
        return any(delivery.state == PENDING for delivery in self.deliveries)


@dataclass(frozen=True)
class Person:
    """Who is at the other end, as far as the provider has told.

    :param written_at: when they last wrote to the instance. :param open_until: the end of the service window.
    """

    written_at: datetime | None
    open_until: datetime | None
    is_open: bool
    marketing_stopped: bool


def webhooks_of(store: Store, message: Message) -> Sequence[Told]:
    """The first webhooks that a message has caused, in their order."""
    events = (
        select(WebhookEvent.id, WebhookEvent.type, WebhookEvent.occurred_at)
        .where(WebhookEvent.message_id == message.id, WebhookEvent.account == message.account)
        .order_by(WebhookEvent.id)
        .limit(MOST_EVENTS)
    )
    with store.read() as session:
        found = session.execute(events).all()
        deliveries: dict[UUID, list[Delivery]] = defaultdict(list)
        if found:
            query = (
                select(WebhookDelivery, WebhookEndpoint.url)
                .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
                .where(WebhookDelivery.event_id.in_([row.id for row in found]))
                .order_by(WebhookDelivery.id)
                .limit(MOST_DELIVERIES)
            )
            for delivery, url in session.execute(query):
                deliveries[delivery.event_id].append(
                    Delivery(delivery.id, url, delivery.state, delivery.attempts)
                )
    return [Told(row.id, row.type, row.occurred_at, deliveries[row.id]) for row in found]


def beside(events: Sequence[MessageEvent], webhooks: Sequence[Told]) -> Mapping[UUID | None, list[Told]]:
    """The webhooks by the id of the step that caused them; those of none that is known under ``None``."""
    steps: dict[UUID | None, list[Told]] = defaultdict(list)
    left = list(events)
    for told in webhooks:
        status = told.type.removeprefix("message.")
        same = [event for event in left if event.status == status]
        # A status can come again, when the message is retried.
        cause = next((event for event in same if event.occurred_at == told.occurred_at), None)
        if cause is not None:
            left.remove(cause)
        steps[cause.id if cause is not None else None].append(told)
    return steps


def requests_of(services: Services, message: Message) -> Sequence[ApiRequest]:
    """The last API requests that made the message or read it, newest first."""
    # Those of this process may not be written yet.
    services.request_log.flush()
    return requests.of_message(services.store, message.account, message.id, limit=MOST_REQUESTS)


def person_of(services: Services, message: Message) -> Person:
    """The other end of a message, as the instance it went by knows it."""
    is_from_them = message.direction == INBOUND and not message.is_echo
    number = (message.sender or "") if is_from_them else message.recipient
    contacts = Known(services.store, [message.provider]).contacts(number, [message.provider])
    written_at = last_received(contacts)
    return Person(
        written_at,
        None if written_at is None else written_at + WINDOW,
        window.is_open(written_at, services.clock()),
        any(contact.marketing_stopped for contact in contacts),
    )


def price_of(events: Sequence[MessageEvent]) -> Any:
    """What the provider last told of the price, in its own terms; ``None`` for nothing."""
    told = (event.details.get("pricing") for event in reversed(events) if event.details)
    return next((price for price in told if price), None)
