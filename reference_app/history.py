"""A month of history, made once when the app first starts, so that every page has something to show.

Nothing is written into tables behind the API's back: a second app on the same database, whose clock is turned
through the month, places orders, calls the API and lets customers write, all of it in simulation.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from flask_waapi import Permission, WaApi

from . import hooks
from .extensions import db, prepare_connections, waapi
from .models import Order
from .orders import PRODUCTS, confirm, place

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ACCOUNT = "default"
PREFIX = "demo history: "
"""How the names of the keys begin that the history was made with."""

DAYS = 29
"""One less than the log of requests is kept for."""

_CUSTOMERS: Mapping[str, str] = {
    "Ada Lovelace": "+1234567890",
    "Grace Hopper": "+1234567891",
    "Katherine Johnson": "+1234567892",
    "Lise Meitner": "+4930901820",
    "Mary Somerville": "+442079460018",
    "Sofia Kovalevskaya": "+46850828508",
    "Emmy Noether": "+4991318520",
    "Hedy Lamarr": "+4315880100",
}
_NEVER_READ = "+15552000001"
_SILENT = "+15552000006"
_UNKNOWN_FATE = "+15552000010"
_UNHAPPY = (
    *("+15551131026",) * 5,
    *("+15551131049",) * 3,
    "+15551131050",
    "+15550131026",
    "+15550131026",
    "+15550130472",
    _UNKNOWN_FATE,
    _SILENT,
)
"""Numbers that the simulation refuses, fails or forgets."""

_KEYS: Mapping[str, dict[str, Any]] = {
    "web shop": {
        "permissions": [Permission.SEND_TEMPLATE, Permission.VIEW_MESSAGES, Permission.VIEW_TEMPLATES],
        "rate_limit": 1_200,
        "daily_limit": 10_000,
    },
    "support": {
        "permissions": [Permission.SEND_TEXT, Permission.SEND_MEDIA, Permission.VIEW_MESSAGES],
        "rate_limit": 600,
        "daily_limit": 500,
    },
    "reminders": {"permissions": [Permission.SEND_TEMPLATE], "rate_limit": 1_000, "daily_limit": 2_000},
    "report": {"permissions": [Permission.VIEW_MESSAGES], "rate_limit": 4, "daily_limit": 100},
    "old shop": {"permissions": [Permission.SEND_TEMPLATE], "rate_limit": 60, "daily_limit": 1_000},
}
_WEIGHTS = (0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 2, 2, 3, 3, 2, 2, 1, 1, 1, 0, 0, 0)
"""How busy each hour of a day is."""

_REMINDED = frozenset({0, 3})
"""The weekdays on which reminders go out."""

_REMINDERS = 18


def is_wanted(app: Flask) -> bool:
    """Whether a history is to be made: told so, in simulation, and nothing has happened here yet."""
    if not app.config["SEED_HISTORY"]:
        return False
    with app.app_context():
        providers = waapi.services.providers
        return (
            providers[providers.default].simulated
            and not waapi.services.keys.list(ACCOUNT)
            and db.session.scalar(db.select(Order.id).limit(1)) is None
        )


def make(app: Flask, now: datetime, address: str | None = None) -> None:
    """Make the month before ``now``.

    :param app: whose database and settings are used.
    :param address: where webhooks are sent; nothing must listen there yet.
    """
    clock = Clock(now)
    past = _open(app, clock)
    with past.app_context(), _receiver(address, clock):
        clock.now = _midnight(now) - timedelta(days=DAYS)
        if address is not None:
            hooks.connect(address, ("message.failed",))
        waapi.services.catalogue.sync(waapi.services.providers.default)
        month = _Month(clock, past.test_client(use_cookies=False), _make_keys(now), random.Random(1815))
        while clock.now + timedelta(hours=1) < now:
            month.hour()
        waapi.services.keys.set_enabled(ACCOUNT, f"{PREFIX}old shop", False, actor="reference app")
        clock.now = now - timedelta(minutes=2)
        month.order(_UNKNOWN_FATE)
        clock.now = now
        _work()
        db.session.remove()
        db.engine.dispose()
        waapi.services.store.engine.dispose()


@dataclass
class Clock:
    """Tells the time that it is set to."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def _receiver(address: str | None, clock: Clock) -> Iterator[None]:
    """Somebody who takes the webhooks of the month in, and now and then is out of order for a day.

    The desk itself would refuse them: it takes nothing that was signed long ago.
    """
    if address is None:
        yield
        return

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        is_out = clock.now.day % 7 == 3
        start("503 Service Unavailable" if is_out else "204 No Content", [("Content-Length", "0")])
        return []

    place = urlsplit(address)
    server = make_server(place.hostname or "", place.port or 0, answer, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


def _open(app: Flask, clock: Clock) -> Flask:
    past = Flask("order_desk_history", instance_path=app.instance_path)
    past.config.from_mapping(app.config)
    past.config.update(WAAPI_BACKGROUND_THREAD=False, WAAPI_DISPATCH="inline")
    db.init_app(past)
    prepare_connections(past)
    WaApi(past, db=db, clock=clock)
    with past.app_context():
        _hurry(db.engine)
    return past


def _hurry(engine: Engine) -> None:
    """Do not wait for the disk at every commit: what a power failure takes is made again."""
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def hurry(connection: Any, record: Any) -> None:
            connection.execute("PRAGMA synchronous=NORMAL")


def _make_keys(now: datetime) -> dict[str, str]:
    made = {}
    for name, fields in _KEYS.items():
        issued = waapi.create_key(
            f"{PREFIX}{name}",
            account=ACCOUNT,
            # Whatever becomes of the provider later, these never reach anybody.
            mode="test",
            description="Made when the app first started, with a month of simulated history.",
            expires_at=now + timedelta(days=12) if name == "report" else None,
            **fields,
        )
        made[name] = issued.secret
    return made


def _work() -> None:
    """What a worker does, until nothing is due."""
    while waapi.services.worker.run_once() > 0:
        pass


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass
class _Month:
    """What happens hour by hour."""

    clock: Clock
    client: FlaskClient
    secrets: Mapping[str, str]
    dice: random.Random

    def hour(self) -> None:
        """One hour of an ordinary shop."""
        begun = self.clock.now
        weight = _WEIGHTS[begun.hour] / (6 if begun.weekday() >= 5 else 3)
        if begun.hour == 9 and begun.weekday() in _REMINDED:
            self.remind()
        minutes = sorted(self.dice.sample(range(1, 59), round(weight * self.dice.uniform(0.4, 1.6))))
        for minute in minutes:
            self.clock.now = begun + timedelta(minutes=minute, seconds=self.dice.randrange(60))
            self.dice.choice(self._deeds())()
        if begun.hour == 17 and begun.day % 9 == 0:
            self.overdo()
        self.clock.now = begun + timedelta(hours=1)

    def _deeds(self) -> list[Callable[[], object]]:
        return [*[self.order] * 4, *[self.ship] * 4, *[self.serve] * 2, *[self.read] * 2, self.err]

    def order(self, phone: str | None = None) -> None:
        """Somebody orders at the desk."""
        name, usual = self._customer()
        bought = {product: self.dice.randint(1, 3) for product in self.dice.sample(sorted(PRODUCTS), 2)}
        order = place(name, phone or usual, bought, self.clock.now, is_demo=True)
        db.session.commit()
        # No worker follows every turn of this clock, so it is sent here and now, in no transaction.
        confirm(order, session=None)
        db.session.commit()

    def ship(self) -> None:
        """The shop tells that a parcel is on its way."""
        name, phone = self._customer()
        number = f"ORD-{self.dice.randrange(1, 99_999):05}"
        self._send_template(
            "web shop",
            {"to": phone, "template_name": "shipping_update", "language": "en_US", "reference": number}
            | {"header": {"text": number}, "variables": {"1": name, "2": f"{self.clock.now:%A}"}}
            | {"buttons": [{"index": 0, "type": "url", "value": number}]},
        )

    def serve(self) -> None:
        """A customer asks, and support answers."""
        name, phone = self.dice.choice(list(_CUSTOMERS.items()))
        waapi.simulate_received(phone, f"Hello, this is {name}. Where is my parcel?", account=ACCOUNT)
        self.clock.now += timedelta(seconds=30)
        self._call("support", "POST", "/text/send", {"to": phone, "text": "It arrives tomorrow."})

    def read(self) -> None:
        """A program asks for news, again and again."""
        for _ in range(2):
            self._call(self.dice.choice(["web shop", "support"]), "GET", "?limit=5")

    def remind(self) -> None:
        """The reminders of the day, all at once; the worker sends them, and sees to what is due since."""
        messages = [self._reminder() for _ in range(_REMINDERS)]
        self._call("reminders", "POST", "/batch", {"messages": messages})
        for _ in range(2):
            _work()
            self.clock.now += timedelta(seconds=6)

    def err(self) -> None:
        """A program does what it should not."""
        shipped = {"to": "+1234567890", "template_name": "order_confirmation", "language": "en"}
        mistakes: list[Callable[[], object]] = [
            partial(self._call, "web shop", "POST", "/template/send", {**shipped, "to": "01234"}),
            partial(self._call, "web shop", "POST", "/template/send", {**shipped, "variables": {}}),
            partial(self._call, "web shop", "POST", "/template/send", {**shipped, "template_name": "gone"}),
            partial(self._call, "support", "POST", "/text/send", {"to": "+33123456789", "text": "Hello"}),
            partial(self._call, "report", "POST", "/template/send", shipped),
            partial(self._call, "old shop", "POST", "/template/send", {**shipped, "language": "fr"}),
        ]
        self.dice.choice(mistakes)()

    def overdo(self) -> None:
        """A report asks for more than its minute holds, once in a while."""
        for _ in range(6):
            self._call("report", "GET", "?limit=1")

    def _customer(self) -> tuple[str, str]:
        name, phone = self.dice.choice(list(_CUSTOMERS.items()))
        fate = self.dice.random()
        if fate < 0.08:
            return name, self.dice.choice(_UNHAPPY)
        return name, _NEVER_READ if fate < 0.32 else phone

    def _reminder(self) -> dict[str, Any]:
        name, phone = self._customer()
        return {
            "type": "template",
            "to": phone,
            "template_name": "appointment_reminder",
            "language": self.dice.choice(["en", "de"]),
            "variables": {"patient_name": name, "day": f"{self.clock.now:%A}", "time": "10"},
        }

    def _send_template(self, key: str, body: dict[str, Any]) -> None:
        self._call(key, "POST", "/template/send", body)

    def _call(self, key: str, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        address = f"{waapi.services.settings.url_prefix}/external/messages{path}"
        self.client.open(address, method=method, headers={"X-API-Key": self.secrets[key]}, json=body)
