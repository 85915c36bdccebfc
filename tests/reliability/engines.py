"""The engines with real processes, any of which may be killed at any moment."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import services

from .broker import queue_of_this_run
from .programs import Program, kill
from .server import Server, environment, serve
from .stage import Stage

WORKERS = 4
CELERY_CHILDREN = 2
CHILD_SHARE = 0.75
"""Of the kills in Celery, the share that hits a single process; the others hit a whole node."""

GRACEFUL_SECONDS = 30.0


@dataclass(frozen=True)
class Scale:
    """How many processes an engine has.

    :param nodes: Celery workers, each with two processes that work.
    """

    web: int
    workers: int
    nodes: int


FULL = Scale(web=4, workers=WORKERS, nodes=2)
SMALL = Scale(web=2, workers=2, nodes=1)
"""For a run among other tests: starting a process is what costs most."""


@dataclass
class Fleet:
    """Programs beside the web processes.

    :param start: makes the program of a number.
    """

    start: Callable[[int], Program]
    programs: list[Program] = field(default_factory=list)

    def fill(self, count: int) -> None:
        """Start so many."""
        for _ in range(count):
            self.programs.append(self.start(len(self.programs)))

    def replace(self, number: int) -> None:
        """``kill -9``, and a new one in its place."""
        self.programs[number].kill()
        self.programs[number] = self.start(number)

    def ended(self) -> list[str]:
        """What those have told that have ended by themselves."""
        return [program.told() for program in self.programs if not program.is_alive]

    def stop(self) -> None:
        """End them all."""
        for program in self.programs:
            if program.is_alive:
                program.process.terminate()
        for program in self.programs:
            program.stop(GRACEFUL_SECONDS)


@dataclass
class Running:
    """An engine with its processes.

    :param kill_one: ``kill -9`` for one of them, which something starts anew.
    :param waits: whether a request waits for the provider.
    """

    server: Server
    kill_one: Callable[[Random], None]
    waits: bool
    fleet: Fleet

    def kill_web(self, random: Random) -> None:
        """``kill -9`` for one of the web processes; gunicorn starts another."""
        candidates = self.server.workers()
        if candidates:
            kill(random.choice(candidates))


Engine = Callable[..., AbstractContextManager[Running]]


@contextmanager
def inline(stage: Stage, settings: Mapping[str, Any], scale: Scale = FULL) -> Iterator[Running]:
    """The web processes send while their callers wait."""
    with _web(stage, stage.settings(**settings), scale) as server:
        running = Running(server, lambda random: None, waits=True, fleet=Fleet(_nothing))
        running.kill_one = running.kill_web
        yield running


@contextmanager
def workers(stage: Stage, settings: Mapping[str, Any], scale: Scale = FULL) -> Iterator[Running]:
    """The web processes store, and ``flask waapi worker`` sends."""
    told = stage.settings(WAAPI_DISPATCH="worker", **settings)
    fleet = Fleet(lambda number: worker(stage, told, number))
    with ExitStack() as stack:
        stack.callback(fleet.stop)
        fleet.fill(scale.workers)
        server = stack.enter_context(_web(stage, told, scale))

        def kill_one(random: Random) -> None:
            fleet.replace(random.randrange(scale.workers))

        yield Running(server, kill_one, waits=False, fleet=fleet)


@contextmanager
def celery(
    stage: Stage, settings: Mapping[str, Any], scale: Scale = FULL, broker: str = ""
) -> Iterator[Running]:
    """The web processes store, and Celery sends: nodes of two processes each, and a beat.

    :param broker: where RabbitMQ is, if not where the tests know it.
    """
    with ExitStack() as stack:
        told = stage.settings(
            WAAPI_DISPATCH="celery",
            CELERY_BROKER=broker or services.location("rabbitmq"),
            CELERY_QUEUE=stack.enter_context(queue_of_this_run()),
            **settings,
        )
        fleet = Fleet(lambda number: celery_node(stage, told, number))
        stack.callback(fleet.stop)
        fleet.fill(scale.nodes)
        beat = celery_program(stage, told, "beat", *("--schedule", str(stage.place.directory / "beat")))
        stack.callback(beat.stop)
        server = stack.enter_context(_web(stage, told, scale))

        def kill_one(random: Random) -> None:
            number = random.randrange(scale.nodes)
            children = fleet.programs[number].children()
            if children and random.random() < CHILD_SHARE:
                kill(random.choice(children))
            else:
                fleet.replace(number)

        yield Running(server, kill_one, waits=False, fleet=fleet)


ENGINES: dict[str, Engine] = {"inline": inline, "worker": workers, "celery": celery}


def worker(stage: Stage, settings: Mapping[str, Any], number: int) -> Program:
    """A ``flask waapi worker``."""
    command = [sys.executable, "-m", "flask", "--app", "serving:create_app", "waapi", "worker"]
    return _program(stage, settings, command, f"worker-{number}.log")


def celery_node(stage: Stage, settings: Mapping[str, Any], number: int) -> Program:
    """A Celery worker with its processes."""
    return celery_program(
        stage,
        settings,
        "worker",
        *("--concurrency", str(CELERY_CHILDREN), "--hostname", f"node{number}@reliability"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        name=f"celery-{number}",
    )


def celery_program(
    stage: Stage, settings: Mapping[str, Any], command: str, *options: str, name: str = ""
) -> Program:
    """``celery worker`` or ``celery beat``."""
    words = [sys.executable, "-m", "celery", "-A", "celery_serving:celery", command, *options]
    return _program(stage, settings, [*words, "--loglevel", "WARNING"], f"{name or command}.log")


def _program(stage: Stage, settings: Mapping[str, Any], command: list[str], log: str) -> Program:
    told = environment(stage.served_uri, settings)
    return Program(command, told, stage.place.directory / log)


def _web(stage: Stage, settings: Mapping[str, Any], scale: Scale) -> AbstractContextManager[Server]:
    return serve(
        stage.served_uri,
        processes=scale.web,
        threads=4,
        port=stage.port,
        directory=stage.place.directory,
        **settings,
    )


def _nothing(number: int) -> Program:
    raise NotImplementedError("This engine has no programs of its own.")
