"""Once a switch has answered, no process accepts the key: not one request, not one message."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from answers import data, error
from child_tasks import PATIENCE, PROCESSES, Hammered, Processes, hammer, send_until_refused
from disconnections import on_servers
from factories import MESSAGES, TEXT_SEND, World, text_body
from flask_waapi import Rejected
from flask_waapi.access import quota
from flask_waapi.storage import session as storage
from lock_waits import wait_until_one_waits

Switch = Callable[[World], object]


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
def test_a_deletion_while_a_request_is_counted_waits_for_it_without_a_deadlock(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_while_deleted(*given: Any) -> quota.Quota:
        taken = take(*given)
        deletions.append(pool.submit(delete, any_world))
        wait_until_one_waits(any_world.services.store)
        return taken

    take, deletions = quota.take, list[Future[None]]()
    any_world.key()
    monkeypatch.setattr(storage, "WRITE_TRIES", 1)
    monkeypatch.setattr(quota, "take", take_while_deleted)

    with ThreadPoolExecutor(1) as pool:
        accepted = any_world.get(MESSAGES)
        deletions[0].result(PATIENCE)

    assert data(accepted) == []
    error(any_world.get(MESSAGES), 401, "INVALID_API_KEY")


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
