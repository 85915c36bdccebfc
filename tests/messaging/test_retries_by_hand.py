"""A failed message that is set on its way again begins a new round; old failures count no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers import data
from factories import MESSAGES, RECIPIENT, RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import OutcomeUnknown, Refusal, Rejected, Retryable, SendResult, StatusUpdate
from flask_waapi.errors import MessageNotFailed, NotFound
from flask_waapi.messaging.delivery import interventions
from flask_waapi.messaging.history import HistoryFilter
from flask_waapi.messaging.status import DELIVERED, STATUSES, Fact, fold, rank
from reports import apply

facts = st.lists(st.builds(Fact, st.integers(1, 3), st.sampled_from(STATUSES), st.none()))
attempts = st.lists(
    st.builds(Fact, st.integers(1, 2), st.sampled_from(STATUSES), st.none() | st.integers(1, 3))
)

OTHER = "+1234567891"


@pytest.fixture
def queued(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app whose messages wait until ``work``, on each kind of database."""
    return make_world(database_uri=migrated_uri, WAAPI_DISPATCH="worker", WAAPI_MAX_ATTEMPTS=2, **RECORDING)


def fail(world: World, outcome: Any = None) -> UUID:
    """A message that has failed; its id."""
    world.script.outcomes.append(outcome or Rejected("No such number.", code="131026"))
    uuid = UUID(data(world.post(TEXT_SEND, text_body()), 202)["message_uuid"])
    world.work()
    assert world.message(uuid).status == "failed"
    return uuid


def read(world: World, uuid: UUID) -> dict[str, Any]:
    """The message as the API tells it."""
    found: dict[str, Any] = data(world.get(f"{MESSAGES}/{uuid}"))
    return found


def retry(world: World, uuid: UUID, account: str = "default") -> None:
    """Set a message on its way again."""
    world.services.interventions.retry(account, uuid, actor="ann")


@given(attempts, st.randoms())
def test_the_order_of_rounds_does_not_matter(given_facts: list[Fact], random: Any) -> None:
    shuffled = given_facts.copy()
    random.shuffle(shuffled)

    assert fold(shuffled) == fold(given_facts) == fold(given_facts * 2)


@given(facts)
def test_the_status_is_the_latest_rounds_unless_an_earlier_one_arrived(given_facts: list[Fact]) -> None:
    latest = max((fact.round for fact in given_facts), default=1)
    counted = [fact for fact in given_facts if fact.round == latest or rank(fact.status) >= rank(DELIVERED)]

    assert fold(given_facts) == fold([Fact(1, fact.status) for fact in counted])


def test_an_attempt_that_failed_counts_no_more_once_another_has_sent_the_message() -> None:
    failed, sent = Fact(1, "failed", 1), Fact(1, "sent", 2)

    assert fold([sent, failed]) == fold([failed, sent]) == "sent"
    assert fold([Fact(1, "failed"), sent]) == "failed"
    assert fold([Fact(1, "sent", 1), failed]) == "failed"


def test_what_was_given_up_for_want_of_news_is_sent_once_there_is_news() -> None:
    guess = Fact(1, "failed", is_guess=True)

    assert fold([guess]) == "failed"
    assert fold([guess, Fact(1, "sent")]) == fold([Fact(1, "sent", 1), guess]) == "sent"
    assert fold([guess, Fact(1, "sent"), Fact(1, "failed")]) == "failed"


def test_a_message_that_is_older_than_any_retry_has_all_its_attempts_again(queued: World) -> None:
    uuid = fail(queued)
    queued.clock.advance(timedelta(days=2))
    retry(queued, uuid)
    queued.script.outcomes.append(Retryable("Overloaded."))

    queued.work()

    assert read(queued, uuid)["status"] == "queued"


def test_a_failure_of_the_round_before_that_is_reported_late_does_not_stop_the_retry(queued: World) -> None:
    queued.script.outcomes.append(OutcomeUnknown("Lost."))
    uuid = UUID(data(queued.post(TEXT_SEND, text_body()), 202)["message_uuid"])
    queued.work()
    queued.clock.advance(timedelta(hours=1))
    queued.work()
    retry(queued, uuid)

    late = StatusUpdate("failed", queued.clock(), "wamid.unknown", message_uuid=uuid)
    apply(queued, "recorder", late)
    queued.script.outcomes.append(SendResult("wamid.new"))
    queued.work()

    found = read(queued, uuid)
    assert (found["status"], found["provider_message_id"]) == ("sent", "wamid.new")


def test_it_is_sent_again_and_forgets_why_it_had_failed(queued: World) -> None:
    uuid = fail(queued)

    queued.clock.advance(1)
    retry(queued, uuid)
    waiting = read(queued, uuid)
    queued.clock.advance(1)
    queued.work()

    sent = read(queued, uuid)
    assert (waiting["status"], waiting["failure"]) == ("queued", None)
    assert (sent["status"], sent["failure"], sent["attempts"]) == ("sent", None, 1)
    assert [event["status"] for event in sent["events"]] == ["queued", "failed", "queued", "sent"]


def test_it_has_as_many_attempts_as_a_new_one(queued: World) -> None:
    uuid = fail(queued)
    queued.script.outcomes.extend([Retryable("Overloaded.")] * 5)
    retry(queued, uuid)

    for _ in range(5):
        queued.work()
        queued.clock.advance(timedelta(hours=2))

    assert read(queued, uuid)["status"] == "failed"
    assert len(queued.script.sent) == 1 + 2


