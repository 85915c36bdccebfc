"""Hosts on a SQLite file, closed after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import pytest

from factories import World, close
from host_apps import ORDERS, Order, make_host

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
