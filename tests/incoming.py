"""Messages that people write to us, as a provider would tell of them."""

from __future__ import annotations

from typing import Any

from factories import RECIPIENT, World
from flask_waapi import InboundMessage
from flask_waapi.messaging.incoming.callbacks import Tally
from flask_waapi.messaging.incoming.receiving import Receiving
from flask_waapi.plugins.events import AccountEvent
from flask_waapi.storage.inbound_models import Contact
from reports import apply

OUR_NUMBER = "+15551230000"


def written(world: World, provider_message_id: str = "in-1", **members: Any) -> InboundMessage:
    """A text that the usual recipient has written to us at this moment."""
    values: dict[str, Any] = {
        "sender": RECIPIENT,
        "recipient": OUR_NUMBER,
        "type": "text",
        "occurred_at": world.clock(),
        "content": {"text": {"body": "Hello"}},
        "text": "Hello",
    } | members
    return InboundMessage(provider_message_id, **values)


def writes(world: World, number: str = RECIPIENT, *, provider: str = "recorder", **members: Any) -> Tally:
    """Somebody writes to a provider instance; what came of it."""
    message_id = members.pop("provider_message_id", f"in-{number}-{world.clock().isoformat()}")
    return apply(world, provider, written(world, message_id, sender=number, **members))


def contact(world: World, number: str = RECIPIENT, provider: str = "recorder") -> Contact | None:
    """A person as the database holds them."""
    with world.services.store.read() as session:
        return session.get(Contact, (provider, number))


def receiving(world: World, told: list[AccountEvent]) -> Receiving:
    """What lets people write to a simulation, telling its events to a list."""
    services = world.services
    return Receiving(services.store, services.providers, services.settings, services.clock, told.append)
