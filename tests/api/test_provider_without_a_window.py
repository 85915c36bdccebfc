"""A provider whose network, unlike WhatsApp, carries free-form messages at any time."""

from __future__ import annotations

import pytest

from answers import data
from factories import MESSAGES, RECIPIENT, RECORDING, TEXT_SEND, MakeWorld, text_body
from flask_waapi.errors import ServiceWindowClosed


def test_a_provider_whose_network_has_no_window_carries_texts_at_any_time(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING, WAAPI_SERVICE_WINDOW="enforce")
    world.services.providers["recorder"].service_window = False

    data(
        world.post(
            TEXT_SEND, text_body(fallback_template={"template_name": "order_confirmation", "language": "en"})
        ),
        201,
    )
    data(world.post(TEXT_SEND, text_body(simulate=True)), 201)
    checked = data(world.post(f"{MESSAGES}/check", {"endpoint": "text/send", "body": text_body()}), 200)

    assert {message.type for message in world.messages()} == {"text"}
    assert {gate["gate"]: gate["state"] for gate in checked["gates"]}["service_window"] == "not_needed"


def test_the_window_of_one_provider_stays_beside_another_that_has_none(make_world: MakeWorld) -> None:
    world = make_world(
        WAAPI_PROVIDERS={"whatsapp": {"type": "recorder"}, "sms": {"type": "recorder"}},
        WAAPI_DEFAULT_PROVIDER="whatsapp",
        WAAPI_SERVICE_WINDOW="enforce",
    )
    world.services.providers["sms"].service_window = False

    with world.app.app_context():
        with pytest.raises(ServiceWindowClosed):
            world.waapi.send_text(RECIPIENT, "Hello")
        assert world.waapi.send_text(RECIPIENT, "Hello", provider="sms").status == "sent"
