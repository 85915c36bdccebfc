"""Many messages with one call from Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from factories import RECIPIENT, World, template_body, text_body
from flask_waapi import SentMessage, ValidationFailed, WaApiError
from flask_waapi.errors import IdempotencyMismatch, NotFound, TemplateNotFound
from flask_waapi.storage.models import Message


@pytest.fixture
def app(recording: World) -> Iterator[World]:
    """An app sending by a recorder, within its context."""
    with recording.app.app_context():
        yield recording


@pytest.fixture
def anywhere(any_recording: World) -> Iterator[World]:
    """The same on each kind of database."""
    with any_recording.app.app_context():
        yield any_recording


def test_each_message_has_its_result_in_their_order(anywhere: World) -> None:
    results = anywhere.waapi.send_batch(
        [
            text_body(type="text", reference="first"),
            text_body(type="text", to="12"),
            template_body(type="template", language="xx"),
            {"type": "image", "to": RECIPIENT, "link": "https://example.com/a.jpg"},
            {"type": "hologram", "to": RECIPIENT},
        ]
    )

    kinds = [type(result) for result in results]
    assert kinds == [SentMessage, ValidationFailed, TemplateNotFound, SentMessage, ValidationFailed]
    first = results[0]
    assert isinstance(first, SentMessage)
    assert (first.status, anywhere.message(first.message_uuid).reference) == ("queued", "first")
    assert isinstance(results[1], ValidationFailed)
    assert [fault.pointer for fault in results[1].faults] == ["/messages/1/to"]
    anywhere.work()
    assert len(anywhere.script.sent) == 2


def test_any_number_will_do(app: World) -> None:
    assert app.waapi.send_batch([]) == []

    results = app.waapi.send_batch([text_body(reference=str(number)) for number in range(1_500)])

    assert [app.message(result.message_uuid).reference for result in results[:3]] == ["0", "1", "2"]  # type: ignore[union-attr]
    assert app.count(Message) == 1_500


def test_what_is_no_message_is_refused_by_itself(app: World) -> None:
    items: list[Any] = ["text", None, 5, text_body()]

    results = app.waapi.send_batch(items)

    assert [type(result).__name__ for result in results] == ["ValidationFailed"] * 3 + ["SentMessage"]


def test_times_may_be_those_of_python(app: World) -> None:
    items = [text_body(send_at=app.clock() + timedelta(hours=1), expires_in=timedelta(minutes=2))]
    (sent,) = app.waapi.send_batch(items, idempotency_key="k")

    assert isinstance(sent, SentMessage)
    assert app.message(sent.message_uuid).expires_at == app.clock() + timedelta(hours=1, minutes=2)
    assert app.waapi.send_batch(items, idempotency_key="k") == [sent]


def test_a_repetition_gets_the_first_ones_results_with_their_classes(anywhere: World) -> None:
    items = [text_body(), text_body(to="12"), template_body(language="xx")]
    first, second = (anywhere.waapi.send_batch(items, idempotency_key="k") for _ in range(2))

    assert first[0] == second[0]
    for one, other in zip(first[1:], second[1:], strict=True):
        assert isinstance(one, WaApiError)
        assert isinstance(other, WaApiError)
        assert (type(one), one.message, one.details) == (type(other), other.message, other.details)
    assert anywhere.count(Message) == 1


def test_other_messages_under_the_key_are_refused(app: World) -> None:
    app.waapi.send_batch([text_body()], idempotency_key="k")

    with pytest.raises(IdempotencyMismatch):
        app.waapi.send_batch([text_body(), text_body()], idempotency_key="k")


def test_it_is_for_the_account_it_names(app: World) -> None:
    (sent,) = app.waapi.send_batch([text_body()], account="other")

    assert isinstance(sent, SentMessage)
    with pytest.raises(NotFound):
        app.waapi.get_message(sent.message_uuid)
