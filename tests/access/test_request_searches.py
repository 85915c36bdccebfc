"""How far a search of the log of requests goes, and along which index."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

import factories
from factories import MakeWorld, World
from flask_waapi.access import requests
from flask_waapi.access.requests import RequestFilter, RequestPage
from flask_waapi.identifiers import uuid7
from flask_waapi.storage import searching
from flask_waapi.storage.models import ApiRequest
from statements import statements

KEY, MESSAGE = UUID(int=1), UUID(int=2)

WALKS = (
    (RequestFilter(), "id"),
    (RequestFilter(key_id=KEY), "key_id_id"),
    (RequestFilter(error_code="NOT_FOUND"), "error_code_id"),
    (RequestFilter(key_id=KEY, error_code="NOT_FOUND"), "key_id_error_code_id"),
    (RequestFilter(key_id=KEY, error_code="CONFLICT"), "key_id_error_code_id"),
    (RequestFilter(request_id="always-the-same"), "request_id_id"),
    (RequestFilter(message_id=MESSAGE), "message_id_id"),
)
"""Filters, and the end of the name of the index that serves each."""


def add_calls(world: World, count: int, **members: Any) -> list[UUID]:
    """Log calls as if they had been made at this moment; their ids, oldest first."""
    now = world.clock()
    values = {
        "account": "default",
        "key_id": UUID(int=9),
        "occurred_at": now,
        "method": "GET",
        "endpoint": "/messages",
        "status": 200,
        "error_code": None,
        "duration_ms": 1.0,
        "request_id": "one-of-many",
        "message_id": None,
    } | members
    rows = [{"id": uuid7(now), **values} for _ in range(count)]
    with world.services.store.begin() as session:
        session.execute(sa.insert(ApiRequest), rows)
    world.clock.advance(1)
    return sorted(UUID(str(row["id"])) for row in rows)


def search(world: World, wanted: RequestFilter, **options: Any) -> RequestPage:
    """A page of the usual account."""
    return requests.page(world.services.store, "default", wanted, **options)


def add_old_and_new(world: World) -> None:
    """A log in which all that is looked for is a third, and old: walking back from the newest looks cheap."""
    wanted = {"key_id": KEY, "error_code": "NOT_FOUND", "message_id": MESSAGE}
    add_calls(world, 1_000, request_id="always-the-same", **wanted)
    # Of other keys, so that the code alone is often met, and never with the key.
    add_calls(world, 1_000, error_code="CONFLICT")
    add_calls(world, 2_000, account="other")


def plans(world: World, wanted: RequestFilter, explain: str) -> list[str]:
    """How the database goes about the search, one text for each statement."""
    engine = world.services.store.engine
    with statements(engine) as seen:
        search(world, wanted)
    assert seen
    with engine.connect() as connection:
        return [
            "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {statement}", values))
            for statement, values in seen
        ]


@pytest.mark.parametrize("wanted", [wanted for wanted, _ in WALKS if wanted.error_code != "CONFLICT"])
def test_calls_come_newest_first_page_by_page_whatever_is_looked_for(
    any_world: World, wanted: RequestFilter
) -> None:
    sought = {"key_id": KEY, "error_code": "NOT_FOUND", "message_id": MESSAGE}
    ids = []
    for _ in range(3):
        ids += add_calls(any_world, 2, request_id="always-the-same", **sought)
        add_calls(any_world, 1, account="other", request_id="always-the-same", **sought)

    first = search(any_world, wanted, limit=4)
    second = search(any_world, wanted, limit=4, cursor=first.next_cursor)

    assert [call.id for call in (*first.requests, *second.requests)] == ids[::-1]
    assert (second.next_cursor, second.searched_to) == (None, None)


def test_a_search_that_no_index_holds_stops_and_goes_on(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 5)
    (sought,) = add_calls(any_world, 1, request_id="always-the-same", error_code="NOT_FOUND")
    add_calls(any_world, 6, request_id="always-the-same")
    add_calls(any_world, 6, error_code="NOT_FOUND")
    wanted = RequestFilter(request_id="always-the-same", error_code="NOT_FOUND")

    first = search(any_world, wanted)
    assert first.requests == []
    assert first.searched_to is not None
    second = search(any_world, wanted, cursor=first.next_cursor)

    assert [call.id for call in second.requests] == [sought]
    assert (second.next_cursor, second.searched_to) == (None, None)


@pytest.mark.postgresql
def test_postgresql_walks_along_the_index_of_the_filter_and_sorts_nothing(
    make_world: MakeWorld, migrated_postgresql: str
) -> None:
    factories.delete_all_rows(migrated_postgresql)
    world = make_world(database_uri=migrated_postgresql)
    add_old_and_new(world)
    with world.services.store.engine.begin() as connection:
        connection.execute(sa.text("ANALYZE waapi_requests"))

    for wanted, columns in WALKS:
        for plan in plans(world, wanted, "EXPLAIN"):
            assert re.findall(r"Scan.* using (\w+)", plan) == [f"ix_waapi_requests_account_{columns}"], plan
            assert "Sort" not in plan, plan


@pytest.mark.postgresql
def test_no_other_index_has_the_order_of_a_walk_on_postgresql(
    make_world: MakeWorld, migrated_postgresql: str
) -> None:
    factories.delete_all_rows(migrated_postgresql)
    world = make_world(database_uri=migrated_postgresql)
    add_old_and_new(world)
    engine = world.services.store.engine

    for wanted, columns in WALKS:
        with statements(engine) as seen:
            search(world, wanted)
        ((statement, values),) = seen
        with engine.connect() as connection:
            # Rolled back at the end.
            connection.execute(sa.text(f"DROP INDEX ix_waapi_requests_account_{columns}"))
            plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())
        assert "Sort" in plan, plan


@pytest.mark.mariadb
def test_mariadb_walks_along_the_index_of_the_filter_and_sorts_nothing(
    make_world: MakeWorld, migrated_mariadb: str
) -> None:
    factories.delete_all_rows(migrated_mariadb)
    world = make_world(database_uri=migrated_mariadb)
    add_old_and_new(world)

    for wanted, columns in WALKS:
        for plan in plans(world, wanted, "EXPLAIN"):
            assert f"'ix_waapi_requests_account_{columns}', '" in plan, plan
            assert "filesort" not in plan, plan


@pytest.mark.parametrize("is_analyzed", [False, True])
def test_sqlite_walks_along_the_index_of_the_filter_and_sorts_nothing(
    world: World, is_analyzed: bool
) -> None:
    add_old_and_new(world)
    if is_analyzed:
        with world.services.store.engine.begin() as connection:
            connection.execute(sa.text("ANALYZE"))

    for wanted, columns in WALKS:
        for plan in plans(world, wanted, "EXPLAIN QUERY PLAN"):
            assert f"USING INDEX ix_waapi_requests_account_{columns} (" in plan, plan
            assert "TEMP B-TREE" not in plan, plan
