"""Hosts on a SQLite file, closed after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import pytest
import sqlalchemy as sa

from factories import RECORDING, World, close
from flask_waapi.storage.models import Base
from host_apps import ORDERS, Order, Purchase, make_host

MakeHost = Callable[..., World]
"""The fixture ``make_host``: takes what :func:`host_apps.make_host` takes."""


@pytest.fixture(name="make_host")
def host_maker(sqlite_uri: str) -> Iterator[MakeHost]:
    """Makes hosts with these habits, and closes them."""
    worlds: list[World] = []

    def make(*habits: object, **options: object) -> World:
        given = {"database_uri": sqlite_uri} | options
        world = make_host(cast("str", given.pop("database_uri")), *habits, **given)  # type: ignore[arg-type]
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        close(world)


@pytest.fixture
def host(make_host: MakeHost) -> World:
    """A host without any habits."""
    return make_host()


@pytest.fixture(params=ORDERS)
def order(request: pytest.FixtureRequest) -> Order:
    """Both orders in which the host's extensions and flask-waapi may come to an app."""
    return cast("Order", request.param)


@pytest.fixture(
    scope="module",
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def recording_host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A host on each kind of database, sending by a recorder, for all tests of a file."""
    if request.param == "sqlite":
        uri = f"sqlite:///{tmp_path_factory.mktemp('joined') / 'host.sqlite'}"
    else:
        database = request.getfixturevalue(f"{request.param}_database")
        database.empty()
        uri = database.uri
    world = make_host(uri, WAAPI_SEND_THREADS=1, **RECORDING)
    yield world
    close(world)


@pytest.fixture(name="joined")
def joined_host(recording_host: World) -> Iterator[World]:
    """The same, without rows and within an app context."""
    world = recording_host
    with world.services.store.begin() as session:
        for table in (*reversed(Base.metadata.sorted_tables), Purchase.__table__):
            session.execute(sa.delete(table))
    world.script.outcomes.clear()
    world.script.sent.clear()
    world.script.listings = 0
    with world.app.app_context():
        yield world
        world.db.session.remove()
