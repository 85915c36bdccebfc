"""Idempotency-Key on a batch: one batch, one answer, whatever happens in between."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from answers import error, pointers
from batches import accepted, refusals, send_batch, template_item, text_item, texts
from factories import BATCH, TEXT_SEND, World, text_body
from flask_waapi import Retryable
from flask_waapi.api import batches
from flask_waapi.storage.models import IdempotencyRecord


def repeat(world: World, items: Any, idempotency_key: str = "b-1", **options: Any) -> TestResponse:
    """Send a batch under an Idempotency-Key."""
    return send_batch(world, items, idempotency_key=idempotency_key, **options)


def test_a_repeated_batch_has_the_same_answer_and_sends_nothing_again(any_recording: World) -> None:
    items = [text_item(), text_item(to="12"), template_item()]

    first = repeat(any_recording, items)
    any_recording.work()
    second = repeat(any_recording, items)
    any_recording.work()

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.get_json() == first.get_json()
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(any_recording.script.sent) == len(any_recording.messages()) == 2


def test_a_repeated_thousand_have_the_same_answer(any_world: World) -> None:
    first, second = repeat(any_world, texts(1_000)), repeat(any_world, texts(1_000))

    assert second.get_json() == first.get_json()
    assert len(any_world.messages()) == 1_000


@pytest.mark.parametrize(
    "other",
    [
        [text_item(), text_item()],
        [],
        [text_item(text="Other")],
        [text_item(simulate=True)],
        [text_item(reference="r")],
    ],
)
def test_another_batch_under_the_same_key_is_refused(world: World, other: Any) -> None:
    repeat(world, [text_item()])

    refused = repeat(world, other)

    if other:
        error(refused, 422, "IDEMPOTENCY_MISMATCH")
    else:
        assert pointers(refused) == {"/messages"}
    assert len(world.messages()) == 1


def test_the_order_of_the_messages_is_a_part_of_the_batch(world: World) -> None:
    repeat(world, texts(2))

    error(repeat(world, texts(2)[::-1]), 422, "IDEMPOTENCY_MISMATCH")


def test_a_batch_of_refused_messages_alone_is_repeated_too(any_world: World) -> None:
    first = repeat(any_world, [text_item(to="12")])
    second = repeat(any_world, [text_item(to="12")])

    assert refusals(first) == {0: "VALIDATION_ERROR"}
    assert second.get_json() == first.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"


def test_a_batch_that_was_refused_whole_leaves_the_key_free(world: World) -> None:
    key = world.issue_key(rate_limit=3)
    error(repeat(world, texts(4), key=key), 429, "RATE_LIMIT_EXCEEDED")
    assert pointers(repeat(world, [], key=key)) == {"/messages"}

    accepted(repeat(world, texts(2), key=key))


def test_the_key_of_a_batch_and_that_of_a_single_send_are_two(recording: World) -> None:
    recording.post(TEXT_SEND, text_body(), headers={"Idempotency-Key": "b-1"})

    accepted(repeat(recording, [text_item()]))

    assert len(recording.messages()) == 2


def test_the_batch_of_a_test_key_is_not_the_answer_to_a_live_one(recording: World) -> None:
    test_key = recording.issue_key("test", mode="test")
    repeat(recording, [text_item()], key=test_key)

    live = repeat(recording, [text_item()])
    recording.work()

    assert live.get_json()["data"][0]["data"]["simulated"] is False
    assert len(recording.script.sent) == 1


def test_another_accounts_batch_under_the_same_key_is_its_own(any_world: World) -> None:
    stranger = any_world.issue_key("stranger", account="other")

    mine, theirs = repeat(any_world, texts(1)), repeat(any_world, texts(1), key=stranger)

    assert accepted(mine) != accepted(theirs)


def test_sixteen_threads_with_one_key_make_one_batch(any_recording: World) -> None:
    any_recording.key()
    start = threading.Barrier(16)

    def race(_: int) -> TestResponse:
        start.wait(20)
        return repeat(any_recording, texts(20))

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(race, range(16)))
    any_recording.work()

    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.text for answer in answers if answer.status_code == 202}) == 1
    assert len(any_recording.messages()) == len(any_recording.script.sent) == 20


def test_a_batch_that_died_before_its_answer_left_is_answered_from_its_record(
    any_recording: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = any_recording.services.pipeline.submit_batch

    def die(*arguments: Any, **options: Any) -> Any:
        submit(*arguments, **options)
        raise SystemExit("The process is killed between its commit and its answer.")

    with monkeypatch.context() as patched:
        patched.setattr(any_recording.services.pipeline, "submit_batch", die)
        with pytest.raises(SystemExit):
            repeat(any_recording, texts(3))

    again = repeat(any_recording, texts(3))
    any_recording.work()

    assert again.headers["Idempotency-Replayed"] == "true"
    assert accepted(again) == [str(message.id) for message in sorted_by_place(any_recording, again)]
    assert len(any_recording.script.sent) == 3


def sorted_by_place(world: World, answer: TestResponse) -> list[Any]:
    """The stored messages, in the order in which an answer names them."""
    stored = {str(message.id): message for message in world.messages()}
    return [stored.pop(uuid) for uuid in accepted(answer)]


def test_a_batch_that_dies_before_its_commit_leaves_nothing(
    any_recording: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*arguments: Any) -> Any:
        raise SystemExit("The process is killed before its commit.")

    with monkeypatch.context() as patched:
        patched.setattr(batches, "batch_body", die)
        with pytest.raises(SystemExit):
            repeat(any_recording, texts(3))

    assert any_recording.messages() == []
    assert "Idempotency-Replayed" not in repeat(any_recording, texts(3)).headers


def test_the_answer_stays_as_it_was_though_the_messages_went_on(recording: World) -> None:
    recording.script.outcomes += [Retryable("Overloaded."), Retryable("Overloaded.")]
    first = repeat(recording, texts(2))
    recording.work()
    recording.clock.advance(3_600)
    recording.work()

    assert repeat(recording, texts(2)).get_json() == first.get_json()


def test_a_batch_is_forgotten_after_the_lifetime_of_its_key(any_world: World) -> None:
    repeat(any_world, texts(1))
    any_world.clock.advance(timedelta(hours=24))

    again = repeat(any_world, texts(1))

    assert "Idempotency-Replayed" not in again.headers
    assert len(any_world.messages()) == 2
    assert any_world.count(IdempotencyRecord) == 1


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "ü"])
def test_an_unusable_key_is_refused_before_anything_is_done(world: World, key: str) -> None:
    assert pointers(repeat(world, texts(1), key)) == {"/headers/Idempotency-Key"}
    assert world.messages() == []


def test_without_a_key_a_batch_leaves_no_record(world: World) -> None:
    world.post(BATCH, {"messages": texts(1)})

    assert world.count(IdempotencyRecord) == 0
