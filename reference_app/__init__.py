"""The reference app: an order desk that sends its confirmations through flask-waapi.

It is a host of its own, with its own tables, login and migrations, and uses only the public names of
flask-waapi.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from flask_waapi import include_name

from . import embedding, forms, hooks, login, orders, own_templates, pages
from .extensions import db, login_manager, migrate, prepare_connections, waapi
from .instance import kept_secret

DEFAULTS: Mapping[str, Any] = {
    "SQLALCHEMY_DATABASE_URI": "sqlite:///order_desk.sqlite",
    "SESSION_COOKIE_NAME": "order_desk",
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SEED_HISTORY": True,
}
SQLITE_BUSY_SECONDS = 30
POOL_SIZE = 32
"""Two connections for each of the serving threads: the desk's own and that of flask-waapi."""


def create_app(config: Mapping[str, Any] | None = None, *, instance_path: str | None = None) -> Flask:
    """The app, configured by defaults, then ``FLASK_...`` of the environment, then ``config``.

    :param instance_path: folder of the database and the secrets; ``FLASK_INSTANCE_PATH`` without it, else
        ``instance`` beside this package.
    """
    folder = instance_path or os.environ.get("FLASK_INSTANCE_PATH")
    app = Flask(__name__, instance_path=str(Path(folder).resolve()) if folder else None)
    app.config.from_mapping(DEFAULTS)
    app.config.from_prefixed_env()
    app.config.from_mapping(config)
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = kept_secret(
            Path(app.instance_path) / "secret-key", lambda: secrets.token_hex(32)
        )
    engine_options: dict[str, Any] = {"pool_size": POOL_SIZE}
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        engine_options["connect_args"] = {"timeout": SQLITE_BUSY_SECONDS}
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", engine_options)

    db.init_app(app)
    prepare_connections(app)
    migrate.init_app(app, db, include_name=include_name, render_as_batch=True)
    login_manager.init_app(app)
    own_templates.use(app)
    waapi.init_app(app)

    forms.init_app(app)
    for part in (pages, login, orders, hooks, embedding):
        app.register_blueprint(part.blueprint)
    pages.init_app(app)
    return app
