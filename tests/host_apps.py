"""Hosts to embed flask-waapi in: apps with pages, a model and habits of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from flask import Flask, abort, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from factories import World, migrated
from flask_waapi import WaApi
from flask_waapi.testing import ManualClock
from recorder import RecorderPlugin, Script

Order = Literal["host first", "waapi first"]
"""Who comes first to the app: the host's other extensions and handlers, or flask-waapi."""

ORDERS: tuple[Order, ...] = ("host first", "waapi first")

Habit = Callable[[World], object]
"""Something that a host does to its app; called with the world, before or after flask-waapi joins."""

HOST_404 = "HOST: no such page"


class HostBase(DeclarativeBase):
    """The host's own models."""


class Purchase(HostBase):
    """A row of the host's."""

    __tablename__ = "purchases"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(50))


def make_host(
    database_uri: str, *habits: Habit, order: Order = "host first", waapi: WaApi | None = None, **config: Any
) -> World:
    """A host on a migrated database, with a table of its own, that has joined flask-waapi.

    :param habits: what else it does to its app, before or after that.
    :param waapi: an object that serves another app already.
    """
    migrated(database_uri)
    world = make_app(database_uri, waapi, **config)
    with world.app.app_context():
        world.db.create_all()
    waapi = world.waapi
    if order == "host first":
        for habit in habits:
            habit(world)
        waapi.init_app(world.app)
    else:
        waapi.init_app(world.app)
        for habit in habits:
            habit(world)
    return world


def make_app(database_uri: str, waapi: WaApi | None = None, **config: Any) -> World:
    """A host that has not yet joined flask-waapi; its database may be empty."""
    script, clock = Script(), ManualClock()
    app = Flask("tests_host", root_path=str(Path(__file__).parent / "hosts"))
    app.config.update(
        SECRET_KEY="a secret of the host",
        SQLALCHEMY_DATABASE_URI=database_uri,
        WAAPI_BACKGROUND_THREAD=False,
        WAAPI_SERVICE_WINDOW="off",
    )
    app.config.update(config)
    db = SQLAlchemy(app, metadata=HostBase.metadata)
    waapi = waapi or WaApi(db=db, clock=clock, plugins={"recorder": RecorderPlugin(script)})
    add_pages(app)
    return World(app, waapi, db, clock, script)


def add_pages(app: Flask) -> None:
    """What the host serves: a page, a form that is posted, errors, a crash."""

    @app.get("/")
    def home() -> str:
        return "HOST: home"

    @app.post("/form")
    def form() -> str:
        return f"HOST: {request.form.get('word', 'nothing')}"

    @app.get("/refused/<int:status>")
    def refused(status: int) -> str:
        abort(status)

    @app.get("/crash")
    def crash() -> str:
        raise ZeroDivisionError("the host's own mistake")


def titles(world: World) -> list[str]:
    """The titles of the host's rows that are committed, as another connection sees them."""
    with world.services.store.engine.connect() as connection:
        return list(connection.scalars(sa.select(Purchase.title).order_by(Purchase.id)))
