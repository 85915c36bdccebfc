"""Events with sample data, to try an endpoint with."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import Fault, ValidationFailed
from ..plugins.events import EVENT_TYPES, AccountEvent

TEST = "test"

FINGERPRINT = "sample:"
"""What the fingerprints of samples begin with; nothing else has such a one."""

_MESSAGE: Mapping[str, Any] = {
    "message_uuid": "01900000-0000-7000-8000-000000000000",
    "direction": "outbound",
    "status": "delivered",
    "previous_status": "sent",
    "type": "text",
    "to": "+1234567890",
    "from": None,
    "reference": "sample",
    "template_name": None,
    "language": None,
    "simulated": True,
    "provider": "simulation",
    "provider_message_id": "sample",
    "failure": None,
}

_BEFORE = {
    "sent": "queued",
    "delivered": "sent",
    "read": "delivered",
    "played": "read",
    "failed": "sent",
    "unconfirmed": "queued",
    "queued": "failed",
    "canceled": "queued",
}
"""The status before it, by the status."""

_FAILURE = {
    "code": "DELIVERY_FAILED",
    "provider_code": "131026",
    "reason": "The message cannot be delivered to this recipient.",
}


def sample_event(event_type: str, account: str, now: datetime) -> AccountEvent:
    """An event of a type, told of what never happened: its data say so by ``sample``.

    :raises ValidationFailed: there is no such type.
    """
    if event_type not in EVENT_TYPES:
        fault = Fault("/type", f"There is no event {event_type!r}.", f"one of {', '.join(EVENT_TYPES)}")
        raise ValidationFailed([fault])
    data: Mapping[str, Any] = _MESSAGE
    if event_type != TEST:
        data = {**_data(event_type, now), "sample": True}
    fingerprint = None if event_type == TEST else f"{FINGERPRINT}{secrets.token_hex(16)}"
    return AccountEvent(event_type, now, data, account, fingerprint=fingerprint)


def _data(event_type: str, now: datetime) -> Mapping[str, Any]:
    family, _, name = event_type.partition(".")
    if family != "message":
        return _OTHERS[event_type](now)
    if name in _BEFORE:
        failure = _FAILURE if name == "failed" else None
        return {**_MESSAGE, "status": name, "previous_status": _BEFORE[name], "failure": failure}
    # Who writes is at the other end.
    told = {name: value for name, value in _MESSAGE.items() if name not in {"previous_status", "failure"}}
    ends = (
        {"direction": "inbound", "status": "received", "to": "+15550000000", "from": "+1234567890"}
        if name == "received"
        else {"status": "sent", "from": "+15550000000"}
    )
    content = {"text": {"body": "Hello"}}
    return {**told, **ends, "from_name": "John Doe", "text": "Hello", "content": content, "reply_to": None}


def _template(now: datetime) -> Mapping[str, Any]:
    return {
        "provider": "simulation",
        "name": "order_confirmation",
        "language": "en",
        "status": "PAUSED",
        "category": "UTILITY",
        "quality": "RED",
        "reason": None,
        "changed": ["status", "quality"],
    }


def _account(now: datetime) -> Mapping[str, Any]:
    return {
        "provider": "simulation",
        "subject": "quality:+15550000000",
        "severity": "warning",
        "summary": "The quality of the number +15550000000 has gone down.",
        "stops": [],
        "until": None,
        "details": {},
    }


def _contact(now: datetime) -> Mapping[str, Any]:
    return {"number": "+1234567890", "marketing": "stopped", "provider": "simulation"}


def _key(now: datetime) -> Mapping[str, Any]:
    return {
        "key_id": "01900000-0000-7000-8000-000000000000",
        "name": "sample",
        "masked": "wak_live_…0000",
        "expires_at": _written(now + timedelta(days=7)),
    }


def _endpoint(now: datetime) -> Mapping[str, Any]:
    return {
        "endpoint_id": "01900000-0000-7000-8000-000000000000",
        "url": "https://example.com/hook",
        "description": "sample",
        "reason": "It answered 410.",
        "failing_since": _written(now - timedelta(days=5)),
    }


_OTHERS: Mapping[str, Callable[[datetime], Mapping[str, Any]]] = {
    "template.updated": _template,
    "account.updated": _account,
    "contact.updated": _contact,
    "key.expiring": _key,
    "endpoint.disabled": _endpoint,
}


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
