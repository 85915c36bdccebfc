"""How many messages a second ``flask waapi worker`` sends, by processes and threads.

    make benchmark ARGS="--messages 800 --rounds 3"

Each line stands beside its ideal, threads divided by the provider's time, and tells the processor time that
the workers spent on a message. Machines differ and are shared: compare lines of one run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from timed_app import create_app

import services
from flask_waapi import Text
from flask_waapi.messaging.send_requests import Sender, SendRequest
from flask_waapi.services import EXTENSION, Services
from flask_waapi.storage import migrate
from flask_waapi.storage.models import Message, MessageEvent

HERE = Path(__file__).parent
SENDERS = 4
PATIENCE_SECONDS = 300.0
SETTINGS = ((1, 4, 0.1), (1, 16, 0.1), (1, 32, 0.1), (2, 16, 0.1), (1, 16, 0.0))
"""Workers, threads of each, and seconds that the provider takes."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure flask waapi worker on PostgreSQL.")
    parser.add_argument("--messages", type=int, default=800)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    database = services.ThrowAwayDatabase(services.location("postgresql"))
    try:
        os.environ["FLASK_WAAPI_DATABASE_URI"] = database.uri
        app_services: Services = create_app().extensions[EXTENSION]
        migrate.upgrade(app_services.store.engine)
        print("workers  threads  provider  messages/s   ideal  processor ms/message")
        for workers, threads, seconds in SETTINGS:
            rounds = [
                measure(app_services, workers, threads, seconds, arguments.messages)
                for _ in range(arguments.rounds)
            ]
            rate = statistics.median(rate for rate, _ in rounds)
            processor = statistics.median(processor for _, processor in rounds)
            ideal = f"{workers * threads / seconds:.0f}" if seconds else "-"
            print(
                f"{workers:7}  {threads:7}  {seconds:6.1f} s  {rate:10.0f}  {ideal:>6}  {processor:20.1f}",
                flush=True,
            )
        app_services.store.engine.dispose()
    finally:
        database.drop()


def measure(
    app_services: Services, workers: int, threads: int, seconds: float, messages: int
) -> tuple[float, float]:
    """One round: messages a second, and milliseconds of processor time for each.

    Measured between the first and the last twentieth, so that starting and ending do not count.
    """
    _fill(app_services, messages)
    with _running(workers, threads, seconds) as processes:
        _wait_until_sent(app_services, messages // 20)
        first, began, spent = _sent(app_services), time.monotonic(), _processor_seconds(processes)
        _wait_until_sent(app_services, messages - messages // 20)
        last, ended = _sent(app_services), time.monotonic()
        spent = _processor_seconds(processes) - spent
    return (last - first) / (ended - began), 1_000 * spent / (last - first)


def _fill(app_services: Services, messages: int) -> None:
    with app_services.store.begin() as session:
        session.execute(sa.delete(MessageEvent))
        session.execute(sa.delete(Message))
    text = SendRequest("+1234567890", Text("Hello"))
    for number in range(SENDERS):
        app_services.pipeline.submit_batch([text] * (messages // SENDERS), Sender(f"sender {number}"))


@contextmanager
def _running(workers: int, threads: int, seconds: float) -> Iterator[list[subprocess.Popen[bytes]]]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "FLASK_WAAPI_SEND_THREADS": str(threads),
        "FLASK_TIMED_SECONDS": str(seconds),
    }
    command = [sys.executable, "-m", "flask", "--app", "timed_app:create_app", "waapi", "worker"]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(workers)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def _wait_until_sent(app_services: Services, count: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while _sent(app_services) < count:
        if time.monotonic() > end:
            raise TimeoutError(f"{count} messages were not sent within {PATIENCE_SECONDS:.0f} seconds.")
        time.sleep(0.05)


def _sent(app_services: Services) -> int:
    query = sa.select(sa.func.count()).select_from(Message).where(Message.status == "sent")
    with app_services.store.read() as session:
        return session.scalar(query) or 0


def _processor_seconds(processes: list[subprocess.Popen[bytes]]) -> float:
    ticks = 0
    for process in processes:
        # proc(5): after the name in parentheses, the 12th and 13th field are user and system time.
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
