"""DELETE /messages/<uuid>: taking back what has not been handed to a provider."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from answers import data, error
from batches import accepted, image_item, send_batch, template_item, text_item, texts
from factories import MESSAGES, RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import OutboundMessage, OutcomeUnknown, Rejected, Retryable, SendResult
from flask_waapi.access.permissions import Permission

LATER = {"Prefer": "respond-async"}


def queue(world: World, key: str = "", **members: object) -> str:
    """Have a text stored to be sent by the background; its id."""
    answer = world.post(TEXT_SEND, text_body(**members), key, headers=LATER)
    uuid: str = data(answer, 202)["message_uuid"]
    return uuid


def cancel(world: World, uuid: object, key: str = "") -> TestResponse:
    """Take a message back."""
    return world.delete(f"{MESSAGES}/{uuid}", key)


def refused(answer: TestResponse, status: str) -> str:
    """The words of a refusal for a message of this status."""
    found = error(answer, 409, "MESSAGE_NOT_QUEUED")
    assert found["details"]["status"] == status
    message: str = found["message"]
    return message


def test_a_queued_message_is_taken_back_and_never_sent(any_recording: World) -> None:
    uuid = queue(any_recording, reference="r")

    found = data(cancel(any_recording, uuid))
    any_recording.clock.advance(timedelta(days=2))
    any_recording.work()

    assert (found["message_uuid"], found["status"], found["reference"]) == (uuid, "canceled", "r")
    assert any_recording.script.sent == []
    assert sorted(any_recording.events(uuid)) == ["canceled", "queued"]


def test_the_timeline_says_whose_key_took_a_message_back(recording: World) -> None:
    uuid = queue(recording)

    data(cancel(recording, uuid))

    (canceled,) = (
        event for event in data(recording.get(f"{MESSAGES}/{uuid}/events")) if event["status"] == "canceled"
    )
    assert canceled["details"] == {"decided_by": "shop"}


def test_a_scheduled_message_is_taken_back_and_never_sent(any_recording: World) -> None:
    uuid = queue(any_recording, send_at="2026-01-02T00:00:00Z")

    data(cancel(any_recording, uuid))
    any_recording.clock.advance(timedelta(days=2))
    any_recording.work()

    assert any_recording.script.sent == []
    assert any_recording.message(uuid).status == "canceled"


def test_a_message_that_waits_for_its_next_try_is_taken_back(any_recording: World) -> None:
    any_recording.script.outcomes.append(Retryable("Overloaded.", code="130429"))
    uuid = queue(any_recording)
    any_recording.work()

    found = data(cancel(any_recording, uuid))
    any_recording.clock.advance(timedelta(days=2))
    any_recording.work()

    assert (found["status"], found["failure"], found["attempts"]) == ("canceled", None, 1)
    assert len(any_recording.script.sent) == 1


def test_a_message_of_a_batch_is_taken_back_and_the_others_are_sent(recording: World) -> None:
    first, second = accepted(send_batch(recording, texts(2)))

    data(cancel(recording, first))
    recording.work()

    assert [str(message.uuid) for message in recording.script.sent] == [second]


def test_what_was_taken_back_is_read_as_such(any_recording: World) -> None:
    uuid = queue(any_recording)
    cancel(any_recording, uuid)

    found = data(any_recording.get(f"{MESSAGES}/{uuid}"))
    listed = data(any_recording.get(f"{MESSAGES}?status=canceled"))

    assert [event["status"] for event in found["events"]] == ["queued", "canceled"]
    assert [message["message_uuid"] for message in listed] == [uuid]


def test_what_was_sent_is_not_taken_back(any_recording: World) -> None:
    uuid = data(any_recording.send(), 201)["message_uuid"]

    assert uuid in refused(cancel(any_recording, uuid), "sent")

    assert any_recording.message(uuid).status == "sent"


def test_what_has_failed_is_not_taken_back(recording: World) -> None:
    recording.script.outcomes.append(Rejected("No such number."))
    uuid = error(recording.send(), 422, "MESSAGE_REJECTED")["details"]["message_uuid"]

    refused(cancel(recording, uuid), "failed")


def test_what_may_have_been_sent_is_not_taken_back(any_recording: World) -> None:
    any_recording.script.outcomes.append(OutcomeUnknown("The line went dead."))
    uuid = data(any_recording.send(), 202)["message_uuid"]

    refused(cancel(any_recording, uuid), "unconfirmed")

    assert any_recording.message(uuid).status == "unconfirmed"


def test_what_was_taken_back_is_not_taken_back_again(any_recording: World) -> None:
    uuid = queue(any_recording)
    data(cancel(any_recording, uuid))

    refused(cancel(any_recording, uuid), "canceled")


def test_what_is_being_sent_is_not_taken_back(any_recording: World) -> None:
    answers = []

    def ask(message: OutboundMessage) -> SendResult:
        answers.append(cancel(any_recording, message.uuid))
        return SendResult("sent-1")

    any_recording.script.outcomes.append(ask)

    uuid = data(any_recording.send(), 201)["message_uuid"]

    assert "is being sent" in refused(answers[0], "queued")
    assert any_recording.message(uuid).status == "sent"


def test_what_the_background_is_sending_is_not_taken_back(any_recording: World) -> None:
    answers = []

    def ask(message: OutboundMessage) -> SendResult:
        answers.append(cancel(any_recording, message.uuid))
        return SendResult("sent-1")

    any_recording.script.outcomes.append(ask)
    uuid = queue(any_recording)
    any_recording.work()

    refused(answers[0], "queued")
    assert any_recording.message(uuid).status == "sent"


def test_a_foreign_message_and_an_unknown_one_cannot_be_told_apart(any_recording: World) -> None:
    uuid, unknown = queue(any_recording), str(uuid4())
    stranger = any_recording.issue_key("stranger", account="other")

    foreign, missing = (cancel(any_recording, wanted, stranger) for wanted in (uuid, unknown))

    assert (
        error(foreign, 404, "NOT_FOUND")["message"].replace(uuid, unknown)
        == error(missing, 404, "NOT_FOUND")["message"]
    )
    assert any_recording.message(uuid).status == "queued"


@pytest.mark.parametrize("text", ["0", "not-a-uuid", "%00", "send", "template"])
def test_what_is_no_uuid_is_not_found(shared: World, text: str) -> None:
    error(cancel(shared, text), 404, "NOT_FOUND")


def test_another_key_of_the_account_takes_it_back(recording: World) -> None:
    uuid = queue(recording)
    colleague = recording.issue_key("colleague", permissions=["send_text"])

    data(cancel(recording, uuid, colleague))


@pytest.mark.parametrize(
    ("item", "needed"),
    [(text_item(), "send_text"), (template_item(), "send_template"), (image_item(), "send_media")],
)
def test_the_key_needs_the_permission_that_sends_the_messages_type(
    recording: World, item: dict[str, object], needed: str
) -> None:
    (uuid,) = accepted(send_batch(recording, [item]))
    others = {"send_text", "send_template", "send_media"} - {needed}
    lacking = recording.issue_key("lacking", permissions=[*others, "view_messages"])
    holding = recording.issue_key("holding", permissions=[needed])

    found = error(cancel(recording, uuid, lacking), 403, "PERMISSION_DENIED")

    assert found["details"] == {"required_permission": needed}
    data(cancel(recording, uuid, holding))


@pytest.mark.parametrize("permission", [Permission.VIEW_MESSAGES, Permission.VIEW_TEMPLATES])
def test_a_key_that_may_only_look_takes_nothing_back(shared: World, permission: Permission) -> None:
    key = shared.issue_key(f"only {permission} for cancel", permissions=[permission])

    error(cancel(shared, uuid4(), key), 403, "PERMISSION_DENIED")


def test_a_test_key_takes_back_simulated_messages_only(recording: World) -> None:
    test_key = recording.issue_key("test", mode="test")
    live, simulated = queue(recording), queue(recording, test_key)

    found = error(cancel(recording, live, test_key), 403, "PERMISSION_DENIED")

    assert "test key" in found["message"]
    assert recording.message(live).status == "queued"
    data(cancel(recording, simulated, test_key))


def test_a_cancel_counts_as_one_request(world: World) -> None:
    key = world.issue_key(rate_limit=2)

    statuses = [cancel(world, uuid4(), key).status_code for _ in range(3)]

    assert statuses == [404, 404, 429]


def test_a_body_is_not_read(recording: World) -> None:
    uuid = queue(recording)

    data(recording.delete(f"{MESSAGES}/{uuid}", data=b"{", content_type="text/plain"))


def test_two_who_take_the_same_message_back_are_told_apart(any_recording: World) -> None:
    uuid = queue(any_recording)
    start = threading.Barrier(8)

    def race(_: int) -> int:
        start.wait(20)
        return cancel(any_recording, uuid).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(race, range(8)))

    assert statuses == [200] + [409] * 7


def test_no_message_is_both_taken_back_and_sent(make_world: MakeWorld, migrated_uri: str) -> None:
    world = make_world(database_uri=migrated_uri, **RECORDING, WAAPI_SEND_THREADS=4)
    ids = accepted(send_batch(world, texts(80)))
    start = threading.Barrier(5)

    def take_back(part: int) -> set[str]:
        start.wait(20)
        return {uuid for uuid in ids[part::4] if cancel(world, uuid).status_code == 200}

    with ThreadPoolExecutor(4) as pool:
        racing = [pool.submit(take_back, part) for part in range(4)]
        start.wait(20)
        while any(not future.done() for future in racing):
            world.work()
        canceled = set().union(*(future.result() for future in racing))
    world.work()

    sent = [str(message.uuid) for message in world.script.sent]
    assert len(sent) == len(set(sent))
    assert canceled.isdisjoint(sent)
    assert canceled | set(sent) == set(ids)
    statuses = {str(message.id): message.status for message in world.messages()}
    assert statuses == {uuid: "canceled" if uuid in canceled else "sent" for uuid in ids}
