"""Callbacks of the Cloud API in the shapes that Meta documents, and what the provider reads in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask_waapi import CallbackItem, ProviderEvent
from waapi_cloud.envelope import read_callback

NUMBER_ID = "106540352242922"
ACCOUNT_ID = "102290129340398"
OUR_NUMBER = "+15555550100"
CUSTOMER = "4915550001234"

TOLD_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = 1772366400
"""The same moment, as Meta writes it."""


def status(**members: Any) -> dict[str, Any]:
    """One status."""
    return {"id": "wamid.1", "status": "sent", "timestamp": str(SECONDS), "recipient_id": CUSTOMER} | members


def written(kind: str = "text", payload: Any = None, **members: Any) -> dict[str, Any]:
    """One message from a customer. :param payload: ``None`` leaves it out."""
    item = {"from": CUSTOMER, "id": "wamid.in", "timestamp": str(SECONDS), "type": kind}
    return item | ({} if payload is None else {kind: payload}) | members


def number_value(*, phone_number_id: str = NUMBER_ID, **members: Any) -> dict[str, Any]:
    """The value of a change that concerns a number."""
    metadata = {"display_phone_number": "1 555-555-0100", "phone_number_id": phone_number_id}
    return {"messaging_product": "whatsapp", "metadata": metadata, **members}


def change(field: str, value: Any) -> dict[str, Any]:
    """One change."""
    return {"field": field, "value": value}


def entry(*changes: Any, **members: Any) -> dict[str, Any]:
    """One entry."""
    return {"id": ACCOUNT_ID, "time": SECONDS, "changes": list(changes)} | members


def envelope(*entries: Any) -> dict[str, Any]:
    """The body of a callback."""
    return {"object": "whatsapp_business_account", "entry": list(entries)}


def read(document: Any) -> list[CallbackItem]:
    """The items of a callback, which any database could store."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    items = read_callback(body, NUMBER_ID, ACCOUNT_ID)
    positions = [item.position for item in items]
    assert len(set(positions)) == len(positions)
    for item in items:
        json.dumps(item.raw, allow_nan=False)
        assert item.problem is None or not item.events
        assert all(event.occurred_at.tzinfo is not None for event in item.events)
    return items


def read_change(field: str, value: Any) -> CallbackItem:
    """The only item of a callback with one change."""
    (item,) = read(envelope(entry(change(field, value))))
    return item


def events_of(field: str, value: Any) -> tuple[ProviderEvent, ...]:
    """What that item means; it is not broken."""
    item = read_change(field, value)
    assert item.problem is None
    return item.events


def read_list(name: str, items: Sequence[Any], **members: Any) -> list[CallbackItem]:
    """The items of a callback with one list, such as ``statuses``."""
    value = number_value(**members) | {name: list(items)}
    return read(envelope(entry(change("messages", value))))
