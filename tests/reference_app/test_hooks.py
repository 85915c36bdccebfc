"""Webhooks that come to the desk: checked, kept once, shown; and sent there by what runs beside it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from standardwebhooks import Webhook

from browsing import serving

EVENT = {"type": "message.read", "data": {"message_uuid": "0195-not-checked", "reference": "ORD-00001"}}


@pytest.fixture
def secret(desk: Flask) -> str:
    """The secret of the endpoint that leads to the desk."""
    from reference_app import hooks

    with desk.app_context():
        hooks.connect("https://desk.example.com")
    return (Path(desk.instance_path) / "webhook-secret").read_text().strip()


def tell(
    desk: Flask, secret: str, *, webhook_id: str = "msg_1", at: datetime | None = None, spoil: str = ""
) -> int:
    """Send the event as flask-waapi would; the status of the answer."""
    body = json.dumps(EVENT)
    signed_at = at or datetime.now(UTC)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, signed_at, body),
    }
    return desk.test_client().post("/hooks/messages", data=body + spoil, headers=headers).status_code


@pytest.mark.parametrize("signature", ["nonsense", "v1", "v1,a,b", "v1,a", "v1,é", "é", "v2,x", " "])
def test_a_malformed_signature_is_refused(desk: Flask, clerk: Any, secret: str, signature: str) -> None:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }

    for body in (json.dumps(EVENT).encode(), b"\xff"):
        assert desk.test_client().post("/hooks/messages", data=body, headers=headers).status_code == 400
    assert "Nothing has come in yet" in clerk.page("/hooks/")


def test_an_event_that_comes_twice_is_shown_once(desk: Flask, clerk: Any, secret: str) -> None:
    assert tell(desk, secret) == 204
    assert tell(desk, secret) == 204

    page = clerk.page("/hooks/")
    assert page.count("message.read") == 1
    assert "ORD-00001" in page


@pytest.mark.parametrize(
    "wrong", [{"spoil": " "}, {"at": datetime(2026, 1, 1, tzinfo=UTC)}], ids=["another body", "long ago"]
)
def test_what_is_not_signed_just_now_is_refused(
    desk: Flask, clerk: Any, secret: str, wrong: dict[str, Any]
) -> None:
    assert tell(desk, secret, **wrong) == 400
    assert "Nothing has come in yet" in clerk.page("/hooks/")


def test_without_an_endpoint_nothing_is_received(desk: Flask) -> None:
    assert desk.test_client().post("/hooks/messages", data="{}").status_code == 404


def test_another_start_leads_the_endpoint_to_where_the_desk_is_now(desk: Flask, secret: str) -> None:
    from reference_app import hooks
    from reference_app.extensions import waapi

    with desk.app_context():
        hooks.connect("https://elsewhere.example.com")
        (endpoint,) = waapi.webhooks.list()

    assert endpoint.url == "https://elsewhere.example.com/hooks/messages"
    assert tell(desk, secret) == 204


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The desk may send webhooks to itself."""
    return settings | {"WAAPI_WEBHOOK_ALLOW_LOOPBACK": True}


def test_an_order_is_told_to_the_desk_until_it_is_read(desk: Flask, clerk: Any) -> None:
    from reference_app import hooks
    from reference_app.extensions import waapi

    with serving(desk) as address:
        with desk.app_context():
            hooks.connect(address)
        clerk.order()
        end = datetime.now(UTC) + timedelta(seconds=60)
        while "message.read" not in clerk.page("/hooks/") and datetime.now(UTC) < end:
            assert desk.test_cli_runner().invoke(args=["waapi", "worker", "--once"]).exit_code == 0
            # On a busy machine a delivery may fail at first, and would wait for minutes.
            with desk.app_context():
                (endpoint,) = waapi.webhooks.list()
                for delivery in waapi.webhooks.deliveries(endpoint.id, state="pending").deliveries:
                    waapi.webhooks.replay(delivery.id)

    page = clerk.page("/hooks/")
    for event in ("message.sent", "message.delivered", "message.read"):
        assert event in page
    assert "ORD-00001" in page
