"""What a process does that takes callbacks in: signed ones of the Cloud API, over a whole app."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from typing import Any
from uuid import UUID

from factories import World, opened

APP_SECRET = "an-app-secret"
CALLBACK = "/api/v1/callbacks/main"
PHONE_NUMBER_ID = "106540352242922"

CLOUD: dict[str, Any] = {
    "WAAPI_PROVIDERS": {
        "main": {
            "type": "cloud",
            "access_token": "t0ken",
            "phone_number_id": PHONE_NUMBER_ID,
            "business_account_id": "102290129340398",
            "app_secret": APP_SECRET,
            "verify_token": "agreed",
        }
    }
}
"""Settings of an app whose provider is the Cloud API, which it never reaches."""

_stack = ExitStack()


def status(name: str, message_id: str, seconds: int, uuid: UUID | None = None) -> dict[str, Any]:
    """A status as Meta reports it (webhooks, statuses object)."""
    told = {"id": message_id, "status": name, "timestamp": str(seconds), "recipient_id": "1234567890"}
    return told if uuid is None else told | {"biz_opaque_callback_data": str(uuid)}


def payload(*values: Sequence[dict[str, Any]]) -> bytes:
    """A webhook of one entry, with one change for each list of statuses."""
    metadata = {"display_phone_number": "15550100", "phone_number_id": PHONE_NUMBER_ID}
    changes = [
        {
            "field": "messages",
            "value": {"messaging_product": "whatsapp", "metadata": metadata, "statuses": list(statuses)},
        }
        for statuses in values
    ]
    entry = {"id": "102290129340398", "changes": changes}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def signature(body: bytes) -> str:
    """The header ``X-Hub-Signature-256`` of a body."""
    return "sha256=" + hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()


def post(world: World, body: bytes) -> int:
    """Take a callback in; the status of the answer."""
    headers = {"X-Hub-Signature-256": signature(body)}
    return world.client.post(CALLBACK, data=body, headers=headers).status_code


def take_in(database_uri: str, bodies: Sequence[bytes]) -> list[int]:
    """Take callbacks in and apply what is due, of other processes too; the statuses of the answers."""
    world = _world(database_uri)
    answered = []
    for body in bodies:
        answered.append(post(world, body))
        world.services.callbacks.apply_due()
    return answered


@cache
def _world(database_uri: str) -> World:
    return _stack.enter_context(opened(database_uri, **CLOUD))
