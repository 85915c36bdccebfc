"""Whole apps to test with: a Flask app with flask-waapi, its clock, its database, a provider that records."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from werkzeug.test import TestResponse

from flask_waapi import Permission, WaApi
from flask_waapi.identifiers import uuid7
from flask_waapi.services import EXTENSION, Services
from flask_waapi.storage import migrate
from flask_waapi.storage.models import Base, Message, MessageEvent
from flask_waapi.testing import ManualClock
from recorder import RecorderPlugin, Script

ALL_PERMISSIONS = tuple(permission.value for permission in Permission)
API = "/api/v1/external"
TEMPLATE_SEND = f"{API}/messages/template/send"
TEXT_SEND = f"{API}/messages/text/send"
MEDIA_SEND = f"{API}/messages/media/send"
MESSAGES = f"{API}/messages"
BATCH = f"{API}/messages/batch"
TEMPLATES = f"{API}/templates"

RECIPIENT = "+1234567890"
SAMPLE_VARIABLES = {"customer_name": "John Doe", "order_id": "ORD-12345", "total": "99.99"}

RECORDING: dict[str, Any] = {"WAAPI_PROVIDERS": {"recorder": {}}}
"""Settings of an app whose messages go to a recorder."""


def template_body(**members: Any) -> dict[str, Any]:
    """The body of a template send; a member that is ``None`` is left out."""
    body = {
        "to": RECIPIENT,
        "template_name": "order_confirmation",
        "language": "en",
        "variables": dict(SAMPLE_VARIABLES),
    } | members
    return {name: value for name, value in body.items() if value is not None}


def text_body(**members: Any) -> dict[str, Any]:
    """The body of a text send; a member that is ``None`` is left out."""
    body = {"to": RECIPIENT, "text": "Hello"} | members
    return {name: value for name, value in body.items() if value is not None}


@dataclass
class World:
    """One app and all that a test needs of it."""

    app: Flask
    waapi: WaApi
    db: SQLAlchemy
    clock: ManualClock
    script: Script
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def services(self) -> Services:
        """The app's parts."""
        services: Services = self.app.extensions[EXTENSION]
        return services

    @property
    def client(self) -> FlaskClient:
        """A client without a memory."""
        return self.app.test_client(use_cookies=False)

    def issue_key(self, name: str = "shop", **fields: Any) -> str:
        """Make a key with every permission and ample limits, unless told otherwise; its secret."""
        given: dict[str, Any] = {
            "permissions": ALL_PERMISSIONS,
            "rate_limit": 100_000,
            "daily_limit": 100_000,
        } | fields
        with self.app.app_context():
            secret = self.waapi.create_key(name, **given).secret
        self.secrets[name] = secret
        return secret

    def key(self, name: str = "shop") -> str:
        """The secret of a key that is made when it is first asked for."""
        return self.secrets.get(name) or self.issue_key(name)

    def get(self, path: str, key: str | None = "", **options: Any) -> TestResponse:
        """A GET with the key ``shop``, another secret, or none."""
        return self.client.get(path, headers=self._headers(key, options), **options)

    def post(self, path: str, body: Any = None, key: str | None = "", **options: Any) -> TestResponse:
        """A POST of JSON with the key ``shop``, another secret, or none."""
        headers = self._headers(key, options)
        return self.client.post(path, json=body, headers=headers, **options)

    def post_raw(self, path: str, body: bytes, key: str | None = "", **options: Any) -> TestResponse:
        """A POST of these bytes, declared as JSON."""
        headers = self._headers(key, options)
        options.setdefault("content_type", "application/json")
        return self.client.post(path, data=body, headers=headers, **options)

    def delete(self, path: str, key: str | None = "", **options: Any) -> TestResponse:
        """A DELETE with the key ``shop``, another secret, or none."""
        return self.client.delete(path, headers=self._headers(key, options), **options)

    def send(self, **members: Any) -> TestResponse:
        """Send the sample template."""
        return self.post(TEMPLATE_SEND, template_body(**members))

    def messages(self) -> list[Message]:
        """The messages as the database holds them, oldest first."""
        with self.services.store.read() as session:
            return list(session.scalars(sa.select(Message).order_by(Message.id)))

    def message(self, message_uuid: str | UUID | None = None) -> Message:
        """One message as the database holds it; the only one without an id."""
        if message_uuid is None:
            (message,) = self.messages()
            return message
        with self.services.store.read() as session:
            return session.get_one(Message, UUID(str(message_uuid)))

    def events(self, message_uuid: str | UUID) -> list[str]:
        """The statuses of a message's events, in the order in which they were stored."""
        query = (
            sa.select(MessageEvent.status)
            .where(MessageEvent.message_id == UUID(str(message_uuid)))
            .order_by(MessageEvent.id)
        )
        with self.services.store.read() as session:
            return list(session.scalars(query))

    def count(self, model: type[Any]) -> int:
        """How many rows there are of a model."""
        with self.services.store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0

    def work(self) -> None:
        """Do in the background what is due."""
        while (found := self.services.worker.run_once()) > 0:
            pass
        assert found == 0, "a background job has failed"

    def _headers(self, key: str | None, options: dict[str, Any]) -> dict[str, str]:
        headers: Mapping[str, str] = options.pop("headers", None) or {}
        if key is None:
            return dict(headers)
        return {"X-API-Key": key or self.key(), **headers}


