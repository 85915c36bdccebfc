"""Messages that came in, as the API shows them: one by one and in the history."""

from __future__ import annotations

import pytest

from answers import data, error, pointers
from factories import MESSAGES, RECIPIENT, TEXT_SEND, World, text_body
from incoming import OUR_NUMBER, writes, written
from reports import apply

OTHER = "+4915112345678"


def uuid_of(world: World) -> str:
    """The id of the newest message."""
    return str(world.messages()[-1].id)


def senders(world: World, query: str) -> list[str | None]:
    """Who wrote the messages that a page of the history has, newest first."""
    return [message["from"] for message in data(world.get(f"{MESSAGES}?{query}"))]


def test_it_is_shown_whole(any_recording: World) -> None:
    content = {"type": "image", "image": {"id": "m-1", "caption": "Mine"}}
    told = written(
        any_recording,
        type="image",
        content=content,
        text="Mine",
        sender_name="John",
        reply_to="recorder-1",
    )
    apply(any_recording, "recorder", told)

    found = data(any_recording.get(f"{MESSAGES}/{uuid_of(any_recording)}"))

    assert (found["direction"], found["status"], found["type"]) == ("inbound", "received", "image")
    assert (found["from"], found["from_name"], found["to"]) == (RECIPIENT, "John", OUR_NUMBER)
    assert (found["text"], found["content"], found["reply_to"]) == ("Mine", content, "recorder-1")
    assert (found["is_echo"], found["simulated"], found["failure"]) == (False, False, None)
    assert [event["status"] for event in found["events"]] == ["received"]


def test_one_that_was_sent_shows_neither_sender_nor_content(any_recording: World) -> None:
    found = data(any_recording.post(TEXT_SEND, text_body()), 201)

    assert (found["direction"], found["from"], found["from_name"]) == ("outbound", None, None)
    assert (found["content"], found["reply_to"], found["is_echo"]) == (None, None, False)


def test_an_echo_says_so(recording: World) -> None:
    echo = written(recording, sender=OUR_NUMBER, recipient=RECIPIENT, is_echo=True, opens_window=False)
    apply(recording, "recorder", echo)

    found = data(recording.get(f"{MESSAGES}/{uuid_of(recording)}"))

    assert (found["is_echo"], found["direction"], found["from"]) == (True, "inbound", OUR_NUMBER)


def test_the_history_has_both_directions_newest_first(any_recording: World) -> None:
    any_recording.post(TEXT_SEND, text_body())
    any_recording.clock.advance(1)
    writes(any_recording)

    found = data(any_recording.get(MESSAGES))

    assert [message["direction"] for message in found] == ["inbound", "outbound"]


def test_the_history_can_be_narrowed_to_a_direction_a_sender_and_what_was_received(
    any_recording: World,
) -> None:
    any_recording.post(TEXT_SEND, text_body())
    writes(any_recording)
    writes(any_recording, OTHER)

    assert senders(any_recording, "direction=outbound") == [None]
    assert set(senders(any_recording, "direction=inbound")) == {RECIPIENT, OTHER}
    assert set(senders(any_recording, "status=received")) == {RECIPIENT, OTHER}
    assert senders(any_recording, "sender=%2B4915112345678") == [OTHER]
    assert senders(any_recording, "direction=outbound&sender=%2B4915112345678") == []


def test_a_direction_that_is_none_is_refused(recording: World) -> None:
    assert pointers(recording.get(f"{MESSAGES}?direction=sideways")) == {"/direction"}


def test_it_is_no_concern_of_another_account(recording: World) -> None:
    stranger = recording.issue_key("stranger", account="other")
    writes(recording)

    assert data(recording.get(MESSAGES, stranger)) == []
    error(recording.get(f"{MESSAGES}/{uuid_of(recording)}", stranger), 404, "NOT_FOUND")


@pytest.mark.parametrize("permissions", [["send_text"], ["send_media"], ["send_template"]])
@pytest.mark.parametrize("mode", ["live", "test"])
def test_it_cannot_be_taken_back_by_anybody(recording: World, permissions: list[str], mode: str) -> None:
    key = recording.issue_key("sender", permissions=permissions, mode=mode)
    writes(recording)

    found = error(recording.delete(f"{MESSAGES}/{uuid_of(recording)}", key), 409, "MESSAGE_NOT_QUEUED")

    assert found["details"]["status"] == "received"
    assert recording.message().status == "received"


def test_the_python_call_reads_it(recording: World) -> None:
    writes(recording)

    with recording.app.app_context():
        found = recording.waapi.get_message(uuid_of(recording))

    assert (found.status, found.to) == ("received", OUR_NUMBER)


def test_the_python_call_lets_somebody_write_in_the_simulation(recording: World) -> None:
    with recording.app.app_context():
        event = recording.waapi.simulate_received(RECIPIENT, "Hello", account="shop")

    message = recording.message()
    assert (event.message_uuid, event.account) == (message.id, "shop")
    assert (message.direction, message.simulated, message.rendered) == ("inbound", True, "Hello")
