"""Changes of templates by report: the newest of each aspect counts, and what a report cannot tell is read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from answers import data, error
from factories import RECORDING, MakeWorld, World
from flask_waapi import AccountEvent, Retryable, TemplateDefinition, TemplateUpdate, UnsupportedFeature
from flask_waapi.storage.models import StoredTemplate, TemplateSync
from recorder import ORDER_CONFIRMATION
from reports import apply

NAME = "order_confirmation"


def report(world: World, seconds: int = 100, **members: object) -> TemplateUpdate:
    """A report of so many seconds from now."""
    moment = world.clock() + timedelta(seconds=seconds)
    told = {"name": NAME, "language": "en"} | members
    return TemplateUpdate(occurred_at=moment, **told)  # type: ignore[arg-type]


def template(world: World) -> TemplateDefinition:
    """The template as the catalogue has it."""
    return world.services.catalogue.find("recorder", NAME, "en", refresh=False)


def tell(world: World, *updates: TemplateUpdate) -> Sequence[AccountEvent]:
    """Let the recorder report, and give what is told of it."""
    return apply(world, "recorder", *updates).events


def is_stale(world: World) -> bool:
    """Whether the recorder's list is to be read anew."""
    with world.services.store.read() as session:
        return session.get_one(TemplateSync, "recorder").stale_at is not None


@pytest.fixture
def reading(any_recording: World) -> World:
    """An app that has read the recorder's templates."""
    any_recording.services.catalogue.sync("recorder")
    return any_recording


def test_a_paused_template_is_refused_with_the_reason_until_it_is_approved_again(reading: World) -> None:
    data(reading.send(), 201)

    tell(reading, report(reading, 100, status="PAUSED", reason="Low quality."))
    refused = error(reading.send(), 422, "VALIDATION_ERROR")
    tell(reading, report(reading, 200, status="APPROVED"))

    assert "is PAUSED (Low quality.), so it cannot be sent" in str(refused)
    data(reading.send(), 201)


def test_each_change_is_told_with_what_has_changed(reading: World) -> None:
    (told,) = tell(reading, report(reading, status="PAUSED", quality="RED"))

    assert (told.type, told.account) == ("template.updated", None)
    assert told.data["changed"] == ["status", "quality"]
    assert (told.data["name"], told.data["status"], told.data["quality"]) == (NAME, "PAUSED", "RED")


def test_a_repeated_report_tells_nothing(reading: World) -> None:
    update = report(reading, status="PAUSED")
    tell(reading, update)

    assert tell(reading, update, update) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_report_of_an_aspect_counts_whenever_it_comes(
    make_world: MakeWorld, order: tuple[int, ...]
) -> None:
    world = make_world(**RECORDING)
    world.services.catalogue.sync("recorder")
    reports = [
        report(world, 100, status="PAUSED", quality="RED"),
        report(world, 200, status="APPROVED", category="MARKETING"),
        report(world, 300, quality="YELLOW"),
    ]

    for index in order:
        tell(world, reports[index])

    found = template(world)
    assert (found.status, found.category, found.quality) == ("APPROVED", "MARKETING", "YELLOW")


WORDS = st.sampled_from(["APPROVED", "PAUSED", "DISABLED", "REJECTED"])
REPORTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "seconds": st.integers(-3, 0),
        "status": st.none() | WORDS,
        "category": st.none() | st.sampled_from(["UTILITY", "MARKETING"]),
        "quality": st.none() | st.sampled_from(["GREEN", "RED"]),
        "reason": st.none() | st.sampled_from(["", "Low quality.", "Abuse."]),
    }
)


def renewed(world: World) -> World:
    """The app as if it had just read the recorder's templates, and nothing had been reported."""
    world.clock.advance(1_000)
    with world.services.store.begin() as session:
        session.execute(sa.delete(StoredTemplate))
    world.services.catalogue.sync("recorder")
    return world


@settings(max_examples=100)
@given(st.lists(REPORTS, min_size=1, max_size=5), st.data())
def test_any_order_and_repetition_ends_alike(
    shared_recording: World, told: list[dict[str, Any]], data: st.DataObject
) -> None:
    ends = []
    for order in (told, data.draw(st.permutations(told + told[:2]))):
        world = renewed(shared_recording)
        for members in order:
            tell(world, report(world, **members))
        assert tell(world, *(report(world, **members) for members in told)) == []
        ends.append(template(world))

    assert ends[0] == ends[1]
    statuses = {members["seconds"]: set[str]() for members in told if members["status"]}
    for members in told:
        if members["status"]:
            statuses[members["seconds"]].add(members["status"])
    if statuses:
        assert ends[0].status in statuses[max(statuses)]


