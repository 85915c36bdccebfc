"""The sending threads: as much in hand as are free, for each provider and each endpoint by itself."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from factories import MakeWorld, World, add_messages
from flask_waapi import OutboundMessage, SendResult
from flask_waapi.errors import StorageUnavailable
from flask_waapi.messaging.delivery.handover import Delivery
from flask_waapi.storage.models import Message
from flask_waapi.work import senders as senders_module
from flask_waapi.work.senders import Crew, Senders, Work
from waiting import PATIENCE, eventually

TWO: dict[str, Any] = {
    "WAAPI_PROVIDERS": {"one": {"type": "recorder"}, "other": {"type": "recorder"}},
    "WAAPI_DEFAULT_PROVIDER": "one",
    "WAAPI_DISPATCH": "worker",
}


class Gate:
    """Sends that wait until they are let through."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.waiting = 0

    def send(self, message: OutboundMessage) -> SendResult:
        """Wait, then accept."""
        self.waiting += 1
        assert self.open.wait(PATIENCE)
        return SendResult(f"gated-{message.uuid}")


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate that is open at the end, so that no thread stays behind."""
    made = Gate()
    yield made
    made.open.set()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An app with two providers and three threads for each."""
    return make_world(WAAPI_SEND_THREADS=3, **TWO)


def store(world: World, count: int, provider: str = "one") -> None:
    waiting: dict[str, Any] = {
        "status": "queued",
        "attempts": 0,
        "due_at": world.clock(),
        "lane": f"1:{provider}:shop",
    }
    add_messages(world, count, provider=provider, **waiting)


def crew_of(world: World) -> Crew[Message]:
    return world.services.worker._senders._crews[0]


def take_up(world: World) -> int:
    return crew_of(world).take_up()


def finish(world: World) -> None:
    crew_of(world).finish()


def test_no_more_messages_are_in_hand_than_there_are_threads(world: World, gate: Gate) -> None:
    world.script.outcomes.extend([gate.send] * 3)
    store(world, 10)

    assert [take_up(world), take_up(world)] == [3, 0]
    assert eventually(lambda: gate.waiting == 3)
    assert sum(message.claimed_at is not None for message in world.messages()) == 3

    gate.open.set()
    finish(world)
    assert take_up(world) == 3
    finish(world)


def test_a_slow_provider_does_not_hold_up_another(world: World, gate: Gate) -> None:
    world.script.outcomes.extend([gate.send] * 3)
    store(world, 5, "one")
    take_up(world)
    assert eventually(lambda: gate.waiting == 3)
    store(world, 2, "other")

    assert take_up(world) == 2
    assert eventually(
        lambda: [m.status for m in world.messages() if m.provider == "other"] == ["sent", "sent"]
    )
    gate.open.set()
    finish(world)


def test_a_thread_that_is_free_again_wakes_the_loops(world: World, gate: Gate) -> None:
    world.script.outcomes.append(gate.send)
    store(world, 1)
    take_up(world)
    world.services.worker._wake.clear()

    gate.open.set()

    assert world.services.worker._wake.wait(PATIENCE)
    finish(world)


def test_a_send_that_breaks_the_recording_costs_no_thread(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: object, **__: object) -> None:
        raise SystemExit(3)

    monkeypatch.setattr(type(world.services.pipeline._delivery), "attempt", leave)
    store(world, 6)

    taken = []
    for _ in range(2):
        taken.append(take_up(world))
        finish(world)

    assert taken == [3, 3]


def test_what_can_no_longer_be_begun_is_handed_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ended:
        def submit(self, *_: object) -> None:
            raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(crew_of(world), "_pool", lambda provider: Ended())
    store(world, 2)

    take_up(world)
    finish(world)

    assert [(m.status, m.attempts, m.claimed_at) for m in world.messages()] == [("queued", 0, None)] * 2
    assert world.script.sent == []


def test_nothing_more_is_claimed_once_nothing_can_be_begun(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ended:
        def submit(self, *_: object) -> None:
            raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(crew_of(world), "_pool", lambda provider: Ended())
    store(world, 2)
    take_up(world)

    assert take_up(world) == 0


def test_a_child_process_has_threads_of_its_own_and_nothing_in_hand(world: World, gate: Gate) -> None:
    world.script.outcomes.append(gate.send)
    store(world, 1)
    take_up(world)
    assert eventually(lambda: gate.waiting == 1)
    crew = crew_of(world)

    child = os.fork()
    if child == 0:
        before = crew._in_hand.total()
        crew._forget_threads_of_the_parent()
        os._exit(0 if before and not crew.busy and not crew._pools else 1)

    assert os.waitpid(child, 0)[1] == 0
    gate.open.set()
    finish(world)


def test_where_no_thread_can_be_started_each_message_is_sent_once_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(world, 6)
    start = threading.Thread.start
    started: list[str] = []

    def start_one(thread: threading.Thread) -> None:
        # As where a container has reached its number of processes.
        if thread.name.startswith("flask-waapi-one") and started:
            raise RuntimeError("can't start new thread")
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_one)
    monkeypatch.setattr(senders_module, "NO_THREAD_SECONDS", 0.01)
    end = time.monotonic() + PATIENCE
    while {message.status for message in world.messages()} != {"sent"} and time.monotonic() < end:
        take_up(world)
        finish(world)

    assert len(world.script.sent) == len({sent.uuid for sent in world.script.sent}) == 6
    assert {message.status for message in world.messages()} == {"sent"}


