"""``kill -9`` at random moments while customers are told what became of their messages."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from standardwebhooks import Webhook

from flask_waapi.storage.models import Message
from flask_waapi.storage.webhook_models import WebhookDelivery, WebhookEvent
from waiting import eventually

from .engines import FULL, Running, Scale, workers
from .gateway import HOST
from .load import Load
from .places import Place
from .stage import Stage, staged
from .verdict import Verdict, wait_until_settled

LEASE_SECONDS = 3
"""How long a delivery in hand stays with its process here, so that a killed one's are soon taken up."""

PATIENCE_SECONDS = 60.0


@dataclass
class Customer:
    """An endpoint that writes down what it is told.

    :param told: the digests of the bodies that came with each ``webhook-id``.
    :param wrong: what the official library did not verify.
    """

    port: int
    told: dict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    secret: str = ""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}/hooks"

    def take(self, headers: dict[str, str], body: bytes) -> None:
        """Write one request down."""
        try:
            Webhook(self.secret).verify(body.decode(), headers)
        except Exception as error:
            self.wrong.append(f"{type(error).__name__}: {error}")
        self.told[UUID(headers["webhook-id"])].append(hashlib.sha256(body).hexdigest())


@contextmanager
def customer() -> Iterator[Customer]:
    """A customer's endpoint, as long as the block lasts."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                listening.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        listening = Customer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield listening
        finally:
            server.shutdown()
            thread.join()


def webhook_kills(place: Place, *, messages: int, count: int, seed: int, scale: Scale = FULL) -> Verdict:
    """Tell a customer of so many messages through workers that are killed so many times."""
    verdict = Verdict("webhooks", "worker", place.database, messages=messages)
    started = time.monotonic()
    settings = {"WAAPI_WEBHOOK_ALLOW_LOOPBACK": True, "WEBHOOK_LEASE_SECONDS": LEASE_SECONDS}
    with staged(place) as stage, customer() as listening:
        endpoints = stage.services.webhooks.endpoints
        issued = endpoints.create(listening.url, ["*"], account="default", actor="test")
        listening.secret = issued.secret
        with workers(stage, settings, scale) as running:
            with Load(stage.port, stage.key, messages=messages, waits=running.waits) as load:
                verdict.kills = _kill(listening, running, messages, count, Random(seed))
            verdict.expect(wait_until_settled(stage), "not all messages have ended")
            stage.double.wait_until_reported(PATIENCE_SECONDS)
            _wait_until_told(stage)
            _judge(stage, listening, load, verdict)
            verdict.expect(not running.fleet.ended(), f"ended by themselves: {running.fleet.ended()}")
    verdict.expect(verdict.kills == count, f"only {verdict.kills} kills")
    again = sum(len(bodies) > 1 for bodies in listening.told.values())
    verdict.note = f"seed {seed}; {len(listening.told)} events, {again} of them told more than once"
    verdict.seconds = time.monotonic() - started
    return verdict


def _kill(listening: Customer, running: Running, messages: int, count: int, random: Random) -> int:
    points = sorted(random.uniform(0.02, 0.95) * messages for _ in range(count))
    for done, point in enumerate(points):
        if not eventually(lambda point=point: len(listening.told) >= point, PATIENCE_SECONDS, 0.005):  # type: ignore[misc]
            return done
        running.kill_one(random)
    return count


def _wait_until_told(stage: Stage) -> None:
    def is_quiet() -> bool:
        query = select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.state == "pending")
        with stage.services.store.read() as session:
            return not session.scalar(query)

    eventually(is_quiet, PATIENCE_SECONDS, 0.1)


def _judge(stage: Stage, listening: Customer, load: Load, verdict: Verdict) -> None:
    with stage.services.store.read() as session:
        events = {row.id: row for row in session.execute(select(WebhookEvent.id, WebhookEvent.body))}
        statuses = {row.id: row.status for row in session.execute(select(Message.id, Message.status))}
    lost = events.keys() - listening.told.keys()
    foreign = listening.told.keys() - events.keys()
    changed = [event for event, bodies in listening.told.items() if len(set(bodies)) > 1]
    told = defaultdict(set)
    for row in events.values():
        body = json.loads(row.body)
        told[UUID(body["data"]["message_uuid"])].add(body["type"])
    silent = [message for message, status in statuses.items() if f"message.{status}" not in told[message]]
    verdict.lost = len(lost) + len(load.tally.message_ids - statuses.keys())
    verdict.expect(not verdict.lost, f"{verdict.lost} lost")
    verdict.expect(not silent, f"{len(silent)} messages have a status that no event tells")
    verdict.expect(not foreign, f"{len(foreign)} events were told that were never stored")
    verdict.expect(not changed, f"{len(changed)} events came with two bodies")
    verdict.expect(not listening.wrong, f"not verified: {listening.wrong[:3]}")
