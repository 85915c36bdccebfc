"""The loop does what is due, whatever its jobs do, and ends when it is told to."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from flask_waapi.work import loop as loop_module
from flask_waapi.work.loop import Job, Loop
from flask_waapi.work.senders import Senders
from waiting import PATIENCE, eventually


class NoSenders:
    """Nothing is being handed over, unless a test says so."""

    def __init__(self) -> None:
        self.busy = False
        self.finished = 0

    def finish(self) -> None:
        """Count the waiting for an end."""
        self.finished += 1
        self.busy = False


class Tally:
    """A job that finds what it is told to find."""

    def __init__(self, *found: int) -> None:
        self._found = list(found)
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self._found.pop(0) if self._found else 0


def fail() -> int:
    raise ZeroDivisionError("the job's own mistake")


def leave() -> int:
    raise SystemExit(3)


@pytest.fixture
def senders() -> NoSenders:
    """Senders without a message."""
    return NoSenders()


MakeLoop = Callable[..., Loop]


@pytest.fixture
def make_loop(senders: NoSenders) -> Iterator[MakeLoop]:
    """Makes loops with these jobs, and stops them."""
    made: list[Loop] = []

    def make(*jobs: Job) -> Loop:
        named = {f"job {number}": job for number, job in enumerate(jobs)}
        made.append(Loop(named, cast("Senders", senders)))
        return made[-1]

    yield make
    for loop in made:
        loop.stop()


def test_one_turn_does_each_job_once_to_its_end(make_loop: MakeLoop, senders: NoSenders) -> None:
    one, other = Tally(2), Tally(3)

    assert make_loop(one, other).run_once() == 5
    assert (one.calls, other.calls, senders.finished) == (1, 1, 1)


@pytest.mark.parametrize("broken", [fail, leave])
def test_a_job_that_fails_hinders_no_other_and_is_told(make_loop: MakeLoop, broken: Job) -> None:
    other = Tally(3)

    assert make_loop(broken, other).run_once() == -1
    assert other.calls == 1


def test_the_loop_runs_again_at_once_while_there_is_more(
    make_loop: MakeLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "IDLE_SECONDS", 60.0)
    job = Tally(*[1] * 50)

    make_loop(job).start()

    assert eventually(lambda: job.calls >= 51)


def test_the_loop_looks_from_time_to_time_without_being_woken(make_loop: MakeLoop) -> None:
    job = Tally()

    make_loop(job).start()

    assert eventually(lambda: job.calls >= 3)


def test_the_loop_looks_at_once_when_it_is_woken(
    make_loop: MakeLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "IDLE_SECONDS", 10 * PATIENCE)
    job = Tally()
    loop = make_loop(job)
    loop.start()
    assert eventually(lambda: job.calls == 1)

    loop.wake()

    assert eventually(lambda: job.calls == 2)


def test_the_loop_survives_failures_and_rests_longer(
    make_loop: MakeLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "IDLE_SECONDS", 0.02)
    other = Tally()
    loop = make_loop(fail, other)
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 10:
            loop.stop_soon()

    monkeypatch.setattr(loop, "_rest", rest)

    loop.run()

    assert rests == [0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5, 5, 5]
    assert other.calls == 10


def test_a_job_that_goes_on_failing_is_not_in_the_log_each_time(
    make_loop: MakeLoop, caplog: pytest.LogCaptureFixture
) -> None:
    loop = make_loop(fail)

    for _ in range(5):
        loop.run_once()

    assert len(caplog.records) == 1


def test_a_job_that_fails_anew_is_in_the_log_again(
    make_loop: MakeLoop, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: Iterator[Job] = iter([fail, Tally(), fail])
    loop = make_loop(lambda: next(outcomes)())

    for _ in range(3):
        loop.run_once()

    assert len(caplog.records) == 2


def test_starting_twice_starts_one_thread(make_loop: MakeLoop) -> None:
    loop = make_loop(Tally())
    before = set(threading.enumerate())

    for _ in range(3):
        loop.start()

    # Those of other tests may end meanwhile.
    assert len(set(threading.enumerate()) - before) == 1


def test_a_loop_that_was_stopped_can_be_started_again(make_loop: MakeLoop) -> None:
    job = Tally()
    loop = make_loop(job)
    loop.start()
    loop.stop()
    done = job.calls

    loop.start()

    assert eventually(lambda: job.calls > done)


def test_a_stopped_loop_has_brought_to_its_end_what_was_begun(
    make_loop: MakeLoop, senders: NoSenders
) -> None:
    loop = make_loop(Tally())
    loop.start()

    loop.stop()

    assert senders.finished == 1


def test_a_child_process_starts_a_thread_of_its_own(make_loop: MakeLoop) -> None:
    loop = make_loop(Tally())
    loop.start()
    assert loop._runs()

    child = os.fork()
    if child == 0:
        loop.start()
        os._exit(0 if loop._thread is not None and loop._thread.is_alive() else 1)

    assert os.waitpid(child, 0)[1] == 0


def test_working_for_a_time_ends_when_there_is_nothing_more(make_loop: MakeLoop) -> None:
    job = Tally(1, 1)

    assert make_loop(job).run_for(PATIENCE) is False
    assert job.calls == 3


def test_working_for_a_time_ends_with_the_time_and_says_that_there_may_be_more(
    make_loop: MakeLoop, senders: NoSenders
) -> None:
    started = time.monotonic()

    assert make_loop(lambda: 1).run_for(0.1) is True
    assert time.monotonic() - started >= 0.1
    assert senders.finished == 1


def test_working_for_a_time_goes_on_while_messages_are_in_hand(
    make_loop: MakeLoop, senders: NoSenders
) -> None:
    senders.busy = True
    job = Tally(0, 0, 1)
    loop = make_loop(job)

    def get_ready() -> int:
        if job.calls == 3:
            senders.busy = False
        loop.wake()
        return 0

    loop._jobs = {"job": job, "get ready": get_ready}

    assert loop.run_for(PATIENCE) is False
    assert job.calls >= 3


def test_working_for_a_time_ends_when_it_is_to_stop(make_loop: MakeLoop) -> None:
    job = Tally(*[1] * 100)

    assert make_loop(job).run_for(PATIENCE, lambda: job.calls == 3) is True
    assert job.calls == 3


def test_working_for_a_time_does_not_repeat_what_fails(make_loop: MakeLoop) -> None:
    other = Tally()

    assert make_loop(fail, other).run_for(PATIENCE) is False
    assert other.calls == 1


def test_a_calm_job_is_not_asked_at_each_look_while_there_is_other_work(
    senders: NoSenders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop_module, "IDLE_SECONDS", 10 * PATIENCE)
    busy, calm = Tally(*[1] * 50), Tally()
    loop = Loop({"busy": busy, "calm": calm}, cast("Senders", senders), frozenset({"calm"}))

    loop.run_for(PATIENCE)

    assert (busy.calls, calm.calls) == (51, 1)


def test_a_calm_job_that_finds_something_is_asked_again_at_once(senders: NoSenders) -> None:
    calm = Tally(100, 100, 7)
    loop = Loop({"calm": calm}, cast("Senders", senders), frozenset({"calm"}))

    loop.run_for(PATIENCE)

    assert calm.calls == 4


def test_one_turn_asks_the_calm_jobs_too(senders: NoSenders) -> None:
    calm = Tally()
    loop = Loop({"calm": calm}, cast("Senders", senders), frozenset({"calm"}))

    for _ in range(3):
        loop.run_once()

    assert calm.calls == 3
