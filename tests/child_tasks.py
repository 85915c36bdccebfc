"""What tests run in several processes at once: functions that a spawned process can import."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from typing import Any

from batches import send_batch, texts
from factories import MESSAGES, TEXT_SEND, World, opened, text_body

PROCESSES = 4
REFUSALS = ("KEY_INACTIVE", "KEY_EXPIRED", "INVALID_API_KEY")
"""Of a key that was switched off, rotated or deleted."""

PATIENCE = 120.0
"""Seconds after which a test that waits for others gives up."""

_start: Barrier | None = None


@dataclass
class Hammered:
    """What one hammering client was answered.

    :param accepted: when each accepted request was begun, on the clock that processes share.
    """

    codes: Counter[str] = field(default_factory=Counter)
    accepted: list[float] = field(default_factory=list)


class Processes:
    """Four processes that begin their tasks together."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(
            PROCESSES, context, initializer=_remember, initargs=(context.Barrier(PROCESSES),)
        )

    def run(self, task: Callable[..., Any], *arguments: Any, **options: Any) -> list[Any]:
        """The result of the task from each process."""
        return [future.result(PATIENCE) for future in self.begin(task, *arguments, **options)]

    def begin(self, task: Callable[..., Any], *arguments: Any, **options: Any) -> list[Any]:
        """Start the task in each process; futures of the results."""
        return [self._pool.submit(task, *arguments, **options) for _ in range(PROCESSES)]

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown()


def _remember(start: Barrier) -> None:
    global _start  # noqa: PLW0603 - the only way from an initializer to a task
    _start = start


@contextmanager
def _world(database_uri: str, config: dict[str, Any]) -> Iterator[World]:
    with opened(database_uri, **config) as world:
        if _start is not None:
            _start.wait(PATIENCE)
        yield world


def read_messages(database_uri: str, key: str, times: int, config: dict[str, Any]) -> Counter[int]:
    """Ask for the history so often; the statuses of the answers."""
    with _world(database_uri, config) as world:
        return Counter(world.get(MESSAGES, key).status_code for _ in range(times))


def read_and_log(database_uri: str, key: str, times: int, config: dict[str, Any]) -> None:
    """Ask for the history so often, and write the log now and then."""
    with _world(database_uri, config) as world:
        for number in range(times):
            world.get(MESSAGES, key)
            if number % 3 == 2:
                world.services.request_log.flush()


def send_batches(database_uri: str, key: str, size: int, times: int, config: dict[str, Any]) -> Counter[int]:
    """Send so many batches of so many messages; the statuses of the answers."""
    with _world(database_uri, config) as world:
        return Counter(send_batch(world, texts(size), key=key).status_code for _ in range(times))


def send_until_refused(database_uri: str, key: str, config: dict[str, Any]) -> Hammered:
    """Send texts until the key has been refused."""
    with _world(database_uri, config) as world:
        return hammer(world, key)


def hammer(world: World, key: str, refusals: int = 3) -> Hammered:
    """Send texts until the key has been refused so often."""
    seen = Hammered()
    deadline = time.monotonic() + PATIENCE
    while sum(seen.codes[code] for code in REFUSALS) < refusals:
        started = time.monotonic()
        if started > deadline:
            raise TimeoutError(f"The key was never refused: {seen.codes}")
        answer = world.post(TEXT_SEND, text_body(simulate=True), key)
        if answer.status_code == 201:
            seen.accepted.append(started)
        else:
            seen.codes[answer.get_json()["error"]["code"]] += 1
    return seen


def together(results: Sequence[Counter[int]]) -> Counter[int]:
    """The sum of several counts."""
    return sum(results, Counter())
