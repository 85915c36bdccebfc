"""A message of which nobody knows whether it went out: it waits for a report, then a policy decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from answers import data
from factories import MESSAGES, RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import OutboundMessage, OutcomeUnknown, Retryable, SendResult, StatusUpdate
from flask_waapi.storage.models import Message
from reports import apply

HOUR = timedelta(hours=1)


@pytest.fixture
def make_queued(make_world: MakeWorld, migrated_uri: str) -> Any:
    """Makes an app whose messages wait until ``work``, on each kind of database."""

    def make(**config: Any) -> World:
        return make_world(database_uri=migrated_uri, WAAPI_DISPATCH="worker", **RECORDING, **config)

    return make


def send(world: World, **members: Any) -> str:
    """Queue a text; its uuid."""
    uuid: str = data(world.post(TEXT_SEND, text_body(**members)), 202)["message_uuid"]
    return uuid


def read(world: World, uuid: str) -> dict[str, Any]:
    """The message as the API tells it."""
    found: dict[str, Any] = data(world.get(f"{MESSAGES}/{uuid}"))
    return found


def lose(world: World) -> str:
    """A message whose outcome is unknown; its uuid."""
    world.script.outcomes.append(OutcomeUnknown("The connection broke."))
    uuid = send(world)
    world.work()
    assert read(world, uuid)["status"] == "unconfirmed"
    return uuid


def report(world: World, uuid: str, status: str) -> None:
    """A status report of the provider that echoes our id."""
    update = StatusUpdate(status, world.clock(), "wamid.9", message_uuid=world.message(uuid).id)
    apply(world, "recorder", update)


def test_by_default_it_is_given_up_and_never_sent_again(make_queued: Any) -> None:
    world = make_queued()
    uuid = lose(world)

    world.clock.advance(HOUR - timedelta(seconds=1))
    world.work()
    assert read(world, uuid)["status"] == "unconfirmed"
    world.clock.advance(1)
    world.work()

    found = read(world, uuid)
    assert (found["status"], found["failure"]["code"]) == ("failed", "OUTCOME_UNKNOWN")
    assert "may have been sent" in found["failure"]["reason"]
    assert len(world.script.sent) == 1


def test_where_the_policy_says_so_it_is_sent_again_and_its_events_tell(make_queued: Any) -> None:
    world = make_queued(WAAPI_UNCONFIRMED_POLICY="resend", WAAPI_UNCONFIRMED_AFTER=60)
    uuid = lose(world)

    world.clock.advance(60)
    world.work()

    found = read(world, uuid)
    assert (found["status"], found["failure"], found["attempts"]) == ("sent", None, 2)
    assert [event["status"] for event in found["events"]] == ["queued", "unconfirmed", "queued", "sent"]
    assert "sent again" in found["events"][2]["reason"]
    assert len(world.script.sent) == 2


def test_until_it_is_sent_again_its_status_stays_unconfirmed(make_queued: Any) -> None:
    world = make_queued(WAAPI_UNCONFIRMED_POLICY="resend", WAAPI_UNCONFIRMED_AFTER=60)
    world.script.outcomes.extend([OutcomeUnknown("Lost."), Retryable("Overloaded.")])
    uuid = send(world)
    world.work()

    world.clock.advance(60)
    world.work()

    assert read(world, uuid)["status"] == "unconfirmed"
    assert world.message(uuid).due_at is not None


def test_sending_again_is_bounded_by_the_attempts(make_queued: Any) -> None:
    world = make_queued(WAAPI_UNCONFIRMED_POLICY="resend", WAAPI_UNCONFIRMED_AFTER=60, WAAPI_MAX_ATTEMPTS=3)
    world.script.outcomes.extend([OutcomeUnknown("Lost.")] * 10)
    uuid = send(world)

    for _ in range(10):
        world.work()
        world.clock.advance(60)

    assert len(world.script.sent) == 3
    assert read(world, uuid)["failure"]["code"] == "OUTCOME_UNKNOWN"


@pytest.mark.parametrize("policy", ["fail", "resend"])
@pytest.mark.parametrize("status", ["sent", "delivered", "read"])
def test_a_report_settles_it_and_nothing_is_sent_again(
    make_world: MakeWorld, policy: str, status: str
) -> None:
    world = make_world(WAAPI_DISPATCH="worker", WAAPI_UNCONFIRMED_POLICY=policy, **RECORDING)
    uuid = lose(world)

    report(world, uuid, status)
    world.clock.advance(2 * HOUR)
    world.work()

    found = read(world, uuid)
    assert (found["status"], found["failure"], found["provider_message_id"]) == (status, None, "wamid.9")
    assert len(world.script.sent) == 1


def test_a_report_that_comes_while_it_waits_to_be_sent_again_keeps_it_from_being(
    make_queued: Any,
) -> None:
    world = make_queued(WAAPI_UNCONFIRMED_POLICY="resend", WAAPI_UNCONFIRMED_AFTER=60)
    uuid = lose(world)
    world.clock.advance(60)
    world.services.pipeline  # noqa: B018 - the app is whole
    with_resend = world.services.worker._jobs["settle overdue messages"]
    assert with_resend() == 1
    assert world.message(uuid).lane is not None

    report(world, uuid, "delivered")
    world.work()

    assert read(world, uuid)["status"] == "delivered"
    assert len(world.script.sent) == 1


def test_a_row_that_knows_no_lane_waits_again_and_is_sent(make_queued: Any) -> None:
    """A process of a former release, which may still run beside us, stores such a one."""
    world = make_queued()
    uuid = send(world)
    with world.services.store.begin() as session:
        session.execute(sa.update(Message).values(lane=None))

    world.work()

    assert read(world, uuid)["status"] == "sent"


def test_a_report_that_comes_after_it_was_given_up_still_counts(make_queued: Any) -> None:
    world = make_queued()
    uuid = lose(world)
    world.clock.advance(HOUR)
    world.work()

    report(world, uuid, "delivered")

    assert read(world, uuid)["status"] == "delivered"


def test_a_report_that_it_was_sent_counts_after_it_was_given_up_too(make_queued: Any) -> None:
    world = make_queued()
    uuid = lose(world)
    world.clock.advance(HOUR)
    world.work()

    report(world, uuid, "sent")

    found = read(world, uuid)
    assert (found["status"], found["failure"]) == ("sent", None)


def test_a_sender_that_was_held_up_past_its_lease_sends_nothing(make_queued: Any) -> None:
    world = make_queued()
    uuid = send(world)
    queue = world.services.queue
    (message,) = queue.claim(lambda provider: 1)

    # A clock that jumps, or a process that was stopped and goes on.
    world.clock.advance(timedelta(minutes=10))
    world.services.pipeline._delivery.attempt(message, acknowledged=True)

    assert world.script.sent == []
    world.work()
    assert read(world, uuid)["status"] == "sent"
    assert len(world.script.sent) == 1


def test_a_slow_sender_does_not_take_away_what_another_has_in_hand(make_queued: Any) -> None:
    """The first sender is so slow that the policy has the message sent again while it still sends."""
    world = make_queued(WAAPI_UNCONFIRMED_POLICY="resend", WAAPI_UNCONFIRMED_AFTER=1)
    queue = world.services.queue
    claimed_again: list[Any] = []

    def dawdle(message: OutboundMessage) -> SendResult:
        settle = world.services.worker._jobs["settle overdue messages"]
        world.clock.advance(timedelta(minutes=10))
        assert settle() == 1
        world.clock.advance(1)
        assert settle() == 1
        claimed_again.extend(queue.claim(lambda provider: 1))
        return SendResult("wamid.1")

    world.script.outcomes.append(dawdle)
    uuid = send(world)
    (first,) = queue.claim(lambda provider: 1)
    world.services.pipeline._delivery.attempt(first, acknowledged=True)

    assert [message.attempts for message in claimed_again] == [2]
    in_hand = world.message(uuid)
    assert (in_hand.status, in_hand.claimed_at) == ("sent", claimed_again[0].claimed_at)
