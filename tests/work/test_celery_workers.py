"""Celery's own workers and beat, as real processes on real brokers, send what waits."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from factories import delete_all_rows

from .brokers import Broker
from .processes import Stage, stage

POOLS = {
    "prefork": ("--pool", "prefork", "--concurrency", "2"),
    "threads": ("--pool", "threads", "--concurrency", "4"),
    "solo": ("--pool", "solo"),
}


@pytest.fixture
def on_stage(sqlite_uri: str, broker: Broker, tmp_path: Path) -> Iterator[Stage]:
    """A stage on a SQLite file, once for each kind of broker."""
    with stage(sqlite_uri, "celery", tmp_path, broker) as opened:
        yield opened


@pytest.fixture
def on_postgresql(migrated_postgresql: str, rabbitmq: Broker, tmp_path: Path) -> Iterator[Stage]:
    """A stage on PostgreSQL and RabbitMQ."""
    delete_all_rows(migrated_postgresql)
    with stage(migrated_postgresql, "celery", tmp_path, rabbitmq) as opened:
        yield opened


def test_a_worker_sends_what_wakes_it(on_stage: Stage, broker: Broker) -> None:
    on_stage.celery(broker, *POOLS["prefork"])

    for _ in range(40):
        on_stage.send()

    on_stage.wait_until(lambda: on_stage.statuses()["sent"] == 40)
    assert set(on_stage.times_sent().values()) == {1}


@pytest.mark.rabbitmq
@pytest.mark.parametrize("pool", ["threads", "solo"])
def test_a_worker_of_another_pool_sends_what_wakes_it(
    sqlite_uri: str, rabbitmq: Broker, tmp_path: Path, pool: str
) -> None:
    with stage(sqlite_uri, "celery", tmp_path, rabbitmq) as on_stage:
        on_stage.celery(rabbitmq, *POOLS[pool])

        for _ in range(40):
            on_stage.send()

        on_stage.wait_until(lambda: on_stage.statuses()["sent"] == 40)
        assert set(on_stage.times_sent().values()) == {1}


@pytest.mark.rabbitmq
def test_the_beat_finds_what_no_wake_up_told(sqlite_uri: str, rabbitmq: Broker, tmp_path: Path) -> None:
    with stage(sqlite_uri, "celery", tmp_path, rabbitmq) as on_stage:
        rabbitmq.gateway.close()
        on_stage.send()
        on_stage.services.loop.stop()
        rabbitmq.gateway.open()

        on_stage.celery(rabbitmq, "--pool", "solo")
        on_stage.celery(rabbitmq, "--schedule", str(tmp_path / "beat"), command="beat")

        on_stage.wait_until(lambda: on_stage.statuses()["sent"] == 1)


@pytest.mark.postgresql
@pytest.mark.rabbitmq
def test_children_share_no_connection_of_the_process_they_come_from(
    on_postgresql: Stage, rabbitmq: Broker
) -> None:
    program = on_postgresql.celery(rabbitmq, *POOLS["prefork"], WAAPI_TESTS_SEND_SECONDS="0.02")

    for _ in range(200):
        on_postgresql.send()

    on_postgresql.wait_until(lambda: on_postgresql.statuses()["sent"] == 200)
    assert len(on_postgresql.senders()) == 2
    assert set(on_postgresql.times_sent().values()) == {1}
    assert "failed" not in program.told()


# The solo pool ends its messages as soon, and then itself only at the next event from its broker.
@pytest.mark.parametrize("pool", ["prefork", "threads"])
@pytest.mark.rabbitmq
def test_a_worker_that_is_told_to_stop_brings_the_messages_in_hand_to_their_end(
    sqlite_uri: str, rabbitmq: Broker, tmp_path: Path, pool: str
) -> None:
    with stage(sqlite_uri, "celery", tmp_path, rabbitmq) as on_stage:
        program = on_stage.celery(rabbitmq, *POOLS[pool], WAAPI_TESTS_SEND_SECONDS="0.5")
        # So many that some still wait when the worker is told, however late that is.
        for _ in range(200):
            on_stage.send()
        on_stage.wait_until(on_stage.in_hand)

        program.stop()

        assert on_stage.in_hand() == 0
        assert set(on_stage.statuses()) == {"sent", "queued"}
        assert set(on_stage.times_sent().values()) == {1}


@pytest.mark.rabbitmq
def test_a_task_whose_time_is_over_hands_on_to_another(
    sqlite_uri: str, rabbitmq: Broker, tmp_path: Path
) -> None:
    with stage(sqlite_uri, "celery", tmp_path, rabbitmq) as on_stage:
        on_stage.send()
        on_stage.wait_until(lambda: rabbitmq.waiting() == 1)
        on_stage.services.loop.stop()
        for _ in range(16):
            on_stage.send()
        on_stage.services.loop.stop()

        told = {"WAAPI_TESTS_SEND_SECONDS": "0.5", "WAAPI_TESTS_WORK_SECONDS": "0.5"}
        on_stage.celery(rabbitmq, "--pool", "solo", **told)

        # Two seconds for four threads, of tasks of half a second.
        on_stage.wait_until(lambda: on_stage.statuses()["sent"] == 17)


@pytest.mark.rabbitmq
def test_a_child_that_is_killed_leaves_the_rest_to_others(
    sqlite_uri: str, rabbitmq: Broker, tmp_path: Path
) -> None:
    with stage(sqlite_uri, "celery", tmp_path, rabbitmq) as on_stage:
        program = on_stage.celery(rabbitmq, *POOLS["prefork"], WAAPI_TESTS_SEND_SECONDS="0.3")
        on_stage.celery(rabbitmq, "--schedule", str(tmp_path / "beat"), command="beat")
        for _ in range(40):
            on_stage.send()
        on_stage.wait_until(on_stage.in_hand)

        for child in program.children():
            os.kill(child, signal.SIGKILL)

        # Each of two children may have had eight in hand: as many as it has sending threads.
        on_stage.wait_until(lambda: on_stage.statuses()["sent"] >= 40 - 2 * 8)
        assert set(on_stage.times_sent().values()) <= {1}
