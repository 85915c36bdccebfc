"""Rows of media go when their providers have forgotten them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from factories import World
from flask_waapi.identifiers import uuid7
from flask_waapi.messaging.media import store as media
from flask_waapi.storage.media_models import StoredMedium


def add(world: World, *ages: timedelta | None) -> None:
    """Add a medium for each moment, before now, at which it was forgotten; ``None`` for never."""
    now = world.clock()
    rows = [
        {
            "id": uuid7(now),
            "account": "default",
            "provider": "simulation",
            "media_id": f"medium-{number}",
            "created_at": now,
            "expires_at": None if age is None else now - age,
        }
        for number, age in enumerate(ages)
    ]
    with world.services.store.begin() as session:
        session.execute(sa.insert(StoredMedium), rows)


def left(world: World) -> list[str]:
    with world.services.store.read() as session:
        return list(session.scalars(sa.select(StoredMedium.media_id).order_by(StoredMedium.media_id)))


def test_only_what_is_over_is_forgotten(any_world: World) -> None:
    add(any_world, timedelta(seconds=1), timedelta(), timedelta(seconds=-1), None)

    assert any_world.services.media.forget() == 2
    assert left(any_world) == ["medium-2", "medium-3"]
    assert any_world.services.media.forget() == 0


def test_many_are_forgotten_in_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "BATCH", 3)
    add(world, *[timedelta(days=1)] * 4, timedelta(days=-1))

    assert [world.services.media.forget() for _ in range(3)] == [3, 1, 0]
    assert left(world) == ["medium-4"]


def test_the_worker_forgets_them(world: World) -> None:
    add(world, timedelta(days=1), timedelta(days=-1))

    world.work()

    assert left(world) == ["medium-1"]
