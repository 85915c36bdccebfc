"""Workers as real processes, and the messages they are to send."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories import close_app, migrated
from flask_waapi.services import EXTENSION, Services
from flask_waapi.storage.models import Message, MessageEvent
from reliability.programs import Program

from .brokers import Broker
from .host_program import create_app

HERE = Path(__file__).parent
PATIENCE = 120.0
"""Seconds after which a test gives up."""


@dataclass
class Stage:
    """A database with waiting messages, and the processes that send them.

    :param directory: for what the processes write.
    """

    database_uri: str
    services: Services
    send: Callable[[], None]
    directory: Path
    programs: list[Program] = field(default_factory=list)

    def celery(self, broker: Broker, *options: str, command: str = "worker", **environment: str) -> Program:
        """Start ``celery worker`` or ``celery beat``."""
        words = [sys.executable, "-m", "celery", "-A", "celery_program:celery", command, *options]
        told = {"WAAPI_TESTS_BROKER": broker.uri, "WAAPI_TESTS_QUEUE": broker.queue, **environment}
        if command == "worker":
            words += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        return self._start(words, "celery", told)

    def worker(self, **environment: str) -> Program:
        """Start ``flask waapi worker``."""
        words = [sys.executable, "-m", "flask", "--app", "host_program:app", "waapi", "worker"]
        return self._start(words, "worker", environment)

    def _start(self, words: list[str], dispatch: str, environment: dict[str, str]) -> Program:
        path = [str(HERE), str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        told = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path),
            "WAAPI_TESTS_DATABASE": self.database_uri,
            "WAAPI_TESTS_DISPATCH": dispatch,
            **environment,
        }
        program = Program(words, told, self.directory / f"program-{len(self.programs)}.log")
        self.programs.append(program)
        return program

    def statuses(self) -> Counter[str]:
        """How many messages there are of each status."""
        query = sa.select(Message.status, sa.func.count()).group_by(Message.status)
        with self.services.store.read() as session:
            return Counter({status: int(count) for status, count in session.execute(query)})

    def senders(self) -> set[str]:
        """The processes that have sent."""
        with self.services.store.read() as session:
            ids = session.scalars(sa.select(Message.provider_message_id)).all()
        return {name.split("-")[1] for name in ids if name}

    def times_sent(self) -> Counter[UUID]:
        """How often each message was accepted by its provider."""
        query = sa.select(MessageEvent.message_id).where(MessageEvent.status == "sent")
        with self.services.store.read() as session:
            return Counter(session.scalars(query))

    def in_hand(self) -> int:
        """How many messages are being handed over."""
        query = sa.select(sa.func.count()).where(Message.claimed_at.is_not(None))
        with self.services.store.read() as session:
            return session.scalar(query) or 0

    def wait_until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds; what the processes have written is told when it does not."""
        end = time.monotonic() + PATIENCE
        while not holds():
            told = "\n".join(program.told() for program in self.programs)
            assert time.monotonic() < end, f"{self.statuses()}\n{told}"
            time.sleep(0.05)


@contextmanager
def stage(database_uri: str, dispatch: str, directory: Path, broker: Broker | None = None) -> Iterator[Stage]:
    """A stage whose processes are ended at its end."""
    app, waapi = create_app(migrated(database_uri), dispatch)
    if broker is not None:
        waapi.init_celery(broker.celery())

    def send() -> None:
        with app.app_context():
            waapi.send_text("+1234567890", "Hello")

    opened = Stage(database_uri, app.extensions[EXTENSION], send, directory)
    try:
        yield opened
    finally:
        for program in opened.programs:
            if program.is_alive:
                program.kill()
        opened.services.loop.stop()
        opened.services.celery.close()
        close_app(app)
