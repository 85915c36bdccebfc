"""Free-form messages need a window, marketing a recipient who wants it, both an account that may send."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from answers import data, error, pointers
from batches import results, send_batch, text_item
from factories import (
    ALL_PERMISSIONS,
    MEDIA_SEND,
    RECIPIENT,
    RECORDING,
    SAMPLE_VARIABLES,
    TEMPLATE_SEND,
    TEXT_SEND,
    MakeWorld,
    World,
    template_body,
    text_body,
)
from flask_waapi import AccountUpdate, PreferenceUpdate
from flask_waapi.errors import ServiceWindowClosed
from incoming import receiving, writes
from recorder import ORDER_CONFIRMATION
from reports import apply
from restrictions import OFFER, stop

IMAGE = {"to": RECIPIENT, "type": "image", "link": "https://example.com/cup.jpg"}
FALLBACK: dict[str, Any] = {
    "template_name": "order_confirmation",
    "language": "en",
    "variables": SAMPLE_VARIABLES,
}


@pytest.fixture
def strict(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app that enforces the window, sending by a recorder, once for each kind of database."""
    world = make_world(database_uri=migrated_uri, **RECORDING, WAAPI_SERVICE_WINDOW="enforce")
    world.script.templates = [ORDER_CONFIRMATION, OFFER]
    return world


def offer(**members: Any) -> dict[str, Any]:
    """The body of a marketing send."""
    return template_body(template_name="offer", variables=None) | members


@pytest.mark.parametrize(("path", "body"), [(TEXT_SEND, text_body()), (MEDIA_SEND, IMAGE)])
def test_a_free_form_message_to_somebody_who_never_wrote_is_refused(
    strict: World, path: str, body: Mapping[str, Any]
) -> None:
    found = error(strict.post(path, body), 409, "SERVICE_WINDOW_CLOSED")

    assert found["details"] == {"last_received_at": None}
    assert "fallback_template" in found["message"]
    assert (strict.script.sent, strict.messages()) == ([], [])


def test_a_template_needs_no_window(strict: World) -> None:
    assert strict.send().status_code == 201


def test_who_has_written_can_be_written_to_for_24_hours(strict: World) -> None:
    writes(strict)
    wrote_at = strict.clock()

    strict.clock.advance(24 * 3_600 - 1)
    data(strict.post(TEXT_SEND, text_body()), 201)
    strict.clock.advance(1)
    found = error(strict.post(TEXT_SEND, text_body()), 409, "SERVICE_WINDOW_CLOSED")

    assert found["details"] == {"last_received_at": wrote_at.isoformat().replace("+00:00", "Z")}


@pytest.mark.parametrize("simulate", [False, True])
def test_when_somebody_wrote_to_another_account_is_not_told(strict: World, simulate: bool) -> None:
    writes(strict)
    strict.clock.advance(25 * 3_600)
    other = strict.issue_key("other", account="other")

    found = error(strict.post(TEXT_SEND, text_body(simulate=simulate), other), 409, "SERVICE_WINDOW_CLOSED")

    assert found["details"] == {"last_received_at": None}


def test_an_account_is_told_when_somebody_last_wrote_to_it(strict: World) -> None:
    moments = {}
    for account in ("first", "second"):
        data(strict.post(TEMPLATE_SEND, template_body(), strict.issue_key(account, account=account)), 201)
        strict.clock.advance(60)
        writes(strict)
        moments[account] = strict.clock().isoformat().replace("+00:00", "Z")
    strict.clock.advance(25 * 3_600)

    for account, moment in moments.items():
        answer = strict.post(TEXT_SEND, text_body(), strict.secrets[account])
        assert error(answer, 409, "SERVICE_WINDOW_CLOSED")["details"] == {"last_received_at": moment}


def test_a_message_to_another_instance_opens_nothing(strict: World) -> None:
    writes(strict, provider="simulation")

    error(strict.post(TEXT_SEND, text_body()), 409, "SERVICE_WINDOW_CLOSED")


