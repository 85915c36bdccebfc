"""How long a callback of a hundred statuses takes to be answered, and its webhooks to arrive.

    make benchmark BENCHMARK=callbacks ARGS="--rounds 30"

The app is embedded as by default, inline with its background thread, on Werkzeug's server. Beside the
callback stands the floor: a view of Flask's own that reads the same body and checks the same signature.
Machines differ and are shared: compare lines of one run.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import logging
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from flask import Flask, request
from werkzeug.serving import make_server

import services
from callback_tasks import APP_SECRET, CALLBACK, CLOUD, payload, signature, status
from factories import World, add_messages, opened
from flask_waapi.extension import utc_now
from reliability.webhooks import customer

STATUSES = 100
FLOOR = "/floor"
PATIENCE_SECONDS = 30.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure callbacks on SQLite and PostgreSQL.")
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    print("database    floor ms  answered ms: median, p95    first webhook ms after the answer: median, p95")
    with tempfile.TemporaryDirectory() as directory:
        _report("sqlite", f"sqlite:///{Path(directory) / 'waapi.sqlite'}", rounds)
    database = services.ThrowAwayDatabase(services.location("postgresql"))
    try:
        _report("postgresql", database.uri, rounds)
    finally:
        database.drop()


def _report(name: str, database_uri: str, rounds: int) -> None:
    config = CLOUD | {"WAAPI_WEBHOOK_ALLOW_LOOPBACK": True, "WAAPI_BACKGROUND_THREAD": True}
    with opened(database_uri, clock=utc_now, **config) as world, customer() as listening:
        world.app.add_url_rule(FLOOR, view_func=_floor, methods=["POST"])
        endpoints = world.services.webhooks.endpoints
        issued = endpoints.create(listening.url, ["message.delivered"], account="default", actor="benchmark")
        listening.secret = issued.secret
        with _serving(world.app) as port:
            floor = [_post(port, FLOOR, payload([]))[0] for _ in range(rounds)]
            answered, told = zip(*(_round(world, port, listening) for _ in range(rounds)), strict=True)
        print(
            f"{name:10}  {_milliseconds(floor):8.1f}  {_milliseconds(answered):12.1f},"
            f"{_worst(answered):8.1f}  {_milliseconds(told):37.0f},{_worst(told):6.0f}",
            flush=True,
        )


def _round(world: World, port: int, listening: Any) -> tuple[float, float]:
    messages = add_messages(world, STATUSES, provider="main")
    seconds = int(time.time())
    body = payload([status("delivered", f"wamid.{message}", seconds, message) for message in messages])
    before = len(listening.told)
    took, answered_at = _post(port, CALLBACK, body)
    while len(listening.told) == before:
        if time.monotonic() - answered_at > PATIENCE_SECONDS:
            raise TimeoutError("No webhook has come.")
        time.sleep(0.001)
    first = time.monotonic() - answered_at
    while len(listening.told) < before + STATUSES:
        time.sleep(0.01)
    return took, first


def _post(port: int, path: str, body: bytes) -> tuple[float, float]:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    began = time.monotonic()
    connection.request("POST", path, body, {"X-Hub-Signature-256": signature(body)})
    answer = connection.getresponse()
    answer.read()
    ended = time.monotonic()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}.")
    return ended - began, ended


def _floor() -> str:
    hmac.digest(APP_SECRET.encode(), request.get_data(), hashlib.sha256)
    return ""


@contextmanager
def _serving(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        thread.join()


def _milliseconds(seconds: Sequence[float]) -> float:
    return statistics.median(seconds) * 1_000


def _worst(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)] * 1_000


if __name__ == "__main__":
    main()
