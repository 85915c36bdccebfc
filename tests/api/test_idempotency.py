"""Idempotency-Key: a repeated request gets the first answer and has no further effect."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from answers import data, error, pointers
from factories import (
    MEDIA_SEND,
    RECIPIENT,
    RECORDING,
    TEMPLATE_SEND,
    TEXT_SEND,
    MakeWorld,
    World,
    template_body,
    text_body,
)
from flask_waapi import (
    Misconfigured,
    OutboundMessage,
    OutcomeUnknown,
    Rejected,
    Retryable,
    SendResult,
    WindowClosed,
)
from flask_waapi.storage.models import IdempotencyRecord


def send(world: World, idempotency_key: str = "order-1", **options: Any) -> TestResponse:
    """Send a text under an idempotency key."""
    body = options.pop("body", None) or text_body()
    path = options.pop("path", TEXT_SEND)
    return world.post(path, body, headers={"Idempotency-Key": idempotency_key}, **options)


def test_the_same_request_gets_the_same_answer_and_sends_nothing_again(any_recording: World) -> None:
    first = send(any_recording)
    any_recording.clock.advance(60)
    second = send(any_recording)

    assert second.status_code == first.status_code == 201
    assert second.get_json() == first.get_json()
    assert len(any_recording.script.sent) == len(any_recording.messages()) == 1


def test_only_the_repetition_is_marked_as_one(world: World) -> None:
    answers = [send(world) for _ in range(3)]

    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true", "true"]


def test_a_repetition_has_its_own_request_id_in_the_header(world: World) -> None:
    first, second = send(world), send(world)

    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_a_request_with_another_body_is_refused(any_recording: World) -> None:
    send(any_recording)

    error(send(any_recording, body=text_body(text="Other")), 422, "IDEMPOTENCY_MISMATCH")

    assert len(any_recording.script.sent) == 1


def test_the_order_of_members_and_white_space_are_not_another_body(world: World) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = world.post_raw(TEXT_SEND, b'{"to": "+1234567890", "text": "Hello"}', headers=headers)
    second = world.post_raw(TEXT_SEND, b'{"text":"\\u0048ello","to":"+1234567890"}', headers=headers)

    assert second.get_json() == first.get_json()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (text_body(), text_body(preview_url=False)),
        (text_body(), text_body(simulate=False)),
        (text_body(), text_body(text="Hello ")),
        (text_body(reference="1"), text_body(reference="2")),
        (text_body(to="+1234567890"), text_body(to="+1234567891")),
    ],
)
def test_any_difference_is_another_body(world: World, first: Any, second: Any) -> None:
    data(send(world, body=first), 201)

    error(send(world, body=second), 422, "IDEMPOTENCY_MISMATCH")


@pytest.mark.parametrize(
    ("written", "again"),
    [
        ("order-1", '"order-1"'),
        ('"order-1"', "order-1"),
        ("order-1", "  order-1  "),
        ('"a\\"b\\\\c"', 'a"b\\c'),
        ('"with space"', "with space"),
        ('"', '"'),
    ],
)
def test_the_key_may_be_quoted_or_bare(recording: World, written: str, again: str) -> None:
    send(recording, written)

    assert send(recording, again).headers["Idempotency-Replayed"] == "true"
    assert len(recording.script.sent) == 1


def test_keys_differ_by_case(any_world: World) -> None:
    send(any_world, "Order")
    send(any_world, "order")

    assert len(any_world.messages()) == 2


@pytest.mark.parametrize("key", ["x", "x" * 255, "~!@#$%^&*()_+{}|:<>?", '"' + "x" * 255 + '"'])
def test_1_to_255_printable_characters_make_a_key(world: World, key: str) -> None:
    assert send(world, key).status_code == 201
    assert send(world, key).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", '""', "   ", "x" * 256, "ü", "a\tb", "a\x7fb", '"' + "x" * 256 + '"'])
def test_anything_else_is_refused_before_anything_is_done(recording: World, key: str) -> None:
    assert pointers(send(recording, key)) == {"/headers/Idempotency-Key"}
    assert recording.messages() == []


def test_without_a_key_each_request_is_a_message_of_its_own(recording: World) -> None:
    for _ in range(2):
        recording.post(TEXT_SEND, text_body())

    assert len(recording.script.sent) == 2
    assert recording.count(IdempotencyRecord) == 0


def test_the_key_counts_within_the_account_not_within_the_api_key(any_recording: World) -> None:
    first = send(any_recording)
    colleague = any_recording.issue_key("colleague")
    stranger = any_recording.issue_key("stranger", account="other")

    assert send(any_recording, key=colleague).get_json() == first.get_json()
    other = send(any_recording, key=stranger, body=text_body(text="Another account's"))

    assert data(other, 201)["message_uuid"] != first.get_json()["data"]["message_uuid"]


def test_the_key_counts_within_the_route(any_recording: World) -> None:
    send(any_recording)
    send(any_recording, path=MEDIA_SEND, body={"to": RECIPIENT, "type": "image", "media_id": "1"})

    assert {message.type for message in any_recording.messages()} == {"text", "image"}


def test_it_is_forgotten_after_its_lifetime(any_recording: World) -> None:
    send(any_recording)
    any_recording.clock.advance(timedelta(hours=24) - timedelta(microseconds=1))
    assert send(any_recording).headers["Idempotency-Replayed"] == "true"

    any_recording.clock.advance(timedelta(microseconds=1))
    data(send(any_recording, body=text_body(text="The next day")), 201)

    assert len(any_recording.script.sent) == 2


def test_what_is_forgotten_is_deleted_by_the_background(world: World) -> None:
    send(world)
    world.work()
    assert world.count(IdempotencyRecord) == 1

    world.clock.advance(timedelta(hours=24))
    world.work()

    assert world.count(IdempotencyRecord) == 0


def test_a_refusal_by_the_provider_is_repeated_and_not_asked_for_again(any_recording: World) -> None:
    any_recording.script.outcomes.append(Rejected("No such number.", code="131026"))

    first = send(any_recording)
    second = send(any_recording)

    error(first, 422, "MESSAGE_REJECTED")
    assert second.status_code == 422
    assert second.get_json() == first.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(any_recording.script.sent) == 1


def test_an_unknown_outcome_is_repeated_and_never_sent_again(recording: World) -> None:
    recording.script.outcomes.append(OutcomeUnknown("The line went dead."))

    first, second = send(recording), send(recording)

    assert (first.status_code, second.status_code) == (202, 202)
    assert len(recording.script.sent) == 1


@pytest.mark.parametrize(
    "outcome", [Retryable("Overloaded."), Misconfigured("Wrong token."), WindowClosed("Too late.")]
)
def test_what_sent_nothing_and_may_pass_can_be_tried_again_under_the_same_key(
    recording: World, outcome: Exception
) -> None:
    recording.script.outcomes.append(outcome)

    assert send(recording).status_code in {409, 502, 503}
    data(send(recording), 201)

    assert len(recording.script.sent) == 2


def test_so_it_can_where_the_process_died_before_it_could_free_the_key(
    any_recording: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_recording.script.outcomes.append(Retryable("Overloaded."))
    with monkeypatch.context() as patched:
        patched.setattr(any_recording.services.pipeline, "_release", lambda claim, message: None)
        error(send(any_recording), 503, "PROVIDER_UNAVAILABLE")
    error(send(any_recording), 409, "IDEMPOTENCY_IN_PROGRESS")
    any_recording.clock.advance(10)

    sent = send(any_recording)

    data(sent, 201)
    assert send(any_recording).get_json() == sent.get_json()
    assert len(any_recording.script.sent) == 2


def test_a_request_that_failed_its_checks_leaves_the_key_free(recording: World) -> None:
    error(send(recording, body=text_body(to="12")), 422, "VALIDATION_ERROR")
    data(send(recording, body=text_body()), 201)

    unknown, known = template_body(language="xx"), template_body()
    error(send(recording, "order-2", path=TEMPLATE_SEND, body=unknown), 404, "TEMPLATE_NOT_FOUND")
    data(send(recording, "order-2", path=TEMPLATE_SEND, body=known), 201)


def test_while_the_first_request_runs_a_repetition_is_told_to_wait(any_recording: World) -> None:
    entered, leave = threading.Event(), threading.Event()

    def dawdle(message: OutboundMessage) -> SendResult:
        entered.set()
        assert leave.wait(20)
        return SendResult("late")

    any_recording.script.outcomes.append(dawdle)
    any_recording.key()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, any_recording)
        assert entered.wait(20)
        second = send(any_recording)
        mismatch = send(any_recording, body=text_body(text="Other"))
        leave.set()

    error(second, 409, "IDEMPOTENCY_IN_PROGRESS")
    assert second.headers["Retry-After"] == "1"
    error(mismatch, 422, "IDEMPOTENCY_MISMATCH")
    assert first.result().status_code == 201
    assert send(any_recording).get_json() == first.result().get_json()
    assert len(any_recording.script.sent) == 1


def test_thirty_two_threads_with_one_key_send_one_message(any_recording: World) -> None:
    any_recording.key()
    start = threading.Barrier(32)

    def race(_: int) -> TestResponse:
        start.wait(20)
        return send(any_recording)

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(race, range(32)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({str(answer.get_json()) for answer in answers if answer.status_code == 201}) == 1
    assert len(any_recording.script.sent) == len(any_recording.messages()) == 1


def test_a_queued_message_is_answered_as_queued_again_though_it_was_sent_since(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING, WAAPI_DISPATCH="thread")
    first = send(world)
    world.work()

    assert first.status_code == 202
    assert send(world).get_json() == first.get_json()
    world.work()
    assert len(world.script.sent) == 1


def test_the_answer_of_a_request_whose_process_died_is_made_from_its_message(recording: World) -> None:
    first = send(recording)
    with recording.services.store.begin() as session:
        (record,) = session.query(IdempotencyRecord)
        record.answer_status = record.answer_body = None

    error(send(recording), 409, "IDEMPOTENCY_IN_PROGRESS")
    recording.clock.advance(10)
    second = send(recording)

    assert (second.status_code, second.get_json()) == (201, first.get_json())
    assert len(recording.script.sent) == 1


def test_a_simulated_message_is_repeated_too(recording: World) -> None:
    first = send(recording, body=text_body(simulate=True))

    assert send(recording, body=text_body(simulate=True)).get_json() == first.get_json()
    assert len(recording.messages()) == 1
