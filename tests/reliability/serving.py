"""The app that the reliability tests serve with gunicorn; configured by ``FLASK_...``."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from flask_waapi import WaApi

SECRET_KEY = "reliability-" + "0" * 32


def create_app(**config: Any) -> Flask:
    """A host with nothing of its own."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET_KEY, **config)
    app.config.from_prefixed_env()
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 30}}
    WaApi(app, db=SQLAlchemy(app))
    return app
