"""What happens in an account: told to the host in process, and to the account's endpoints by webhook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

EVENT_TYPES = {
    "message.sent": "a provider has accepted a message",
    "message.delivered": "a message has arrived on the recipient's device",
    "message.read": "a message was shown to its recipient",
    "message.played": "a voice message was listened to",
    "message.failed": "a message was not carried, or was given up",
    "message.unconfirmed": "a provider's answer was lost: the message may have been sent",
    "message.queued": "a message waits again: it is retried by hand or by policy",
    "message.canceled": "a message was taken back before it was sent",
    "message.received": "somebody has written to one of your numbers",
    "message.echoed": "a message was sent with one of your numbers from elsewhere",
    "template.updated": "a template's status, category, quality or content has changed",
    "account.updated": "the state of the provider's account or of a number has changed",
    "contact.updated": "a recipient has stopped marketing messages, or allows them again",
    "key.expiring": "an API key expires within a week",
    "endpoint.disabled": "a webhook endpoint was switched off because it kept failing",
    "test": "sent by hand to try an endpoint",
}
"""Every type, and what it means."""


@dataclass(frozen=True)
class AccountEvent:
    """Something that happened.

    :param type: one of :data:`EVENT_TYPES`.
    :param occurred_at: aware UTC.
    :param data: what happened, as JSON values.
    :param account: whose it is; ``None`` for what concerns every account, such as a template.
    :param message_uuid: the message it is about; events of one message are delivered in their order.
    :param fingerprint: what makes it the same event when it is found again, up to 160 characters; ``None``
        where that cannot be.
    """

    type: str
    occurred_at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    account: str | None = None
    message_uuid: UUID | None = None
    fingerprint: str | None = None

    def body(self) -> str:
        """What an endpoint is sent: Standard Webhooks 1.0.0, payload structure. ASCII alone."""
        moment = self.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        payload = {"type": self.type, "timestamp": moment, "data": dict(self.data)}
        return json.dumps(payload, separators=(",", ":"))