def test_reports_that_contradict_each_other_stop_messages_until_the_list_decides(recording: World) -> None:
    recording.services.catalogue.sync("recorder")
    recording.clock.advance(40)

    tell(recording, report(recording, 0, status="PAUSED"), report(recording, 0, status="APPROVED"))

    assert template(recording).status == "PAUSED"
    assert is_stale(recording)


def test_processes_that_apply_reports_in_different_orders_end_alike(
    make_world: MakeWorld, migrated_uri: str
) -> None:
    worlds = [make_world(database_uri=migrated_uri, **RECORDING) for _ in range(4)]
    renewed(worlds[0])
    told = [report(worlds[0], second, status=f"S{second}", quality=f"Q{-second}") for second in range(-8, 1)]
    orders = [told, told[::-1], told[4:] + told[:4], told[::2] + told[1::2]]

    with ThreadPoolExecutor(4) as pool:
        tallies = list(
            pool.map(
                lambda pair: [apply(pair[0], "recorder", update) for update in pair[1]],
                zip(worlds, orders, strict=True),
            )
        )

    assert [tally.parked for process in tallies for tally in process] == [[]] * 36
    assert (template(worlds[0]).status, template(worlds[0]).quality) == ("S0", "Q0")


def test_a_report_from_before_the_list_was_read_changes_nothing(reading: World) -> None:
    assert tell(reading, report(reading, -61, status="PAUSED")) == []
    assert template(reading).status == "APPROVED"


@pytest.mark.parametrize("name", [NAME, "never_heard_of"])
def test_what_a_report_does_not_tell_whole_is_read_anew(reading: World, name: str) -> None:
    before = reading.script.listings

    tell(reading, report(reading, name=name, is_partial=name == NAME, status=None))
    reading.work()
    assert reading.script.listings == before
    reading.clock.advance(31)
    reading.work()
    reading.clock.advance(31)
    reading.work()

    assert reading.script.listings == before + 1


def test_a_partial_report_is_told_once(reading: World) -> None:
    partial = report(reading, is_partial=True)

    (told,) = tell(reading, partial, partial)

    assert told.data["changed"] == ["components"]
    assert tell(reading, partial) == []


def refresh(world: World) -> int:
    """Read the lists that are due; how many."""
    readings = world.services.catalogue.readings
    due = readings.claim_due({})
    for reading in due:
        readings.refresh(reading)
    return len(due)


def test_a_mark_is_worked_off_by_one_of_many_processes(make_world: MakeWorld, migrated_uri: str) -> None:
    worlds = [make_world(database_uri=migrated_uri, **RECORDING) for _ in range(4)]
    renewed(worlds[0])
    tell(worlds[0], report(worlds[0], 0, is_partial=True))
    worlds[0].clock.advance(30)

    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(refresh, worlds))

    assert sum(asked) == 1
    assert not is_stale(worlds[0])


def test_a_mark_outlives_a_reading_that_fails_and_rests_meanwhile(reading: World) -> None:
    tell(reading, report(reading, 0, is_partial=True))
    reading.script.template_error = Retryable("Away.")

    asked = []
    for _ in range(5):
        reading.clock.advance(15)
        asked.append(refresh(reading))
    reading.script.template_error = None
    reading.clock.advance(30)

    assert asked == [0, 1, 0, 1, 0]
    assert is_stale(reading)
    assert refresh(reading) == 1
    assert not is_stale(reading)


def test_an_instance_that_keeps_no_templates_is_asked_once(any_recording: World) -> None:
    any_recording.script.template_error = UnsupportedFeature("No templates here.")
    tell(any_recording, report(any_recording, 0, status="PAUSED"))

    for _ in range(3):
        any_recording.work()
        any_recording.clock.advance(60)

    assert any_recording.script.listings == 1


