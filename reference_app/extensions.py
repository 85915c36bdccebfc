"""The extensions, made once and joined to an app by ``create_app``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from flask_login import LoginManager  # type: ignore[import-untyped]
from flask_migrate import Migrate  # type: ignore[import-untyped]
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase

from flask_waapi import WaApi, flask_login_access


class Base(DeclarativeBase):
    """Base of the order desk's models."""


db = SQLAlchemy(model_class=Base)
migrate = Migrate(directory=str(Path(__file__).parent / "migrations"))
login_manager = LoginManager()
login_manager.login_view = "login.form"
login_manager.login_message = None
waapi = WaApi(db=db, dashboard_access=flask_login_access())


def prepare_connections(app: Flask) -> None:
    """Let readers and the one writer of SQLite work side by side, and let it check foreign keys."""
    with app.app_context():
        engine = db.engine
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")