def test_it_may_fail_and_be_retried_again(queued: World) -> None:
    uuid = fail(queued)
    for _ in range(3):
        queued.script.outcomes.append(Rejected("Still not.", code="131026"))
        queued.clock.advance(1)
        retry(queued, uuid)
        queued.work()
        assert read(queued, uuid)["status"] == "failed"

    retry(queued, uuid)
    queued.work()

    assert read(queued, uuid)["status"] == "sent"


def test_a_late_report_of_a_former_round_does_not_fail_the_new_one(queued: World) -> None:
    queued.script.outcomes.append(SendResult("wamid.old"))
    uuid = UUID(data(queued.post(TEXT_SEND, text_body()), 202)["message_uuid"])
    queued.work()
    refused = Refusal("131026", "Undeliverable.")

    def report_failure() -> None:
        old = StatusUpdate("failed", queued.clock(), "wamid.old", message_uuid=uuid, refusal=refused)
        apply(queued, "recorder", old)

    report_failure()
    assert read(queued, uuid)["status"] == "failed"
    queued.clock.advance(1)
    retry(queued, uuid)
    queued.script.outcomes.append(SendResult("wamid.new"))
    queued.work()
    queued.clock.advance(1)
    report_failure()

    found = read(queued, uuid)
    assert (found["status"], found["provider_message_id"]) == ("sent", "wamid.new")


def test_a_late_receipt_of_a_former_round_counts_and_stops_the_new_one(queued: World) -> None:
    queued.script.outcomes.append(SendResult("wamid.old"))
    uuid = UUID(data(queued.post(TEXT_SEND, text_body()), 202)["message_uuid"])
    queued.work()
    failed = StatusUpdate("failed", queued.clock(), "wamid.old", message_uuid=uuid)
    apply(queued, "recorder", failed)
    queued.clock.advance(1)
    retry(queued, uuid)

    delivered = StatusUpdate("delivered", queued.clock(), "wamid.old", message_uuid=uuid)
    apply(queued, "recorder", delivered)
    queued.work()

    assert read(queued, uuid)["status"] == "delivered"
    assert len(queued.script.sent) == 1


def test_only_a_failed_one_can_be_retried(queued: World) -> None:
    data(queued.post(TEXT_SEND, text_body()), 202)

    with pytest.raises(MessageNotFailed, match="is queued"):
        retry(queued, queued.message().id)
    queued.work()
    with pytest.raises(MessageNotFailed, match="is sent"):
        retry(queued, queued.message().id)


def test_it_is_retried_once_however_often_that_is_asked_for_at_once(queued: World) -> None:
    uuid = fail(queued)
    retry(queued, uuid)

    with pytest.raises(MessageNotFailed):
        retry(queued, uuid)


def test_nobody_retries_another_accounts_message(queued: World) -> None:
    uuid = fail(queued)

    for account, wanted in (("other", uuid), ("default", uuid4())):
        with pytest.raises(NotFound):
            retry(queued, wanted, account)


def test_all_that_failed_can_be_retried_at_once(queued: World) -> None:
    failed = {fail(queued) for _ in range(3)}
    data(queued.post(TEXT_SEND, text_body()), 202)
    queued.work()

    count = queued.services.interventions.retry_failed("default", HistoryFilter(), actor="ann")
    queued.work()

    assert count == 3
    assert {message.status for message in queued.messages()} == {"sent"}
    assert {sent.uuid for sent in queued.script.sent[-3:]} == failed


def test_what_its_sender_was_told_to_send_again_is_no_matter_of_all_that_failed(any_recording: World) -> None:
    any_recording.script.outcomes.extend([Retryable("Away."), OutcomeUnknown("The connection broke.")])
    any_recording.post(TEXT_SEND, text_body(), headers={"Idempotency-Key": "order-1"})
    unconfirmed = data(any_recording.post(TEXT_SEND, text_body(to=OTHER)), 202)["message_uuid"]
    any_recording.clock.advance(3601)
    any_recording.work()
    data(any_recording.post(TEXT_SEND, text_body(), headers={"Idempotency-Key": "order-1"}), 201)

    assert any_recording.services.interventions.retry_failed("default", HistoryFilter(), actor="ann") == 1
    any_recording.work()

    sent = [(message.to, str(message.uuid)) for message in any_recording.script.sent]
    assert sent[-1] == (OTHER, unconfirmed)
    assert [to for to, _ in sent].count(RECIPIENT) == 2


def test_a_message_that_came_too_late_is_sent_when_it_is_retried(queued: World) -> None:
    uuid = UUID(data(queued.post(TEXT_SEND, text_body(expires_in=60)), 202)["message_uuid"])
    queued.clock.advance(60)
    queued.work()
    assert read(queued, uuid)["failure"]["code"] == "MESSAGE_EXPIRED"

    retry(queued, uuid)
    queued.work()

    assert read(queued, uuid)["status"] == "sent"


def test_all_that_have_failed_are_looked_up_piece_by_piece(
    queued: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interventions, "RETRIED_AT_ONCE", 2)
    failed = [fail(queued) for _ in range(5)]

    assert queued.services.interventions.retry_failed("default", HistoryFilter(), actor="ann") == 5

    assert {queued.message(uuid).status for uuid in failed} == {"queued"}
