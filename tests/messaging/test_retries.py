"""What is tried again, when, how often, and what is said of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from answers import data, error
from factories import MESSAGES, RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import (
    Misconfigured,
    ProviderError,
    Rejected,
    Retryable,
    SendResult,
    Throttled,
    UnsupportedFeature,
)


@pytest.fixture
def threaded(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app that acknowledges first and sends from the background, once for each kind of database."""
    return make_world(database_uri=migrated_uri, WAAPI_DISPATCH="thread", WAAPI_MAX_ATTEMPTS=4, **RECORDING)


def send(world: World, **members: Any) -> str:
    """Send a text that is acknowledged; its uuid."""
    answer = world.post(TEXT_SEND, text_body(**members))
    assert answer.status_code in {201, 202}
    uuid: str = answer.get_json()["data"]["message_uuid"]
    return uuid


def next_try(world: World) -> timedelta:
    """How long the one message waits from now on."""
    due = world.message().due_at
    assert due is not None
    return due - world.clock()


def test_an_acknowledged_message_is_tried_again_when_its_time_has_come(threaded: World) -> None:
    threaded.script.outcomes.extend([Retryable("Overloaded.", code="130429")] * 2)
    uuid = send(threaded)

    threaded.work()
    assert threaded.message().status == "queued"
    threaded.clock.advance(next_try(threaded) - timedelta(microseconds=1))
    threaded.work()
    assert len(threaded.script.sent) == 1
    threaded.clock.advance(timedelta(microseconds=1))
    threaded.work()
    assert len(threaded.script.sent) == 2
    threaded.clock.advance(next_try(threaded))
    threaded.work()

    assert data(threaded.get(f"{MESSAGES}/{uuid}"))["status"] == "sent"
    assert [sent.attempt for sent in threaded.script.sent] == [1, 2, 3]
    assert {str(sent.uuid) for sent in threaded.script.sent} == {uuid}


class Bare(Retryable):
    """What an author writes who has not thought of ``super().__init__``."""

    def __init__(self) -> None:
        pass


def filled_afterwards(**members: Any) -> Retryable:
    """An error whose members were set from the network's JSON."""
    error = Retryable("Overloaded.")
    vars(error).update(members)
    return error


@pytest.mark.parametrize(
    "refusal",
    [
        Retryable("Overloaded.", code=20503),
        Retryable("Overloaded.", retry_after=30),
        Retryable("Overloaded.", retry_after=float("nan")),
        Retryable({"title": "Overloaded."}),  # type: ignore[arg-type]
        Throttled("Overloaded.", scope=Throttled.NUMBER, code=20503, retry_after=30.5),
        filled_afterwards(code=20503),
        filled_afterwards(retry_after=30),
        filled_afterwards(message=None),
        Bare(),
    ],
    ids=repr,
)
def test_an_error_that_a_plugin_has_filled_wrongly_keeps_its_meaning(
    threaded: World, refusal: Retryable
) -> None:
    threaded.script.outcomes.append(refusal)
    uuid = send(threaded)

    threaded.work()
    assert threaded.message().status == "queued"
    threaded.clock.advance(next_try(threaded))
    threaded.work()

    events = data(threaded.get(f"{MESSAGES}/{uuid}"))["events"]
    assert [event["status"] for event in events] == ["queued", "queued", "sent"]


def test_a_code_and_a_pause_may_be_numbers_as_gateways_give_them(threaded: World) -> None:
    threaded.script.outcomes.append(Retryable("Overloaded.", code=20503, retry_after=30))
    send(threaded)

    threaded.work()

    assert (threaded.message().provider_code, next_try(threaded)) == ("20503", timedelta(seconds=30))


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (Retryable("Overloaded.", code=20503, retry_after=30), 503, "PROVIDER_UNAVAILABLE"),
        (Rejected("No such number.", code=404), 422, "MESSAGE_REJECTED"),
        (Misconfigured("No credit.", code=402), 502, "PROVIDER_ERROR"),
    ],
)
def test_who_waits_for_the_answer_hears_a_numeric_code_as_words(
    any_recording: World, refusal: ProviderError, status: int, code: str
) -> None:
    any_recording.script.outcomes.append(refusal)

    answer = any_recording.post(TEXT_SEND, text_body())

    assert isinstance(error(answer, status, code)["details"]["provider_code"], str)
    assert answer.headers.get("Retry-After") == ("30" if status == 503 else None)


def test_a_network_may_number_its_messages(threaded: World) -> None:
    threaded.script.outcomes.append(SendResult(4711))  # type: ignore[arg-type]
    send(threaded)

    threaded.work()

    assert (threaded.message().status, threaded.message().provider_message_id) == ("sent", "4711")


