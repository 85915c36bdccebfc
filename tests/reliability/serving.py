"""The app that the reliability tests run in processes of their own; configured by ``FLASK_...``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_waapi import WaApi
from flask_waapi.outgoing import deliveries

SECRET_KEY = "reliability-" + "0" * 32
CONNECT_SECONDS = 2
CELERY = "reliability-celery"
"""Name of the Celery app in ``app.extensions``."""


def create_app(**config: Any) -> Flask:
    """A host with nothing of its own; with ``CELERY_BROKER`` it has Celery."""
    app = Flask(__name__)
    # Its recipients have never written to it.
    app.config.update(SECRET_KEY=SECRET_KEY, WAAPI_SERVICE_WINDOW="off")
    app.config.update(config)
    app.config.from_prefixed_env()
    if seconds := app.config.get("WEBHOOK_LEASE_SECONDS"):
        deliveries.LEASE = timedelta(seconds=seconds)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(app.config["SQLALCHEMY_DATABASE_URI"])
    waapi = WaApi(app, db=SQLAlchemy(app))
    if "CELERY_BROKER" in app.config:
        app.extensions[CELERY] = _celery(app.config["CELERY_BROKER"], app.config["CELERY_QUEUE"])
        waapi.init_celery(app.extensions[CELERY])
    return app


def _engine_options(uri: str) -> dict[str, Any]:
    if uri.startswith("sqlite"):
        return {"connect_args": {"timeout": 30}}
    return {"connect_args": {"connect_timeout": CONNECT_SECONDS}}


def _celery(broker: str, queue: str) -> Any:
    from celery import Celery

    celery = Celery("reliability", broker=broker)
    celery.conf.update(
        task_default_queue=queue,
        broker_connection_retry_on_startup=True,
        # Their queues and exchanges would outlive the run.
        worker_enable_remote_control=False,
        worker_send_task_events=False,
    )
    return celery
