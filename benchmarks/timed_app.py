"""An app whose provider takes a set time for each message and sends nothing; configured by ``FLASK_...``."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable

from flask import Flask

from flask_waapi import OutboundMessage, Provider, ProviderContext, SendResult, WaApi, hookimpl


class TimedProvider(Provider):
    """Accepts each message after ``seconds``, as a network would."""

    def __init__(self, context: ProviderContext) -> None:
        self._seconds = float(context.settings["seconds"])
        self._numbers = itertools.count()

    def send(self, message: OutboundMessage) -> SendResult:
        time.sleep(self._seconds)
        return SendResult(f"timed-{os.getpid()}-{next(self._numbers)}")


class TimedPlugin:
    """Registers the type ``timed``."""

    @hookimpl
    def waapi_register_providers(self, register: Callable[..., None]) -> None:
        """The plugin hook."""
        register("timed", TimedProvider)


def create_app() -> Flask:
    """A host with nothing of its own."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="benchmark",
        WAAPI_DISPATCH="worker",
        WAAPI_BACKGROUND_THREAD=False,
        WAAPI_SERVICE_WINDOW="off",
    )
    app.config.from_prefixed_env()
    app.config["WAAPI_PROVIDERS"] = {"timed": {"seconds": app.config.pop("TIMED_SECONDS", 0.0)}}
    WaApi(app, plugins={"timed": TimedPlugin()})
    return app
