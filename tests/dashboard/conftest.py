"""Hosts with a dashboard, closed after the test; a real browser, and a host that is served to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from browsing import TELL_VIOLATIONS, note_complaints, serving
from dashboard_host import Host
from dashboard_host import make_host as open_host
from factories import close_app
from flask_waapi import Viewer, WaApi

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

MakeHost = Callable[..., Host]


@pytest.fixture
def make_host(tmp_path: Path) -> Iterator[MakeHost]:
    """Makes hosts, each with a database of its own; takes what :func:`dashboard_host.make_host` takes."""
    hosts: list[Host] = []

    def make(*arguments: Any, **config: Any) -> Host:
        uri = f"sqlite:///{tmp_path / f'host{len(hosts)}.sqlite'}"
        hosts.append(open_host(uri, *arguments, **config))
        return hosts[-1]

    yield make
    for host in hosts:
        close_app(host.app)


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host on the simulation."""
    return make_host()


@pytest.fixture
def real_host(make_host: MakeHost) -> Host:
    """A host whose messages go to a provider that is not simulated."""
    return make_host(WAAPI_PROVIDERS={"recorder": {}})


@pytest.fixture
def waapi() -> WaApi:
    """The extension, with a dashboard for everyone."""
    return WaApi(dashboard_access=lambda: Viewer("default", "ann"))


@pytest.fixture
def settings() -> dict[str, Any]:
    """The configuration of the host whose background thread runs, beyond its usual one."""
    return {}


@pytest.fixture
def app(tmp_path: Path, waapi: WaApi, settings: dict[str, Any]) -> Iterator[Flask]:
    """A host whose background thread runs."""
    app = Flask("browser_host", static_folder=None)
    app.config.update(
        SECRET_KEY="a test's secret key, long enough",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'browser.sqlite'}",
        # The requests and the background thread write at the same time.
        SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 30}},
        WAAPI_SERVICE_WINDOW="off",
        WAAPI_WEBHOOK_ALLOW_LOOPBACK=True,
    )
    app.config.update(settings)
    SQLAlchemy(app)
    waapi.init_app(app)
    with app.app_context():
        waapi.create_all()
    yield app
    close_app(app)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the dashboard is served."""
    with serving(app) as served:
        yield f"{served}/waapi/"


@pytest.fixture(params=[390, 1280])
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A window of a phone's width, then of a desk's."""
    context = chromium.new_context(viewport={"width": request.param, "height": 900})
    yield context
    context.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser has complained of: errors, violations of the policy, dialogs."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Page:
    """A page whose complaints are collected."""
    context.add_init_script(TELL_VIOLATIONS)
    page = context.new_page()
    note_complaints(page, complaints)
    return page
