"""Waking Celery's workers: seldom, never at the cost of a request, and whatever the broker does."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from factories import RECORDING, MakeWorld, World
from flask_waapi.services import Services
from flask_waapi.work.wakeups import BROKER_SECONDS, SHORTEST_INTERVAL_SECONDS
from waiting import eventually

from .brokers import Broker, other_queue

PUBLISH_SECONDS = 30.0
"""What a try to publish may take, whatever the broker does; two seconds a step."""


@pytest.fixture
def make_world(make_world: MakeWorld) -> Iterator[MakeWorld]:
    """Makes apps, and closes their connections to a broker."""
    made: list[World] = []

    def make(**options: object) -> World:
        made.append(make_world(**options))
        return made[-1]

    yield make
    for world in made:
        world.services.loop.stop()
        world.services.celery.close()


def celery_world(make_world: MakeWorld, broker: Broker, **settings: object) -> World:
    """An app whose messages Celery sends."""
    world = make_world(WAAPI_DISPATCH="celery", **RECORDING, **settings)
    world.waapi.init_celery(broker.celery())
    return world


def try_to_publish(services: Services) -> float:
    """How long one try takes; not held back by the one before."""
    services.celery._publisher._not_before = 0
    started = time.monotonic()
    services.celery.publish()
    return time.monotonic() - started


def timed_send(world: World) -> float:
    """How long a request takes that stores a message."""
    started = time.monotonic()
    assert world.send().status_code == 202
    return time.monotonic() - started


def test_what_waits_is_published_to_the_hosts_queue(make_world: MakeWorld, broker: Broker) -> None:
    world = celery_world(make_world, broker)
    world.send()

    world.services.celery.publish()

    assert eventually(lambda: broker.waiting() == 1)


def test_the_hosts_route_decides_on_the_queue(make_world: MakeWorld, broker: Broker) -> None:
    world = make_world(WAAPI_DISPATCH="celery", **RECORDING)
    routes = {"flask_waapi.work": {"queue": other_queue(broker.queue)}}
    world.waapi.init_celery(broker.celery(task_routes=routes))
    world.send()

    world.services.celery.publish()

    assert eventually(lambda: broker.waiting(other_queue(broker.queue)) == 1)
    assert broker.waiting() == 0


def test_nothing_is_published_while_nothing_waits(make_world: MakeWorld, broker: Broker) -> None:
    world = celery_world(make_world, broker)

    for _ in range(3):
        world.services.celery.publish()

    assert broker.waiting() == 0


@pytest.mark.rabbitmq
def test_a_thousand_messages_in_a_moment_are_a_few_wake_ups(make_world: MakeWorld, rabbitmq: Broker) -> None:
    world = celery_world(make_world, rabbitmq)
    wake = world.services.pipeline._wake
    began = time.monotonic()
    world.services.loop.start()

    for _ in range(1_000):
        wake()
        time.sleep(0.0005)

    assert eventually(lambda: not world.services.celery._publisher._wanted.is_set())
    assert eventually(lambda: rabbitmq.waiting() >= 1)
    # However long a busy machine takes for the thousand.
    assert rabbitmq.waiting() <= (time.monotonic() - began) / SHORTEST_INTERVAL_SECONDS + 1


@pytest.mark.rabbitmq
def test_a_wake_up_that_nobody_takes_does_not_wait_for_ever(make_world: MakeWorld, rabbitmq: Broker) -> None:
    world = celery_world(make_world, rabbitmq)
    world.send()
    world.services.celery.publish()

    assert eventually(lambda: rabbitmq.waiting() == 1)
    with rabbitmq.celery().connection_for_write() as connection:
        task = connection.default_channel.basic_get(rabbitmq.queue)

    assert 1_000 <= int(task.properties["expiration"]) <= 60_000


@pytest.mark.parametrize("away", ["refuses", "hangs", "hangs when connected"])
def test_a_request_does_not_wait_for_a_broker_that_is_away(
    make_world: MakeWorld, broker: Broker, away: str
) -> None:
    world = celery_world(make_world, broker, WAAPI_BACKGROUND_THREAD=True)
    timed_send(world)
    if away == "hangs when connected":
        assert eventually(lambda: broker.waiting() == 1)
    broker.gateway.close() if away == "refuses" else broker.gateway.hang()

    waits = []
    for _ in range(10):
        waits.append(timed_send(world))
        time.sleep(0.05)

    # One try to publish takes as long as this where the broker hangs.
    assert sorted(waits)[len(waits) // 2] < BROKER_SECONDS


@pytest.mark.parametrize("away", ["refuses", "hangs", "hangs when connected"])
def test_a_broker_that_is_away_is_not_waited_for_long(
    make_world: MakeWorld, broker: Broker, away: str
) -> None:
    world = celery_world(make_world, broker)
    world.send()
    if away == "hangs when connected":
        try_to_publish(world.services)
    broker.gateway.close() if away == "refuses" else broker.gateway.hang()

    world.services.celery.wake()

    assert try_to_publish(world.services) < PUBLISH_SECONDS


@pytest.mark.parametrize("away", ["refuses", "hangs"])
def test_a_wake_up_is_published_when_the_broker_is_back(
    make_world: MakeWorld, broker: Broker, away: str
) -> None:
    world = celery_world(make_world, broker, WAAPI_BACKGROUND_THREAD=True)
    broker.gateway.close() if away == "refuses" else broker.gateway.hang()
    world.send()
    time.sleep(0.5)

    broker.gateway.open()

    assert eventually(lambda: broker.waiting() >= 1)


def test_a_broker_that_is_away_is_in_the_log_once_and_its_return_too(
    make_world: MakeWorld, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    world = celery_world(make_world, broker)
    broker.gateway.close()
    world.send()
    with caplog.at_level(logging.WARNING, "flask_waapi"):
        for _ in range(5):
            try_to_publish(world.services)
        broker.gateway.open()
        try_to_publish(world.services)

    heads = [record.getMessage().splitlines()[0] for record in caplog.records]
    assert heads == [
        "Celery workers cannot be woken; their beat will find what waits: OperationalError",
        "Celery workers can be woken again.",
    ]


@pytest.mark.rabbitmq
def test_tries_become_rarer_while_the_broker_is_away(make_world: MakeWorld, rabbitmq: Broker) -> None:
    world = celery_world(make_world, rabbitmq)
    rabbitmq.gateway.close()
    publisher = world.services.celery._publisher
    publisher.want()

    pauses = []
    for _ in range(6):
        try_to_publish(world.services)
        pauses.append(publisher._pause)

    assert pauses == [0.5, 1, 2, 4, 5, 5]


@pytest.mark.rabbitmq
def test_a_store_of_results_that_is_away_does_not_matter(make_world: MakeWorld, rabbitmq: Broker) -> None:
    world = make_world(WAAPI_DISPATCH="celery", **RECORDING)
    world.waapi.init_celery(rabbitmq.celery(result_backend="redis://127.0.0.1:1/0"))
    world.send()

    try_to_publish(world.services)

    assert eventually(lambda: rabbitmq.waiting() == 1)


def test_celery_that_was_never_joined_is_told_once(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(WAAPI_DISPATCH="celery", **RECORDING)

    with caplog.at_level(logging.ERROR, "flask_waapi"):
        for _ in range(3):
            assert world.send().status_code == 202

    (record,) = caplog.records
    assert "call waapi.init_celery(celery)" in record.getMessage()


@pytest.mark.parametrize("dispatch", ["inline", "thread", "worker"])
def test_other_engines_miss_no_celery(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture, dispatch: str
) -> None:
    world = make_world(WAAPI_DISPATCH=dispatch, **RECORDING)

    with caplog.at_level(logging.ERROR, "flask_waapi"):
        world.send()

    assert caplog.records == []
