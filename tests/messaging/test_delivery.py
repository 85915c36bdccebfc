"""Handing messages over: each kind of failure, retries, bounds, a sender that dies, several loops at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from answers import data, error
from factories import MESSAGES, RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import (
    Misconfigured,
    OutboundMessage,
    OutcomeUnknown,
    Rejected,
    Retryable,
    SendResult,
    StatusUpdate,
    UnsupportedFeature,
    WindowClosed,
)
from flask_waapi.storage.models import Message
from reports import apply

# What the provider says; the message's status and failure code; the answer's status and code.
OUTCOMES: list[tuple[Any, str, str | None, int, str | None]] = [
    (SendResult("wamid.1"), "sent", None, 201, None),
    (Retryable("Overloaded."), "failed", "PROVIDER_UNAVAILABLE", 503, "PROVIDER_UNAVAILABLE"),
    (Rejected("No such number.", code="131026"), "failed", "MESSAGE_REJECTED", 422, "MESSAGE_REJECTED"),
    (WindowClosed("Too late."), "failed", "SERVICE_WINDOW_CLOSED", 409, "SERVICE_WINDOW_CLOSED"),
    (UnsupportedFeature("No texts."), "failed", "UNSUPPORTED_FEATURE", 422, "UNSUPPORTED_FEATURE"),
    (Misconfigured("Wrong token."), "failed", "PROVIDER_ERROR", 502, "PROVIDER_ERROR"),
    (OutcomeUnknown("Lost."), "unconfirmed", "OUTCOME_UNKNOWN", 202, None),
    (RuntimeError("a bug"), "unconfirmed", "OUTCOME_UNKNOWN", 202, None),
]


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


def _send_and_work(world: World) -> None:
    send(world)
    world.work()


@pytest.mark.parametrize(("outcome", "status", "failure", "http", "code"), OUTCOMES)
def test_who_waits_is_told_what_became_of_the_message(
    recording: World, outcome: Any, status: str, failure: str | None, http: int, code: str | None
) -> None:
    recording.script.outcomes.append(outcome)

    answer = recording.post(TEXT_SEND, text_body())

    message = recording.message()
    assert (message.status, message.failure_code) == (status, failure)
    waits_until = message.created_at + timedelta(hours=1) if status == "unconfirmed" else None
    assert (message.due_at, message.claimed_at, message.attempts) == (waits_until, None, 1)
    if code is None:
        assert data(answer, http)["status"] == status
    else:
        details = error(answer, http, code)["details"]
        assert details["message_uuid"] == str(message.id)
        assert details["reason"] == str(outcome)


@pytest.mark.parametrize(("outcome", "status", "failure", "http", "code"), OUTCOMES)
def test_no_failure_that_was_told_is_sent_again(
    recording: World, outcome: Any, status: str, failure: str | None, http: int, code: str | None
) -> None:
    recording.script.outcomes.append(outcome)
    recording.post(TEXT_SEND, text_body())

    for _ in range(3):
        recording.clock.advance(timedelta(days=1))
        recording.work()

    assert len(recording.script.sent) == 1
    assert recording.message().status == ("failed" if status == "unconfirmed" else status)


@pytest.mark.parametrize(
    ("outcome", "status", "failure"),
    [
        (outcome, status, failure)
        for outcome, status, failure, _, _ in OUTCOMES
        if not isinstance(outcome, Retryable)
    ],
)
def test_an_acknowledged_message_ends_in_the_same_status(
    make_world: MakeWorld, outcome: Any, status: str, failure: str | None
) -> None:
    world = make_world(WAAPI_DISPATCH="thread", **RECORDING)
    world.script.outcomes.append(outcome)
    send(world)

    world.work()

    message = world.message()
    assert (message.status, message.failure_code, message.claimed_at) == (status, failure, None)


@pytest.mark.parametrize("dispatch", ["inline", "thread"])
def test_a_message_whose_sender_died_is_unconfirmed_and_never_sent_again(
    make_world: MakeWorld, migrated_uri: str, dispatch: str
) -> None:
    class Killed(BaseException):
        """Stands for kill -9: nothing of ours gets to run."""

    world = make_world(database_uri=migrated_uri, WAAPI_DISPATCH=dispatch, **RECORDING)
    world.script.outcomes.append(Killed())
    # In the thread that serves the request, or in one of the threads that send.
    with pytest.raises(Killed) if dispatch == "inline" else nullcontext():
        _send_and_work(world)
    uuid = str(world.message().id)
    assert world.message().status == "queued"

    world.clock.advance(timedelta(seconds=119))
    world.work()
    assert world.message().status == "queued"
    world.clock.advance(timedelta(seconds=1))
    world.work()

    found = data(world.get(f"{MESSAGES}/{uuid}"))
    assert found["status"] == "unconfirmed"
    world.clock.advance(timedelta(days=30))
    world.work()
    assert len(world.script.sent) == 1


def test_a_report_settles_what_was_unconfirmed(any_recording: World) -> None:
    any_recording.script.outcomes.append(OutcomeUnknown("Lost."))
    uuid = send(any_recording)
    report = StatusUpdate(
        "delivered", any_recording.clock(), "wamid.9", message_uuid=any_recording.message().id
    )

    apply(any_recording, "recorder", report)

    found = data(any_recording.get(f"{MESSAGES}/{uuid}"))
    assert (found["status"], found["provider_message_id"]) == ("delivered", "wamid.9")


def test_a_sender_that_was_only_slow_still_records_its_success(any_recording: World) -> None:
    def dawdle(message: OutboundMessage) -> SendResult:
        any_recording.clock.advance(timedelta(minutes=10))
        any_recording.work()
        assert any_recording.message().status == "unconfirmed"
        return SendResult("late")

    any_recording.script.outcomes.append(dawdle)

    answer = any_recording.post(TEXT_SEND, text_body())

    assert data(answer, 201)["status"] == "sent"
    assert any_recording.message().provider_message_id == "late"
    assert len(any_recording.script.sent) == 1


def test_two_loops_at_once_send_each_message_once(make_world: MakeWorld, migrated_uri: str) -> None:
    first = make_world(database_uri=migrated_uri, WAAPI_DISPATCH="thread", **RECORDING)
    second = make_world(database_uri=migrated_uri, WAAPI_DISPATCH="thread", script=first.script, **RECORDING)
    uuids = {send(first) for _ in range(20)}
    start = threading.Barrier(2)

    def work(world: World) -> None:
        start.wait(20)
        world.work()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [first, second]))

    sent = [str(message.uuid) for message in first.script.sent]
    assert sorted(sent) == sorted(uuids)
    assert {message.status for message in first.messages()} == {"sent"}


def test_more_messages_than_a_batch_are_all_sent(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_DISPATCH="thread", **RECORDING)
    for _ in range(60):
        send(world)

    world.work()

    assert len(world.script.sent) == 60


def test_one_message_that_fails_holds_up_no_other(threaded: World) -> None:
    threaded.script.outcomes.extend([RuntimeError("a bug"), Retryable("Overloaded.")])
    for _ in range(4):
        send(threaded)

    threaded.work()

    statuses = sorted(message.status for message in threaded.messages())
    assert statuses == ["queued", "sent", "sent", "unconfirmed"]


def test_no_transaction_is_open_while_the_provider_is_called(recording: World) -> None:
    def write_elsewhere(message: OutboundMessage) -> SendResult:
        # SQLite has one writer: this would wait for ever, were one open.
        with recording.services.store.begin() as session:
            session.execute(sa.update(Message).values(reference="written meanwhile"))
        return SendResult("wamid.1")

    recording.script.outcomes.append(write_elsewhere)

    send(recording)

    assert recording.message().reference == "written meanwhile"


def test_a_message_of_a_provider_that_is_no_longer_configured_fails_with_words(make_world: MakeWorld) -> None:
    before = make_world(WAAPI_DISPATCH="thread", **RECORDING)
    send(before)

    after = make_world(WAAPI_DISPATCH="thread")
    after.work()

    message = after.message()
    assert (message.status, message.failure_code) == ("failed", "PROVIDER_ERROR")
    assert message.failure_reason == "The provider 'recorder' is not configured any more."


def test_what_the_provider_calls_a_message_may_be_of_any_length_it_documents(shared_anywhere: World) -> None:
    shared_anywhere.script.outcomes.append(SendResult("w" * 255))

    uuid = send(shared_anywhere)

    assert shared_anywhere.message(uuid).provider_message_id == "w" * 255


@pytest.mark.parametrize(
    "outcome", [Rejected("x" * 5_000, code="1" * 500), Misconfigured("Grund: " + "ü" * 3_000, code="ü" * 80)]
)
def test_a_long_winded_refusal_is_recorded_as_a_refusal(shared_anywhere: World, outcome: Exception) -> None:
    shared_anywhere.script.outcomes.append(outcome)

    answer = shared_anywhere.post(TEXT_SEND, text_body())

    assert answer.status_code in {422, 502}
    uuid = answer.get_json()["error"]["details"]["message_uuid"]
    assert shared_anywhere.message(uuid).status == "failed"


def test_a_provider_message_id_that_is_too_long_does_not_lose_the_success(shared_anywhere: World) -> None:
    shared_anywhere.script.outcomes.append(SendResult("w" * 300))

    assert data(shared_anywhere.post(TEXT_SEND, text_body()), 201)["status"] == "sent"
