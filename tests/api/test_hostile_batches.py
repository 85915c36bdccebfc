"""Batches from someone who means harm: each a clean refusal, none a fault of ours, none out of proportion."""

from __future__ import annotations

import json
from typing import Any

import pytest

from answers import data, error, pointers
from batches import (
    Item,
    faults_of,
    image_item,
    refusals,
    results,
    send_batch,
    template_item,
    text_item,
    texts,
)
from factories import BATCH, TEXT_SEND, MakeWorld, World, text_body

HUGE = 10**400
"""A number of more digits than any column, float or time has."""

WRONG: dict[str, list[Any]] = {
    "expires_in": [0, -1, 2_592_001, HUGE, -HUGE, True, False, 1.5, 60.0, 1e300, "60", "", None, [60], {}],
    "send_at": [0, 1_767_225_600, HUGE, True, "", "now", "2026-13-01T00:00:00Z", None, [], {}, "9" * 5_000],
    "to": [
        0,
        HUGE,
        True,
        None,
        "",
        "+",
        "+0123456789",
        "1234567890",
        "+１２３４５６７８９０",
        [],
        {},
        "+" * 5_000,
    ],
    "text": [0, True, None, "", " \n\u2003", [], "x" * 4_097],
    "reference": [0, True, "", None, [], {}, "x" * 256, "é" * 256],
    "simulate": [0, 1, "true", "false", "", None, [], {}],
    "preview_url": [0, 1, "yes", None, [], {}],
}


@pytest.mark.parametrize(
    ("member", "value"), [(name, value) for name, values in WRONG.items() for value in values], ids=repr
)
def test_a_wrong_value_is_a_fault_of_its_message(shared_recording: World, member: str, value: Any) -> None:
    item = text_item(simulate=True) | {member: value}

    answer = send_batch(shared_recording, [item, text_item(simulate=True)])

    assert set(faults_of(answer, 0)) == {f"/messages/0/{member}"}
    assert refusals(answer) == {0: "VALIDATION_ERROR"}


@pytest.mark.parametrize(
    ("member", "value"), [(name, value) for name, values in WRONG.items() for value in values], ids=repr
)
def test_a_wrong_value_is_a_fault_of_a_single_send(shared_recording: World, member: str, value: Any) -> None:
    answer = shared_recording.post(TEXT_SEND, text_body(simulate=True) | {member: value})

    assert pointers(answer) == {f"/{member}"}


@pytest.mark.parametrize(
    "item",
    [
        {**template_item(), "template_name": ["order_confirmation"]},
        {**template_item(), "language": {"code": "en"}},
        {**template_item(), "variables": 1},
        {**template_item(), "variables": [[[["x"]]]]},
        {**template_item(), "variables": {"customer_name": {"a": 1}}},
        {**template_item(), "header": []},
        {**template_item(), "header": {"image": {"link": 1}}},
        {**template_item(), "buttons": {"0": "x"}},
        {**template_item(), "buttons": [1, None, [], {}]},
        {**template_item(), "buttons": [{"index": True, "type": "url", "value": "x"}]},
        {**template_item(), "buttons": [{"index": HUGE, "type": "url", "value": "x"}]},
        {**image_item(), "link": "javascript:alert(1)"},
        {**image_item(), "media_id": ["1"]},
        {**image_item(), "caption": {"a": "b"}},
        {**text_item(), "": 1},
        {**text_item(), "__proto__": {}},
        {**text_item(), "faults": [], "pointer": "/x"},
        {**text_item(), "_schema": "x"},
        {**text_item(), "account": "other", "key_id": "x", "provider": "recorder"},
        {"type": "text", "messages": [text_item()] * 100},
    ],
)
def test_a_misshapen_message_refuses_only_itself(shared_recording: World, item: Item) -> None:
    answer = send_batch(shared_recording, [item, text_item(simulate=True)])

    assert refusals(answer) == {0: "VALIDATION_ERROR"}
    assert all(pointer.startswith("/messages/0") for pointer in faults_of(answer, 0))


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages": [{"type": "text", "to": "+1234567890", "text": "a\\u0000b"}]}',
        b'{"messages": [{"type": "text", "to": "+1234567890", "text": "\\ud800"}]}',
        b'{"messages": [{"type": "text", "to": "+1234567890", "to": "+1234567891", "text": "x"}]}',
        b'{"messages": [{"type": "text", "type": "template", "text": "x"}]}',
        b'{"messages": [{"expires_in": ' + b"9" * 5_000 + b"}]}",
        b'{"messages": [{"expires_in": 1e999}]}',
        b'{"messages": [{"expires_in": Infinity}]}',
        b'{"messages": [' + b"[" * 40 + b"]" * 40 + b"]}",
        b'{"messages": [' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"]}",
        b'{"messages": [' + b"[" * 200_000,
        b'{"messages": [{"type": "text", "to": "+1234567890", "text": "\xff"}]}',
        b'{"messages": [{"\\u0000": 1}]}',
    ],
)
def test_what_is_not_safe_to_read_refuses_the_batch(shared_recording: World, body: bytes) -> None:
    before = len(shared_recording.messages())

    error(shared_recording.post_raw(BATCH, body), 400, "MALFORMED_REQUEST")

    assert len(shared_recording.messages()) == before


