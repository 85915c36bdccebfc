"""Webhooks without an app around them: a database, a clock, and endpoints that answer what a test says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from flask_waapi import settings as settings_module
from flask_waapi.identifiers import ordered_id
from flask_waapi.outgoing import outbox
from flask_waapi.outgoing.deliver import Deliverer
from flask_waapi.outgoing.deliveries import ClaimedDelivery, Deliveries
from flask_waapi.outgoing.endpoints import Endpoints, EndpointView, IssuedEndpoint
from flask_waapi.outgoing.log import DeliveryLog
from flask_waapi.outgoing.replay import Replays
from flask_waapi.outgoing.safe_http import Answer
from flask_waapi.plugins.events import AccountEvent
from flask_waapi.storage.session import Store
from flask_waapi.storage.webhook_models import WebhookDelivery, WebhookEvent
from flask_waapi.testing import ManualClock

URL = "https://example.com/hook"
OTHER_URL = "https://example.org/hook"


def answer(
    status: int | None = 200, body: str = "", retry_after: timedelta | None = None, **members: Any
) -> Answer:
    """What an endpoint says; without a status, nothing."""
    problem = members.pop("problem", None if status else "The endpoint could not be reached.")
    return Answer(status, body, retry_after, problem, timedelta(milliseconds=120), **members)


@dataclass(frozen=True)
class Call:
    """One webhook as an endpoint got it."""

    url: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def number(self) -> int:
        """Which of the published events it is."""
        number: int = json.loads(self.body)["data"]["number"]
        return number


@dataclass
class Internet:
    """The endpoints: by URL what each answers, 200 unless told otherwise; ``calls`` is what they got."""

    answers: dict[str, Callable[[], Answer] | Answer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """A transport."""
        self.calls.append(Call(url, body, headers))
        said = self.answers.get(url, answer())
        return said if isinstance(said, Answer) else said()

    def calls_to(self, url: str) -> list[Call]:
        """What one endpoint got."""
        return [call for call in self.calls if call.url == url]


class Desk:
    """One app's webhooks, as far as tests need them."""

    def __init__(self, uri: str, clock: ManualClock, **config: Any) -> None:
        self.clock = clock
        self.uri = uri
        config = {"SECRET_KEY": "a secret of tests", "WAAPI_DATABASE_URI": uri} | config
        self.settings = settings_module.load(config)
        self.store = Store(Flask("tests_desk"), self.settings, db=None, engine=None)
        self.internet = Internet()
        self.told: list[AccountEvent] = []
        self.stretch = 1.0
        self.endpoints = Endpoints(self.store, self.settings, clock)
        self.log = DeliveryLog(self.store)
        self.replays = Replays(self.store, clock, lambda: None)
        self.waiting = Deliveries(self.store, self.settings, clock)
        self.deliverer = self.new_deliverer()
        self._number = 0

    def new_deliverer(self) -> Deliverer:
        """A deliverer, as another process has one."""
        return Deliverer(
            self.store,
            self.settings,
            self.clock,
            self.told.append,
            self.internet.post,
            lambda least, most: self.stretch,
        )

    def endpoint(
        self, url: str = URL, events: Sequence[str] = ("*",), account: str = "default"
    ) -> EndpointView:
        """Make an endpoint."""
        return self.issue(url, events, account).endpoint

    def issue(
        self, url: str = URL, events: Sequence[str] = ("*",), account: str = "default"
    ) -> IssuedEndpoint:
        """Make an endpoint; with its secret."""
        return self.endpoints.create(url, events, account=account, actor="tests")

    def look(self, endpoint: EndpointView) -> EndpointView:
        """The endpoint as it stands."""
        return self.endpoints.get(endpoint.account, endpoint.id)

    def publish(
        self,
        type: str = "message.sent",  # noqa: A002 - the name of the event's member
        *,
        message: UUID | None = None,
        account: str = "default",
        behind: timedelta = timedelta(0),
    ) -> int:
        """Publish an event; its number.

        :param behind: by how much the clock of the process is that does so.
        """
        return self.publish_many(1, type, message=message, account=account, behind=behind)

    def publish_many(
        self,
        count: int,
        type: str = "message.sent",  # noqa: A002 - the name of the event's member
        *,
        message: UUID | None = None,
        account: str = "default",
        behind: timedelta = timedelta(0),
    ) -> int:
        """Publish so many events in one transaction; the last one's number."""
        now = self.clock() - behind
        with self.store.begin() as session:
            for _ in range(count):
                self._number += 1
                data = {"number": self._number, "text": "Grüße"}
                event = AccountEvent(type, now, data, account, message)
                outbox.publish(session, event, now)
        return self._number

    def pile_up(self, endpoint: EndpointView, count: int) -> None:
        """Let so many events wait for an endpoint, without publishing each."""
        now = self.clock()
        event = {"account": endpoint.account, "type": "message.failed", "body": '{"data":{"number":0}}'}
        event_ids = [ordered_id(now) for _ in range(count)]
        with self.store.begin() as session:
            session.execute(
                sa.insert(WebhookEvent),
                [{"id": event_id, **event, "occurred_at": now, "created_at": now} for event_id in event_ids],
            )
            session.execute(
                sa.insert(WebhookDelivery),
                [outbox.delivery_values(endpoint.id, event_id, None, now) for event_id in event_ids],
            )

    def claim(self, in_hand: Mapping[str, int] | None = None) -> list[ClaimedDelivery]:
        """Take in hand what is due."""
        return list(self.waiting.claim(in_hand or Counter()))

    def deliver(self) -> int:
        """Attempt what one claim gives; how much that was."""
        claimed = self.claim()
        for delivery in claimed:
            self.waiting.note(delivery, self.deliverer.attempt(delivery))
        return len(claimed)

    def deliver_all(self) -> int:
        """Attempt what is due, until nothing is; how much that was."""
        total = 0
        while count := self.deliver():
            total += count
        return total

    def deliveries(self) -> list[WebhookDelivery]:
        """The deliveries as the database holds them, in the order of their making."""
        with self.store.read() as session:
            return list(session.scalars(sa.select(WebhookDelivery).order_by(WebhookDelivery.id)))

    def delivery(self) -> WebhookDelivery:
        """The only one."""
        (delivery,) = self.deliveries()
        return delivery

    def states(self) -> list[str]:
        """Their states."""
        return [delivery.state for delivery in self.deliveries()]

    def events(self, type: str) -> list[WebhookEvent]:  # noqa: A002 - the name of the column
        """The stored events of a type."""
        query = sa.select(WebhookEvent).where(WebhookEvent.type == type).order_by(WebhookEvent.id)
        with self.store.read() as session:
            return list(session.scalars(query))


@contextmanager
def opened(uri: str, clock: ManualClock, **config: Any) -> Iterator[Desk]:
    """A desk for the length of a block."""
    desk = Desk(uri, clock, **config)
    try:
        yield desk
    finally:
        desk.store.engine.dispose()
