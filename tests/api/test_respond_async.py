"""``Prefer: respond-async``: the answer at once, the sending afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from answers import data, error, pointers
from factories import (
    MEDIA_SEND,
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
from flask_waapi import Rejected, Retryable


def send(world: World, prefer: str = "respond-async", **headers: str) -> TestResponse:
    """Send a text with a preference."""
    return world.post(TEXT_SEND, text_body(), headers={"Prefer": prefer, **headers})


def test_the_answer_comes_before_the_message_is_sent(any_recording: World) -> None:
    answer = send(any_recording)

    assert data(answer, 202)["status"] == "queued"
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert any_recording.script.sent == []
    any_recording.work()
    assert any_recording.message().status == "sent"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (TEMPLATE_SEND, template_body()),
        (MEDIA_SEND, {"to": RECIPIENT, "type": "image", "media_id": "1"}),
    ],
)
def test_every_send_takes_the_preference(recording: World, path: str, body: dict[str, object]) -> None:
    assert recording.post(path, body, headers={"Prefer": "respond-async"}).status_code == 202
    assert recording.script.sent == []


@pytest.mark.parametrize(
    "prefer",
    [
        "respond-async",
        "Respond-Async",
        "RESPOND-ASYNC",
        "  respond-async  ",
        "respond-async, wait=10",
        "wait=10, respond-async",
        "return=minimal,respond-async",
        "respond-async; wait=10",
        'handling=lenient; x="y", respond-async',
        ",,respond-async,",
    ],
)
def test_the_preference_is_found_among_others_and_in_any_case(recording: World, prefer: str) -> None:
    assert send(recording, prefer).headers["Preference-Applied"] == "respond-async"


@pytest.mark.parametrize(
    "prefer",
    [
        "",
        ",",
        "wait=10",
        "async",
        "respond-asynchronous",
        "respond-async=no",
        "xrespond-async",
        '"',
        "=",
        ";",
    ],
)
def test_other_preferences_change_nothing(recording: World, prefer: str) -> None:
    answer = send(recording, prefer)

    assert answer.status_code == 201
    assert "Preference-Applied" not in answer.headers


def test_the_preference_may_stand_in_the_second_of_two_headers(recording: World) -> None:
    answer = recording.client.post(
        TEXT_SEND,
        json=text_body(),
        headers=[("X-API-Key", recording.key()), ("Prefer", "wait=5"), ("Prefer", "respond-async")],
    )

    assert answer.status_code == 202


def test_what_is_wrong_is_still_told_at_once(recording: World) -> None:
    answer = recording.post(TEXT_SEND, text_body(to="12"), headers={"Prefer": "respond-async"})

    assert pointers(answer) == {"/to"}
    assert "Preference-Applied" not in answer.headers


def test_a_refusal_by_the_provider_is_read_afterwards(recording: World) -> None:
    recording.script.outcomes.append(Rejected("No such number.", code="131026"))
    uuid = data(send(recording), 202)["message_uuid"]
    recording.work()

    found = data(recording.get(f"{MESSAGES}/{uuid}"))

    assert (found["status"], found["failure"]["code"]) == ("failed", "MESSAGE_REJECTED")


def test_a_failure_that_may_pass_is_retried_by_us(recording: World) -> None:
    recording.script.outcomes.append(Retryable("Overloaded.", retry_after=timedelta(seconds=30)))
    send(recording)
    recording.work()
    assert recording.message().status == "queued"

    recording.clock.advance(30)
    recording.work()

    assert recording.message().status == "sent"


def test_without_the_preference_a_failure_that_may_pass_is_the_callers_to_retry(recording: World) -> None:
    recording.script.outcomes.append(Retryable("Overloaded.", retry_after=timedelta(seconds=29.2)))

    answer = recording.post(TEXT_SEND, text_body())

    error(answer, 503, "PROVIDER_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "30"


def test_where_all_messages_are_sent_later_the_preference_is_met(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING, WAAPI_DISPATCH="thread")

    assert send(world).headers["Preference-Applied"] == "respond-async"


def test_a_repetition_gets_the_first_answer_whatever_it_prefers(any_recording: World) -> None:
    first = send(any_recording, **{"Idempotency-Key": "k"})
    any_recording.work()

    again = send(any_recording, **{"Idempotency-Key": "k"})
    impatient = send(any_recording, "wait=10", **{"Idempotency-Key": "k"})
    any_recording.work()

    for answer in (again, impatient):
        assert (answer.status_code, answer.get_json()) == (202, first.get_json())
        assert answer.headers["Idempotency-Replayed"] == "true"
    assert len(any_recording.script.sent) == 1


def test_a_repetition_of_what_was_sent_at_once_stays_sent(recording: World) -> None:
    first = send(recording, "", **{"Idempotency-Key": "k"})

    again = send(recording, **{"Idempotency-Key": "k"})

    assert (again.status_code, again.get_json()) == (201, first.get_json())
    assert len(recording.script.sent) == 1


def test_a_repetition_whose_first_answer_was_lost_is_told_that_it_waits(recording: World) -> None:
    send(recording, **{"Idempotency-Key": "k"})
    with recording.services.store.begin() as session:
        session.connection().exec_driver_sql(
            "UPDATE waapi_idempotency SET answer_status = NULL, answer_body = NULL"
        )

    recording.clock.advance(10)
    again = send(recording, **{"Idempotency-Key": "k"})
    recording.work()

    assert data(again, 202)["status"] == "queued"
    assert len(recording.script.sent) == 1


def test_the_word_within_another_preferences_text_is_no_wish(recording: World) -> None:
    answer = send(recording, Prefer='foo="a, respond-async, b"')

    data(answer, 201)
    assert "Preference-Applied" not in answer.headers


def test_reading_takes_no_notice_of_the_preference(recording: World) -> None:
    answer = recording.get(MESSAGES, headers={"Prefer": "respond-async"})

    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


def test_the_preference_of_a_test_key_ends_at_the_simulation(recording: World) -> None:
    key = recording.issue_key("test", mode="test")
    recording.post(TEXT_SEND, text_body(), key, headers={"Prefer": "respond-async"})
    recording.work()

    assert recording.message().simulated
    assert recording.script.sent == []
