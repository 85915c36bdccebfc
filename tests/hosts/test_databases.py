"""Whose database we use: the host's, a bind of the host's, one that is given, or one of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from answers import data, error
from factories import ALL_PERMISSIONS, MESSAGES, TEXT_SEND, World, close_app, migrated, text_body
from flask_waapi import ConfigurationError, WaApi
from flask_waapi.services import EXTENSION, Services
from host_apps import Purchase, make_app

MakeHost = Callable[..., World]


@pytest.fixture
def app() -> Iterator[Flask]:
    """A host without Flask-SQLAlchemy."""
    app = Flask("bare")
    app.config.update(
        SECRET_KEY="a secret of the host", WAAPI_BACKGROUND_THREAD=False, WAAPI_SERVICE_WINDOW="off"
    )
    yield app
    if EXTENSION in app.extensions:
        close_app(app)


@pytest.fixture
def engine(sqlite_uri: str) -> Iterator[sa.Engine]:
    """An engine of the host's on a migrated database."""
    engine = sa.create_engine(migrated(sqlite_uri))
    yield engine
    engine.dispose()


def send_and_read(app: Flask, waapi: WaApi) -> None:
    """The main job: a key, a message, its history."""
    with app.app_context():
        headers = {"X-API-Key": waapi.create_key("shop", permissions=ALL_PERMISSIONS).secret}
    client = app.test_client()
    sent = data(client.post(TEXT_SEND, json=text_body(), headers=headers), 201)
    found = data(client.get(MESSAGES, headers=headers))
    assert [message["message_uuid"] for message in found] == [sent["message_uuid"]]
    error(client.get(MESSAGES), 401, "MISSING_API_KEY")


def engine_of(app: Flask) -> sa.Engine:
    """The engine in use."""
    services: Services = app.extensions[EXTENSION]
    return services.store.engine


class TestHostsWithoutFlaskSQLAlchemy:
    """A host that keeps its data elsewhere."""

    def test_a_database_of_our_own_is_named_by_a_setting(self, app: Flask, sqlite_uri: str) -> None:
        app.config["WAAPI_DATABASE_URI"] = migrated(sqlite_uri)

        send_and_read(app, WaApi(app))

    def test_an_engine_may_be_given(self, app: Flask, engine: sa.Engine) -> None:
        send_and_read(app, WaApi(app, engine=engine))

        assert engine_of(app) is engine

    def test_a_given_engine_comes_before_the_setting(self, app: Flask, engine: sa.Engine) -> None:
        app.config["WAAPI_DATABASE_URI"] = "sqlite:////nowhere/at/all.sqlite"

        send_and_read(app, WaApi(app, engine=engine))

    def test_nothing_is_set_on_an_engine_of_the_hosts(self, app: Flask, engine: sa.Engine) -> None:
        send_and_read(app, WaApi(app, engine=engine))

        with engine.connect() as connection:
            assert connection.scalar(sa.text("PRAGMA journal_mode")) == "delete"
            assert connection.scalar(sa.text("PRAGMA foreign_keys")) == 0

    def test_an_engine_of_our_own_is_set_up_for_many_writers(self, app: Flask, sqlite_uri: str) -> None:
        app.config["WAAPI_DATABASE_URI"] = migrated(sqlite_uri)
        send_and_read(app, WaApi(app))

        with engine_of(app).connect() as connection:
            assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
            assert connection.scalar(sa.text("PRAGMA busy_timeout")) == 30_000

    def test_without_any_database_the_start_says_what_would_do(self, app: Flask) -> None:
        with pytest.raises(ConfigurationError, match=r"pass db=.*or engine=, or set WAAPI_DATABASE_URI"):
            WaApi(app)

    def test_a_database_that_is_nowhere_is_our_error(self, app: Flask) -> None:
        app.config["WAAPI_DATABASE_URI"] = "sqlite:////nowhere/at/all.sqlite"
        app.register_error_handler(Exception, lambda raised: ("HOST", 500))
        WaApi(app)

        key = "wak_live_" + "0" * 32 + _checksum_of("wak_live_" + "0" * 32)
        answer = app.test_client().get(MESSAGES, headers={"X-API-Key": key})

        assert "/nowhere" not in error(answer, 503, "STORAGE_UNAVAILABLE")["message"]


class TestBinds:
    """A host with several databases."""

    @pytest.fixture
    def bound(self, make_host: MakeHost, tmp_path: Path) -> World:
        """A host that has given us one of its binds."""
        other = f"sqlite:///{tmp_path / 'other.sqlite'}"
        migrated(other)
        return make_host(SQLALCHEMY_BINDS={"messages": other}, WAAPI_BIND_KEY="messages")

    def test_the_bind_is_used(self, bound: World) -> None:
        data(bound.post(TEXT_SEND, text_body()), 201)

        with bound.app.app_context():
            count = sa.text("SELECT count(*) FROM waapi_messages")
            with bound.db.engines["messages"].connect() as connection:
                assert connection.scalar(count) == 1
            with bound.db.engine.connect() as connection:
                assert connection.scalar(count) == 0

    def test_flushed_work_on_another_bind_does_not_hinder_us(self, bound: World) -> None:
        with bound.app.app_context():
            bound.db.session.add(Purchase(title="tea"))
            bound.db.session.flush()
            bound.waapi.send_text("+1234567890", "Hello")
            bound.db.session.rollback()

        assert len(bound.messages()) == 1

    def test_a_bind_that_does_not_exist_is_named(self, make_host: MakeHost) -> None:
        world = make_host(WAAPI_BIND_KEY="massages", WAAPI_DATABASE_URI=None)

        with pytest.raises(ConfigurationError, match="WAAPI_BIND_KEY names 'massages'"):
            _ = world.services.store.engine
        # For the end of the test.
        world.services.store.__dict__["engine"] = sa.create_engine("sqlite://")

    def test_a_database_of_our_own_comes_before_the_hosts(self, make_host: MakeHost, tmp_path: Path) -> None:
        ours = migrated(f"sqlite:///{tmp_path / 'ours.sqlite'}")
        world = make_host(WAAPI_DATABASE_URI=ours)

        data(world.post(TEXT_SEND, text_body()), 201)

        assert str(world.services.store.engine.url) == ours


def test_the_hosts_database_object_is_found_on_the_app(sqlite_uri: str) -> None:
    migrated(sqlite_uri)
    world = make_app(sqlite_uri)
    send_and_read(world.app, WaApi(world.app))
    with world.app.app_context():
        assert engine_of(world.app) is world.db.engine
    close_app(world.app)


def test_joining_needs_no_app_context_and_no_database_yet(tmp_path: Path) -> None:
    world = make_app(f"sqlite:///{tmp_path / 'not' / 'yet' / 'there.sqlite'}")

    world.waapi.init_app(world.app)

    assert not (tmp_path / "not").exists()
    close_app(world.app)


def test_the_hosts_unit_tests_may_create_our_tables_without_migrations(sqlite_uri: str) -> None:
    world = make_app(sqlite_uri)
    world.waapi.init_app(world.app)
    with world.app.app_context():
        world.waapi.create_all()

    send_and_read(world.app, world.waapi)
    close_app(world.app)


def _checksum_of(body: str) -> str:
    from flask_waapi.access import secrets

    return secrets._checksum(body)
