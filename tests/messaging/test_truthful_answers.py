"""What is answered stays true when the database, a clock or another request gets in between."""

from __future__ import annotations

import sqlite3
import weakref
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from sqlalchemy import event, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from answers import data, error
from factories import (
    RECORDING,
    TEMPLATE_SEND,
    TEXT_SEND,
    MakeWorld,
    World,
    opened,
    template_body,
    text_body,
)
from flask_waapi import OutboundMessage, Retryable, SendResult
from flask_waapi.access import idempotency
from flask_waapi.access.idempotency import IdempotencyClaim
from flask_waapi.extension import _close
from flask_waapi.messaging.events import lock_message
from flask_waapi.storage.models import IdempotencyRecord, Message
from recorder import Script

FAST_BUSY = {"SQLALCHEMY_ENGINE_OPTIONS": {"connect_args": {"timeout": 0.5}}}
REPEATED = {"Idempotency-Key": "order-1"}


def send_while_the_database_is_locked(world: World, outcome: SendResult | Exception) -> TestResponse:
    """The answer to a send whose outcome cannot be recorded, since another writes from then on."""
    blockers: list[sqlite3.Connection] = []

    def block(message: OutboundMessage) -> SendResult:
        blocker = sqlite3.connect(str(world.services.store.engine.url.database))
        blocker.execute("BEGIN IMMEDIATE")
        blockers.append(blocker)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    world.script.outcomes.append(block)
    answer = world.post(TEXT_SEND, text_body())
    blockers[0].rollback()
    blockers[0].close()
    return answer


def test_what_the_provider_has_accepted_is_not_answered_with_try_again_and_is_recorded_later(
    make_world: MakeWorld,
) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}}, **FAST_BUSY)
    answer = send_while_the_database_is_locked(world, SendResult("wamid.1"))

    assert data(answer, 202)["status"] == "queued"
    world.work()
    assert (world.message().status, world.message().provider_message_id) == ("sent", "wamid.1")
    assert len(world.script.sent) == 1


def test_without_a_thread_the_next_send_records_what_could_not_be_recorded(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING, **FAST_BUSY)
    uuid = data(send_while_the_database_is_locked(world, SendResult("wamid.1")), 202)["message_uuid"]

    data(world.post(TEXT_SEND, text_body()), 201)

    assert (world.message(uuid).status, world.message(uuid).provider_message_id) == ("sent", "wamid.1")


def test_without_a_thread_the_end_of_the_process_records_what_could_not_be_recorded(
    make_world: MakeWorld,
) -> None:
    world = make_world(**RECORDING, **FAST_BUSY)
    send_while_the_database_is_locked(world, SendResult("wamid.1"))

    _close(weakref.ref(world.services))

    assert world.message().status == "sent"


def test_what_still_cannot_be_recorded_hinders_no_send_and_is_not_lost(recording: World) -> None:
    def lock(*given: Any) -> None:
        if "UPDATE waapi_messages" in str(given[2]):
            # Wrapped as it would be: older SQLAlchemy does not do so with what a listener raises.
            raise OperationalError(given[2], None, sqlite3.OperationalError("database is locked"))

    engine = recording.services.store.engine
    event.listen(engine, "before_cursor_execute", lock)
    for _ in range(3):
        assert data(recording.post(TEXT_SEND, text_body()), 202)["status"] == "queued"
    event.remove(engine, "before_cursor_execute", lock)
    data(recording.post(TEXT_SEND, text_body()), 201)

    assert [message.status for message in recording.messages()] == ["sent"] * 4
    assert len(recording.script.sent) == 4


def test_a_failure_that_may_pass_and_was_not_told_is_retried(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_PROVIDERS={"recorder": {}}, **FAST_BUSY)
    answer = send_while_the_database_is_locked(world, Retryable("Overloaded."))
    assert data(answer, 202)["status"] == "queued"
    world.work()
    world.clock.advance(timedelta(minutes=1))
    world.work()

    assert world.message().status == "sent"


def test_a_claim_that_is_given_back_late_does_not_take_anothers(recording: World) -> None:
    claim = IdempotencyClaim("default", "live:text", "order-1", b"")
    recording.script.outcomes.append(Retryable("Overloaded."))
    error(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 503, "PROVIDER_UNAVAILABLE")
    data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)
    first, second = sorted(recording.messages(), key=lambda message: message.status)

    recording.services.store.write(lambda session: idempotency.release(session, claim, first.id))

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
    recording.clock.advance(10)
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

    world.services.worker.run_once()
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

    with patch("flask_waapi.messaging.incoming.reports.lock_message", noted):
        any_world.work()

    assert already_read == []
    assert any_world.message().status == "read"


def test_a_record_without_an_answer_is_no_hindrance(recording: World) -> None:
    data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)
    with recording.services.store.begin() as session:
        session.execute(update(IdempotencyRecord).values(answer_status=None, answer_body=None))

    recording.clock.advance(10)
    data(recording.post(TEXT_SEND, text_body(), headers=REPEATED), 201)

    assert len(recording.script.sent) == 1