def test_a_list_that_contradicts_a_fresh_report_is_read_again_until_one_of_them_is_old(
    recording: World,
) -> None:
    renewed(recording)
    recording.clock.advance(100)
    tell(recording, report(recording, 0, status="PAUSED"))

    recording.services.catalogue.sync("recorder")
    assert template(recording).status == "PAUSED"
    for _ in range(5):
        recording.clock.advance(31)
        recording.work()

    assert template(recording).status == "APPROVED"
    assert not is_stale(recording)


@pytest.mark.parametrize("age", [59, 61])
def test_a_report_and_a_list_come_to_the_same_whichever_is_stored_first(recording: World, age: int) -> None:
    ends = []
    for order in ((1, 2), (2, 1)):
        renewed(recording)
        recording.clock.advance(1_000)
        paused = report(recording, -age, status="PAUSED")
        for step in order:
            if step == 1:
                tell(recording, paused)
            else:
                recording.services.catalogue.sync("recorder")
        ends.append(template(recording).status)

    assert ends == ["PAUSED" if age < 60 else "APPROVED"] * 2


def test_a_slow_reading_does_not_replace_one_that_began_later(recording: World) -> None:
    renewed(recording)
    listed = recording.services.providers["recorder"].list_templates

    def list_slowly() -> list[TemplateDefinition]:
        old = list(listed())
        recording.clock.advance(1)
        recording.services.providers["recorder"].list_templates = listed  # type: ignore[method-assign]
        recording.script.templates = [replace(ORDER_CONFIRMATION, status="REJECTED")]
        recording.services.catalogue.sync("recorder")
        return old

    recording.services.providers["recorder"].list_templates = list_slowly  # type: ignore[method-assign]
    recording.services.catalogue.sync("recorder")

    assert template(recording).status == "REJECTED"


def test_a_reason_without_a_status_is_told_too(reading: World) -> None:
    announced = "Meta will change the category to MARKETING within 24 hours."

    (told,) = tell(reading, report(reading, reason=announced))

    assert (told.data["reason"], told.data["changed"]) == (announced, ["reason"])
    tell(reading, report(reading, 200, status="APPROVED"))
    assert template(reading).reason is None


def test_what_is_reported_while_the_list_is_being_read_is_not_overwritten_by_it(recording: World) -> None:
    catalogue = recording.services.catalogue
    catalogue.sync("recorder")
    recording.clock.advance(100)

    def list_templates() -> list[TemplateDefinition]:
        recording.clock.advance(1)
        paused = TemplateUpdate(NAME, "en", recording.clock(), status="PAUSED", reason="Low quality.")
        tell(recording, paused, replace(paused, name="new_one"))
        recording.clock.advance(1)
        return [ORDER_CONFIRMATION]

    recording.services.providers["recorder"].list_templates = list_templates  # type: ignore[method-assign]
    catalogue.sync("recorder")

    found = template(recording)
    assert (found.status, found.reason) == ("PAUSED", "Low quality.")
    assert is_stale(recording)


def test_what_was_reported_before_gives_way_to_a_newer_list(recording: World) -> None:
    catalogue = recording.services.catalogue
    catalogue.sync("recorder")
    tell(recording, report(recording, 1, status="PAUSED", quality="RED", reason="Low quality."))
    recording.clock.advance(100)

    catalogue.sync("recorder")

    found = template(recording)
    assert (found.status, found.quality, found.reason) == ("APPROVED", "RED", None)


def test_a_list_that_was_never_read_is_read_when_it_is_reported_to_have_changed(any_recording: World) -> None:
    assert tell(any_recording, report(any_recording, 0, status="PAUSED")) == []
    assert any_recording.count(StoredTemplate) == 0

    any_recording.work()

    assert any_recording.script.listings == 1
    assert template(any_recording).status == "APPROVED"


def test_odd_words_of_a_provider_fit(reading: World) -> None:
    odd = report(reading, status="S" * 500, category="\0", quality="Q" * 500, reason="\ud800" * 5_000)

    tell(reading, odd)

    with reading.services.store.read() as session:
        row = session.scalars(sa.select(StoredTemplate)).one()
    assert row.status == "S" * 32


def test_the_moments_of_changes_are_kept_in_utc(reading: World) -> None:
    tell(reading, report(reading, status="PAUSED"))

    with reading.services.store.read() as session:
        row = session.scalars(sa.select(StoredTemplate)).one()
    assert row.changed_at is not None
    assert datetime.fromisoformat(row.changed_at["status"]).tzinfo == UTC
