"""The app of a worker in a process of its own: its provider takes as long as it is told."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_waapi import OutboundMessage, Provider, SendResult, WaApi, hookimpl

SEND_SECONDS = float(os.environ.get("WAAPI_TESTS_SEND_SECONDS", "0"))


class Slow(Provider):
    """Accepts everything, slowly."""

    name = "slow"
    _numbers = itertools.count()

    def send(self, message: OutboundMessage) -> SendResult:
        time.sleep(SEND_SECONDS)
        return SendResult(f"slow-{os.getpid()}-{next(self._numbers)}")


class SlowPlugin:
    """Registers the type ``slow``."""

    @hookimpl
    def waapi_register_providers(self, register: Callable[..., None]) -> None:
        """The plugin hook."""
        register("slow", lambda context: Slow())


SETTINGS = {
    "SECRET_KEY": "a secret of tests",
    "WAAPI_PROVIDERS": {"slow": {}},
    "WAAPI_CELERY_SWEEP_INTERVAL": 1,
    "WAAPI_SERVICE_WINDOW": "off",
}


def create_app(database_uri: str, dispatch: str) -> tuple[Flask, WaApi]:
    """The app, with a pool of connections as a host has one."""
    app = Flask("tests_host")
    app.config.update(SETTINGS, SQLALCHEMY_DATABASE_URI=database_uri, WAAPI_DISPATCH=dispatch)
    if database_uri.startswith("sqlite"):
        # Several processes write at the same time.
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 30}}
    return app, WaApi(app, db=SQLAlchemy(app), plugins={"slow": SlowPlugin()})


if "WAAPI_TESTS_DATABASE" in os.environ:
    app, waapi = create_app(os.environ["WAAPI_TESTS_DATABASE"], os.environ["WAAPI_TESTS_DISPATCH"])
