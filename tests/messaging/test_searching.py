"""How far a search of the history goes, and along which index."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

import factories
from factories import MakeWorld, World, add_messages
from flask_waapi.messaging import history
from flask_waapi.messaging.history import HistoryFilter, HistoryPage
from flask_waapi.storage import searching
from statements import statements

WALKS = (
    (HistoryFilter(), "id"),
    (HistoryFilter(status="failed"), "status_id"),
    (HistoryFilter(status="sent"), "status_id"),
    (HistoryFilter(to="+1234567890"), "recipient_id"),
    (HistoryFilter(sender="+1234567890"), "sender_id"),
    (HistoryFilter(reference="r"), "reference_id"),
    (HistoryFilter(template_name="t"), "template_name_id"),
    (HistoryFilter(direction="outbound"), "direction_id"),
    (HistoryFilter(key_id=UUID(int=1)), "key_id_id"),
    (HistoryFilter(type="image"), "id"),
    (HistoryFilter(status="failed", type="text"), "status_id"),
)
"""Filters, and the end of the name of the index that serves each."""


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches that look at five rows."""
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 5)


def fill(world: World, *members: dict[str, Any]) -> list[str]:
    """Messages a second apart; their ids, oldest first."""
    ids = []
    for given in members:
        ids += [str(uuid) for uuid in add_messages(world, 1, **given)]
        world.clock.advance(1)
    return ids


def ids_of(page: HistoryPage) -> list[str]:
    """The ids of a page's messages."""
    return [str(message.id) for message in page.messages]


def search(world: World, *wanted: HistoryFilter, **options: Any) -> HistoryPage:
    """A page of the usual account."""
    return history.search(world.services.store, "default", wanted, **options)


def test_a_search_for_what_no_index_holds_stops_and_goes_on(world: World, short: None) -> None:
    ids = fill(world, {"type": "image"}, *[{}] * 8)
    wanted = HistoryFilter(type="image")

    first = search(world, wanted)
    assert ids_of(first) == []
    assert first.searched_to is not None
    assert first.next_cursor is not None
    second = search(world, wanted, cursor=first.next_cursor)

    assert ids_of(second) == [ids[0]]
    assert (second.next_cursor, second.searched_to) == (None, None)


def test_a_search_goes_on_upwards_likewise(any_world: World, short: None) -> None:
    ids = fill(any_world, *[{}] * 8, {"type": "image"})
    wanted, page = HistoryFilter(type="image"), HistoryPage([], None)
    oldest = history.page(any_world.services.store, "default", HistoryFilter(), limit=8).messages[-1]

    cursor: str | None = history.cursor_at(oldest)
    asked = 0
    while cursor is not None:
        page = search(any_world, wanted, after=cursor)
        cursor, asked = page.previous_cursor, asked + 1

    assert ids_of(page) == [ids[-1]]
    assert asked == 2


def test_one_that_an_index_holds_is_found_however_old_it_is(any_world: World, short: None) -> None:
    ids = fill(any_world, {"status": "failed", "reference": "a"}, *[{"status": "sent"}] * 20)

    found = search(any_world, HistoryFilter(status="failed"))
    assert ids_of(found) == [ids[0]]
    assert found.searched_to is None
    assert ids_of(search(any_world, HistoryFilter(status="failed", reference="a"))) == [ids[0]]


def test_the_index_that_gets_furthest_is_taken(world: World, short: None) -> None:
    ids = fill(
        world,
        {"status": "failed", "direction": "outbound"},
        *[{"status": "failed", "direction": "inbound"}, {"status": "sent", "direction": "outbound"}] * 3,
        *[{"status": "sent", "direction": "outbound"}] * 10,
    )

    # Seven outbound rows go back no further than the newest; four failed ones go back to the first.
    assert ids_of(search(world, HistoryFilter(status="failed", direction="outbound"))) == [ids[0]]


def test_a_message_that_two_filters_want_comes_once(world: World) -> None:
    ids = fill(world, {"recipient": "+1234567890", "reference": "+1234567890"}, {"reference": "x"})

    found = search(world, HistoryFilter(to="+1234567890"), HistoryFilter(reference="+1234567890"))

    assert ids_of(found) == [ids[1], ids[0]]


def test_pages_of_several_filters_lose_and_repeat_nothing(any_world: World, short: None) -> None:
    kinds: list[dict[str, Any]] = [
        {"type": "image"},
        {"reference": "a"},
        {},
        {"type": "image", "reference": "a"},
    ]
    ids = fill(any_world, *[kinds[number % 4] for number in range(40)])
    wanted = (HistoryFilter(type="image"), HistoryFilter(reference="a", type="text"))

    found: list[str] = []
    page = search(any_world, *wanted, limit=3)
    found += ids_of(page)
    while page.next_cursor is not None:
        page = search(any_world, *wanted, limit=3, cursor=page.next_cursor)
        found += ids_of(page)

    assert found == [uuid for number, uuid in enumerate(ids) if number % 4 != 2][::-1]


def test_no_filter_finds_nothing(world: World) -> None:
    add_messages(world, 1)

    assert ids_of(search(world)) == []


@pytest.mark.postgresql
def test_postgresql_walks_along_the_index_of_the_filter_and_sorts_nothing(
    make_world: MakeWorld, migrated_postgresql: str
) -> None:
    factories.delete_all_rows(migrated_postgresql)
    world = make_world(database_uri=migrated_postgresql)
    # Failed ones are a third of all, and old: the walk along the primary key looks cheap, and is not.
    add_messages(world, 1_000, status="failed")
    world.clock.advance(60)
    add_messages(world, 2_000, reference="x")
    engine = world.services.store.engine
    with engine.begin() as connection:
        connection.execute(sa.text("ANALYZE waapi_messages"))

    for wanted, column in WALKS:
        with statements(world.services.store.engine) as seen:
            search(world, wanted)
        assert seen
        with engine.connect() as connection:
            for statement, values in seen:
                plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())
                used = re.findall(r"Scan.* using (\w+)", plan)
                assert set(used) == {f"ix_waapi_messages_account_{column}"}, plan
                assert "Sort" not in plan, plan


@pytest.mark.mariadb
def test_mariadb_is_told_which_index_to_walk_along(make_world: MakeWorld, migrated_mariadb: str) -> None:
    factories.delete_all_rows(migrated_mariadb)
    world = make_world(database_uri=migrated_mariadb)
    add_messages(world, 200, status="failed")
    world.clock.advance(60)
    add_messages(world, 400, reference="x")

    for wanted, column in WALKS:
        with statements(world.services.store.engine) as seen:
            search(world, wanted)
        assert seen
        with world.services.store.engine.connect() as connection:
            for statement, values in seen:
                plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values).mappings().all()
                walk = next(row for row in plan if row["table"] == "waapi_messages")
                assert walk["key"] == f"ix_waapi_messages_account_{column}"
                assert "filesort" not in (walk["Extra"] or "")