@pytest.mark.parametrize(
    "text", ["👩‍👩‍👧‍👦", "\u202eevil", "a" * 4_096, "𝕏" * 4_096, "'; DROP TABLE waapi_messages; --"]
)
def test_any_text_is_kept_as_it_is(any_recording: World, text: str) -> None:
    results(send_batch(any_recording, [text_item(text=text, reference="𝕏'\"\\")]))

    assert (any_recording.message().rendered, any_recording.message().reference) == (text, "𝕏'\"\\")


def times_the_size(world: World, items: list[Any]) -> float:
    """How many times the size of its batch an answer has."""
    body = json.dumps({"messages": items}).encode()
    answer = world.post_raw(BATCH, body)
    assert answer.status_code == 202
    return len(answer.data) / len(body)


@pytest.mark.parametrize(
    "items",
    [
        [{**text_item(), **{f"m{number}": 1 for number in range(100_000)}}],
        [{**text_item(), "x" * 3_000_000: 1}],
        [template_item(variables=[1] * 200) for _ in range(1_000)],
        [template_item(variables={"x" * 1_000: 1}) for _ in range(1_000)],
        [template_item(template_name="nothing") for _ in range(1_000)],
    ],
    ids=["many members", "a long member", "wrong variables", "long variables", "an unknown template"],
)
def test_a_batch_of_faults_has_an_answer_in_proportion(make_world: MakeWorld, items: list[Any]) -> None:
    world = make_world()
    world.key()

    assert times_the_size(world, items) < 4


def test_a_message_tells_ten_of_its_faults_and_how_many_there_are(shared_recording: World) -> None:
    item = {**text_item(), **{f"m{number}": 1 for number in range(50)}}

    found = results(send_batch(shared_recording, [item]))[0]["error"]

    assert len(found["details"]) == 10
    assert found["message"].endswith("(and 49 more: see details)")


def test_an_answer_of_the_longest_faults_can_be_kept(any_world: World) -> None:
    variables = {f"{number}{'💥' * 95}": "x" for number in range(10)}
    items = [template_item(variables=variables) for _ in range(900)]
    # Each of these characters has four bytes here, and twelve in a column of JSON.
    body = json.dumps({"messages": items}, ensure_ascii=False).encode()

    first, second = (any_world.post_raw(BATCH, body, headers={"Idempotency-Key": "k"}) for _ in range(2))

    assert set(refusals(first).values()) == {"VALIDATION_ERROR"}
    assert second.get_json() == first.get_json()
    assert second.headers["Idempotency-Replayed"] == "true"


def test_nothing_in_a_message_says_whose_it_is(recording: World) -> None:
    recording.issue_key("stranger", account="other")

    results(send_batch(recording, [text_item(), text_item(reference="other")]))

    assert {message.account for message in recording.messages()} == {"default"}


def test_references_may_be_the_same(recording: World) -> None:
    found = results(send_batch(recording, [text_item(reference="same")] * 5))

    assert len({result["data"]["message_uuid"] for result in found}) == 5


def test_a_disabled_key_sends_no_batch(recording: World) -> None:
    key = recording.key()
    recording.services.keys.set_enabled("default", "shop", False, actor="test")

    error(send_batch(recording, texts(2), key=key), 401, "KEY_INACTIVE")

    assert recording.messages() == []


def test_a_key_that_is_disabled_while_its_batch_is_read_stores_nothing(
    any_recording: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = any_recording.key()
    finder = any_recording.services.pipeline._composer.finder

    def disable(requests: Any) -> Any:
        any_recording.services.keys.set_enabled("default", "shop", False, actor="test")
        return finder(requests)

    monkeypatch.setattr(any_recording.services.pipeline._composer, "finder", disable)

    error(send_batch(any_recording, texts(2), key=key), 401, "KEY_INACTIVE")

    assert any_recording.messages() == []


def test_a_batch_is_read_by_nobody_else(any_world: World) -> None:
    stranger = any_world.issue_key("stranger", account="other")
    results(send_batch(any_world, texts(2)))

    assert data(any_world.get("/api/v1/external/messages", stranger)) == []
