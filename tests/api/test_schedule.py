"""``send_at`` and ``expires_in``: when a message is sent, and until when it may be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from answers import data, pointers
from batches import accepted, results, send_batch, text_item
from factories import (
    MEDIA_SEND,
    MESSAGES,
    RECIPIENT,
    TEMPLATE_SEND,
    TEXT_SEND,
    World,
    template_body,
    text_body,
)
from flask_waapi import Retryable

NOON = "2026-01-01T12:00:00Z"
"""Twelve hours after the clock of tests begins."""

LATER = {"Prefer": "respond-async"}


def statuses(world: World) -> list[str]:
    """The statuses of all messages."""
    return [message.status for message in world.messages()]


def test_a_scheduled_message_is_sent_when_it_is_due_and_not_before(any_recording: World) -> None:
    answer = any_recording.post(TEXT_SEND, text_body(send_at=NOON))

    assert data(answer, 202)["status"] == "queued"
    any_recording.clock.advance(timedelta(hours=12) - timedelta(microseconds=1))
    any_recording.work()
    assert any_recording.script.sent == []
    any_recording.clock.advance(timedelta(microseconds=1))
    any_recording.work()
    assert statuses(any_recording) == ["sent"]
    assert len(any_recording.script.sent) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (TEMPLATE_SEND, template_body()),
        (TEXT_SEND, text_body()),
        (MEDIA_SEND, {"to": RECIPIENT, "type": "image", "media_id": "1"}),
    ],
)
def test_every_kind_of_message_can_be_scheduled_and_can_expire(
    recording: World, path: str, body: dict[str, object]
) -> None:
    found = data(recording.post(path, {**body, "send_at": NOON, "expires_in": 60}), 202)

    assert found["send_at"] == "2026-01-01T12:00:00.000000Z"
    assert found["expires_at"] == "2026-01-01T12:01:00.000000Z"


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-01T12:00:00Z",
        "2026-01-01T12:00:00.000Z",
        "2026-01-01T12:00:00+00:00",
        "2026-01-01T14:00:00+02:00",
        "2026-01-01T06:30:00-05:30",
        "2026-01-02T11:59:00+23:59",
    ],
)
def test_the_moment_may_be_written_in_any_zone(recording: World, written: str) -> None:
    found = data(recording.post(TEXT_SEND, text_body(send_at=written)), 202)

    assert found["send_at"] == "2026-01-01T12:00:00.000000Z"


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-01T12:00:00",
        "2026-01-01 12:00",
        "2026-01-01",
        "12:00",
        "tomorrow",
        "1767268800",
        "2026-02-30T12:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T12:00:00+99:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "２０２６-01-01T12:00:00Z",
    ],
)
def test_without_a_zone_or_a_date_it_is_no_moment(shared_recording: World, written: str) -> None:
    answer = shared_recording.post(TEXT_SEND, text_body(send_at=written))

    assert pointers(answer) == {"/send_at"}


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=1), timedelta(minutes=1)])
def test_what_was_a_minute_ago_is_now(recording: World, ago: timedelta) -> None:
    moment = (recording.clock() - ago).isoformat()

    found = data(recording.post(TEXT_SEND, text_body(send_at=moment, expires_in=60)), 202)
    recording.work()

    assert found["send_at"] == "2026-01-01T00:00:00.000000Z"
    assert found["expires_at"] == "2026-01-01T00:01:00.000000Z"
    assert statuses(recording) == ["sent"]


@pytest.mark.parametrize("ago", [timedelta(minutes=1, microseconds=1), timedelta(days=1)])
def test_what_was_longer_ago_is_refused(recording: World, ago: timedelta) -> None:
    moment = (recording.clock() - ago).isoformat()

    answer = recording.post(TEXT_SEND, text_body(send_at=moment))

    assert pointers(answer) == {"/send_at"}
    assert "past" in answer.get_json()["error"]["message"]
    assert recording.messages() == []


def test_366_days_ahead_is_the_furthest(recording: World) -> None:
    furthest = recording.clock() + timedelta(days=366)
    beyond = furthest + timedelta(microseconds=1)

    data(recording.post(TEXT_SEND, text_body(send_at=furthest.isoformat())), 202)
    answer = recording.post(TEXT_SEND, text_body(send_at=beyond.isoformat()))

    assert pointers(answer) == {"/send_at"}
    assert "too far" in answer.get_json()["error"]["message"]


def test_a_simulated_message_can_be_scheduled(recording: World) -> None:
    data(recording.post(TEXT_SEND, text_body(send_at=NOON, simulate=True)), 202)
    recording.clock.advance(timedelta(hours=12))
    recording.work()

    assert recording.message().status == "sent"
    assert recording.script.sent == []


def test_a_repeated_request_schedules_once(any_recording: World) -> None:
    answers = [
        any_recording.post(TEXT_SEND, text_body(send_at=NOON), headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    any_recording.clock.advance(timedelta(hours=12))
    any_recording.work()

    assert answers[0].get_json() == answers[1].get_json()
    assert len(any_recording.script.sent) == 1


def test_a_repetition_of_what_was_due_at_once_is_not_refused_for_being_late(recording: World) -> None:
    body = text_body(send_at="2026-01-01T00:00:00Z")
    first = recording.post(TEXT_SEND, body, headers={"Idempotency-Key": "k"})
    recording.clock.advance(3_600)

    again = recording.post(TEXT_SEND, body, headers={"Idempotency-Key": "k"})

    assert (again.status_code, again.get_json()) == (202, first.get_json())


def test_the_messages_of_a_batch_have_each_their_own_time(recording: World) -> None:
    early, late = accepted(
        send_batch(recording, [text_item(send_at="2026-01-01T01:00:00Z"), text_item(send_at=NOON)])
    )
    recording.clock.advance(timedelta(hours=1))
    recording.work()

    assert recording.message(early).status == "sent"
    assert recording.message(late).status == "queued"


def test_what_is_sent_at_once_has_an_end_all_the_same(recording: World) -> None:
    found = data(recording.post(TEXT_SEND, text_body(expires_in=2_592_000)), 201)

    assert (found["send_at"], found["expires_at"]) == (None, "2026-01-31T00:00:00.000000Z")


def test_without_either_there_is_neither(recording: World) -> None:
    found = data(recording.post(TEXT_SEND, text_body()), 201)

    assert (found["send_at"], found["expires_at"]) == (None, None)


@pytest.mark.parametrize(("late", "status"), [(59.999999, "sent"), (60, "failed"), (86_400, "failed")])
def test_a_message_is_not_sent_when_its_time_is_over(any_recording: World, late: float, status: str) -> None:
    any_recording.post(TEXT_SEND, text_body(expires_in=60), headers=LATER)

    any_recording.clock.advance(late)
    any_recording.work()

    assert statuses(any_recording) == [status]
    assert len(any_recording.script.sent) == (status == "sent")


def test_what_came_too_late_says_so(recording: World) -> None:
    answer = recording.post(TEXT_SEND, text_body(expires_in=60), headers=LATER)
    recording.clock.advance(60)
    recording.work()

    found = data(recording.get(f"{MESSAGES}/{data(answer, 202)['message_uuid']}"))

    assert found["failure"]["code"] == found["events"][-1]["code"] == "MESSAGE_EXPIRED"
    assert found["failure"]["reason"]


@pytest.mark.parametrize(("late", "status"), [(59, "sent"), (60, "failed")])
def test_the_time_of_a_scheduled_message_begins_when_it_is_due(
    recording: World, late: float, status: str
) -> None:
    recording.post(TEXT_SEND, text_body(send_at=NOON, expires_in=60))

    recording.clock.advance(timedelta(hours=12, seconds=late))
    recording.work()

    assert statuses(recording) == [status]


def test_a_message_is_not_tried_again_when_its_time_would_be_over(any_recording: World) -> None:
    any_recording.script.outcomes.append(Retryable("Overloaded.", retry_after=timedelta(seconds=60)))
    any_recording.post(TEXT_SEND, text_body(expires_in=60), headers=LATER)
    any_recording.work()

    message = any_recording.message()

    assert (message.status, message.failure_code) == ("failed", "MESSAGE_EXPIRED")


def test_a_message_of_a_batch_expires_alone(recording: World) -> None:
    results(send_batch(recording, [text_item(expires_in=1), text_item()]))
    recording.clock.advance(1)
    recording.work()

    assert sorted(statuses(recording)) == ["failed", "sent"]


def test_the_timeline_tells_each_attempt_and_what_went_wrong(recording: World) -> None:
    recording.script.outcomes.append(Retryable("Overloaded.", code="130429"))
    answer = recording.post(TEXT_SEND, text_body(send_at=NOON, expires_in=86_400))
    recording.clock.advance(timedelta(hours=12))
    recording.work()
    recording.clock.advance(60)
    recording.work()

    found = data(recording.get(f"{MESSAGES}/{data(answer, 202)['message_uuid']}"))

    assert found["attempts"] == 2
    assert [(event["status"], event["attempt"], event["code"]) for event in found["events"]] == [
        ("queued", None, None),
        ("queued", 1, "PROVIDER_UNAVAILABLE"),
        ("sent", 2, None),
    ]
    assert found["events"][1]["provider_code"] == "130429"
    assert found["failure"] is None
