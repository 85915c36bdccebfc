"""What is answered stays true when the database, a clock or another request gets in between."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from answers import data, error
from factories import TEMPLATE_SEND, TEXT_SEND, MakeWorld, World, opened, template_body, text_body
from flask_waapi import OutboundMessage, Retryable, SendResult
from flask_waapi.access import idempotency
from flask_waapi.access.idempotency import IdempotencyClaim
from flask_waapi.messaging.events import lock_message
from flask_waapi.storage.models import IdempotencyRecord, Message
from recorder import Script

FAST_BUSY = {"SQLALCHEMY_ENGINE_OPTIONS": {"connect_args": {"timeout": 0.01}}}
REPEATED = {"Idempotency-Key": "order-1"}


def test_what_the_provider_has_accepted_is_not_answered_with_try_again(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}}, **FAST_BUSY)
    blockers: list[sqlite3.Connection] = []

    def block(message: OutboundMessage) -> SendResult:
        blocker = sqlite3.connect(str(world.services.store.engine.url.database))
        blocker.execute("BEGIN IMMEDIATE")
        blockers.append(blocker)
        return SendResult("wamid.1")

    world.script.outcomes.append(block)
    answer = world.post(TEXT_SEND, text_body())
    blockers[0].rollback()
    blockers[0].close()

    assert data(answer, 202)["status"] == "queued"
    world.clock.advance(timedelta(minutes=5))
    world.work()
    assert world.message().status == "unconfirmed"
    assert len(world.script.sent) == 1


def test_a_claim_that_is_given_back_late_does_not_take_anothers(recording: World) -> None:
    claim = IdempotencyClaim("default", "live:text", "order-1", b"")
    recording.script.outcomes.append(Retryable("Overloaded."))
    error(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 503, "PROVIDER_UNAVAILABLE")
    data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)
    first, second = sorted(recording.messages(), key=lambda message: message.status)

    idempotency.release(recording.services.store, claim, first.id)

    again = data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)
    assert again["message_uuid"] == str(second.id)
    assert len(recording.script.sent) == 2


def test_an_answer_that_comes_late_is_not_kept_for_anothers_message(recording: World) -> None:
    claim = IdempotencyClaim("default", "live:text", "order-1", b"")
    data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)

    idempotency.keep_answer(recording.services.store, claim, UUID(int=1), 201, {"another": "answer"})

    assert "another" not in recording.post(TEXT_SEND, text_body(), headers=REPEATED).get_json()


def test_a_test_keys_send_does_not_pass_for_the_live_keys(recording: World) -> None:
    test_key = recording.issue_key("trial", mode="test")

    simulated = data(recording.post(TEXT_SEND, text_body(), test_key, headers=REPEATED), 201)
    live = data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)

    assert (simulated["simulated"], live["simulated"]) == (True, False)
    assert len(recording.script.sent) == 1


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(recording: World) -> None:
    def break_the_update(*given: Any) -> None:
        if "UPDATE waapi_idempotency" in str(given[2]):
            raise sqlite3.OperationalError("disk I/O error")

    engine = recording.services.store.engine
    event.listen(engine, "before_cursor_execute", break_the_update)
    first = data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)
    event.remove(engine, "before_cursor_execute", break_the_update)
    again = data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)

    assert again["message_uuid"] == first["message_uuid"]
    assert len(recording.script.sent) == 1


def test_a_simulated_message_is_not_sent_by_a_provider_that_has_become_real(sqlite_uri: str) -> None:
    simulation = {"WAAPI_PROVIDERS": {"main": {"type": "simulation"}}, "WAAPI_DISPATCH": "thread"}
    with opened(sqlite_uri, **simulation) as world:
        data(world.post(TEXT_SEND, text_body()), 202)
    script = Script()
    with opened(sqlite_uri, script=script, WAAPI_PROVIDERS={"main": {"type": "recorder"}}) as world:
        world.work()
        assert (world.message().status, world.message().failure_code) == ("failed", "PROVIDER_ERROR")
    assert script.sent == []


def test_a_message_that_waits_for_its_next_try_is_not_taken_for_abandoned(recording: World) -> None:
    """Another process, whose clock is ahead, looks at it between two tries."""
    data(recording.post(TEXT_SEND, text_body()), 201)
    message = recording.message()
    with recording.services.store.begin() as session:
        waiting = {"status": "queued", "claimed_at": None, "due_at": recording.clock()}
        session.execute(update(Message).where(Message.id == message.id).values(**waiting))
    recording.script.outcomes.append(SendResult("wamid.2"))

    with patch("flask_waapi.messaging.delivery.Delivery._claim", return_value=None):
        recording.services.loop.run_once()

    assert recording.message().due_at is not None


def test_a_message_that_cannot_be_read_fails_with_words_and_holds_up_no_other(
    make_world: MakeWorld,
) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}}, WAAPI_DISPATCH="thread")
    data(world.post(TEXT_SEND, text_body()), 202)
    with world.services.store.begin() as session:
        session.execute(update(Message).values(content={"nonsense": 1}))
    data(world.post(TEXT_SEND, text_body()), 202)

    world.work()

    assert sorted(message.status for message in world.messages()) == ["failed", "sent"]


@pytest.mark.parametrize("pause", [timedelta(days=999_999_999), timedelta(seconds=-5)])
def test_an_absurd_pause_of_a_provider_is_brought_into_bounds(
    make_world: MakeWorld, pause: timedelta
) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}}, WAAPI_DISPATCH="thread")
    world.script.outcomes.append(Retryable("Later.", retry_after=pause))
    data(world.post(TEXT_SEND, text_body()), 202)

    world.services.loop.run_once()
    world.clock.advance(timedelta(hours=24))
    world.work()

    assert world.message().status == "sent"


def test_an_announced_fact_reads_nothing_before_it_holds_its_message(any_world: World) -> None:
    """On MariaDB the first read decides what a transaction sees; a fold over older events goes back."""
    data(any_world.post(TEMPLATE_SEND, template_body()), 201)
    any_world.clock.advance(timedelta(seconds=5))
    already_read: list[object] = []

    def noted(session: Session, message_id: UUID) -> Message | None:
        already_read.extend(session.identity_map.values())
        return lock_message(session, message_id)

    with patch("flask_waapi.messaging.inbound.lock_message", noted):
        any_world.work()

    assert already_read == []
    assert any_world.message().status == "read"


def test_a_record_without_an_answer_is_no_hindrance(recording: World) -> None:
    data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)
    with recording.services.store.begin() as session:
        session.execute(update(IdempotencyRecord).values(answer_status=None, answer_body=None))

    data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)

    assert len(recording.script.sent) == 1
