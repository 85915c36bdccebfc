"""What every run stands on: a database, a double of the Cloud API, a key, settings of the processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask

from flask_waapi.access.key_fields import KeyFields
from flask_waapi.services import Services
from flask_waapi.testing import GraphDouble

from .gateway import HOST
from .places import Place
from .server import free_port
from .serving import create_app

SWEEP_SECONDS = 1
MANY = 1_000_000_000
LEASE_SECONDS = 2
READ_SECONDS = 1.2
CONNECT_SECONDS = 0.5
PATIENT_LEASE_SECONDS = 60
PATIENT_READ_SECONDS = 30.0
TEXT_SEND = "/api/v1/external/messages/text/send"


@dataclass(frozen=True)
class Stage:
    """A run's own things.

    :param app: the app in the harness's own process, to look into the database.
    :param port: at which the web processes must listen: the double reports there.
    :param key: secret of a key with ample limits.
    :param served_uri: the database as the processes reach it.
    :param reports: whether the double reports statuses.
    :param patient: whether a slow machine must not make an outcome unknown, nor a message abandoned.
    """

    place: Place
    app: Flask
    double: GraphDouble
    port: int
    key: str
    served_uri: str
    reports: bool
    patient: bool

    @property
    def services(self) -> Services:
        """The parts of the app in this process."""
        services: Services = self.app.extensions["waapi"]
        return services

    def issue(self, name: str, rate_limit: int) -> str:
        """The secret of another key, with this minute limit."""
        return _issue(self.app, name, rate_limit)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """The settings of the processes."""
        return {
            **provider_settings(self.double, PATIENT_READ_SECONDS if self.patient else READ_SECONDS),
            "WAAPI_SEND_LEASE": PATIENT_LEASE_SECONDS if self.patient else LEASE_SECONDS,
            "WAAPI_CELERY_SWEEP_INTERVAL": SWEEP_SECONDS,
            **changes,
        }


def provider_settings(double: GraphDouble, read_timeout: float) -> dict[str, Any]:
    """Settings of an app that sends to the double."""
    cloud = {
        **double.provider_settings,
        "type": "cloud",
        "verify_token": "agreed",
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": read_timeout,
        # What is measured here is us, not the pace of a number.
        "messages_per_second": 0,
        "recipient_interval": 0,
    }
    return {"WAAPI_PROVIDERS": {"main": cloud}}


@contextmanager
def staged(
    place: Place,
    *,
    status_delays: Mapping[str, float] | None = None,
    served_uri: str = "",
    reports: bool = True,
    patient: bool = False,
) -> Iterator[Stage]:
    """A stage on an empty, migrated database.

    :param status_delays: seconds from a send to each status; without them at once.
    :param served_uri: the database as the processes reach it, if not as this process does.
    """
    port = free_port()
    double = GraphDouble(
        callback_url=f"http://{HOST}:{port}/api/v1/callbacks/main" if reports else None,
        status_delays=status_delays or {},
        statuses_per_callback=50,
        callback_attempts=6,
        callback_pause=0.1,
        hang_seconds=30.0,
    )
    with double:
        app = create_app(
            SQLALCHEMY_DATABASE_URI=place.database_uri,
            WAAPI_BACKGROUND_THREAD=False,
            WAAPI_WEBHOOK_ALLOW_LOOPBACK=True,
            **provider_settings(double, READ_SECONDS),
        )
        try:
            with app.app_context():
                yield Stage(
                    place,
                    app,
                    double,
                    port,
                    _issue(app, "load", MANY),
                    served_uri or place.database_uri,
                    reports,
                    patient,
                )
        finally:
            with app.app_context():
                services: Services = app.extensions["waapi"]
                services.providers.close()
                services.store.engine.dispose()


def _issue(app: Flask, name: str, rate_limit: int) -> str:
    services: Services = app.extensions["waapi"]
    wanted = KeyFields(name, permissions=["send_text"], rate_limit=rate_limit, daily_limit=MANY)
    return services.keys.issue(wanted, account="default", actor="test").secret