def test_an_outcome_that_was_learnt_last_is_recorded_before_the_worker_ends(
    world: World, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(world, 1)
    record = Delivery._record
    failures = [StorageUnavailable("The database is away."), StorageUnavailable("Still away.")]

    def record_when_it_is_back(delivery: Delivery, *given: Any, **named: Any) -> Any:
        if failures:
            raise failures.pop()
        return record(delivery, *given, **named)

    monkeypatch.setattr(Delivery, "_record", record_when_it_is_back)
    worker = world.services.worker
    world.script.outcomes.append(gate.send)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert eventually(lambda: gate.waiting == 1)
    worker.stop_soon()
    worker.wake()
    gate.open.set()
    thread.join(PATIENCE)

    assert world.message().status == "sent"


class Parcels:
    """Numbers to be handed over, each to a door; a door that is shut keeps its bearer waiting."""

    def __init__(self, *waiting: tuple[str, int]) -> None:
        self.waiting = list(waiting)
        self.open: dict[str, threading.Event] = {}
        self.begun: list[tuple[str, int]] = []
        self.threads: set[str] = set()
        self.in_hand: list[dict[str, int]] = []

    def claim(self, in_hand: Mapping[str, int]) -> list[tuple[str, int]]:
        """Two of each door at most."""
        self.in_hand.append(dict(in_hand))
        taken: list[tuple[str, int]] = []
        for parcel in list(self.waiting):
            if in_hand.get(parcel[0], 0) + sum(door == parcel[0] for door, _ in taken) < 2:
                taken.append(parcel)
                self.waiting.remove(parcel)
        return taken

    def attempt(self, parcel: tuple[str, int]) -> None:
        """Wait until the door is open."""
        self.begun.append(parcel)
        self.threads.add(threading.current_thread().name)
        if parcel[0] in self.open:
            assert self.open[parcel[0]].wait(PATIENCE)

    def work(self, threads: int | None = None) -> Work[tuple[str, int]]:
        """The work of handing them over."""
        return Work(
            name="parcel",
            claim=self.claim,
            attempt=self.attempt,
            hand_back=self.waiting.append,
            id_of=lambda parcel: parcel[1],
            group_of=lambda parcel: parcel[0],
            at_once=2,
            threads=threads,
        )


def test_a_claim_is_told_what_is_in_hand_of_each_group() -> None:
    parcels = Parcels(("shut", 1), ("shut", 2), ("shut", 3), ("open", 4))
    parcels.open["shut"] = threading.Event()
    crew = Senders(lambda: None).employ(parcels.work())
    crew.take_up()
    assert eventually(lambda: len(parcels.begun) == 3 and crew._in_hand.total() == 2)

    assert crew.take_up() == 0

    assert parcels.in_hand == [{}, {"shut": 2}]
    parcels.open["shut"].set()
    crew.finish()
    assert crew.take_up() == 1
    crew.finish()


def test_groups_may_share_their_threads() -> None:
    parcels = Parcels(*((f"door {number}", number) for number in range(20)))
    crew = Senders(lambda: None).employ(parcels.work(threads=3))

    assert crew.take_up() == 20
    crew.finish()

    assert len(parcels.begun) == 20
    assert len(parcels.threads) <= 3


def test_nothing_is_kept_of_a_group_that_has_nothing_in_hand() -> None:
    parcels = Parcels(("door", 1))
    crew = Senders(lambda: None).employ(parcels.work(threads=3))
    crew.take_up()
    crew.finish()

    assert not crew._in_hand


def test_the_senders_are_busy_while_one_of_their_crews_is() -> None:
    idle, shut = Parcels(), Parcels(("shut", 1))
    shut.open["shut"] = threading.Event()
    senders = Senders(lambda: None)
    senders.employ(idle.work())
    crew = senders.employ(shut.work())
    busy = [senders.busy]
    crew.take_up()
    busy.append(senders.busy)

    shut.open["shut"].set()
    senders.finish()
    busy.append(senders.busy)

    assert busy == [False, True, False]
