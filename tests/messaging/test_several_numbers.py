"""Which number a message is sent from: the key's, the host's choice, or the default."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from answers import data, error
from batches import send_batch
from factories import (
    API,
    RECIPIENT,
    TEMPLATE_SEND,
    TEXT_SEND,
    MakeWorld,
    World,
    close_app,
    migrated,
    template_body,
    text_body,
)
from flask_waapi import ConfigurationError, ProviderQuery, ValidationFailed, WaApi
from flask_waapi.access.key_fields import KeyFields
from flask_waapi.testing import ManualClock
from recorder import RecorderPlugin, Script

NUMBERS: dict[str, Any] = {
    "WAAPI_PROVIDERS": {"shop": {"type": "recorder"}, "support": {"type": "recorder"}},
    "WAAPI_DEFAULT_PROVIDER": "shop",
}


@pytest.fixture
def numbers(make_world: MakeWorld) -> World:
    """An app with two numbers."""
    return make_world(**NUMBERS)


MakeChoosing = Callable[[Callable[[ProviderQuery], Any]], World]


@pytest.fixture
def choosing(tmp_path: Path) -> Any:
    """Makes apps with two numbers, whose host chooses."""
    with ExitStack() as stack:

        def make(choose: Callable[[ProviderQuery], Any]) -> World:
            script, clock, app = Script(), ManualClock(), Flask("choosing_host")
            app.config.update(
                NUMBERS,
                SECRET_KEY="a secret of tests",
                WAAPI_DATABASE_URI=migrated(f"sqlite:///{tmp_path / 'waapi.sqlite'}"),
                WAAPI_BACKGROUND_THREAD=False,
                WAAPI_SERVICE_WINDOW="off",
            )
            plugins = {"recorder": RecorderPlugin(script)}
            waapi = WaApi(app, clock=clock, plugins=plugins, choose_provider=choose)
            stack.callback(close_app, app)
            return World(app, waapi, None, clock, script)  # type: ignore[arg-type]

        yield make


def sent_from(world: World) -> list[str]:
    return [message.provider for message in world.messages()]


def test_a_key_sends_from_its_own_number(numbers: World) -> None:
    key = numbers.issue_key(provider="support")

    data(numbers.post(TEXT_SEND, text_body(), key), 201)
    send_batch(numbers, [text_body() | {"type": "text"}], key=key)

    assert sent_from(numbers) == ["support"] * 2


def test_a_key_without_a_number_sends_from_the_default_one(numbers: World) -> None:
    data(numbers.post(TEXT_SEND, text_body()), 201)

    assert sent_from(numbers) == ["shop"]


@pytest.mark.parametrize("fields", [{"mode": "test"}, {}])
def test_what_is_simulated_ends_at_the_simulation_whatever_the_keys_number(
    numbers: World, fields: dict[str, Any]
) -> None:
    key = numbers.issue_key("own", provider="support", **fields)

    data(numbers.post(TEXT_SEND, text_body(simulate=True), key), 201)

    assert sent_from(numbers) == ["simulation"]
    assert numbers.script.calls == 0


def test_a_key_for_a_number_that_is_not_configured_is_refused(numbers: World) -> None:
    with pytest.raises(ValidationFailed) as caught:
        numbers.services.keys.issue(KeyFields("x", provider="sales"), account="default", actor="test")

    (fault,) = caught.value.faults
    assert fault.pointer == "/provider"
    assert fault.expected == "one of shop, support, simulation, or none"


def test_a_key_whose_number_is_gone_is_told_so(make_world: MakeWorld) -> None:
    world = make_world(**NUMBERS)
    key = world.issue_key(provider="support")
    later = make_world(WAAPI_PROVIDERS={"shop": {"type": "recorder"}})

    told = error(later.post(TEXT_SEND, text_body(), key), 502, "PROVIDER_ERROR")

    assert "'support' is not configured any more" in told["message"]
    assert later.messages() == []


def test_the_number_of_a_key_can_be_changed_and_is_audited(numbers: World) -> None:
    key, keys = numbers.issue_key(), numbers.services.keys

    changed = keys.update("default", "shop", {"provider": "support"}, actor="ann")
    data(numbers.post(TEXT_SEND, text_body(), key), 201)
    cleared = keys.update("default", "shop", {"provider": None}, actor="ann")
    data(numbers.post(TEXT_SEND, text_body(), key), 201)

    assert (changed.provider, cleared.provider) == ("support", None)
    assert sorted(sent_from(numbers)) == ["shop", "support"]
    with pytest.raises(ValidationFailed):
        keys.update("default", "shop", {"provider": "sales"}, actor="ann")


def test_a_default_that_is_not_configured_is_refused_at_the_start(make_world: MakeWorld) -> None:
    with pytest.raises(ConfigurationError, match="WAAPI_DEFAULT_PROVIDER names 'sales'"):
        make_world(**{**NUMBERS, "WAAPI_DEFAULT_PROVIDER": "sales"})


def test_a_python_call_names_its_number(numbers: World) -> None:
    with numbers.app.app_context():
        numbers.waapi.send_text(RECIPIENT, "Hello", provider="support")
        with pytest.raises(ValidationFailed) as caught:
            numbers.waapi.send_text(RECIPIENT, "Hello", provider="sales")

    assert sent_from(numbers) == ["support"]
    assert [fault.pointer for fault in caught.value.faults] == ["/provider"]


def test_an_idempotency_key_stands_for_one_number(numbers: World) -> None:
    with numbers.app.app_context():
        numbers.waapi.send_text(RECIPIENT, "Hello", provider="support", idempotency_key="one")
        numbers.waapi.send_text(RECIPIENT, "Hello", provider="support", idempotency_key="one")
        with pytest.raises(Exception, match="Idempotency-Key"):
            numbers.waapi.send_text(RECIPIENT, "Hello", provider="shop", idempotency_key="one")

    assert sent_from(numbers) == ["support"]


# The templates are those of the number


def test_the_templates_are_those_of_the_keys_number(numbers: World) -> None:
    own = numbers.issue_key("own", provider="support")
    numbers.get(f"{API}/templates")
    numbers.script.templates = []

    listed = [data(numbers.get(f"{API}/templates", key)) for key in ("", own)]

    assert [len(templates) for templates in listed] == [1, 0]
    error(numbers.post(TEMPLATE_SEND, template_body(), own), 404, "TEMPLATE_NOT_FOUND")
    data(numbers.post(TEMPLATE_SEND, template_body()), 201)


# The host chooses


def test_the_host_is_asked_with_what_it_may_choose_by(choosing: MakeChoosing) -> None:
    asked: list[ProviderQuery] = []

    def choose(query: ProviderQuery) -> str | None:
        asked.append(query)
        return "support" if query.message_type == "text" else None

    world = choosing(choose)
    data(world.post(TEXT_SEND, text_body()), 201)
    data(world.post(TEMPLATE_SEND, template_body()), 201)

    key_id = world.services.keys.get("default", "shop").id
    assert asked == [
        ProviderQuery("default", key_id, RECIPIENT, message_type) for message_type in ("text", "template")
    ]
    assert sorted(sent_from(world)) == ["shop", "support"]


def test_the_host_is_not_asked_for_a_key_with_a_number_of_its_own(choosing: MakeChoosing) -> None:
    def choose(query: ProviderQuery) -> str:
        raise AssertionError(query)

    world = choosing(choose)

    data(world.post(TEXT_SEND, text_body(), world.issue_key(provider="support")), 201)

    assert sent_from(world) == ["support"]


def test_the_hosts_choice_does_not_bring_a_simulated_send_out_of_the_simulation(
    choosing: MakeChoosing,
) -> None:
    world = choosing(lambda query: "support")

    data(world.post(TEXT_SEND, text_body(simulate=True)), 201)

    assert (sent_from(world), world.script.calls) == (["simulation"], 0)


def fails(query: ProviderQuery) -> str:
    raise LookupError(query.to)


@pytest.mark.parametrize("choose", [lambda query: "sales", lambda query: ["shop"], fails])
def test_a_choice_that_cannot_be_followed_is_our_failure_and_in_the_log(
    choosing: MakeChoosing, choose: Callable[[ProviderQuery], Any], caplog: pytest.LogCaptureFixture
) -> None:
    world = choosing(choose)

    error(world.post(TEXT_SEND, text_body()), 500, "INTERNAL_ERROR")

    assert world.messages() == []
    assert "choose_provider" in caplog.text
    assert RECIPIENT not in caplog.text
