"""Several apps in one process: each has its own state, whoever shares the extension object."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from flask_sqlalchemy import SQLAlchemy

from answers import data, error
from factories import MESSAGES, TEXT_SEND, World, close_app, migrated, text_body
from flask_waapi import ConfigurationError, WaApi
from host_apps import make_app

MakeHost = Callable[..., World]


@pytest.fixture(params=["one WaApi", "two WaApis"])
def two(request: pytest.FixtureRequest, make_host: MakeHost, tmp_path: Path) -> tuple[World, World]:
    """Two apps with a database each, served by one object or by two."""
    shared = WaApi() if request.param == "one WaApi" else None
    first = make_host(waapi=shared, database_uri=f"sqlite:///{tmp_path / 'first.sqlite'}")
    second = make_host(waapi=shared, database_uri=f"sqlite:///{tmp_path / 'second.sqlite'}")
    return first, second


def test_each_sends_and_keeps_its_own_messages(two: tuple[World, World]) -> None:
    for world in two:
        data(world.post(TEXT_SEND, text_body()), 201)
        assert len(data(world.get(MESSAGES))) == 1


def test_a_key_of_one_opens_nothing_at_the_other(two: tuple[World, World]) -> None:
    first, second = two

    error(second.get(MESSAGES, first.key()), 401, "INVALID_API_KEY")


def test_each_counts_its_own_limits(two: tuple[World, World]) -> None:
    keys = [world.issue_key(rate_limit=1) for world in two]

    answers = [
        world.get(MESSAGES, key).status_code for world, key in zip(two, keys, strict=True) for _ in range(2)
    ]

    assert answers == [200, 429, 200, 429]


def test_each_has_its_own_settings(make_host: MakeHost) -> None:
    waapi = WaApi()
    first = make_host(waapi=waapi, WAAPI_URL_PREFIX="/one")
    second = make_host(waapi=waapi, WAAPI_URL_PREFIX="/two")

    assert first.client.get("/one/openapi.json").get_json()["servers"] == [{"url": "/one/external"}]
    assert second.client.get("/two/openapi.json").get_json()["servers"] == [{"url": "/two/external"}]
    assert second.client.get("/one/openapi.json").status_code == 404


def test_a_call_in_python_goes_to_the_app_whose_context_it_is(two: tuple[World, World]) -> None:
    first, second = two

    with first.app.app_context():
        second.waapi.send_text("+1234567890", "Hello")

    assert (len(first.messages()), len(second.messages())) == (1, 0)


def test_a_context_within_a_context_is_the_inner_apps(two: tuple[World, World]) -> None:
    first, second = two

    with first.app.app_context(), second.app.app_context():
        first.waapi.send_text("+1234567890", "Hello")

    assert (len(first.messages()), len(second.messages())) == (0, 1)


def test_a_factory_may_be_called_again_with_the_module_s_own_objects(tmp_path: Path) -> None:
    db, waapi = SQLAlchemy(), WaApi()

    def create_app() -> Flask:
        app = Flask("factory")
        app.config.update(
            SECRET_KEY="a secret of the host",
            SQLALCHEMY_DATABASE_URI=migrated(f"sqlite:///{tmp_path / 'waapi.sqlite'}"),
            WAAPI_BACKGROUND_THREAD=False,
        )
        db.init_app(app)
        waapi.init_app(app)
        return app

    apps = [create_app() for _ in range(2)]

    with apps[0].app_context():
        secret = waapi.create_key("shop", permissions=["view_messages"]).secret
    for app in apps:
        assert app.test_client().get(MESSAGES, headers={"X-API-Key": secret}).status_code == 200
        close_app(app)


def test_an_app_without_us_is_told_so(two: tuple[World, World]) -> None:
    stranger = Flask("stranger")

    with stranger.app_context(), pytest.raises(RuntimeError, match="not initialised on this app"):
        two[0].waapi.send_text("+1234567890", "Hello")


class TestNameCollisions:
    """What is there already when we come, under a name of ours."""

    @pytest.mark.parametrize("again", ["the same object", "another object"])
    def test_joining_the_same_app_twice_is_refused(self, host: World, again: str) -> None:
        waapi = host.waapi if again == "the same object" else WaApi()
        services = host.services

        with pytest.raises(ConfigurationError, match="flask-waapi is initialised on this app already"):
            waapi.init_app(host.app)
        assert host.services is services

    def test_a_blueprint_of_the_hosts_with_our_name_is_named(self, sqlite_uri: str) -> None:
        world = make_app(sqlite_uri)
        world.app.register_blueprint(Blueprint("waapi", __name__))

        with pytest.raises(ConfigurationError, match="The app has a blueprint named 'waapi'"):
            world.waapi.init_app(world.app)
        assert "waapi" not in world.app.extensions

    def test_an_app_that_has_served_a_request_says_that_it_is_too_late(self, sqlite_uri: str) -> None:
        world = make_app(sqlite_uri)
        world.client.get("/")

        with pytest.raises(AssertionError, match="can no longer be called"):
            world.waapi.init_app(world.app)

    def test_after_a_refused_start_the_app_can_still_be_joined(self, sqlite_uri: str) -> None:
        migrated(sqlite_uri)
        world = make_app(sqlite_uri, WAAPI_DEFAULT_PROVIDER="nobody")
        with pytest.raises(ConfigurationError):
            world.waapi.init_app(world.app)

        world.app.config["WAAPI_DEFAULT_PROVIDER"] = None
        world.waapi.init_app(world.app)

        data(world.post(TEXT_SEND, text_body()), 201)
        close_app(world.app)