MakeWorld = Callable[..., World]
"""The fixture ``make_world``: takes what :func:`make_app` takes."""


def make_app(
    database_uri: str,
    clock: ManualClock | None = None,
    script: Script | None = None,
    plugins: Mapping[str, object] | None = None,
    **config: Any,
) -> World:
    """An app on an empty or migrated database, migrated, without a background thread."""
    migrated(database_uri)
    clock, script = clock or ManualClock(), script or Script()
    app = Flask("tests_host", root_path=str(Path(__file__).parent))
    app.config.update(
        SECRET_KEY="a secret of tests",
        SQLALCHEMY_DATABASE_URI=database_uri,
        WAAPI_BACKGROUND_THREAD=False,
        # Messages are sent one after the other, in the order of a script.
        WAAPI_SEND_THREADS=1,
        # Most tests send texts to people who have never written.
        WAAPI_SERVICE_WINDOW="off",
    )
    app.config.update(config)
    if database_uri.startswith("sqlite"):
        # On a busy machine, those who write at the same time may wait longer than by default for each other.
        app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {"connect_args": {"timeout": 30}})
    db = SQLAlchemy(app)
    waapi = WaApi(app, db=db, clock=clock, plugins={"recorder": RecorderPlugin(script)} | dict(plugins or {}))
    return World(app, waapi, db, clock, script)


def close(world: World) -> None:
    """Give back what an app holds."""
    close_app(world.app)


def close_app(app: Flask) -> None:
    """Stop an app's thread and close its connections."""
    services: Services = app.extensions[EXTENSION]
    services.loop.stop()
    services.store.engine.dispose()
    database = app.extensions.get("sqlalchemy")
    if database is not None:
        with app.app_context(), suppress(RuntimeError):
            database.session.remove()
            for engine in database.engines.values():
                engine.dispose()


@contextmanager
def opened(database_uri: str, **options: Any) -> Iterator[World]:
    """:func:`make_app` for the length of a block."""
    world = make_app(database_uri, **options)
    try:
        yield world
    finally:
        close(world)


def migrated(database_uri: str) -> str:
    """Bring a database up to date; the same URL."""
    url = sa.make_url(database_uri)
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        if not Path(url.database).exists():
            # Copying a migrated file takes a hundredth of the time of migrating one.
            shutil.copy(_migrated_sqlite_file(), url.database)
        return database_uri
    engine = sa.create_engine(database_uri, poolclass=sa.NullPool)
    if migrate.current(engine) is None:
        migrate.upgrade(engine)
    engine.dispose()
    return database_uri


def delete_all_rows(database_uri: str) -> None:
    """Empty our tables, which takes a tenth of the time of making them."""
    engine = sa.create_engine(database_uri, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    engine.dispose()


@cache
def _migrated_sqlite_file() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="waapi-tests-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = directory / "migrated.sqlite"
    engine = sa.create_engine(f"sqlite:///{path}")
    migrate.upgrade(engine)
    engine.dispose()
    return path


def add_messages(world: World, count: int, *, account: str = "default", **members: Any) -> list[UUID]:
    """Store messages as if they had been sent at this moment; their ids, oldest first."""
    now = world.clock()
    values = {
        "account": account,
        "recipient": RECIPIENT,
        "type": "text",
        "content": {"body": "Hello"},
        "simulated": False,
        "provider": "simulation",
        "status": "sent",
        "attempts": 1,
        "created_at": now,
        "updated_at": now,
    } | members
    rows = [{"id": uuid7(now), **values} for _ in range(count)]
    if rows:
        with world.services.store.begin() as session:
            session.execute(sa.insert(Message), rows)
    return sorted(UUID(str(row["id"])) for row in rows)
