"""A real gunicorn with several processes, and clients that hammer it; all on loopback."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .gateway import HOST
from .programs import Program, kill

HERE = Path(__file__).parent
READY_SECONDS = 60.0


@dataclass
class Server:
    """A running gunicorn."""

    port: int
    program: Program

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        return self.program.children()

    def kill_workers(self) -> None:
        """``kill -9`` for each; gunicorn starts others."""
        for worker in self.workers():
            kill(worker)

    def request(self, method: str, path: str, key: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """One request on a connection of its own."""
        with closing(HTTPConnection(HOST, self.port, timeout=30)) as connection:
            return exchange(connection, method, path, key, body)


def exchange(
    connection: HTTPConnection,
    method: str,
    path: str,
    key: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    """One request on a connection that is kept."""
    sent = {"X-API-Key": key, "Content-Type": "application/json", **(headers or {})}
    connection.request(method, path, None if body is None else json.dumps(body), sent)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def environment(database_uri: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a process that serves or works on the app of ``serving.py``."""
    told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}
    path = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "FLASK_SQLALCHEMY_DATABASE_URI": database_uri,
        **{f"FLASK_{name}": value for name, value in told.items()},
    }


@contextmanager
def serve(
    database_uri: str,
    *,
    processes: int,
    threads: int = 2,
    port: int = 0,
    directory: Path | None = None,
    **settings: Any,
) -> Iterator[Server]:
    """Serve the app; stopped by process id at the end.

    :param port: 0 chooses a free one.
    :param directory: for its log; without one it is thrown away.
    """
    port = port or free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{port}", "--chdir", str(HERE)),
        *("--workers", str(processes), "--worker-class", "gthread", "--threads", str(threads)),
        *("--keep-alive", "30", "--graceful-timeout", "10", "--log-level", "critical"),
        *("--preload", "serving:create_app()"),
    ]
    with ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(TemporaryDirectory(prefix="waapi-reliability-")))
        program = Program(command, environment(database_uri, settings), directory / "gunicorn.log")
        stack.callback(program.stop)
        _wait_until_ready(port, program)
        yield Server(port, program)


def _wait_until_ready(port: int, program: Program) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if not program.is_alive:
            raise RuntimeError(f"gunicorn has ended: {program.told()}")
        with suppress(OSError), closing(HTTPConnection(HOST, port, timeout=5)) as connection:
            connection.request("GET", "/api/v1/openapi.json")
            connection.getresponse().read()
            return
        time.sleep(0.05)
    raise TimeoutError(f"gunicorn does not answer: {program.told()}")


@dataclass
class Outcome:
    """What the clients were answered: how many of each code, and when each success was asked for."""

    codes: Counter[str] = field(default_factory=Counter)
    accepted_starts: list[float] = field(default_factory=list)
    message_uuids: list[str] = field(default_factory=list)


def hammer(
    server: Server,
    key: str,
    *,
    clients: int,
    until: Callable[[Outcome], bool],
    body: Mapping[str, Any],
    path: str = "/api/v1/external/messages/text/send",
) -> Outcome:
    """Send from several clients at once until the outcome so far is enough."""
    outcome = Outcome()
    lock = threading.Lock()

    def client() -> None:
        connection = HTTPConnection(HOST, server.port, timeout=30)
        while not until(outcome):
            started = time.monotonic()
            try:
                status, answer = exchange(connection, "POST", path, key, body)
            except (OSError, HTTPException, ValueError):
                connection.close()
                with lock:
                    outcome.codes["connection lost"] += 1
                continue
            with lock:
                if status == 201:
                    outcome.codes["accepted"] += 1
                    outcome.accepted_starts.append(started)
                    outcome.message_uuids.append(answer["data"]["message_uuid"])
                else:
                    outcome.codes[answer["error"]["code"]] += 1
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome
