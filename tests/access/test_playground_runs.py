"""The table of what was tried in the playground, on every kind of database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from factories import World
from flask_waapi import ValidationFailed
from flask_waapi.access import playground_runs
from flask_waapi.access.playground_runs import LONGEST_PAYLOAD, PAGE, Owner, RunFilter
from flask_waapi.errors import NotFound
from flask_waapi.identifiers import uuid7
from flask_waapi.storage.playground_models import PlaygroundRun

ANN, BOB = Owner("default", "ann"), Owner("default", "bob")
KEY = UUID(int=7)
EVERYTHING = RunFilter()


def keep(world: World, at: datetime, owner: Owner = ANN, **members: Any) -> UUID:
    """A run at a moment; its id."""
    values: dict[str, Any] = {
        "id": uuid7(at),
        "account": owner.account,
        "viewer": owner.viewer,
        "key_id": KEY,
        "key_name": "shop",
        "operation": "send_text",
        "payload": "{}",
        "simulated": True,
        "status": 201,
        "error_code": None,
        "answer": "{}",
        "message_id": None,
        "duration_ms": 1.5,
        "created_at": at,
    }
    run = PlaygroundRun(**{**values, **members})
    kept: UUID = run.id
    playground_runs.keep(world.services.store, run)
    return kept


def test_pages_follow_each_other_without_gap_or_repetition(any_world: World) -> None:
    start = any_world.clock()
    kept = [keep(any_world, start + timedelta(microseconds=number)) for number in range(PAGE * 2 + 1)]
    keep(any_world, start, BOB)

    seen: list[UUID] = []
    cursor: str | None = None
    for count in (PAGE, PAGE, 1):
        page = playground_runs.page(any_world.services.store, ANN, EVERYTHING, cursor)
        assert len(page.runs) == count
        seen += [run.id for run in page.runs]
        cursor = page.next_cursor

    assert cursor is None
    assert seen == kept[::-1]


def test_what_is_kept_is_cut_and_cleaned_to_what_the_database_holds(any_world: World) -> None:
    kept = keep(
        any_world,
        any_world.clock(),
        payload="\0\ud800\U0001f600" + "x" * LONGEST_PAYLOAD,
        answer="\0\ud800\U0001f600" + "x" * 30_000,
    )

    run = playground_runs.get(any_world.services.store, ANN, kept)
    assert run.payload.startswith("?\U0001f600x")
    assert len(run.payload) == LONGEST_PAYLOAD
    assert len(run.answer) == 20_000


def test_a_person_is_told_apart_byte_by_byte(any_world: World) -> None:
    kept = keep(any_world, any_world.clock())

    for stranger in (Owner("default", "Ann"), Owner("default", "ann "), Owner("Default", "ann"), BOB):
        assert playground_runs.page(any_world.services.store, stranger, EVERYTHING).runs == []
        assert playground_runs.forget_all(any_world.services.store, stranger) == 0
        with pytest.raises(NotFound):
            playground_runs.get(any_world.services.store, stranger, kept)


def test_a_filter_takes_what_it_names(any_world: World) -> None:
    store, start = any_world.services.store, any_world.clock()
    good = keep(any_world, start)
    bad = keep(
        any_world, start + timedelta(seconds=1), status=422, error_code="VALIDATION_ERROR", key_id=UUID(int=8)
    )

    for wanted, found in (
        (RunFilter(outcome="succeeded"), [good]),
        (RunFilter(outcome="refused"), [bad]),
        (RunFilter(status=422), [bad]),
        (RunFilter(error_code="VALIDATION_ERROR"), [bad]),
        (RunFilter(key_id=KEY), [good]),
        (RunFilter(operation="send_text"), [bad, good]),
        (RunFilter(operation="send_text", key_id=KEY, status=422), []),
    ):
        assert [run.id for run in playground_runs.page(store, ANN, wanted).runs] == found


def test_a_cursor_that_is_none_of_ours_is_refused(world: World) -> None:
    with pytest.raises(ValidationFailed):
        playground_runs.page(world.services.store, ANN, EVERYTHING, "nonsense")


def test_those_from_before_a_moment_go_and_the_rest_stays(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground_runs, "BATCH", 2)
    store, start = any_world.services.store, any_world.clock()
    for number in range(5):
        keep(any_world, start + timedelta(seconds=number), BOB if number % 2 else ANN)
    last = keep(any_world, start + timedelta(seconds=5))

    before = start + timedelta(seconds=5)
    counts = [store.write(lambda session: playground_runs.forget(session, before)) for _ in range(4)]

    assert counts == [2, 2, 1, 0]
    assert [run.id for run in playground_runs.page(store, ANN, EVERYTHING).runs] == [last]
    assert playground_runs.forget_all(store, ANN) == 1
