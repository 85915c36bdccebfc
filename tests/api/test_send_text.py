"""POST /messages/text/send."""

from __future__ import annotations

from typing import Any

import pytest

from answers import data, error, pointers
from factories import TEXT_SEND, World, text_body
from flask_waapi import Image, Text, WindowClosed


def test_a_text_is_sent(any_world: World) -> None:
    answer = any_world.post(TEXT_SEND, text_body(reference="r-1"))

    sent = data(answer, 201)
    assert (sent["status"], sent["type"], sent["text"]) == ("sent", "text", "Hello")
    assert any_world.message(sent["message_uuid"]).rendered == "Hello"


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "x" * 4096,
        "two\nlines\tand a tab",
        "{{1}} %s \\1 <b>&amp;</b> ' \" ; DROP TABLE waapi_messages",
        "\N{FAMILY}\N{ZERO WIDTH JOINER} ü שלום 你好 \U0001f600",
        "\N{RIGHT-TO-LEFT OVERRIDE}abc",
        " leading and trailing ",
    ],
)
def test_any_text_arrives_verbatim_and_is_shown_verbatim(shared_anywhere: World, text: str) -> None:
    sent = data(shared_anywhere.post(TEXT_SEND, text_body(text=text)), 201)

    assert sent["text"] == text
    assert shared_anywhere.script.sent[-1].content == Text(text)
    assert shared_anywhere.message(sent["message_uuid"]).rendered == text


@pytest.mark.parametrize("preview_url", [True, False])
def test_the_preview_is_the_callers_choice(recording: World, preview_url: bool) -> None:
    recording.post(TEXT_SEND, text_body(preview_url=preview_url))

    assert recording.script.sent[0].content == Text("Hello", preview_url)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("text", ""),
        ("text", "x" * 4097),
        ("text", 1),
        ("text", ["Hello"]),
        ("preview_url", "true"),
        ("preview_url", 1),
        ("preview_url", 0),
        ("simulate", "false"),
        ("simulate", 0),
        ("simulate", []),
        ("reference", "x" * 256),
        ("reference", 7),
        ("variables", {}),
    ],
)
def test_a_wrong_member_is_refused(shared: World, member: str, value: Any) -> None:
    assert pointers(shared.post(TEXT_SEND, text_body(**{member: value}))) == {f"/{member}"}


@pytest.mark.parametrize("member", ["text", "preview_url", "simulate", "reference", "to"])
def test_null_is_not_a_value(shared: World, member: str) -> None:
    assert pointers(shared.post(TEXT_SEND, text_body() | {member: None})) == {f"/{member}"}


def test_an_empty_object_lacks_recipient_and_text(shared: World) -> None:
    assert pointers(shared.post(TEXT_SEND, {})) == {"/to", "/text"}


def test_a_closed_service_window_is_a_409_that_names_the_message(recording: World) -> None:
    recording.script.outcomes.append(WindowClosed("More than 24 hours have passed.", code="131047"))

    found = error(recording.post(TEXT_SEND, text_body()), 409, "SERVICE_WINDOW_CLOSED")

    message = recording.message()
    assert message.status == "failed"
    assert found["details"] == {
        "message_uuid": str(message.id),
        "provider": "recorder",
        "provider_code": "131047",
        "reason": "More than 24 hours have passed.",
    }


def test_what_the_provider_cannot_carry_is_refused_before_anything_is_stored(recording: World) -> None:
    provider = recording.services.providers["recorder"]
    provider.content_types = frozenset({Image})

    error(recording.post(TEXT_SEND, text_body()), 422, "UNSUPPORTED_FEATURE")

    assert recording.messages() == []
    assert recording.script.sent == []


def test_a_simulated_text_says_so_and_reaches_no_one(recording: World) -> None:
    sent = data(recording.post(TEXT_SEND, text_body(simulate=True)), 201)

    assert (sent["simulated"], sent["provider"]) == (True, "simulation")
    assert recording.script.calls == 0


def test_a_reference_needs_not_be_unique(world: World) -> None:
    answers = [world.post(TEXT_SEND, text_body(reference="same")) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(world.messages()) == 2
