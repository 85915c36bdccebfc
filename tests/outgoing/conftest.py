"""Servers that end with their test, and a time that they can pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from flask_waapi.outgoing import bounded

from .servers import Connection, Server

Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a :class:`Server` that talks like this."""
    with ExitStack() as stack:

        def start(talk: Callable[[Connection], None], **options: bool) -> Server:
            return stack.enter_context(Server(talk, **options))

        yield start


class PassingTime:
    """A time that stands still but for what a test lets pass, so that no test waits for it."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def monotonic(self) -> float:
        """What ``time.monotonic`` gives."""
        return self.seconds

    def pass_a_second(self) -> None:
        """Let one second go by."""
        self.seconds += 1


@pytest.fixture
def passing_time(monkeypatch: pytest.MonkeyPatch) -> PassingTime:
    """The time of all deadlines."""
    time = PassingTime()
    monkeypatch.setattr(bounded, "time", SimpleNamespace(monotonic=time.monotonic))
    return time
