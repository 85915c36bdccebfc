"""The timeline of a message by itself: what happened, when we learnt of it, and what else was told."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from answers import data, error
from factories import ALL_PERMISSIONS, MESSAGES, World
from flask_waapi import Refusal, StatusUpdate
from incoming import writes
from reports import apply

PRICING = {"pricing": {"billable": True, "category": "utility"}, "conversation": {"id": "c-1"}}


def sent(world: World) -> str:
    """Send the sample template; the message's id."""
    return str(data(world.send(), 201)["message_uuid"])


def test_it_is_the_whole_timeline_in_the_order_of_the_facts(any_recording: World) -> None:
    uuid = sent(any_recording)
    start = any_recording.clock()
    any_recording.clock.advance(60)
    told = [
        StatusUpdate("read", start + timedelta(seconds=9), "recorder-1"),
        StatusUpdate("delivered", start + timedelta(seconds=5), "recorder-1", details=PRICING),
    ]
    apply(any_recording, "recorder", *told)

    found = data(any_recording.get(f"{MESSAGES}/{uuid}/events"))

    assert [event["status"] for event in found] == ["queued", "sent", "delivered", "read"]
    assert [event["details"] for event in found] == [None, None, PRICING, None]
    assert found[2]["occurred_at"] == "2026-01-01T00:00:05.000000Z"
    assert found[2]["recorded_at"] == "2026-01-01T00:01:00.000000Z"


def test_it_has_what_the_message_itself_shows(recording: World) -> None:
    uuid = sent(recording)
    failure = StatusUpdate("failed", recording.clock(), "recorder-1", refusal=Refusal("131026", "Gone."))
    apply(recording, "recorder", failure)

    found = data(recording.get(f"{MESSAGES}/{uuid}/events"))

    assert found == data(recording.get(f"{MESSAGES}/{uuid}"))["events"]
    assert (found[-1]["code"], found[-1]["provider_code"]) == ("DELIVERY_FAILED", "131026")


def test_a_message_that_came_in_has_one_too(recording: World) -> None:
    writes(recording)

    found = data(recording.get(f"{MESSAGES}/{recording.message().id}/events"))

    assert [event["status"] for event in found] == ["received"]


def test_a_foreign_message_and_an_unknown_one_cannot_be_told_apart(recording: World) -> None:
    stranger = recording.issue_key("stranger", account="other")
    foreign, unknown = sent(recording), str(uuid4())

    answers = [
        error(recording.get(f"{MESSAGES}/{uuid}/events", stranger), 404, "NOT_FOUND")["message"]
        for uuid in (foreign, unknown)
    ]

    assert answers[0].replace(foreign, unknown) == answers[1]


@pytest.mark.parametrize("permission", [name for name in ALL_PERMISSIONS if name != "view_messages"])
def test_no_other_permission_opens_it(recording: World, permission: str) -> None:
    key = recording.issue_key("other", permissions=[permission])

    error(recording.get(f"{MESSAGES}/{sent(recording)}/events", key), 403, "PERMISSION_DENIED")
