"""A host with a dashboard, whose visitor each test decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from werkzeug.test import TestResponse

from flask_waapi import IssuedKey, Viewer, WaApi
from flask_waapi.services import Services
from flask_waapi.testing import ManualClock

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ALL_PERMISSIONS = ("send_template", "send_text", "send_media", "view_templates", "view_messages")

_CSRF = re.compile(r'name="waapi_csrf" value="([^"]+)"')


@dataclass
class Host:
    """A host app, whom its access callable lets in, and a browser without JavaScript."""

    app: Flask
    waapi: WaApi
    clock: ManualClock
    visitor: Viewer | ResponseReturnValue | None = field(default_factory=lambda: Viewer("default", "ann"))
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    @property
    def services(self) -> Services:
        """The parts of the extension; needs an app context."""
        return self.waapi.services

    def key(self, name: str = "shop", **fields: Any) -> IssuedKey:
        """A new key that may do everything."""
        with self.app.app_context():
            return self.waapi.create_key(name, **{"permissions": ALL_PERMISSIONS, **fields})

    def get(self, path: str, **query: Any) -> TestResponse:
        """A page of the dashboard."""
        return self.client.get(f"/waapi{path}", query_string=query)

    def token(self) -> str:
        """The token that our forms carry."""
        found = _CSRF.search(self.get("/keys/new").text) or _CSRF.search(self.get("/playground").text)
        assert found is not None
        return found[1]

    def post(self, path: str, **form: Any) -> TestResponse:
        """A form of the dashboard, sent as its page would send it."""
        return self.client.post(f"/waapi{path}", data={"waapi_csrf": self.token(), **form})

    def call(self, issued: IssuedKey, path: str = "/messages", **options: Any) -> TestResponse:
        """A request of the API from outside."""
        headers = {"X-API-Key": issued.secret, **options.pop("headers", {})}
        url = f"/api/v1/external{path}"
        return self.app.test_client().open(url, headers=headers, **options)

    def send(self, issued: IssuedKey, **body: Any) -> str:
        """The id of a message sent through the API."""
        answer = self.call(
            issued, "/messages/text/send", method="POST", json={"to": "+1234567890", "text": "Hello", **body}
        )
        assert answer.status_code == 201, answer.text
        uuid: str = answer.get_json()["data"]["message_uuid"]
        return uuid

    def apply_due(self) -> None:
        """Let the announced statuses come true whose time has come."""
        with self.app.app_context():
            self.services.inbound.apply_due()


MakeHost = Callable[..., Host]


@pytest.fixture
def make_host(tmp_path: Path) -> Iterator[MakeHost]:
    """Makes hosts, each with a database of its own."""
    engines = []

    def make(prepare: Callable[[Flask], None] = lambda app: None, **config: Any) -> Host:
        app = Flask("host")
        number = len(engines)
        app.config.update(
            SECRET_KEY="a test's secret key, long enough",
            SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / f'host{number}.sqlite'}",
            SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 30}},
            WAAPI_BACKGROUND_THREAD=False,
            **config,
        )
        db = SQLAlchemy(app)
        prepare(app)
        clock = ManualClock(START)
        waapi = WaApi(app, db=db, dashboard_access=lambda: host.visitor, clock=clock)
        host = Host(app, waapi, clock)
        with app.app_context():
            waapi.create_all()
            engines.append(db.engine)
        return host

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host on the simulation."""
    return make_host()
