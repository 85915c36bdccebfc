"""Plugins and the host hear of the same events, in process, after their commit."""

from __future__ import annotations

import logging
from uuid import UUID

import pytest
from flask import current_app

from answers import data
from factories import RECORDING, MakeWorld, World
from flask_waapi import AccountEvent, StatusUpdate, account_event, hookimpl
from flask_waapi.plugins.registry import find_provider_types
from reports import apply


class Listener:
    """A plugin that brings no provider and notes each event."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    @hookimpl
    def waapi_on_event(self, event: AccountEvent) -> None:
        """The plugin hook."""
        self.heard.append((event.type, current_app.name))


class BrokenListener:
    """A plugin that fails at each event."""

    @hookimpl
    def waapi_on_event(self, event: AccountEvent) -> None:
        """The plugin hook."""
        raise ZeroDivisionError


@pytest.fixture
def listener() -> Listener:
    """The plugin that hears."""
    return Listener()


@pytest.fixture
def world(make_world: MakeWorld, listener: Listener) -> World:
    """An app with a plugin that hears, after one that fails."""
    return make_world(plugins={"broken": BrokenListener(), "listener": listener}, **RECORDING)


def test_a_plugin_hears_of_each_event_though_another_fails(
    world: World, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    data(world.send(), 201)
    with caplog.at_level(logging.ERROR):
        apply(world, "recorder", StatusUpdate("delivered", world.clock(), "recorder-1"))

    assert [kind for kind, _ in listener.heard] == ["message.sent", "message.delivered"]
    assert {name for _, name in listener.heard} == {world.app.name}
    assert "The plugin broken failed on an event" in caplog.text
    assert world.message().status == "delivered"


def test_the_host_hears_the_event_as_webhooks_tell_it(world: World) -> None:
    heard: list[AccountEvent] = []

    def receiver(sender: object, event: AccountEvent) -> None:
        heard.append(event)

    with account_event.connected_to(receiver, world.app):
        uuid = data(world.send(reference="my-order"), 201)["message_uuid"]

    (event,) = heard
    assert (event.type, event.account, event.message_uuid) == ("message.sent", "default", UUID(uuid))
    assert event.data["message_uuid"] == uuid
    assert event.data["reference"] == "my-order"
    assert (event.data["previous_status"], event.data["status"]) == ("queued", "sent")


def test_a_plugin_that_only_listens_is_no_faulty_one(listener: Listener) -> None:
    types = find_provider_types((), {"listener": listener})

    assert types.failures == []
    assert set(types.listeners) == {"listener"}
