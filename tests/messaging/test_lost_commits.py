"""A connection that breaks while a message is taken in hand: nobody has said whether that was committed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from answers import data, error
from disconnections import breaking_commit, on_servers
from factories import RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi.storage.models import IdempotencyRecord

LEASE_AND_MORE = timedelta(seconds=130)
REPEATED = {"Idempotency-Key": "order-1"}
STORING, CLAIMING = "INSERT INTO waapi_messages", "UPDATE waapi_messages"

pytestmark = on_servers

either_way = pytest.mark.parametrize("made", [True, False], ids=["committed", "rolled back"])


@pytest.fixture
def inline(any_recording: World) -> World:
    """An app that sends while the request waits, and has sent before."""
    data(any_recording.post(TEXT_SEND, text_body(reference="before")), 201)
    any_recording.script.sent.clear()
    return any_recording


@pytest.fixture
def queued(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app whose messages wait until ``work``; two do."""
    world = make_world(database_uri=migrated_uri, WAAPI_DISPATCH="worker", WAAPI_SEND_THREADS=2, **RECORDING)
    for _ in range(2):
        data(world.post(TEXT_SEND, text_body()), 202)
    return world


def store_and_break(world: World, *, made: bool = True) -> None:
    """A send whose connection breaks where its message is stored."""
    with breaking_commit(world.services.store, STORING, made=made):
        error(world.post(TEXT_SEND, text_body(), headers=REPEATED), 503, "STORAGE_UNAVAILABLE")


def claim_and_break(world: World, *, made: bool = True) -> None:
    """A worker's look whose connection breaks where it takes messages in hand."""
    with breaking_commit(world.services.store, CLAIMING, made=made):
        assert world.services.worker.run_once() == -1
    assert world.script.sent == []


@either_way
def test_what_a_worker_may_have_taken_in_hand_it_sends_at_its_next_look(queued: World, made: bool) -> None:
    claim_and_break(queued, made=made)

    queued.work()

    assert [(message.status, message.attempts) for message in queued.messages()] == [("sent", 1)] * 2
    assert len(queued.script.sent) == 2


def test_what_is_handed_back_late_and_another_has_settled_stays_as_it_is(
    queued: World, make_world: MakeWorld, migrated_uri: str
) -> None:
    claim_and_break(queued)
    other = make_world(database_uri=migrated_uri, WAAPI_DISPATCH="worker", **RECORDING)
    queued.clock.advance(LEASE_AND_MORE)
    other.work()

    queued.work()

    assert [message.status for message in queued.messages()] == ["unconfirmed"] * 2
    assert queued.script.sent == []


@either_way
def test_a_send_that_was_answered_503_has_sent_nothing_and_its_key_is_free(inline: World, made: bool) -> None:
    store_and_break(inline, made=made)

    again = inline.post(TEXT_SEND, text_body(), headers=REPEATED)

    assert data(again, 201)["status"] == "sent"
    assert "Idempotency-Replayed" not in again.headers
    assert len(inline.script.sent) == 1


def test_a_message_that_may_have_been_stored_ends_as_failed_with_the_callers_code(inline: World) -> None:
    store_and_break(inline)
    (uuid,) = [message.id for message in inline.messages() if message.status == "queued"]

    inline.work()
    inline.clock.advance(LEASE_AND_MORE)
    inline.work()

    message = inline.message(uuid)
    assert (message.status, message.failure_code) == ("failed", "STORAGE_UNAVAILABLE")
    assert inline.script.sent == []


def test_its_key_is_given_back_with_it(inline: World) -> None:
    store_and_break(inline)
    assert inline.count(IdempotencyRecord) == 1

    inline.work()

    assert inline.count(IdempotencyRecord) == 0


def test_a_message_that_waits_is_sent_once_and_the_repetition_gets_it(queued: World) -> None:
    store_and_break(queued)
    queued.work()

    again = queued.post(TEXT_SEND, text_body(), headers=REPEATED)

    assert data(again, 201)["status"] == "sent"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(queued.script.sent) == len(queued.messages()) == 3
