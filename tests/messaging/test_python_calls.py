"""The options of the calls from Python, and what can be done to a message afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

from factories import RECIPIENT, RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import SendOptions, SentMessage, ValidationFailed, WaApiError
from flask_waapi.errors import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    MessageNotFailed,
    MessageNotQueued,
    MessageRejected,
    NotFound,
    ProviderUnavailable,
    ServiceWindowClosed,
    TemplateNotFound,
)
from flask_waapi.plugins.provider import OutboundMessage
from flask_waapi.plugins.provider_errors import OutcomeUnknown, Rejected, Retryable, WindowClosed


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


def send(world: World, text: str = "Hello", **options: Any) -> SentMessage:
    """A text."""
    return world.waapi.send_text(RECIPIENT, text, **options)


def at(world: World, **ahead: float) -> datetime:
    """A moment that far ahead."""
    return world.clock() + timedelta(**ahead)


class TestOptions:
    """What every send takes."""

    @pytest.mark.parametrize("name", ["sent_at", "idempotencykey", "priority"])
    def test_an_unknown_one_is_told_with_those_there_are(self, app: World, name: str) -> None:
        option: dict[str, Any] = {name: None}
        with pytest.raises(TypeError) as raised:
            send(app, **option)

        assert f"no option {name!r}" in str(raised.value)
        for known in SendOptions.__annotations__:
            assert known in str(raised.value)
        assert app.messages() == []

    @pytest.mark.parametrize("reference", ["", "x" * 256, 5])
    def test_a_reference_is_text_of_1_to_255_characters(self, app: World, reference: Any) -> None:
        with pytest.raises(ValidationFailed) as raised:
            send(app, reference=reference)

        assert [fault.pointer for fault in raised.value.faults] == ["/reference"]

    def test_what_is_none_is_not_given(self, app: World) -> None:
        options: SendOptions = {
            "reference": None,
            "send_at": None,
            "expires_in": None,
            "idempotency_key": None,
            "session": None,
        }

        assert send(app, **options).status == "sent"

    @pytest.mark.parametrize("account", ["", "x" * 65, "a\0b"])
    def test_an_account_is_text_of_1_to_64_characters(self, app: World, account: str) -> None:
        with pytest.raises(ValueError, match="account="):
            send(app, account=account)
        with pytest.raises(ValueError, match="account="):
            app.waapi.send_batch([], account=account)


class TestTime:
    """``send_at`` and ``expires_in``."""

    def test_a_message_for_later_waits_until_then(self, anywhere: World) -> None:
        sent = send(anywhere, send_at=at(anywhere, hours=1))
        anywhere.work()
        assert (sent.status, anywhere.script.sent) == ("queued", [])

        anywhere.clock.advance(3600)
        anywhere.work()
        assert anywhere.waapi.get_message(sent.message_uuid).status == "sent"

    def test_a_moment_of_any_zone_is_the_same_moment(self, app: World) -> None:
        moment = at(app, hours=1)
        for zone in (UTC, timezone(timedelta(hours=-7, minutes=-30))):
            sent = send(app, send_at=moment.astimezone(zone))
            assert app.message(sent.message_uuid).send_at == moment

    def test_a_moment_without_a_zone_is_refused_in_words(self, app: World) -> None:
        with pytest.raises(ValueError, match=r"send_at=.* has no time zone"):
            send(app, send_at=datetime(2026, 1, 2))  # noqa: DTZ001
        with pytest.raises(TypeError, match=r"send_at=.* is not a datetime"):
            send(app, send_at="2026-01-02T00:00:00Z")

        assert app.messages() == []

    @pytest.mark.parametrize("ahead", [timedelta(hours=-1), timedelta(days=367)])
    def test_a_moment_in_the_past_or_too_far_ahead_is_a_fault(self, app: World, ahead: timedelta) -> None:
        with pytest.raises(ValidationFailed) as raised:
            send(app, send_at=app.clock() + ahead)

        assert [fault.pointer for fault in raised.value.faults] == ["/send_at"]

    @pytest.mark.parametrize(
        ("given", "seconds"),
        [
            (90, 90),
            (timedelta(minutes=1, seconds=30), 90),
            (89.2, 90),
            (timedelta(milliseconds=89_200), 90),
            (0.25, 1),
            (timedelta(microseconds=1), 1),
        ],
    )
    def test_it_may_be_sent_for_so_many_seconds_a_fraction_counting_as_one(
        self, app: World, given: Any, seconds: int
    ) -> None:
        sent = send(app, expires_in=given)

        assert app.message(sent.message_uuid).expires_at == at(app, seconds=seconds)

    @pytest.mark.parametrize(
        "given", [0, -1, timedelta(0), timedelta(days=31), math.inf, math.nan, True, "9"]
    )
    def test_a_time_that_is_none_or_too_long_is_a_fault(self, app: World, given: Any) -> None:
        with pytest.raises(WaApiError) as raised:
            send(app, expires_in=given)

        assert raised.value.code in {"VALIDATION_ERROR", "MALFORMED_REQUEST"}
        assert app.messages() == []

    def test_too_late_is_not_sent(self, app: World) -> None:
        sent = send(app, send_at=at(app, hours=1), expires_in=60)
        app.clock.advance(3661)
        app.work()

        assert app.script.sent == []
        assert app.waapi.get_message(sent.message_uuid).status == "failed"


class TestIdempotencyKeys:
    """A call that is made again."""

    def test_a_repetition_gets_the_first_ones_message(self, anywhere: World) -> None:
        first, second = (send(anywhere, idempotency_key="k") for _ in range(2))

        assert first == second
        assert len(anywhere.script.sent) == 1

    def test_it_gets_it_as_it_stands_now(self, app: World) -> None:
        first = send(app, idempotency_key="k", send_at=at(app, hours=1))
        app.waapi.cancel_message(first.message_uuid)

        again = send(app, idempotency_key="k", send_at=at(app, hours=1))

        assert (again.message_uuid, again.status) == (first.message_uuid, "canceled")

    @pytest.mark.parametrize(
        "changed",
        [{"text": "Bye"}, {"reference": "other"}, {"simulate": True}, {"expires_in": 60}],
    )
    def test_other_arguments_are_refused(self, app: World, changed: dict[str, Any]) -> None:
        send(app, idempotency_key="k")

        with pytest.raises(IdempotencyMismatch):
            send(app, idempotency_key="k", **changed)

    def test_each_call_account_and_the_api_have_keys_of_their_own(self, app: World) -> None:
        link = "https://example.com/a.jpg"
        send(app, idempotency_key="k")
        send(app, idempotency_key="k", account="other")
        app.waapi.send_media(RECIPIENT, "image", link=link, idempotency_key="k")
        app.post(TEXT_SEND, text_body(), headers={"Idempotency-Key": "k"})

        assert len(app.script.sent) == 4

    @pytest.mark.parametrize("key", ["", "ü", "x" * 256, "a\nb"])
    def test_a_key_that_is_no_key_is_a_fault(self, app: World, key: str) -> None:
        with pytest.raises(ValidationFailed):
            send(app, idempotency_key=key)
        with pytest.raises(ValidationFailed):
            app.waapi.send_batch([text_body(type="text")], idempotency_key=key)

        assert app.messages() == []

    @pytest.mark.parametrize(
        ("outcome", "error"),
        [(Retryable("Away."), ProviderUnavailable), (WindowClosed("No."), ServiceWindowClosed)],
    )
    def test_after_a_failure_that_may_pass_the_key_is_free(
        self, app: World, outcome: Exception, error: type[WaApiError]
    ) -> None:
        app.script.outcomes.append(outcome)
        with pytest.raises(error):
            send(app, idempotency_key="k")

        assert send(app, idempotency_key="k").status == "sent"

    def test_a_failure_for_good_is_told_again(self, app: World) -> None:
        app.script.outcomes.append(Rejected("Never.", code="13"))
        told = []
        for _ in range(2):
            with pytest.raises(MessageRejected, match="Never") as raised:
                send(app, idempotency_key="k")
            told.append(raised.value.details)

        assert told[0] == told[1]
        assert len(app.script.sent) == 1

    def test_a_refused_call_takes_no_key(self, app: World) -> None:
        with pytest.raises(ValidationFailed):
            send(app, "", idempotency_key="k")

        assert send(app, idempotency_key="k").status == "sent"

    def test_while_the_first_is_being_sent_it_is_in_progress(self, app: World) -> None:
        def repeat(message: OutboundMessage) -> Any:
            with pytest.raises(IdempotencyInProgress) as raised:
                send(app, idempotency_key="k")
            assert raised.value.retry_after == 1
            raise Rejected("Seen enough.")

        app.script.outcomes.append(repeat)
        with pytest.raises(MessageRejected, match="Seen enough"):
            send(app, idempotency_key="k")

    def test_one_that_was_queued_is_told_even_while_it_is_being_sent(self, make_world: MakeWorld) -> None:
        world = make_world(WAAPI_DISPATCH="thread", **RECORDING)
        seen: list[SentMessage] = []

        def repeat(message: OutboundMessage) -> Any:
            with world.app.app_context():
                seen.append(send(world, idempotency_key="k"))
            raise Rejected("Seen enough.")

        world.script.outcomes.append(repeat)
        with world.app.app_context():
            first = send(world, idempotency_key="k")
        world.work()

        assert seen == [first]

    def test_what_is_not_json_is_a_fault_with_a_key_too(self, app: World) -> None:
        for key in (None, "k"):
            with pytest.raises(ValidationFailed):
                send(app, Decimal(5), idempotency_key=key)  # type: ignore[arg-type]

    def test_any_mapping_will_do_with_a_key_too(self, app: World) -> None:
        app.script.templates = []
        header = MappingProxyType({"text": "x"})
        for key in (None, "k"):
            with pytest.raises(TemplateNotFound):
                app.waapi.send_template(RECIPIENT, "none", "en", header=header, idempotency_key=key)


class TestAfterwards:
    """What can be asked of a message, or done to it."""

    def test_it_tells_why_it_has_failed(self, app: World) -> None:
        app.script.outcomes.append(Rejected("No such number."))
        with pytest.raises(MessageRejected) as raised:
            send(app)
        details: Any = raised.value.details

        found = app.waapi.get_message(UUID(details["message_uuid"]))

        assert (found.status, found.problem) == ("failed", "No such number.")
        assert send(app).problem is None

    def test_one_that_waits_can_be_taken_back(self, anywhere: World) -> None:
        sent = send(anywhere, send_at=at(anywhere, hours=1))

        assert anywhere.waapi.cancel_message(sent.message_uuid).status == "canceled"
        anywhere.clock.advance(3600)
        anywhere.work()
        assert anywhere.script.sent == []

    def test_one_that_was_sent_cannot(self, app: World) -> None:
        sent = send(app)

        with pytest.raises(MessageNotQueued, match="is sent"):
            app.waapi.cancel_message(sent.message_uuid)

    def test_one_that_has_failed_can_be_set_on_its_way_again(self, anywhere: World) -> None:
        anywhere.script.outcomes.append(Rejected("No."))
        with pytest.raises(MessageRejected):
            send(anywhere)
        failed = anywhere.message()

        assert anywhere.waapi.retry_message(failed.id).status == "queued"
        anywhere.work()
        assert anywhere.waapi.get_message(failed.id).status == "sent"

    def test_no_other_can(self, app: World) -> None:
        app.script.outcomes.append(OutcomeUnknown("Lost."))
        for _ in range(2):
            with pytest.raises(MessageNotFailed):
                app.waapi.retry_message(send(app).message_uuid)

    @pytest.mark.parametrize("call", ["get_message", "cancel_message", "retry_message"])
    def test_another_accounts_is_not_found(self, app: World, call: str) -> None:
        sent = send(app, account="other")

        for message_uuid in (sent.message_uuid, UUID(int=0)):
            with pytest.raises(NotFound):
                getattr(app.waapi, call)(message_uuid)


@pytest.mark.parametrize(
    "call",
    ["send_text", "send_template", "send_media", "send_batch", "get_message", "cancel_message"],
)
def test_without_an_app_context_it_says_so(recording: World, call: str) -> None:
    arguments: dict[str, tuple[Any, ...]] = {"send_template": ("x", "y", "en"), "send_batch": ([],)}
    given = arguments.get(call, ("x", "text") if call.startswith("send") else (UUID(int=0),))

    with pytest.raises(RuntimeError, match="context"):
        getattr(recording.waapi, call)(*given)


def test_a_message_is_found_by_its_uuid_as_text_too(app: World) -> None:
    sent = send(app)

    assert app.waapi.get_message(str(sent.message_uuid)).message_uuid == sent.message_uuid
    with pytest.raises(NotFound, match="no UUID"):
        app.waapi.cancel_message("nonsense")


@pytest.mark.parametrize(
    ("options", "words"),
    [({"idempotency_key": 7}, "idempotency_key=7 is not text"), ({"session": object()}, "db.session")],
)
def test_an_option_of_the_wrong_type_is_named(app: World, options: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        send(app, **options)
