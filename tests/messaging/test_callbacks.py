"""Callbacks: stored and answered first, applied afterwards; what cannot be applied is parked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from answers import data
from factories import RECORDING, MakeWorld, World
from flask_waapi import CallbackItem, OutboundMessage, ProviderEvent, SendResult, StatusUpdate
from flask_waapi.errors import StorageUnavailable
from flask_waapi.messaging.incoming import callbacks as callbacks_module
from flask_waapi.messaging.incoming.callbacks import CHUNK, LEASE, MOST_ATTEMPTS, Tally
from flask_waapi.storage.inbound_models import ParkedItem, StoredCallback
from reports import items

CALLBACK = "/api/v1/callbacks/recorder"
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - a time that no database column takes


def post(world: World) -> Any:
    """A callback of the recorder, answered and not yet applied."""
    return world.client.post(CALLBACK, data=b"{}", headers={"X-Signature": "good"})


def says(world: World, *told: CallbackItem) -> None:
    """What the recorder reads in every callback from now on."""
    provider = world.services.providers["recorder"]
    provider.parse_callback = lambda body: list(told)  # type: ignore[method-assign]


def delivered(world: World, provider_id: str = "recorder-1", **members: Any) -> StatusUpdate:
    """A report of this moment."""
    return StatusUpdate("delivered", members.pop("occurred_at", world.clock()), provider_id, **members)


def item(position: str, *events: ProviderEvent, problem: str | None = None) -> CallbackItem:
    """One item of a callback."""
    return CallbackItem(position, {"at": position}, events, problem)


def stored(world: World) -> StoredCallback:
    """The only callback there is."""
    with world.services.store.read() as session:
        return session.scalars(sa.select(StoredCallback)).one()


def parked(world: World) -> list[tuple[str, str]]:
    """What is parked: position and state."""
    with world.services.store.read() as session:
        rows = session.scalars(sa.select(ParkedItem).order_by(ParkedItem.position))
        return [(row.position, row.state) for row in rows]


def begin_and_die(world: World) -> None:
    """Take the callback up as a process does that ends over it."""
    row, callbacks = stored(world), world.services.callbacks
    assert row.due_at is not None
    due_at = row.due_at
    world.services.store.write(lambda session: callbacks._claim(session, row.id, due_at))


def test_a_callback_is_answered_before_anything_is_made_of_it(any_recording: World) -> None:
    any_recording.send()
    says(any_recording, item("a", delivered(any_recording)))

    assert post(any_recording).status_code == 200
    assert any_recording.message().status == "sent"
    any_recording.work()

    assert any_recording.message().status == "delivered"
    assert stored(any_recording).due_at is None


def test_forty_four_of_forty_five_are_applied_and_the_poisoned_one_is_parked(any_recording: World) -> None:
    uuids = [UUID(data(any_recording.send(), 201)["message_uuid"]) for _ in range(45)]
    told = [
        item(f"item[{index:02}]", delivered(any_recording, f"x{index}", message_uuid=uuid))
        for index, uuid in enumerate(uuids)
    ]
    told[17] = item("item[17]", delivered(any_recording, "x", message_uuid=uuids[17], occurred_at=NAIVE))
    says(any_recording, *told)

    post(any_recording)
    any_recording.work()

    assert parked(any_recording) == [("item[17]", "broken")]
    assert (stored(any_recording).applied, stored(any_recording).parked) == (44, 1)
    statuses = [any_recording.message(uuid).status for uuid in uuids]
    assert statuses.count("delivered") == 44
    assert statuses[17] == "sent"


def test_items_that_a_provider_cannot_read_or_does_not_know_are_parked(recording: World) -> None:
    recording.send()
    says(
        recording,
        item("broken", problem="It has no id."),
        item("good", delivered(recording)),
        item("unknown"),
    )

    post(recording)
    recording.work()

    assert parked(recording) == [("broken", "broken"), ("unknown", "unknown")]
    assert recording.message().status == "delivered"


def test_a_callback_that_breaks_its_provider_is_parked_whole(recording: World) -> None:
    def break_down(body: bytes) -> list[CallbackItem]:
        raise ZeroDivisionError

    recording.services.providers["recorder"].parse_callback = break_down  # type: ignore[method-assign]

    assert post(recording).status_code == 200
    recording.work()

    assert parked(recording) == [("", "broken")]


def test_after_the_fault_is_mended_a_replay_applies_what_was_parked(any_recording: World) -> None:
    any_recording.send()
    says(any_recording, item("a", problem="A fault of the provider's."), item("b"))
    post(any_recording)
    any_recording.work()
    says(any_recording, item("a", delivered(any_recording)), item("b"))

    any_recording.services.callbacks.replay([stored(any_recording).id])
    any_recording.work()

    assert any_recording.message().status == "delivered"
    assert parked(any_recording) == [("b", "unknown")]
    assert (stored(any_recording).applied, stored(any_recording).parked) == (1, 1)


def test_a_replay_of_what_was_applied_changes_nothing(any_recording: World) -> None:
    any_recording.send()
    says(any_recording, item("a", delivered(any_recording)))
    post(any_recording)
    any_recording.work()

    for _ in range(3):
        any_recording.services.callbacks.replay([stored(any_recording).id])
        any_recording.clock.advance(1)
        any_recording.work()

    assert any_recording.events(any_recording.message().id).count("delivered") == 1


@pytest.mark.parametrize("status", ["\ud800", "a\0b", "\N{GRINNING FACE}" * 40])
def test_a_status_that_is_stored_in_another_form_is_known_when_it_is_told_again(
    any_recording: World, status: str
) -> None:
    any_recording.send()
    says(any_recording, item("a", StatusUpdate(status, any_recording.clock(), "recorder-1")))

    for _ in range(2):
        post(any_recording)
        any_recording.work()

    assert len(any_recording.events(any_recording.message().id)) == 3
    assert any_recording.count(ParkedItem) == 0


def test_a_report_that_comes_before_its_send_has_returned_is_applied(any_recording: World) -> None:
    says(any_recording, item("a", delivered(any_recording, "early-1")))

    def send(message: OutboundMessage) -> SendResult:
        post(any_recording)
        any_recording.services.callbacks.apply_due()
        assert parked(any_recording) == [("a", "unmatched")]
        return SendResult("early-1")

    any_recording.script.outcomes.append(send)
    any_recording.send()
    any_recording.work()

    assert any_recording.message().status == "delivered"
    assert parked(any_recording) == []


def test_a_report_is_applied_whose_message_gets_its_id_just_before_it_is_parked(
    any_recording: World,
) -> None:
    says(any_recording, item("a", delivered(any_recording)))
    post(any_recording)
    callbacks = any_recording.services.callbacks
    look_for = callbacks._apply_chunk

    def look_for_it_too_early(*arguments: Any) -> Tally:
        tally = look_for(*arguments)
        any_recording.send()
        callbacks._apply_chunk = look_for  # type: ignore[method-assign]
        return tally

    callbacks._apply_chunk = look_for_it_too_early  # type: ignore[method-assign, assignment]
    callbacks.apply_due()
    callbacks.apply_due()

    assert any_recording.message().status == "delivered"


def test_a_parked_report_is_found_again_though_the_process_that_sent_has_died(recording: World) -> None:
    says(recording, item("a", delivered(recording)))
    post(recording)
    recording.services.callbacks.apply_due()
    recording.services.pipeline._delivery._recognise = lambda *_: None
    recording.send()

    assert recording.services.callbacks.recognise_all() == 1
    recording.services.callbacks.apply_due()

    assert recording.message().status == "delivered"


def test_reports_of_strangers_messages_stay_parked_and_are_not_applied_over_and_over(
    recording: World,
) -> None:
    recording.send()
    says(recording, item("a", delivered(recording, "a stranger's")))
    post(recording)
    recording.work()

    assert parked(recording) == [("a", "unmatched")]
    assert recording.services.callbacks.recognise_all() == 0
    assert recording.services.callbacks.apply_due() == 0


def test_an_id_that_another_system_echoes_does_not_hide_the_providers_own(recording: World) -> None:
    recording.send()
    says(recording, item("a", delivered(recording, "recorder-1", message_uuid=uuid4())))

    post(recording)
    recording.work()

    assert recording.message().status == "delivered"


def test_what_a_dead_process_had_begun_is_applied_when_its_lease_ends(any_recording: World) -> None:
    any_recording.send()
    says(any_recording, item("a", delivered(any_recording)))
    post(any_recording)
    begin_and_die(any_recording)
    callbacks = any_recording.services.callbacks

    assert callbacks.apply_due() == 0
    any_recording.clock.advance(LEASE)

    assert callbacks.apply_due() == 1
    assert any_recording.message().status == "delivered"


def test_a_long_callback_stays_with_the_process_that_applies_it(recording: World) -> None:
    told = [
        item(f"{index:03}", delivered(recording, f"a stranger's {index}")) for index in range(2 * CHUNK + 1)
    ]
    says(recording, *told)
    post(recording)
    callbacks = recording.services.callbacks
    apply_chunk = callbacks._apply_chunk
    found_by_others: list[object] = []

    def take_long(*arguments: Any) -> Tally:
        recording.clock.advance(LEASE - timedelta(seconds=1))
        found_by_others.extend(callbacks.due())
        return apply_chunk(*arguments)

    callbacks._apply_chunk = take_long  # type: ignore[method-assign, assignment]

    assert callbacks.apply_due() == 1
    assert found_by_others == []
    assert len(parked(recording)) == 2 * CHUNK + 1


def test_what_a_process_is_applying_already_is_not_begun_twice_by_it(recording: World) -> None:
    post(recording)

    assert recording.services.callbacks.due({"recorder": 1}) == []
    assert [due.provider for due in recording.services.callbacks.due()] == ["recorder"]


def test_a_callback_over_which_processes_die_is_parked_in_the_end(recording: World) -> None:
    says(recording, item("a"))
    post(recording)
    for _ in range(MOST_ATTEMPTS):
        begin_and_die(recording)
        recording.clock.advance(LEASE)

    recording.services.callbacks.apply_due()

    assert parked(recording) == [("", "broken")]


def test_two_processes_take_a_callback_up_once(make_world: MakeWorld, migrated_uri: str) -> None:
    worlds = [make_world(database_uri=migrated_uri, **RECORDING) for _ in range(4)]
    worlds[0].send()
    for world in worlds:
        says(world, item("a", delivered(world)))
    for _ in range(10):
        post(worlds[0])

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda world: world.services.callbacks.apply_due(), worlds))

    assert sum(taken) == 10
    assert worlds[0].events(worlds[0].message().id).count("delivered") == 1


def test_a_database_that_goes_away_leaves_the_callback_due(
    recording: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording.send()
    says(recording, item("a", delivered(recording)))
    post(recording)

    def be_away(*_: object) -> None:
        raise StorageUnavailable("Away.")

    with monkeypatch.context() as patch:
        patch.setattr(callbacks_module, "apply", be_away)
        with pytest.raises(StorageUnavailable):
            recording.services.callbacks.apply_due()
    recording.clock.advance(LEASE)
    recording.services.callbacks.apply_due()

    assert recording.message().status == "delivered"
    assert parked(recording) == []


def test_a_callback_of_a_provider_that_is_not_configured_any_more_is_parked(
    make_world: MakeWorld, sqlite_uri: str
) -> None:
    before = make_world(**RECORDING)
    post(before)
    after = make_world()

    after.work()

    assert parked(after) == [("", "broken")]


def test_what_no_database_takes_is_parked_all_the_same(any_recording: World) -> None:
    raw = {"nul": "a\0b", "surrogate": "\ud800", "deep": [{"nul\0": "\0"}], "nan": float("nan")}
    says(any_recording, CallbackItem("p" * 500, raw), CallbackItem("p" * 500, raw))
    post(any_recording)

    any_recording.services.callbacks.apply_due()

    assert len(parked(any_recording)) == 2


def test_callbacks_are_forgotten_when_their_time_is_over_and_those_still_due_are_not(
    any_recording: World,
) -> None:
    says(any_recording, item("a"))
    post(any_recording)
    any_recording.work()
    post(any_recording)
    any_recording.clock.advance(timedelta(days=31))

    assert any_recording.services.callbacks.forget() == 1

    assert stored(any_recording).due_at is not None
    assert parked(any_recording) == []


def test_events_are_told_after_the_commit_that_made_them(any_recording: World) -> None:
    seen: list[str] = []
    any_recording.send()
    callbacks = any_recording.services.callbacks
    callbacks._tell = lambda event: seen.append(f"{event.type} {any_recording.message().status}")

    callbacks.apply("recorder", items(delivered(any_recording, occurred_at=datetime.now(UTC))))

    assert seen == ["message.delivered delivered"]
