"""A real gunicorn with several processes, and clients that hammer it; all on loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
READY_SECONDS = 30.0


@dataclass
class Server:
    """A running gunicorn."""

    port: int
    process: subprocess.Popen[bytes]

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(child) for child in path.read_text().split()]

    def kill_workers(self) -> None:
        """``kill -9`` for each; gunicorn starts others."""
        for worker in self.workers():
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    def request(self, method: str, path: str, key: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """One request on a connection of its own."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            return exchange(connection, method, path, key, body)


def exchange(
    connection: HTTPConnection, method: str, path: str, key: str, body: Any = None
) -> tuple[int, dict[str, Any]]:
    """One request on a connection that is kept."""
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


@contextmanager
def serve(database_uri: str, *, processes: int, **settings: str) -> Iterator[Server]:
    """Serve the app; stopped by process id at the end."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "FLASK_SQLALCHEMY_DATABASE_URI": database_uri,
        **{f"FLASK_{name}": value for name, value in settings.items()},
    }
    command = [
        *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"),
        *("--workers", str(processes), "--worker-class", "gthread", "--threads", "2"),
        *("--keep-alive", "30", "--log-level", "critical", "--preload", "serving:create_app()"),
    ]
    with subprocess.Popen(command, env=environment, cwd=HERE) as process:
        try:
            _wait_until_ready(port, process)
            yield Server(port, process)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"gunicorn ended with {process.returncode}")
        with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/api/v1/openapi.json")
            connection.getresponse().read()
            return
        time.sleep(0.05)
    raise TimeoutError("gunicorn does not answer")


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
        connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
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
