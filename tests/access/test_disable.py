"""Once a switch has answered, no process accepts the key: not one request, not one message."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Event, Semaphore
from typing import Any

import pytest

from answers import data, error
from child_tasks import PATIENCE, PROCESSES, Hammered, Processes, hammer, send_until_refused
from disconnections import on_servers
from factories import MESSAGES, TEXT_SEND, World, text_body
from flask_waapi import Rejected
from flask_waapi.access import quota
from flask_waapi.access.gate import Passage
from flask_waapi.errors import KeyInactive
from flask_waapi.storage import session as storage
from flask_waapi.storage.models import DailyUsage
from lock_waits import wait_until_waiting

Switch = Callable[[World], object]

MANY = 12
"""Requests of one key at a time; with each its own connection to the database."""


def disable(world: World) -> None:
    """Switch the key off."""
    world.services.keys.set_enabled("default", "shop", False, actor="test")


def delete(world: World) -> None:
    """Delete the key."""
    world.services.keys.delete("default", "shop", actor="test")


def wait_for_messages(world: World, count: int) -> None:
    """Return once so many messages are stored."""
    deadline = time.monotonic() + PATIENCE
    while len(world.messages()) < count:
        assert time.monotonic() < deadline, "nothing is accepted"


def check_that_nothing_follows(world: World, switch: Switch, clients: list[Future[Hammered]]) -> None:
    """Switch while the clients hammer, and look at what they were answered."""
    wait_for_messages(world, 8)
    switch(world)
    switched = time.monotonic()
    stored = len(world.messages())
    results = [client.result(PATIENCE) for client in clients]

    assert sum(len(result.accepted) for result in results) >= 8
    assert [start for result in results for start in result.accepted if start > switched] == []
    assert len(world.messages()) == stored
    unexpected = {code for result in results for code in result.codes} - {"KEY_INACTIVE", "INVALID_API_KEY"}
    assert unexpected == set()


@pytest.fixture
def hammered(any_world: World) -> World:
    """An app whose key is about to be hammered with."""
    any_world.key()
    return any_world


@pytest.mark.parametrize("switch", [disable, delete])
def test_four_threads_get_nothing_more_through(hammered: World, switch: Switch) -> None:
    with ThreadPoolExecutor(PROCESSES) as pool:
        clients = [pool.submit(hammer, hammered, hammered.key()) for _ in range(PROCESSES)]
        check_that_nothing_follows(hammered, switch, clients)


@pytest.mark.parametrize(
    "migrated_uri",
    [
        # With SQLite: tests/reliability.
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
    indirect=True,
)
def test_four_processes_get_nothing_more_through(
    hammered: World, migrated_uri: str, processes: Processes
) -> None:
    clients = processes.begin(send_until_refused, migrated_uri, hammered.key(), {})
    check_that_nothing_follows(hammered, disable, clients)


@on_servers
def test_a_request_is_refused_whose_key_is_deleted_while_it_is_counted(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_while_deleted(*given: Any) -> quota.Quota:
        taken = take(*given)
        deletions.append(pool.submit(delete, any_world))
        wait_until_waiting(any_world.services.store)
        return taken

    take, deletions = quota.take, list[Future[None]]()
    assert data(any_world.get(MESSAGES)) == []
    # A deadlock would be an error at once.
    monkeypatch.setattr(storage, "WRITE_TRIES", 1)
    monkeypatch.setattr(quota, "take", take_while_deleted)

    with ThreadPoolExecutor(1) as pool:
        refused = any_world.get(MESSAGES)
        deletions[0].result(PATIENCE)

    error(refused, 401, "KEY_INACTIVE")
    error(any_world.get(MESSAGES), 401, "INVALID_API_KEY")
    assert any_world.count(DailyUsage) == 0


@on_servers
def test_a_key_is_switched_off_at_once_while_many_requests_are_counted(hammered: World) -> None:
    # On PostgreSQL a lock that is shared without a pause is never free for the switch.
    def count() -> None:
        with hammered.app.test_request_context(), suppress(KeyInactive):
            while not is_over.is_set():
                hammered.services.gate.spend(Passage(), credential)
                counted.release()

    wide = {"rate_limit": 1_000_000, "daily_limit": 1_000_000}
    hammered.services.keys.update("default", "shop", wide, actor="test")
    credential = hammered.services.keys.authenticate(hammered.key())
    counted, is_over = Semaphore(0), Event()
    with ThreadPoolExecutor(MANY + 1) as pool:
        counting = [pool.submit(count) for _ in range(MANY)]
        try:
            assert all(counted.acquire(timeout=PATIENCE) for _ in range(10 * MANY))
            pool.submit(disable, hammered).result(PATIENCE)
        finally:
            is_over.set()
        for ended in counting:
            ended.result(PATIENCE)


def test_a_request_that_passed_the_gates_before_the_switch_stores_nothing_after_it(
    any_recording: World,
) -> None:
    # The switch falls between the gates and the transaction: while the provider's templates are read.
    def list_templates() -> list[object]:
        disable(any_recording)
        return list(any_recording.script.templates)

    any_recording.key()
    any_recording.services.providers["recorder"].list_templates = list_templates  # type: ignore[method-assign, assignment]

    error(any_recording.send(), 401, "KEY_INACTIVE")

    assert any_recording.messages() == []
    assert any_recording.script.sent == []


def test_a_message_stored_before_the_switch_is_still_sent_and_its_sender_told(any_recording: World) -> None:
    def switch_off(message: object) -> object:
        disable(any_recording)
        raise Rejected("No such number.")

    any_recording.script.outcomes.append(switch_off)  # type: ignore[arg-type]

    error(any_recording.post(TEXT_SEND, text_body()), 422, "MESSAGE_REJECTED")

    error(any_recording.get(MESSAGES), 401, "KEY_INACTIVE")


def test_a_switched_on_key_works_at_once_again(any_world: World) -> None:
    any_world.key()
    disable(any_world)
    error(any_world.get(MESSAGES), 401, "KEY_INACTIVE")

    any_world.services.keys.set_enabled("default", "shop", True, actor="test")

    assert data(any_world.get(MESSAGES)) == []


def test_other_keys_go_on(any_world: World) -> None:
    any_world.key()
    other = any_world.issue_key("other")

    disable(any_world)

    assert data(any_world.get(MESSAGES, other)) == []
