"""Messages that go faster than their number may: they wait, and nothing is counted against them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

import services
from answers import data, error
from factories import (
    MESSAGES,
    RECIPIENT,
    RECORDING,
    TEMPLATE_SEND,
    TEXT_SEND,
    MakeWorld,
    World,
    template_body,
    text_body,
)
from flask_waapi import Retryable, TemplateDefinition, Throttled, Throughput
from flask_waapi.messaging.status import QUEUED
from recorder import Script

SLOW = Throughput(messages_per_second=1, burst=2)
"""Two at once, then one a second."""

PAIR = Throughput(recipient_interval=6, recipient_burst=2)
"""Two at once to one recipient, then one in six seconds."""

OTHER = "+1234567891"


@pytest.fixture
def paced(make_world: MakeWorld, migrated_uri: str) -> Any:
    """Makes an app of this throughput, once for each kind of database."""

    def make(throughput: Throughput, **config: Any) -> World:
        body = [{"type": "BODY", "text": "Your code."}]
        templates = [TemplateDefinition("otp", "en", "APPROVED", "AUTHENTICATION", "POSITIONAL", body)]
        script = Script(throughput=throughput, templates=templates)
        return make_world(database_uri=migrated_uri, script=script, **{**RECORDING, **config})

    return make


def send(world: World, status: int, **members: Any) -> str:
    """Send a text that is answered so; its uuid."""
    uuid: str = data(world.post(TEXT_SEND, text_body(**members)), status)["message_uuid"]
    return uuid


def statuses(world: World) -> list[str]:
    return [message.status for message in world.messages()]


def test_a_send_for_which_there_is_no_room_is_queued_and_goes_when_there_is(paced: Any) -> None:
    world = paced(SLOW)
    for _ in range(2):
        send(world, 201)

    uuid = send(world, 202)

    message = world.message(uuid)
    assert (message.status, message.attempts, message.failure_code) == (QUEUED, 0, None)
    assert world.events(uuid) == ["queued"]
    assert message.due_at == world.clock() + timedelta(seconds=1)
    world.work()
    assert len(world.script.sent) == 2
    world.clock.advance(1)
    world.work()
    assert world.message(uuid).status == "sent"
    assert world.script.sent[-1].attempt == 1


def test_a_send_that_waits_but_a_moment_is_answered_when_it_has_gone(paced: Any) -> None:
    world = paced(Throughput(messages_per_second=20, burst=1))

    assert [world.post(TEXT_SEND, text_body()).status_code for _ in range(7)] == [201] * 6 + [202]


def test_a_repeated_request_whose_message_waits_is_answered_as_the_first(paced: Any) -> None:
    world = paced(SLOW)
    for _ in range(2):
        send(world, 201)
    headers = {"Idempotency-Key": "order-1"}

    first = data(world.post(TEXT_SEND, text_body(), headers=headers), 202)
    second = data(world.post(TEXT_SEND, text_body(), headers=headers), 202)

    assert first == second
    assert len(world.messages()) == 3


def test_workers_take_in_hand_only_what_there_is_room_for(paced: Any) -> None:
    world = paced(SLOW, WAAPI_DISPATCH="worker", WAAPI_SEND_THREADS=8)
    for _ in range(5):
        send(world, 202)

    world.work()

    assert statuses(world) == ["sent"] * 2 + ["queued"] * 3
    assert [message.attempts for message in world.messages()] == [1, 1, 0, 0, 0]
    assert [message.claimed_at for message in world.messages()][2:] == [None] * 3
    for _ in range(3):
        world.clock.advance(1)
        world.work()
    assert statuses(world) == ["sent"] * 5


def test_what_waits_for_one_recipient_does_not_hold_up_another(paced: Any) -> None:
    world = paced(PAIR, WAAPI_DISPATCH="worker")
    for _ in range(5):
        send(world, 202)
    other = send(world, 202, to=OTHER)

    world.work()

    assert world.message(other).status == "sent"
    assert sorted(message.to for message in world.script.sent) == [RECIPIENT, RECIPIENT, OTHER]
    waits = [message.due_at - world.clock() for message in world.messages() if message.due_at]
    assert sorted(waits) == [timedelta(seconds=6), timedelta(seconds=12), timedelta(seconds=18)]
    for _ in range(3):
        world.clock.advance(6)
        world.work()
    assert statuses(world) == ["sent"] * 6


def test_a_one_time_password_does_not_queue_up_behind_others_to_the_same_recipient(paced: Any) -> None:
    world = paced(PAIR, WAAPI_DISPATCH="worker")
    for _ in range(6):
        send(world, 202)
    world.work()
    body = template_body(template_name="otp", variables=[])

    uuid = data(world.post(TEMPLATE_SEND, body), 202)["message_uuid"]
    world.work()

    assert world.message(uuid).due_at == world.clock() + timedelta(seconds=6)
    world.clock.advance(6)
    world.work()
    assert world.message(uuid).status == "sent"


def test_a_message_that_would_wait_beyond_its_time_is_given_up_in_time(paced: Any) -> None:
    world = paced(PAIR)
    for _ in range(2):
        send(world, 201)

    uuid = send(world, 202, expires_in=5)

    world.clock.advance(5)
    world.work()
    message = world.message(uuid)
    assert (message.status, message.failure_code) == ("failed", "MESSAGE_EXPIRED")
    assert len(world.script.sent) == 2


def test_a_simulated_send_does_not_use_up_the_pace(paced: Any) -> None:
    world = paced(SLOW)

    simulated = [world.post(TEXT_SEND, text_body(simulate=True)).status_code for _ in range(4)]
    real = [world.post(TEXT_SEND, text_body()).status_code for _ in range(3)]

    assert (simulated, real) == ([201] * 4, [201, 201, 202])


# What the provider throttles


def throttled(scope: str = Throttled.NUMBER, seconds: float | None = 4) -> Throttled:
    wait = None if seconds is None else timedelta(seconds=seconds)
    return Throttled("Slower.", scope=scope, code="130429", retry_after=wait)


def test_a_throttled_send_is_queued_even_where_its_caller_waits(paced: Any) -> None:
    world = paced(Throughput(messages_per_second=10, burst=5))
    world.script.outcomes.append(throttled())

    uuid = send(world, 202)

    shown = data(world.get(f"{MESSAGES}/{uuid}"))
    assert (shown["status"], shown["failure"]["code"]) == ("queued", "PROVIDER_THROTTLED")
    assert shown["failure"]["provider_code"] == "130429"
    assert world.message(uuid).due_at == world.clock() + timedelta(seconds=4)


def test_after_a_throttle_the_whole_number_rests_and_then_goes_slower(paced: Any) -> None:
    world = paced(Throughput(messages_per_second=2, burst=5))
    world.script.outcomes.append(throttled())
    send(world, 202)

    send(world, 202, to=OTHER)
    world.clock.advance(3.5)
    world.work()
    assert len(world.script.sent) == 1
    world.clock.advance(0.5)
    world.work()
    assert statuses(world) == ["sent", "queued"]
    world.clock.advance(0.5)
    world.work()
    assert statuses(world) == ["sent", "queued"]
    world.clock.advance(0.5)
    world.work()

    assert statuses(world) == ["sent", "sent"]


def test_after_a_throttle_of_one_recipient_others_go_on(paced: Any) -> None:
    world = paced(Throughput(messages_per_second=10, burst=5, recipient_interval=6, recipient_burst=45))
    world.script.outcomes.append(throttled(Throttled.RECIPIENT, 16))

    first = send(world, 202)
    second = send(world, 202)
    send(world, 201, to=OTHER)

    assert [world.message(uuid).due_at for uuid in (first, second)] == [
        world.clock() + timedelta(seconds=16)
    ] * 2


def test_throttles_do_not_use_up_the_attempts(paced: Any) -> None:
    world = paced(Throughput(messages_per_second=10), WAAPI_MAX_ATTEMPTS=2)
    world.script.outcomes.extend([*[throttled(seconds=1)] * 5, Retryable("Busy."), Retryable("Busy.")])
    uuid = send(world, 202)

    for _ in range(5):
        world.clock.advance(30)
        world.work()
    assert (world.message(uuid).status, world.message(uuid).attempts) == ("queued", 6)
    world.clock.advance(3_600)
    world.work()

    message = world.message(uuid)
    assert (message.status, message.attempts) == ("failed", 7)
    assert message.failure_reason == "Busy. Given up after 7 attempts (WAAPI_MAX_ATTEMPTS)."


def test_what_is_throttled_for_a_day_is_given_up(paced: Any) -> None:
    world = paced(Throughput(messages_per_second=10))
    world.script.outcomes.extend([throttled(seconds=43_000)] * 5)
    uuid = send(world, 202)

    for _ in range(2):
        world.clock.advance(43_000)
        world.work()

    message = world.message(uuid)
    assert (message.status, message.failure_code) == ("failed", "PROVIDER_UNAVAILABLE")
    assert "too old (WAAPI_RETRY_MAX_AGE)" in (message.failure_reason or "")


def test_a_throttle_beyond_the_messages_time_tells_its_caller_at_once(paced: Any) -> None:
    world = paced(Throughput(messages_per_second=10))
    world.script.outcomes.append(throttled(seconds=60))

    answer = world.post(TEXT_SEND, text_body(expires_in=30))

    error(answer, 422, "MESSAGE_REJECTED")
    assert world.message().failure_code == "MESSAGE_EXPIRED"


def test_an_instance_without_a_limit_only_puts_the_throttled_message_back(paced: Any) -> None:
    world = paced(Throughput())
    world.script.outcomes.append(throttled(seconds=None))

    uuid = send(world, 202)
    send(world, 201)

    assert world.message(uuid).due_at == world.clock() + timedelta(seconds=1)


@pytest.mark.parametrize("of_one_number", [True, False])
def test_instances_of_one_number_share_its_throughput(make_world: MakeWorld, of_one_number: bool) -> None:
    number = "1" if of_one_number else None
    script = Script(throughput=Throughput(number=number, messages_per_second=1))
    instances = {"first": {"type": "recorder"}, "second": {"type": "recorder"}}
    world = make_world(script=script, WAAPI_PROVIDERS=instances, WAAPI_DEFAULT_PROVIDER="first")
    second = world.issue_key("second", provider="second")

    codes = [world.post(TEXT_SEND, text_body(), key).status_code for key in ("", second)]

    assert codes == [201, 202 if of_one_number else 201]


@pytest.mark.redis
def test_apps_over_one_redis_share_the_throughput_of_a_number(make_world: MakeWorld) -> None:
    uri = services.require("redis")
    script = Script(throughput=Throughput(number=uuid4().hex, messages_per_second=1, burst=2))
    worlds = [make_world(script=script, WAAPI_LIMITS_STORAGE_URI=uri, **RECORDING) for _ in range(2)]
    key = worlds[0].issue_key()

    codes = [world.post(TEXT_SEND, text_body(), key).status_code for world in worlds * 2]

    assert codes == [201, 201, 202, 202]