def test_while_it_waits_a_message_says_why_and_forgets_it_when_it_is_sent(threaded: World) -> None:
    threaded.script.outcomes.append(Retryable("Overloaded.", code="130429"))
    uuid = send(threaded)
    threaded.work()

    waiting = data(threaded.get(f"{MESSAGES}/{uuid}"))
    assert (waiting["status"], waiting["failure"]["provider_code"]) == ("queued", "130429")

    threaded.clock.advance(next_try(threaded))
    threaded.work()
    assert data(threaded.get(f"{MESSAGES}/{uuid}"))["failure"] is None


def test_the_pauses_double_from_five_seconds_with_jitter_to_an_hour(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_DISPATCH="thread", WAAPI_MAX_ATTEMPTS=40, **RECORDING)
    world.script.outcomes.extend([Retryable("Overloaded.")] * 30)
    send(world)
    pauses = []
    for _ in range(30):
        world.work()
        pauses.append(next_try(world).total_seconds())
        world.clock.advance(next_try(world))

    for number, pause in enumerate(pauses):
        middle = min(5 * 2**number, 3_600)
        assert middle * 0.8 <= pause <= middle * 1.2
    assert len(set(pauses)) == 30


@pytest.mark.parametrize("pause", [timedelta(seconds=1), timedelta(seconds=30), timedelta(hours=5)])
def test_the_providers_own_word_on_the_pause_is_obeyed(make_world: MakeWorld, pause: timedelta) -> None:
    world = make_world(WAAPI_DISPATCH="thread", **RECORDING)
    world.script.outcomes.append(Retryable("Throttled.", retry_after=pause))
    send(world)

    world.work()

    assert next_try(world) == pause


def test_attempts_are_bounded(threaded: World) -> None:
    threaded.script.outcomes.extend([Retryable("Overloaded.", code="130429")] * 20)
    send(threaded)

    for _ in range(10):
        threaded.work()
        threaded.clock.advance(timedelta(hours=2))

    message = threaded.message()
    assert len(threaded.script.sent) == message.attempts == 4
    assert (message.status, message.failure_code) == ("failed", "PROVIDER_UNAVAILABLE")
    assert (message.provider_code, message.due_at) == ("130429", None)


def test_each_attempt_is_an_event_with_its_reason(threaded: World) -> None:
    threaded.script.outcomes.extend([Retryable("Overloaded.", code="130429"), Retryable("Away.", code="2")])
    uuid = send(threaded)
    for _ in range(3):
        threaded.work()
        threaded.clock.advance(timedelta(minutes=1))

    events = data(threaded.get(f"{MESSAGES}/{uuid}"))["events"]

    told = [(event["status"], event["attempt"], event["code"], event["provider_code"]) for event in events]
    assert told == [
        ("queued", None, None, None),
        ("queued", 1, "PROVIDER_UNAVAILABLE", "130429"),
        ("queued", 2, "PROVIDER_UNAVAILABLE", "2"),
        ("sent", 3, None, None),
    ]
    assert events[1]["reason"] == "Overloaded."


def test_giving_up_says_after_how_many_attempts(threaded: World) -> None:
    threaded.script.outcomes.extend([Retryable("Overloaded.")] * 20)
    send(threaded)
    for _ in range(6):
        threaded.work()
        threaded.clock.advance(timedelta(hours=1))

    assert threaded.message().failure_reason == "Overloaded. Given up after 4 attempts (WAAPI_MAX_ATTEMPTS)."


def test_age_is_bounded_too(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_DISPATCH="thread", WAAPI_MAX_ATTEMPTS=100, WAAPI_RETRY_MAX_AGE=60, **RECORDING)
    world.script.outcomes.extend([Retryable("Overloaded.", retry_after=timedelta(seconds=20))] * 20)
    send(world)
    for _ in range(6):
        world.work()
        world.clock.advance(timedelta(seconds=20))

    assert len(world.script.sent) == 4
    assert "WAAPI_RETRY_MAX_AGE" in (world.message().failure_reason or "")


def test_a_message_that_would_be_tried_too_late_expires_at_once(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_DISPATCH="thread", **RECORDING)
    world.script.outcomes.append(Retryable("Throttled.", code="130429", retry_after=timedelta(minutes=5)))
    send(world, expires_in=60)

    world.work()

    message = world.message()
    assert (message.status, message.failure_code) == ("failed", "MESSAGE_EXPIRED")
    assert message.provider_code == "130429"


@pytest.mark.parametrize("outcome", [Rejected("No."), Misconfigured("No token."), UnsupportedFeature("No.")])
def test_what_cannot_pass_is_never_tried_again(threaded: World, outcome: Exception) -> None:
    threaded.script.outcomes.append(outcome)
    send(threaded)
    for _ in range(5):
        threaded.work()
        threaded.clock.advance(timedelta(hours=2))

    assert len(threaded.script.sent) == 1
    assert threaded.message().status == "failed"


def test_the_caller_that_waits_is_told_the_providers_own_word_on_when_to_try_again(recording: World) -> None:
    recording.script.outcomes.append(Retryable("Throttled.", retry_after=timedelta(seconds=77)))

    answer = recording.post(TEXT_SEND, text_body())

    error(answer, 503, "PROVIDER_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "77"
