"""GET /messages/<uuid>."""

from __future__ import annotations

from uuid import uuid4

import pytest

from answers import data, error
from factories import ALL_PERMISSIONS, MESSAGES, World
from flask_waapi import Rejected


def test_a_message_is_found_by_the_uuid_that_sending_gave(any_world: World) -> None:
    sent = data(any_world.send(reference="my-order-123"), 201)

    found = data(any_world.get(f"{MESSAGES}/{sent['message_uuid']}"))

    assert {name: found[name] for name in sent} == sent


def test_delivered_and_read_follow_by_the_clock(any_world: World) -> None:
    path = f"{MESSAGES}/{data(any_world.send(), 201)['message_uuid']}"
    seen = []

    for _ in range(3):
        any_world.work()
        seen.append(data(any_world.get(path))["status"])
        any_world.clock.advance(1)

    assert seen == ["sent", "delivered", "read"]


def test_the_timeline_lists_each_fact_once_in_the_order_of_the_facts(world: World) -> None:
    path = f"{MESSAGES}/{data(world.send(), 201)['message_uuid']}"
    world.clock.advance(60)
    world.work()

    events = data(world.get(path))["events"]

    assert [event["status"] for event in events] == ["queued", "sent", "delivered", "read"]
    assert [event["occurred_at"][14:19] for event in events] == ["00:00", "00:00", "00:01", "00:02"]
    assert set(events[0]) == {
        "status",
        "occurred_at",
        "recorded_at",
        "attempt",
        "code",
        "provider_code",
        "reason",
        "details",
    }


def test_a_failed_message_says_why(recording: World) -> None:
    recording.script.outcomes.append(Rejected("No such number.", code="131026"))
    uuid = error(recording.send(), 422, "MESSAGE_REJECTED")["details"]["message_uuid"]

    found = data(recording.get(f"{MESSAGES}/{uuid}"))

    assert found["status"] == "failed"
    assert found["failure"] == {
        "code": "MESSAGE_REJECTED",
        "provider_code": "131026",
        "reason": "No such number.",
    }
    assert found["events"][-1]["reason"] == "No such number."


def test_a_foreign_message_and_an_unknown_one_cannot_be_told_apart(any_world: World) -> None:
    uuid = data(any_world.send(), 201)["message_uuid"]
    stranger = any_world.issue_key("stranger", account="other")
    unknown = str(uuid4())

    foreign = any_world.get(f"{MESSAGES}/{uuid}", stranger)
    missing = any_world.get(f"{MESSAGES}/{unknown}", stranger)

    assert (
        error(foreign, 404, "NOT_FOUND")["message"].replace(uuid, unknown)
        == error(missing, 404, "NOT_FOUND")["message"]
    )


def test_another_key_of_the_account_sees_the_message(world: World) -> None:
    uuid = data(world.send(), 201)["message_uuid"]
    colleague = world.issue_key("colleague", permissions=["view_messages"])

    assert data(world.get(f"{MESSAGES}/{uuid}", colleague))["message_uuid"] == uuid


@pytest.mark.parametrize(
    "text", ["0", "not-a-uuid", "01900000-0000-7000-8000-00000000000g", "%00", "a" * 5000]
)
def test_what_is_no_uuid_is_not_found(shared: World, text: str) -> None:
    error(shared.get(f"{MESSAGES}/{text}"), 404, "NOT_FOUND")


def test_the_uuid_may_be_written_in_capitals(world: World) -> None:
    uuid = data(world.send(), 201)["message_uuid"]

    assert data(world.get(f"{MESSAGES}/{uuid.upper()}"))["message_uuid"] == uuid


@pytest.mark.parametrize("permission", sorted(set(ALL_PERMISSIONS) - {"view_messages"}))
def test_no_other_permission_opens_it(shared: World, permission: str) -> None:
    key = shared.issue_key(f"only {permission} for get", permissions=[permission])

    error(shared.get(f"{MESSAGES}/{uuid4()}", key), 403, "PERMISSION_DENIED")
