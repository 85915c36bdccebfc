"""Clients that send numbered messages and note each answer."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, Self
from uuid import UUID

from .gateway import HOST
from .server import exchange
from .stage import TEXT_SEND

CLIENT_SECONDS = 30.0
"""How long a client waits for an answer, and how long it repeats a request that has a key."""

PAUSE_SECONDS = 0.1


@dataclass
class Tally:
    """What the clients were answered.

    :param acknowledged: the message of each number that was answered with 2xx.
    :param codes: how often each HTTP status came; ``0`` stands for a connection that broke.
    :param seconds: how long each answer took.
    """

    acknowledged: dict[int, UUID] = field(default_factory=dict)
    codes: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def message_ids(self) -> set[UUID]:
        """Every message that was acknowledged."""
        return set(self.acknowledged.values())

    @property
    def p99_milliseconds(self) -> float:
        """The time within which 99 of 100 answers came."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] if ordered else 0.0


def quick(number: int) -> str:
    """A recipient whose message is taken at once and reported as sent."""
    return "+15555000001"


def mixed(number: int) -> str:
    """Recipients of whom most keep their sender waiting for some milliseconds after they were accepted."""
    return "+15554000060" if number % 3 else "+15555000001"


def slow(number: int) -> str:
    """A recipient who keeps the sender waiting for long enough to be caught at it."""
    return "+15554000600"


def every_second(number: int) -> bool:
    """Whether a message has an ``Idempotency-Key``: half of them do."""
    return number % 2 == 0


def every(number: int) -> bool:
    """All messages have one."""
    return True


def none(number: int) -> bool:
    """No message has one."""
    return False


class Load:
    """Sends numbered texts from several clients at once.

    :param recipient: of a number.
    :param keyed: whether the message of a number has an ``Idempotency-Key`` and is asked for again until it
        is acknowledged; others are asked for once.
    :param name: goes before the number, in the text and in the key.
    :param waits: whether the clients wait for the provider; otherwise they prefer an answer at once.
    """

    def __init__(
        self,
        port: int,
        key: str,
        *,
        messages: int,
        clients: int = 8,
        recipient: Callable[[int], str] = mixed,
        waits: bool = True,
        keyed: Callable[[int], bool] = every_second,
        name: str = "message",
    ) -> None:
        self._port = port
        self._key = key
        self._numbers = iter(range(messages))
        self._recipient = recipient
        self._headers = {} if waits else {"Prefer": "respond-async"}
        self._keyed = keyed
        self._name = name
        self._lock = threading.Lock()
        self._stopped = False
        self.tally = Tally()
        self._threads = [threading.Thread(target=self._send_all, name="load") for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped = error[0] is not None
        for thread in self._threads:
            thread.join()

    @property
    def runs(self) -> bool:
        """Whether there are messages left to send."""
        return any(thread.is_alive() for thread in self._threads)

    def _send_all(self) -> None:
        connection = HTTPConnection(HOST, self._port, timeout=CLIENT_SECONDS)
        while not self._stopped and (number := self._next()) is not None:
            self._send(connection, number)
        connection.close()

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _send(self, connection: HTTPConnection, number: int) -> None:
        body = {"to": self._recipient(number), "text": f"{self._name} {number}"}
        headers = dict(self._headers)
        has_key = self._keyed(number)
        if has_key:
            headers["Idempotency-Key"] = f"{self._name}-{number}"
        deadline = time.monotonic() + CLIENT_SECONDS
        for attempt in itertools.count():
            status, answer = self._ask(connection, body, headers)
            if 200 <= status < 300:
                with self._lock:
                    self.tally.acknowledged[number] = UUID(answer["data"]["message_uuid"])
                return
            if not has_key or self._stopped or time.monotonic() > deadline:
                return
            time.sleep(PAUSE_SECONDS if attempt else 0)

    def _ask(
        self, connection: HTTPConnection, body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        started = time.monotonic()
        answer: dict[str, Any] = {}
        try:
            status, answer = exchange(connection, "POST", TEXT_SEND, self._key, body, headers)
        except (OSError, HTTPException, ValueError):
            connection.close()
            status = 0
        with self._lock:
            self.tally.codes[status] += 1
            if status:
                self.tally.seconds.append(time.monotonic() - started)
        return status, answer