def test_what_counts_is_the_moment_of_sending(strict: World) -> None:
    writes(strict)
    start = strict.clock()
    inside, outside = (start + timedelta(hours=hours) for hours in (23, 24))

    data(strict.post(TEXT_SEND, text_body(send_at=inside.isoformat())), 202)
    error(strict.post(TEXT_SEND, text_body(send_at=outside.isoformat())), 409, "SERVICE_WINDOW_CLOSED")


def test_faults_are_told_before_the_window_is_looked_at(strict: World) -> None:
    assert pointers(strict.post(TEXT_SEND, text_body(to="12"))) == {"/to"}


def test_the_window_comes_before_what_the_provider_can_do(strict: World) -> None:
    strict.services.providers["recorder"].content_types = frozenset()

    error(strict.post(TEXT_SEND, text_body()), 409, "SERVICE_WINDOW_CLOSED")


def test_switched_off_nothing_is_looked_at(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING, WAAPI_SERVICE_WINDOW="off")

    data(world.post(TEXT_SEND, text_body(fallback_template=FALLBACK)), 201)

    assert world.message().type == "text"


def test_set_to_warn_it_is_logged_and_sent(make_world: MakeWorld, caplog: pytest.LogCaptureFixture) -> None:
    world = make_world(**RECORDING, WAAPI_SERVICE_WINDOW="warn")

    with caplog.at_level(logging.WARNING, "flask_waapi"):
        uuid = data(world.post(TEXT_SEND, text_body()), 201)["message_uuid"]

    assert [record.getMessage() for record in caplog.records] == [
        f"Message {uuid} is free-form, and its recipient has not written within 24 hours"
    ]
    assert RECIPIENT not in caplog.text


def test_an_idempotency_key_is_free_after_the_refusal(strict: World) -> None:
    headers = {"Idempotency-Key": "one"}
    error(strict.post(TEXT_SEND, text_body(), headers=headers), 409, "SERVICE_WINDOW_CLOSED")
    writes(strict)

    data(strict.post(TEXT_SEND, text_body(), headers=headers), 201)


def test_a_python_call_is_refused_likewise(strict: World) -> None:
    with strict.app.app_context(), pytest.raises(ServiceWindowClosed):
        strict.waapi.send_text(RECIPIENT, "Hello")


def test_in_a_hosts_transaction_it_is_looked_at_too(strict: World) -> None:
    with strict.app.app_context():
        session = strict.db.session
        with pytest.raises(ServiceWindowClosed):
            strict.waapi.send_text(RECIPIENT, "Hello", session=session)
        session.rollback()
        writes(strict)
        strict.waapi.send_text(RECIPIENT, "Hello", session=session)
        session.commit()

    assert len(strict.messages()) == 2


def test_in_a_batch_only_those_without_a_window_are_refused(strict: World) -> None:
    others = [f"+49151000000{number}" for number in range(4)]
    for number in others[::2]:
        writes(strict, number)

    found = results(send_batch(strict, [text_item(to=number) for number in others]))

    assert [result["success"] for result in found] == [True, False, True, False]
    assert found[1]["error"]["code"] == "SERVICE_WINDOW_CLOSED"


class TestSimulated:
    def test_a_simulated_message_is_refused_with_how_to_let_somebody_write(self, strict: World) -> None:
        answer = strict.post(TEXT_SEND, text_body(simulate=True))

        found = error(answer, 409, "SERVICE_WINDOW_CLOSED")
        assert f'flask waapi messages receive {RECIPIENT} "Hello"' in found["message"]

    def test_who_was_let_write_in_the_simulation_can_be_written_to_there_alone(self, strict: World) -> None:
        receiving(strict, []).simulate(RECIPIENT, "Hello")

        data(strict.post(TEXT_SEND, text_body(simulate=True)), 201)
        error(strict.post(TEXT_SEND, text_body()), 409, "SERVICE_WINDOW_CLOSED")

    def test_who_has_really_written_can_be_written_to_in_the_simulation_too(self, strict: World) -> None:
        writes(strict)

        data(strict.post(TEXT_SEND, text_body(simulate=True)), 201)


