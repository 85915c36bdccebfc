"""``WAAPI_TEMPLATE_REFRESH_INTERVAL``: lists that are read anew by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from factories import RECORDING, MakeWorld, World
from flask_waapi import OutboundMessage, Retryable, SendResult, TemplateDefinition
from recorder import ORDER_CONFIRMATION


@pytest.fixture
def read(make_world: MakeWorld) -> World:
    """An app whose templates were read once."""
    world = make_world(WAAPI_TEMPLATE_REFRESH_INTERVAL=600, **RECORDING)
    world.services.catalogue.sync("recorder")
    return world


def test_a_list_is_read_anew_after_the_interval(read: World) -> None:
    read.clock.advance(599)
    read.work()
    assert read.script.listings == 1

    read.script.templates = [replace(ORDER_CONFIRMATION, name="new")]
    read.clock.advance(1)
    read.work()

    assert read.script.listings == 2
    assert [item.name for item in read.services.catalogue.list("recorder")] == ["new"]


def test_a_reading_that_fails_is_tried_again_after_the_interval(read: World) -> None:
    read.script.template_error = Retryable("Away.")
    for _ in range(4):
        read.clock.advance(300)
        read.work()

    assert read.script.listings == 3
    assert [item.name for item in read.services.catalogue.list("recorder")] == ["order_confirmation"]


def test_nothing_is_read_that_nobody_has_asked_for(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING)
    world.clock.advance(timedelta(days=1))
    world.work()

    assert world.script.listings == 0


def test_a_slow_list_does_not_hold_up_messages(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_DISPATCH="worker", **RECORDING)
    world.services.catalogue.sync("recorder")
    asked, sent, released = Event(), Event(), Event()

    def list_slowly() -> list[TemplateDefinition]:
        asked.set()
        released.wait(60)
        return [ORDER_CONFIRMATION]

    def send(message: OutboundMessage) -> SendResult:
        sent.set()
        return SendResult("id")

    provider = world.services.providers["recorder"]
    provider.list_templates = list_slowly  # type: ignore[method-assign]
    world.clock.advance(timedelta(hours=1))
    world.services.worker.start()
    try:
        assert asked.wait(60)
        world.script.outcomes.append(send)
        assert world.send().status_code == 202
        assert sent.wait(60)
    finally:
        released.set()
        world.services.worker.stop()


def test_zero_means_never(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_TEMPLATE_REFRESH_INTERVAL=0, **RECORDING)
    world.services.catalogue.sync("recorder")
    world.clock.advance(timedelta(days=30))
    world.work()

    assert world.script.listings == 1


def test_one_process_of_many_asks(make_world: MakeWorld, migrated_uri: str) -> None:
    worlds = [make_world(database_uri=migrated_uri, **RECORDING) for _ in range(3)]
    worlds[0].services.catalogue.sync("recorder")
    worlds[0].clock.advance(timedelta(hours=1))

    for world in worlds:
        world.work()

    assert sum(world.script.listings for world in worlds) == 2
    assert {world.services.catalogue.state("recorder") for world in worlds} == {
        worlds[0].services.catalogue.state("recorder")
    }
