"""Facts that come in: announced ones by the clock, reported ones by callback, each applied once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from answers import data, error
from factories import MESSAGES, RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import Refusal, SendResult, StatusUpdate
from flask_waapi.storage.inbound_models import StoredCallback
from flask_waapi.storage.models import ScheduledUpdate
from reports import apply

CALLBACK = "/api/v1/callbacks/recorder"


def report(world: World, *updates: StatusUpdate, body: bytes = b"{}") -> Any:
    """A callback of the recorder with these facts, answered and then applied."""
    world.script.updates = list(updates)
    answer = world.client.post(CALLBACK, data=body, headers={"X-Signature": "good"})
    world.services.callbacks.apply_due()
    return answer


def update(world: World, status: str, provider_id: str = "recorder-1", **members: Any) -> StatusUpdate:
    """A fact of this moment."""
    return StatusUpdate(status, members.pop("occurred_at", world.clock()), provider_id, **members)


def callbacks(world: World) -> list[tuple[str, int, int]]:
    """The callbacks stored: body, reports applied, reports unmatched."""
    with world.services.store.read() as session:
        rows = session.scalars(sa.select(StoredCallback).order_by(StoredCallback.id))
        return [(row.body, row.applied, row.unmatched) for row in rows]


def test_announced_facts_are_applied_when_their_time_has_come_and_not_before(any_recording: World) -> None:
    start = any_recording.clock()
    later = [
        update(any_recording, "delivered", occurred_at=start + timedelta(seconds=5)),
        update(any_recording, "read", occurred_at=start + timedelta(seconds=9)),
    ]
    any_recording.script.outcomes.append(SendResult("recorder-1", later=later))
    any_recording.send()
    seen = []

    for seconds in (0, 4, 1, 3, 1, 100):
        any_recording.clock.advance(seconds)
        any_recording.work()
        seen.append(any_recording.message().status)

    assert seen == ["sent", "sent", "delivered", "delivered", "read", "read"]
    assert any_recording.count(ScheduledUpdate) == 0


def test_an_announced_failure_comes_with_its_reason(any_recording: World) -> None:
    failure = update(any_recording, "failed", refusal=Refusal("131026", "Undeliverable."))
    any_recording.script.outcomes.append(SendResult("recorder-1", later=[failure]))
    uuid = data(any_recording.send(), 201)["message_uuid"]

    any_recording.work()

    assert data(any_recording.get(f"{MESSAGES}/{uuid}"))["failure"] == {
        "code": "DELIVERY_FAILED",
        "provider_code": "131026",
        "reason": "Undeliverable.",
    }


def test_several_loops_apply_an_announced_fact_once(make_world: MakeWorld, migrated_uri: str) -> None:
    worlds = [make_world(database_uri=migrated_uri) for _ in range(3)]
    for _ in range(5):
        worlds[0].send()
    worlds[0].clock.advance(60)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(World.work, worlds))

    for message in worlds[0].messages():
        assert worlds[0].events(message.id).count("delivered") == 1
        assert message.status == "read"


def test_a_report_finds_its_message_by_the_providers_id(any_recording: World) -> None:
    any_recording.send()

    answer = report(any_recording, update(any_recording, "delivered"))

    assert (answer.status_code, answer.data) == (200, b"")
    assert any_recording.message().status == "delivered"
    assert callbacks(any_recording) == [("{}", 1, 0)]


def test_a_report_finds_its_message_by_our_own_id(any_recording: World) -> None:
    any_recording.send()
    uuid = any_recording.message().id

    report(any_recording, update(any_recording, "read", "never-heard-of", message_uuid=uuid))

    assert any_recording.message().status == "read"
    assert any_recording.message().provider_message_id == "recorder-1"


def test_a_repeated_report_is_stored_once(any_recording: World) -> None:
    any_recording.send()
    fact = update(any_recording, "delivered")

    for _ in range(3):
        any_recording.clock.advance(1)
        report(any_recording, fact, fact)

    uuid = any_recording.message().id
    assert any_recording.events(uuid).count("delivered") == 1
    assert len(callbacks(any_recording)) == 3


def test_the_same_report_from_eight_threads_is_stored_once(any_recording: World) -> None:
    any_recording.send()
    facts = [update(any_recording, status) for status in ("delivered", "read")]

    with ThreadPoolExecutor(8) as pool:
        tallies = list(pool.map(lambda _: apply(any_recording, "recorder", *facts), range(8)))

    assert {tally.applied for tally in tallies} == {2}
    assert sum(len(tally.events) for tally in tallies) <= 2
    assert sorted(any_recording.events(any_recording.message().id)) == ["delivered", "queued", "read", "sent"]


def test_a_report_of_an_unknown_message_is_counted_and_answered_with_200(any_recording: World) -> None:
    any_recording.send()

    answer = report(
        any_recording,
        update(any_recording, "delivered", "unknown"),
        update(any_recording, "delivered"),
        update(any_recording, "delivered", "recorder-1", message_uuid=uuid4()),
    )

    assert answer.status_code == 200
    assert callbacks(any_recording) == [("{}", 2, 1)]


def test_a_provider_cannot_touch_the_messages_of_another(make_world: MakeWorld, migrated_uri: str) -> None:
    providers = {"recorder": {}, "second": {"type": "recorder"}}
    world = make_world(database_uri=migrated_uri, WAAPI_PROVIDERS=providers, WAAPI_DEFAULT_PROVIDER="second")
    world.send()
    message = world.message()

    report(
        world,
        update(world, "read", str(message.provider_message_id)),
        update(world, "read", "x", message_uuid=message.id),
    )

    assert world.message().status == "sent"
    assert callbacks(world) == [("{}", 0, 2)]


def test_a_simulated_message_cannot_be_touched_by_the_real_provider(recording: World) -> None:
    recording.post(TEXT_SEND, text_body(simulate=True))

    report(recording, update(recording, "failed", "x", message_uuid=recording.message().id))

    assert recording.message().status == "sent"


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"entry": []}', '{"entry": []}'),
        ("Grüße 💥".encode(), "Grüße 💥"),
        (b"\xff\xfe not UTF-8", "\\xff\\xfe not UTF-8"),
        (b"a\0b", "a\\x00b"),
        (b"", ""),
        (b"x" * 200_000, "x" * 200_000),
    ],
    ids=["json", "utf-8", "bytes", "nul", "empty", "long"],
)
def test_a_callback_is_kept_whole_on_every_database(shared_anywhere: World, body: bytes, kept: str) -> None:
    shared_anywhere.clock.advance(1)
    assert report(shared_anywhere, body=body).status_code == 200

    assert callbacks(shared_anywhere)[-1] == (kept, 0, 0)


def test_a_callback_with_a_wrong_signature_changes_nothing_and_is_not_kept(recording: World) -> None:
    recording.send()
    recording.script.updates = [update(recording, "read")]

    error(recording.client.post(CALLBACK, data=b"{}"), 401, "INVALID_SIGNATURE")

    assert recording.message().status == "sent"
    assert callbacks(recording) == []


def test_a_callback_for_no_provider_or_one_without_callbacks_is_not_found(recording: World) -> None:
    error(recording.client.post("/api/v1/callbacks/nobody"), 404, "NOT_FOUND")
    error(recording.client.post("/api/v1/callbacks/simulation"), 404, "NOT_FOUND")
    error(recording.client.get("/api/v1/callbacks/recorder?hub.challenge=1"), 404, "NOT_FOUND")


def test_a_callback_that_is_too_large_is_refused(recording: World) -> None:
    answer = recording.client.post(
        CALLBACK, data=b"x" * (3 * 1024 * 1024 + 1), headers={"X-Signature": "good"}
    )

    error(answer, 413, "PAYLOAD_TOO_LARGE")


def test_a_provider_that_breaks_over_a_signature_is_our_fault_in_our_shape(recording: World) -> None:
    def break_down(request: object) -> None:
        raise ZeroDivisionError

    recording.services.providers["recorder"].verify_callback = break_down  # type: ignore[method-assign]

    error(recording.client.post(CALLBACK, data=b"{}"), 500, "INTERNAL_ERROR")


def test_a_callback_needs_no_key_and_takes_none(recording: World) -> None:
    recording.send()
    recording.script.updates = [update(recording, "read")]

    error(recording.post(CALLBACK, {}), 401, "INVALID_SIGNATURE")


BAD_ITEMS: dict[str, dict[str, Any]] = {
    "an unknown status": {"status": "warned"},
    "a very long status": {"status": "x" * 5_000},
    "an empty status": {"status": ""},
    "a long code and reason": {"status": "failed", "refusal": Refusal("1" * 500, "x" * 100_000)},
    "a NUL in the reason": {"status": "failed", "refusal": Refusal("1", "a\0b")},
    "a lone surrogate in the reason": {"status": "failed", "refusal": Refusal("1", "a\ud800b")},
    "a long id": {"status": "read", "provider_id": "w" * 5_000},
    "a NUL in the id": {"status": "read", "provider_id": "a\0b"},
    "a time long ago": {"status": "read", "occurred_at": datetime.fromisoformat("0001-01-01T00:00:00+00:00")},
}


@pytest.mark.parametrize("kind", BAD_ITEMS)
def test_an_odd_report_hinders_no_other_in_its_batch(shared_anywhere: World, kind: str) -> None:
    first, last = (UUID(data(shared_anywhere.send(), 201)["message_uuid"]) for _ in range(2))
    odd = update(shared_anywhere, **BAD_ITEMS[kind])

    answer = report(
        shared_anywhere,
        update(shared_anywhere, "delivered", "x", message_uuid=first),
        odd,
        update(shared_anywhere, "delivered", "x", message_uuid=last),
    )

    assert answer.status_code == 200
    assert shared_anywhere.message(last).status == "delivered"


def test_a_status_never_goes_back_whatever_comes_late(any_recording: World) -> None:
    any_recording.send()
    seen = []
    for status in ("read", "delivered", "sent", "failed", "played", "read"):
        any_recording.clock.advance(1)
        report(any_recording, update(any_recording, status))
        seen.append(any_recording.message().status)

    assert seen == ["read", "read", "read", "read", "played", "played"]


def test_a_late_failure_of_a_delivered_message_leaves_no_failure_on_it(any_recording: World) -> None:
    any_recording.post(TEXT_SEND, text_body())
    report(any_recording, update(any_recording, "delivered"))

    report(any_recording, update(any_recording, "failed", refusal=Refusal("131026", "Undeliverable.")))

    assert (any_recording.message().status, any_recording.message().failure) == ("delivered", None)


def test_a_message_that_failed_and_arrived_all_the_same_has_no_failure(any_recording: World) -> None:
    any_recording.post(TEXT_SEND, text_body())
    report(any_recording, update(any_recording, "failed", refusal=Refusal("131026", "Undeliverable.")))
    any_recording.clock.advance(1)

    report(any_recording, update(any_recording, "delivered"))

    found = data(any_recording.get(f"{MESSAGES}/{any_recording.message().id}"))
    assert (found["status"], found["failure"]) == ("delivered", None)


def test_the_first_reason_of_a_failure_stays(recording: World) -> None:
    recording.post(TEXT_SEND, text_body())
    for code in ("131026", "131049"):
        recording.clock.advance(1)
        report(recording, update(recording, "failed", refusal=Refusal(code, "No.")))

    assert [event for event in recording.events(recording.message().id) if event == "failed"] == [
        "failed"
    ] * 2


def test_each_participant_of_a_group_is_told_of_once(any_recording: World) -> None:
    any_recording.post(TEXT_SEND, text_body())
    told = [update(any_recording, "delivered", participant=f"US.{number}") for number in range(3)]

    for _ in range(2):
        report(any_recording, *told)

    assert any_recording.events(any_recording.message().id).count("delivered") == 3
    assert any_recording.message().status == "delivered"


def test_inbound_reports_reach_messages_of_every_account(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING)
    stranger = world.issue_key("stranger", account="other")
    world.post(TEXT_SEND, text_body(), stranger)

    report(world, update(world, "read"))

    assert world.message().status == "read"