class TestFallback:
    @pytest.mark.parametrize(("path", "body"), [(TEXT_SEND, text_body()), (MEDIA_SEND, IMAGE)])
    def test_where_the_window_is_closed_the_template_is_sent(
        self, strict: World, path: str, body: Mapping[str, Any]
    ) -> None:
        found = data(strict.post(path, {**body, "fallback_template": FALLBACK}), 201)

        assert (found["type"], found["template_name"], found["language"]) == (
            "template",
            "order_confirmation",
            "en",
        )
        assert found["text"] == "Hi John Doe, your order ORD-12345 comes to 99.99."
        assert [sent.content.type for sent in strict.script.sent] == ["template"]

    def test_where_it_is_open_the_text_is_sent(self, strict: World) -> None:
        writes(strict)

        found = data(strict.post(TEXT_SEND, text_body(fallback_template=FALLBACK)), 201)

        assert (found["type"], found["template_name"]) == ("text", None)

    def test_set_to_warn_the_template_is_sent_too(self, make_world: MakeWorld) -> None:
        world = make_world(**RECORDING, WAAPI_SERVICE_WINDOW="warn")

        found = data(world.post(TEXT_SEND, text_body(fallback_template=FALLBACK)), 201)

        assert found["type"] == "template"

    def test_an_item_of_a_batch_can_have_one(self, strict: World) -> None:
        broken = {**FALLBACK, "variables": {}}
        items = [text_item(fallback_template=FALLBACK), text_item(fallback_template=broken), text_item()]

        found = results(send_batch(strict, items))

        assert [result["success"] for result in found] == [True, False, False]
        assert found[1]["error"]["details"][0]["pointer"] == (
            "/messages/1/fallback_template/variables/customer_name"
        )
        assert [message.type for message in strict.messages()] == ["template"]

    def test_a_python_call_can_have_one(self, strict: World) -> None:
        with strict.app.app_context():
            strict.waapi.send_text(RECIPIENT, "Hello", fallback_template=FALLBACK)
            strict.waapi.send_media(
                RECIPIENT, "image", link="https://example.com/cup.jpg", fallback_template=FALLBACK
            )

        assert [message.type for message in strict.messages()] == ["template", "template"]

    @pytest.mark.parametrize(
        ("fallback", "expected"),
        [
            ({"language": "en"}, {"/fallback_template/template_name"}),
            ({**FALLBACK, "language": 3}, {"/fallback_template/language"}),
            ({**FALLBACK, "variables": {"total": 3}}, {"/fallback_template/variables/total"}),
            ({**FALLBACK, "unknown": 1}, {"/fallback_template/unknown"}),
            ("order_confirmation", {"/fallback_template"}),
            (
                {**FALLBACK, "variables": {"customer_name": "John", "order_id": " "}},
                {"/fallback_template/variables/order_id", "/fallback_template/variables/total"},
            ),
        ],
    )
    def test_faults_in_it_point_into_it(self, strict: World, fallback: Any, expected: set[str]) -> None:
        assert pointers(strict.post(TEXT_SEND, text_body(fallback_template=fallback))) == expected

    def test_one_that_does_not_exist_is_not_found(self, strict: World) -> None:
        unknown = {**FALLBACK, "template_name": "unknown"}

        answer = strict.post(TEXT_SEND, text_body(fallback_template=unknown))

        error(answer, 404, "TEMPLATE_NOT_FOUND")

    def test_one_that_is_not_needed_is_not_looked_up(self, strict: World) -> None:
        writes(strict)
        unknown = {**FALLBACK, "template_name": "unknown"}

        data(strict.post(TEXT_SEND, text_body(fallback_template=unknown)), 201)

    def test_a_template_has_none(self, strict: World) -> None:
        answer = strict.post(TEMPLATE_SEND, template_body(fallback_template=FALLBACK))

        assert pointers(answer) == {"/fallback_template"}

    def test_it_needs_the_permission_for_templates_whether_or_not_it_is_sent(self, strict: World) -> None:
        key = strict.issue_key(
            "texts", permissions=[name for name in ALL_PERMISSIONS if name != "send_template"]
        )
        writes(strict)

        found = error(
            strict.post(TEXT_SEND, text_body(fallback_template=FALLBACK), key), 403, "PERMISSION_DENIED"
        )

        assert found["details"] == {"required_permission": "send_template"}
        assert "fallback_template" in found["message"]
        data(strict.post(TEXT_SEND, text_body(), key), 201)

    def test_in_a_batch_it_needs_the_permission_too(self, strict: World) -> None:
        key = strict.issue_key("texts", permissions=["send_text"])
        writes(strict)

        found = results(send_batch(strict, [text_item(fallback_template=FALLBACK), text_item()], key=key))

        assert [result["success"] for result in found] == [False, True]
        assert found[0]["error"]["code"] == "PERMISSION_DENIED"

    def test_a_marketing_fallback_to_somebody_who_wants_none_is_refused(self, strict: World) -> None:
        apply(strict, "recorder", PreferenceUpdate(RECIPIENT, False, strict.clock()))
        fallback = {"template_name": "offer", "language": "en"}

        answer = strict.post(TEXT_SEND, text_body(fallback_template=fallback))

        error(answer, 409, "RECIPIENT_OPTED_OUT")


