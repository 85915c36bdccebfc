"""A host with a dashboard, whose visitor each test decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask import session as flask_session
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from werkzeug.test import TestResponse

from factories import ALL_PERMISSIONS
from flask_waapi import Access, IssuedKey, Viewer, WaApi
from flask_waapi.dashboard import csrf
from flask_waapi.messaging.routing import ChooseProvider
from flask_waapi.services import EXTENSION, Services
from flask_waapi.testing import ManualClock
from recorder import RecorderPlugin, Script

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Host:
    """A host app, whom its access callable lets in, and a browser without JavaScript."""

    app: Flask
    waapi: WaApi
    clock: ManualClock
    script: Script
    visitor: Viewer | ResponseReturnValue | None = field(default_factory=lambda: Viewer("default", "ann"))
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    @property
    def services(self) -> Services:
        """The parts of the extension."""
        services: Services = self.app.extensions[EXTENSION]
        return services

    @property
    def viewer(self) -> Viewer:
        """Who is let in."""
        assert isinstance(self.visitor, Viewer)
        return self.visitor

    def key(self, name: str = "shop", **fields: Any) -> IssuedKey:
        """A new key that may do everything."""
        with self.app.app_context():
            return self.waapi.create_key(name, **{"permissions": ALL_PERMISSIONS, **fields})

    def get(self, path: str, **query: Any) -> TestResponse:
        """A page of the dashboard."""
        return self.client.get(f"/waapi{path}", query_string=query)

    def token(self) -> str:
        """The token that our forms carry."""
        with self.client.session_transaction() as session:
            session.setdefault(csrf.SESSION_NAME, "word")
            word = session[csrf.SESSION_NAME]
        with self.app.test_request_context():
            flask_session[csrf.SESSION_NAME] = word
            return csrf.token(self.viewer)

    def post(self, path: str, **form: Any) -> TestResponse:
        """A form of the dashboard, sent as its page would send it."""
        return self.client.post(f"/waapi{path}", data={csrf.FIELD: self.token(), **form})

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
        self.services.worker.run_once()


def make_host(
    database_uri: str,
    prepare: Callable[[Flask], object] = lambda app: None,
    access: Access | None = None,
    choose: ChooseProvider | None = None,
    **config: Any,
) -> Host:
    """A host on an empty database, without a background thread.

    :param prepare: what the host does to its app before the extension joins it.
    :param access: says who is there; without it, whoever is the host's ``visitor``.
    :param choose: says which instance sends a message.
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="a test's secret key, long enough",
        SQLALCHEMY_DATABASE_URI=database_uri,
        SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 30}},
        WAAPI_BACKGROUND_THREAD=False,
        WAAPI_SERVICE_WINDOW="off",
    )
    app.config.update(config)
    db = SQLAlchemy(app)
    prepare(app)
    clock, script = ManualClock(START), Script()
    waapi = WaApi(
        app,
        db=db,
        dashboard_access=access or (lambda: host.visitor),
        clock=clock,
        plugins={"recorder": RecorderPlugin(script)},
        choose_provider=choose,
    )
    host = Host(app, waapi, clock, script)
    with app.app_context():
        waapi.create_all()
    return host
