"""POST /messages/batch: one answer per message, in their order; a bad one refuses only itself."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from answers import data, error, pointers
from batches import (
    accepted,
    faults_of,
    image_item,
    refusals,
    results,
    send_batch,
    template_item,
    text_item,
    texts,
    texts_sent,
)
from factories import BATCH, MESSAGES, RECIPIENT, RECORDING, MakeWorld, World
from flask_waapi import Retryable, Text
from flask_waapi.api.door import ACTING, Acting
from flask_waapi.testing import ManualClock


def test_messages_of_every_type_are_taken_and_sent_by_the_background(any_recording: World) -> None:
    items = [text_item(), template_item(), image_item(), {**image_item(), "type": "audio"}]

    ids = accepted(send_batch(any_recording, items))

    assert any_recording.script.sent == []
    assert [any_recording.message(uuid).status for uuid in ids] == ["queued"] * 4
    any_recording.work()
    assert [any_recording.message(uuid).status for uuid in ids] == ["sent"] * 4
    assert sorted(message.content.type for message in any_recording.script.sent) == [
        "audio",
        "image",
        "template",
        "text",
    ]


def test_each_answer_tells_of_the_message_in_its_place(any_recording: World) -> None:
    items = [text_item(to=f"+49170000{number:04}", reference=f"r{number}") for number in range(25)]

    found = results(send_batch(any_recording, items))

    assert [result["data"]["to"] for result in found] == [item["to"] for item in items]
    assert [result["data"]["reference"] for result in found] == [item["reference"] for item in items]
    assert set(found[0]["data"]) == {"message_uuid", "status", "to", "reference", "simulated"}
    stored = {str(message.id): message.reference for message in any_recording.messages()}
    assert stored == {result["data"]["message_uuid"]: result["data"]["reference"] for result in found}


class TickingClock(ManualClock):
    """A clock that, as a real one, never says the same twice."""

    def __call__(self) -> datetime:
        self.advance(timedelta(microseconds=1))
        return super().__call__()


def test_messages_are_sent_in_the_order_of_the_batch(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING, clock=TickingClock())
    send_batch(world, texts(60))

    world.work()

    assert texts_sent(world) == [f"Hello {number}" for number in range(60)]


def test_a_bad_message_refuses_only_itself(any_recording: World) -> None:
    items = [text_item(), text_item(to="12"), template_item(template_name="nothing"), text_item(text="Last")]

    answer = send_batch(any_recording, items)

    assert refusals(answer) == {1: "VALIDATION_ERROR", 2: "TEMPLATE_NOT_FOUND"}
    any_recording.work()
    assert sorted(texts_sent(any_recording)) == ["Hello", "Last"]


def test_a_batch_of_bad_messages_alone_stores_nothing(any_recording: World) -> None:
    assert refusals(send_batch(any_recording, [text_item(to="12")] * 3)) == dict.fromkeys(
        range(3), "VALIDATION_ERROR"
    )

    assert any_recording.messages() == []


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (text_item(to="12"), ["/messages/3/to"]),
        (text_item(to=None), ["/messages/3/to"]),
        (text_item(to=12), ["/messages/3/to"]),
        (text_item(text=""), ["/messages/3/text"]),
        (text_item(colour="red"), ["/messages/3/colour"]),
        (text_item(to="12", text=""), ["/messages/3/text", "/messages/3/to"]),
        (text_item(send_at="2027-01-01"), ["/messages/3/send_at"]),
        (text_item(send_at="2020-01-01T00:00:00Z"), ["/messages/3/send_at"]),
        (template_item(variables={"total": "1"}), ["/messages/3/variables/customer_name"]),
        (template_item(variables={"a/b~c": 1}), ["/messages/3/variables/a~1b~0c"]),
        (image_item(caption=""), ["/messages/3/caption"]),
        ({"type": "text"}, ["/messages/3/text", "/messages/3/to"]),
    ],
)
def test_faults_point_into_the_batch(shared_recording: World, item: Any, expected: list[str]) -> None:
    answer = send_batch(shared_recording, [text_item(simulate=True)] * 3 + [item])

    assert set(expected) <= set(faults_of(answer, 3))
    assert all(pointer.startswith("/messages/3/") for pointer in faults_of(answer, 3))


def test_each_fault_is_told_once(shared_recording: World) -> None:
    assert faults_of(send_batch(shared_recording, [{"type": "text", "text": "x"}]), 0) == ["/messages/0/to"]


@pytest.mark.parametrize("item", [None, 1, 1.5, True, "text", [], [text_item()], ["type", "text"]])
def test_a_message_that_is_no_object_is_refused(shared_recording: World, item: Any) -> None:
    assert faults_of(send_batch(shared_recording, [item]), 0) == ["/messages/0"]


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        " ",
        "Text",
        "TEXT",
        "media",
        "batch",
        "téxt",
        1,
        0,
        1.5,
        True,
        False,
        [],
        ["text"],
        {},
        "x" * 999,
    ],
)
def test_an_unknown_type_is_a_fault_whatever_else_the_message_has(shared_recording: World, kind: Any) -> None:
    answer = send_batch(shared_recording, [{**text_item(), "type": kind}])

    assert faults_of(answer, 0) == ["/messages/0/type"]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"to": RECIPIENT, "text": "Hello"}, "text"),
        ({"to": RECIPIENT, "template_name": "order_confirmation", "language": "en"}, "template"),
    ],
)
def test_the_type_may_be_left_out_where_the_content_tells_it(
    recording: World, item: Any, expected: str
) -> None:
    recording.script.templates[0] = recording.script.templates[0].__class__(
        "order_confirmation", "en", "APPROVED", "UTILITY", "NAMED", [{"type": "BODY", "text": "Hello"}]
    )

    (uuid,) = accepted(send_batch(recording, [item]))

    assert recording.message(uuid).type == expected


@pytest.mark.parametrize("item", [{"to": RECIPIENT}, {}, {"to": RECIPIENT, "media_id": "1"}])
def test_without_a_type_and_without_a_hint_the_type_is_missing(shared_recording: World, item: Any) -> None:
    assert "/messages/0/type" in faults_of(send_batch(shared_recording, [item]), 0)


@pytest.mark.parametrize("kind", ["text", "template", None])
def test_a_message_with_a_text_and_a_template_is_neither(shared_recording: World, kind: str | None) -> None:
    both = {**template_item(), "text": "Hello", "type": kind}
    if kind is None:
        del both["type"]

    assert refusals(send_batch(shared_recording, [both])) == {0: "VALIDATION_ERROR"}


def test_a_message_whose_permission_the_key_lacks_is_refused_alone(any_recording: World) -> None:
    key = any_recording.issue_key(permissions=["send_text"])

    answer = send_batch(any_recording, [template_item(), text_item(), image_item()], key=key)

    assert refusals(answer) == {0: "PERMISSION_DENIED", 2: "PERMISSION_DENIED"}
    assert results(answer)[2]["error"]["details"] == {"required_permission": "send_media"}
    assert [message.type for message in any_recording.messages()] == ["text"]


@pytest.mark.parametrize("permission", ["view_messages", "view_templates"])
def test_a_key_that_may_send_nothing_may_send_no_batch(shared_recording: World, permission: str) -> None:
    key = shared_recording.issue_key(f"only {permission} for batch", permissions=[permission])

    error(send_batch(shared_recording, [text_item()], key=key), 403, "PERMISSION_DENIED")


def test_a_thousand_messages_are_taken(any_recording: World) -> None:
    ids = accepted(send_batch(any_recording, texts(1_000)))

    assert len(set(ids)) == 1_000
    assert {message.reference for message in any_recording.messages()} == {str(n) for n in range(1_000)}


def test_a_thousand_times_the_same_message_is_a_thousand_messages(recording: World) -> None:
    assert len(set(accepted(send_batch(recording, [text_item()] * 1_000)))) == 1_000


@pytest.mark.parametrize("count", [0, 1_001])
def test_no_message_and_more_than_a_thousand_are_no_batch(shared_recording: World, count: int) -> None:
    assert pointers(send_batch(shared_recording, texts(count))) == {"/messages"}


@pytest.mark.parametrize("messages", [None, 1, "text", {}, {"0": text_item()}, True])
def test_messages_must_be_a_list(shared_recording: World, messages: Any) -> None:
    assert pointers(send_batch(shared_recording, messages)) == {"/messages"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [({}, "/messages"), ([], ""), ([text_item()], ""), (None, ""), ("x", ""), (text_item(), "/messages")],
)
def test_what_is_no_batch_is_refused_whole(shared_recording: World, body: Any, expected: str) -> None:
    answer = shared_recording.post_raw(BATCH, json.dumps(body).encode())

    assert expected in pointers(answer)


def test_a_member_beside_the_messages_is_refused_by_name(recording: World) -> None:
    answer = send_batch(recording, [text_item()], simulate=True)

    assert pointers(answer) == {"/simulate"}
    assert recording.messages() == []


def test_a_batch_within_a_batch_is_refused_as_a_message(shared_recording: World) -> None:
    inner = {"messages": [text_item()]}

    assert faults_of(send_batch(shared_recording, [inner]), 0) == ["/messages/0/type", "/messages/0/to"]


def test_the_provider_is_not_asked_for_templates_once_for_each_message(recording: World) -> None:
    send_batch(recording, [template_item(template_name=f"t{number % 3}") for number in range(50)])
    send_batch(recording, [template_item()] * 50)

    assert recording.script.listings == 1


def test_a_message_whose_sending_fails_is_retried_by_the_background(recording: World) -> None:
    recording.script.outcomes.append(Retryable("Overloaded."))
    send_batch(recording, texts(2))

    recording.work()
    assert sorted(message.status for message in recording.messages()) == ["queued", "sent"]
    recording.clock.advance(3_600)
    recording.work()

    assert [message.status for message in recording.messages()] == ["sent", "sent"]
    assert len(recording.script.sent) == 3


def test_what_the_provider_cannot_carry_is_refused_alone(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING)
    world.services.providers["recorder"].content_types = frozenset({Text})

    assert refusals(send_batch(world, [image_item(), text_item()])) == {0: "UNSUPPORTED_FEATURE"}


def test_a_message_of_a_batch_is_read_like_any_other(any_recording: World) -> None:
    (uuid,) = accepted(send_batch(any_recording, [text_item(reference="r")]))
    any_recording.work()

    found = data(any_recording.get(f"{MESSAGES}/{uuid}"))

    assert (found["status"], found["reference"], found["attempts"]) == ("sent", "r", 1)
    assert [event["status"] for event in found["events"]] == ["queued", "sent"]


def test_the_messages_of_a_test_key_reach_no_provider(recording: World) -> None:
    key = recording.issue_key("test", mode="test")
    recording.services.catalogue.sync("recorder")
    answer = send_batch(recording, [template_item(), text_item(), image_item(simulate=False)], key=key)
    recording.work()

    assert [result["data"]["simulated"] for result in results(answer)] == [True] * 3
    assert {message.status for message in recording.messages()} == {"sent"}
    assert recording.script.sent == []


def test_a_batch_on_simulate_only_reaches_no_provider(recording: World) -> None:
    recording.key()
    acting = Acting("default", recording.services.keys.get("default", "shop").id, simulate=True)
    body = {"messages": [text_item(simulate=False), image_item()]}

    answer = recording.client.post(BATCH, json=body, environ_overrides={ACTING: acting})
    recording.work()

    assert [result["data"]["simulated"] for result in results(answer)] == [True, True]
    assert recording.script.sent == []


def test_a_simulated_message_of_a_batch_is_simulated_alone(recording: World) -> None:
    answer = send_batch(recording, [text_item(simulate=True, text="no"), text_item(text="yes")])
    recording.work()

    assert [result["data"]["simulated"] for result in results(answer)] == [True, False]
    assert texts_sent(recording) == ["yes"]
