"""Who sends: each engine by its own processes, and no other."""

from __future__ import annotations

import time

import pytest

from factories import RECORDING, MakeWorld, World
from flask_waapi.work import loop as loop_module
from flask_waapi.work.engines import ENGINES


def engine_world(make_world: MakeWorld, dispatch: str) -> World:
    """An app with an engine, whose messages a recorder takes."""
    return make_world(WAAPI_DISPATCH=dispatch, **RECORDING)


def test_inline_sends_while_the_caller_waits(make_world: MakeWorld) -> None:
    world = engine_world(make_world, "inline")

    assert world.send().status_code == 201
    assert world.message().status == "sent"


@pytest.mark.parametrize("dispatch", ["thread", "worker", "celery"])
def test_the_other_engines_answer_first(make_world: MakeWorld, dispatch: str) -> None:
    world = engine_world(make_world, dispatch)

    answer = world.send()

    assert (answer.status_code, world.message().status) == (202, "queued")
    assert world.script.sent == []


@pytest.mark.parametrize("dispatch", ["worker", "celery"])
def test_a_serving_process_does_not_send_what_others_are_to_send(
    make_world: MakeWorld, dispatch: str
) -> None:
    world = engine_world(make_world, dispatch)
    world.send()

    world.services.loop.run_once()

    assert world.script.sent == []


@pytest.mark.parametrize("dispatch", ["inline", "thread"])
def test_the_thread_of_a_serving_process_sends_what_waits(make_world: MakeWorld, dispatch: str) -> None:
    world = engine_world(make_world, dispatch)
    world.post(
        "/api/v1/external/messages/text/send",
        {"to": "+1234567890", "text": "Hello"},
        headers={"Prefer": "respond-async"},
    )

    world.services.loop.run_once()

    assert world.message().status == "sent"


@pytest.mark.parametrize("dispatch", ENGINES)
def test_a_worker_sends_what_waits_whatever_the_engine(make_world: MakeWorld, dispatch: str) -> None:
    world = engine_world(make_world, dispatch)
    world.post(
        "/api/v1/external/messages/text/send",
        {"to": "+1234567890", "text": "Hello"},
        headers={"Prefer": "respond-async"},
    )

    world.work()

    assert world.message().status == "sent"


def test_a_message_is_on_its_way_without_waiting_for_the_next_look(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "IDLE_SECONDS", 60.0)
    world = make_world(WAAPI_DISPATCH="thread", WAAPI_BACKGROUND_THREAD=True, **RECORDING)
    world.send()
    time.sleep(0.1)  # the thread rests by now
    started = time.monotonic()

    world.send()
    while len(world.script.sent) < 2 and time.monotonic() - started < 20:
        time.sleep(0.005)

    assert len(world.script.sent) == 2


@pytest.mark.parametrize("dispatch", ["thread", "worker", "celery"])
def test_the_request_log_is_written_by_the_serving_process(make_world: MakeWorld, dispatch: str) -> None:
    world = engine_world(make_world, dispatch)

    assert "write the request log" in world.services.loop._jobs
