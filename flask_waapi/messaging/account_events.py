"""What the account is told of its messages: the same words for webhooks, signals and plugins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..plugins.events import AccountEvent
from ..storage.models import Message

OUTBOUND = "outbound"
INBOUND = "inbound"
"""Directions of a message."""


def status_changed(message: Message, previous: str, occurred_at: datetime) -> AccountEvent:
    """A message that was ``previous`` has the status that it now shows."""
    return AccountEvent(
        type=f"message.{message.status}",
        occurred_at=occurred_at,
        data=_described(message) | {"previous_status": previous, "failure": message.failure},
        account=message.account,
        message_uuid=message.id,
    )


def received(message: Message, occurred_at: datetime) -> AccountEvent:
    """A message has come in."""
    told = {
        "from_name": message.sender_name,
        "text": message.rendered,
        "content": message.content,
        "reply_to": message.reply_to,
    }
    return AccountEvent(
        type="message.echoed" if message.is_echo else "message.received",
        occurred_at=occurred_at,
        data=_described(message) | told,
        account=message.account,
        message_uuid=message.id,
    )


def _described(message: Message) -> dict[str, Any]:
    return {
        "message_uuid": str(message.id),
        "direction": message.direction or OUTBOUND,
        "status": message.status,
        "type": message.type,
        "to": message.recipient,
        "from": message.sender,
        "reference": message.reference,
        "template_name": message.template_name,
        "language": message.template_language,
        "simulated": message.simulated,
        "provider": message.provider,
        "provider_message_id": message.provider_message_id,
    }
