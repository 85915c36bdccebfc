"""What the tests of the pages about webhooks share: events, deliveries with answers, parked callbacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from flask_waapi.messaging.incoming.parking import BROKEN, Parked, park
from flask_waapi.outgoing import outbox
from flask_waapi.outgoing.deliver import Deliverer
from flask_waapi.outgoing.deliveries import Deliveries
from flask_waapi.outgoing.endpoints import IssuedEndpoint
from flask_waapi.outgoing.log import DeliveryView
from flask_waapi.outgoing.safe_http import UNREACHABLE, Answer
from flask_waapi.plugins.events import AccountEvent
from flask_waapi.services import Services
from flask_waapi.storage.inbound_models import StoredCallback

URL = "https://example.com/hook"


def answer(status: int | None = 204, body: str = "", problem: str | None = None) -> Answer:
    """What an endpoint says; without a status, that it could not be reached."""
    said = problem or (None if status else UNREACHABLE)
    return Answer(status, body, None, said, timedelta(milliseconds=321))


def issue(
    services: Services, url: str = URL, events: Sequence[str] = ("*",), description: str = ""
) -> IssuedEndpoint:
    """Make an endpoint of the account ``default``."""
    return services.webhooks.endpoints.create(
        url, events, description=description, account="default", actor="test"
    )


def publish(
    services: Services, kind: str = "message.sent", *, message: UUID | None = None, **data: Any
) -> None:
    """Let an event happen, of a message or of none."""
    now = services.clock()
    with services.store.begin() as session:
        outbox.publish(session, AccountEvent(kind, now, data, "default", message), now)


def deliver(services: Services, *answers: Answer) -> int:
    """Attempt what is due, once; the endpoints give these answers, the last of them again and again.

    :returns: how many attempts were made.
    """
    said = list(answers) or [answer()]

    def transport(url: str, body: bytes, headers: object) -> Answer:
        return said.pop(0) if len(said) > 1 else said[0]

    deliverer = Deliverer(
        services.store, services.settings, services.clock, lambda event: None, transport, lambda *bounds: 1.0
    )
    claimed = list(Deliveries(services.store, services.settings, services.clock).claim(Counter()))
    for delivery in claimed:
        deliverer.attempt(delivery)
    return len(claimed)


def deliveries(services: Services, endpoint_id: UUID) -> Sequence[DeliveryView]:
    """The newest deliveries of an endpoint, newest first."""
    return services.webhooks.log.page("default", endpoint_id).deliveries


def keep_parked(services: Services, provider: str = "cloud", *items: Parked) -> UUID:
    """A callback that came in and could not be applied, or only in part."""
    callback_id = services.callbacks.keep(provider, b'{"secret": "of some account"}')
    found = items or (Parked("entry/0/changes/0", BROKEN, "It has no id.", {"secret": "of some account"}),)
    with services.store.begin() as session:
        callback = session.scalars(select(StoredCallback).where(StoredCallback.id == callback_id)).one()
        callback.due_at, callback.parked, callback.applied = None, len(found), 2
        park(session, callback, found, services.clock())
    return callback_id