class TestOptOut:
    def test_marketing_to_somebody_who_has_stopped_it_is_refused(self, strict: World) -> None:
        data(strict.post(TEMPLATE_SEND, offer()), 201)
        apply(strict, "recorder", PreferenceUpdate(RECIPIENT, False, strict.clock()))

        error(strict.post(TEMPLATE_SEND, offer()), 409, "RECIPIENT_OPTED_OUT")
        error(strict.post(TEMPLATE_SEND, offer(simulate=True)), 409, "RECIPIENT_OPTED_OUT")
        data(strict.post(TEMPLATE_SEND, offer(to="+4915112345678")), 201)
        data(strict.send(), 201)

    def test_marketing_is_sent_again_once_it_is_allowed(self, strict: World) -> None:
        for wanted in (False, True):
            strict.clock.advance(1)
            apply(strict, "recorder", PreferenceUpdate(RECIPIENT, wanted, strict.clock()))

        data(strict.post(TEMPLATE_SEND, offer()), 201)

    def test_it_holds_also_where_the_window_is_not_looked_at(self, recording: World) -> None:
        recording.script.templates = [OFFER]
        apply(recording, "recorder", PreferenceUpdate(RECIPIENT, False, recording.clock()))

        error(recording.post(TEMPLATE_SEND, offer()), 409, "RECIPIENT_OPTED_OUT")


class TestRestriction:
    def test_an_account_that_may_send_no_templates_sends_none(self, strict: World) -> None:
        stop(strict, "template")
        writes(strict)

        found = error(strict.send(), 409, "ACCOUNT_RESTRICTED")

        assert "The account is restricted for spam." in found["message"]
        assert found["details"] == {"provider": "recorder", "subject": "restriction", "until": None}
        data(strict.post(TEXT_SEND, text_body()), 201)

    def test_an_account_that_may_send_nothing_free_form_sends_templates(self, strict: World) -> None:
        stop(strict, "free_form")
        writes(strict)

        error(strict.post(TEXT_SEND, text_body()), 409, "ACCOUNT_RESTRICTED")
        data(strict.send(), 201)

    def test_it_ends_by_itself(self, strict: World) -> None:
        stop(strict, "template", until=timedelta(hours=1))
        error(strict.send(), 409, "ACCOUNT_RESTRICTED")

        strict.clock.advance(3_600)

        data(strict.send(), 201)

    def test_a_message_for_after_its_end_waits(self, strict: World) -> None:
        stop(strict, "template", until=timedelta(hours=1))

        data(strict.send(send_at=(strict.clock() + timedelta(hours=2)).isoformat()), 202)

    def test_it_does_not_touch_the_simulation(self, strict: World) -> None:
        strict.services.catalogue.sync("recorder")
        stop(strict, "template")

        data(strict.send(simulate=True), 201)

    def test_what_a_provider_reports_is_what_stops(self, strict: World) -> None:
        told = AccountUpdate(
            "restriction", "Restricted.", strict.clock(), severity="critical", stops=frozenset({"template"})
        )
        apply(strict, "recorder", told)

        error(strict.send(), 409, "ACCOUNT_RESTRICTED")
