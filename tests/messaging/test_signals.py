"""The signal of a change of status: after its commit, once, with an app context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import current_app

from answers import data, error
from factories import RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import Rejected, Retryable, SendResult, StatusUpdate, message_status_changed
from reports import apply

Heard = list[tuple[Any, str, str]]


def listen(world: World, heard: Heard) -> Any:
    """A receiver that notes the sender's name and the change."""

    def receiver(sender: Any, message_uuid: UUID, status: str, previous: str, **rest: Any) -> None:
        assert rest == {}
        assert current_app._get_current_object() is sender  # type: ignore[attr-defined]
        # What the signal tells of can be read by anyone: it has been committed.
        assert world.message(message_uuid).status == status
        heard.append((message_uuid, previous, status))

    return receiver


@pytest.fixture
def heard(any_recording: World) -> Iterator[Heard]:
    """What is heard of the app's messages."""
    changes: Heard = []
    receiver = listen(any_recording, changes)
    with message_status_changed.connected_to(receiver, any_recording.app):
        yield changes


def test_each_change_is_told_once(any_recording: World, heard: Heard) -> None:
    uuid = UUID(data(any_recording.send(), 201)["message_uuid"])
    for status in ("delivered", "delivered", "sent", "read"):
        any_recording.clock.advance(1)
        report = StatusUpdate(status, any_recording.clock(), "recorder-1")
        apply(any_recording, "recorder", report, report)

    assert heard == [
        (uuid, "queued", "sent"),
        (uuid, "sent", "delivered"),
        (uuid, "delivered", "read"),
    ]


def test_facts_announced_for_one_moment_are_told_in_their_order(any_recording: World, heard: Heard) -> None:
    for number in range(8):
        later = [
            StatusUpdate(status, any_recording.clock(), f"recorder-{number}")
            for status in ("delivered", "read")
        ]
        any_recording.script.outcomes.append(SendResult(f"recorder-{number}", later=later))
        data(any_recording.send(), 201)
    heard.clear()

    any_recording.work()

    changes = Counter((previous, status) for _, previous, status in heard)
    assert changes == {("sent", "delivered"): 8, ("delivered", "read"): 8}


def test_a_failure_is_told(any_recording: World, heard: Heard) -> None:
    any_recording.script.outcomes.append(Rejected("No."))

    error(any_recording.post(TEXT_SEND, text_body()), 422, "MESSAGE_REJECTED")

    assert [change[1:] for change in heard] == [("queued", "failed")]


def test_a_refused_request_tells_nothing(any_recording: World, heard: Heard) -> None:
    any_recording.post(TEXT_SEND, text_body(to="12"))

    assert heard == []


def test_the_background_tells_with_an_app_context(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_DISPATCH="thread", **RECORDING)
    world.script.outcomes.append(Retryable("Overloaded."))
    changes: Heard = []
    receiver = listen(world, changes)
    with message_status_changed.connected_to(receiver, world.app):
        world.post(TEXT_SEND, text_body())
        world.work()
        assert changes == []
        world.clock.advance(60)
        world.work()

    assert [change[1:] for change in changes] == [("queued", "sent")]


def test_a_receiver_may_ask_and_send_in_turn(recording: World) -> None:
    def reply(sender: Any, status: str, **rest: Any) -> None:
        if status == "sent" and len(recording.messages()) == 1:
            recording.waapi.send_text("+1234567891", "And now you know")

    with message_status_changed.connected_to(reply, recording.app):
        data(recording.post(TEXT_SEND, text_body()), 201)

    assert {message.recipient for message in recording.messages()} == {"+1234567890", "+1234567891"}


def test_a_receiver_that_raises_does_not_undo_the_send(
    recording: World, caplog: pytest.LogCaptureFixture
) -> None:
    def receiver(sender: Any, **rest: Any) -> None:
        raise ZeroDivisionError("a fault of the host's")

    with message_status_changed.connected_to(receiver, recording.app):
        sent = data(recording.post(TEXT_SEND, text_body()), 201)

    assert sent["status"] == recording.message().status == "sent"
    assert "a fault of the host's" in caplog.text


def test_another_apps_messages_are_not_heard(make_world: MakeWorld) -> None:
    one, other = make_world(**RECORDING), make_world(**RECORDING)
    changes: Heard = []
    receiver = listen(one, changes)
    with message_status_changed.connected_to(receiver, one.app):
        other.send()

    assert changes == []
