"""The double tells what people write and what befalls the account, as Meta does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cloud_world import cloud_provider
from flask_waapi import AccountUpdate, CallbackRequest, InboundMessage, ProviderEvent
from flask_waapi.testing.graph_double import GraphDouble, RecordedRequest
from flask_waapi.testing.graph_double.server import Answer, DoubleServer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def received() -> list[RecordedRequest]:
    return []


@pytest.fixture
def double(received: list[RecordedRequest]) -> Iterator[GraphDouble]:
    def take(request: RecordedRequest) -> Answer:
        received.append(request)
        return Answer(200, b"")

    server = DoubleServer(0, take)
    server.start()
    try:
        url = f"http://127.0.0.1:{server.port}/callbacks/main"
        with GraphDouble(callback_url=url, clock=lambda: NOW) as double:
            yield double
    finally:
        server.stop()


def change_in(request: RecordedRequest) -> Any:
    return request.json["entry"][0]["changes"][0]


def test_a_customers_message_is_posted_with_metas_envelope(
    double: GraphDouble, received: list[RecordedRequest]
) -> None:
    assert double.receive("+49 1555 0001234", "text", {"body": "Hi"}, context={"id": "wamid.9"}) == 200
    (request,) = received
    change = change_in(request)
    assert change["field"] == "messages"
    assert change["value"]["metadata"]["phone_number_id"] == double.account.phone_number_id
    assert change["value"]["contacts"] == [{"profile": {"name": "A Customer"}, "wa_id": "4915550001234"}]
    (item,) = change["value"]["messages"]
    assert item.pop("id").startswith("wamid.")
    assert item == {
        "from": "4915550001234",
        "timestamp": "1772366400",
        "type": "text",
        "text": {"body": "Hi"},
        "context": {"id": "wamid.9"},
    }


def test_what_the_double_tells_is_signed_and_read_by_the_provider(
    double: GraphDouble, received: list[RecordedRequest]
) -> None:
    double.receive("+4915550001234")
    double.tell("account_update", {"event": "ACCOUNT_DELETED"})
    provider = cloud_provider(double)
    events: list[ProviderEvent] = []
    for request in received:
        provider.verify_callback(CallbackRequest(request.headers, body=request.body))
        (item,) = provider.parse_callback(request.body)
        events.extend(item.events)
    provider.close()
    message, update = events
    assert isinstance(message, InboundMessage)
    assert (message.sender, message.text, message.sender_name) == ("+4915550001234", "Hello", "A Customer")
    assert isinstance(update, AccountUpdate)
    assert update.occurred_at == NOW


def test_a_batch_may_hold_what_is_no_message(double: GraphDouble, received: list[RecordedRequest]) -> None:
    items: list[Any] = [
        double.message_from("1"),
        double.message_from("2"),
        None,
        {"from": []},
        {"poison": True},
    ]
    assert double.receive_batch(items, name="Kim") == 200
    value = change_in(received[0])["value"]
    assert value["messages"] == items
    assert [contact["wa_id"] for contact in value["contacts"]] == ["1", "2"]


def test_two_messages_have_two_ids() -> None:
    double = GraphDouble()
    assert double.message_from("1")["id"] != double.message_from("1")["id"]


def test_a_message_may_have_no_payload() -> None:
    assert "unsupported" not in GraphDouble().message_from("1", "unsupported")


def test_any_change_can_be_had_without_posting_it() -> None:
    double = GraphDouble(clock=lambda: NOW)
    callback = double.signed_change("smb_message_echoes", double.value(message_echoes=[{"to": "1"}]))
    change = json.loads(callback.body)["entry"][0]["changes"][0]
    assert change["field"] == "smb_message_echoes"
    assert change["value"]["message_echoes"] == [{"to": "1"}]
    assert set(callback.headers) == {"content-type", "x-hub-signature-256"}


def test_without_a_callback_url_nothing_can_be_told() -> None:
    with GraphDouble() as double, pytest.raises(RuntimeError):
        double.receive("+4915550001234")
