"""Outcomes to try, steps of a simulated life, and test events: what the playground lets happen."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.messaging.incoming.reports import LONGEST_HOLD
from flask_waapi.plugins.events import EVENT_TYPES
from flask_waapi.storage.webhook_models import WebhookEvent
from playground_page import TEXT, answer_on, payload_on, run
from waapi_simulation.examples import EXAMPLES
from webhook_pages import deliveries, issue


def message_of(page: str) -> str:
    """The id of the message that has come of a run."""
    uuid: str = answer_on(page)["data"]["message_uuid"]
    return uuid


def status(host: Host, uuid: str) -> str:
    """The status of a message."""
    status: str = host.get(f"/messages/{uuid}/life.json").get_json()["status"]
    return status


class TestOutcomes:
    """The menu of recipients that stand for an outcome."""

    def test_it_offers_what_the_simulation_tells_in_its_order(self, host: Host) -> None:
        host.key()
        page = host.get("/playground", operation="send_text").text

        assert re.findall(r'<option value="(\+1555[0-9]+)"', page) == [number for number, _ in EXAMPLES]
        assert "template paused" in page

    def test_a_choice_becomes_the_recipient_and_the_rest_stays(self, host: Host) -> None:
        issued = host.key()
        page = run(host, issued, action="outcome", outcome="+15552000010", shape="send_text:").text

        assert json.loads(payload_on(page)) == {**TEXT, "to": "+15552000010"}
        assert "Nothing has been run yet" in page

    def test_a_payload_that_is_no_object_stays_as_it_is(self, host: Host) -> None:
        issued = host.key()
        for payload in ("{", "[1]"):
            page = run(
                host, issued, payload=payload, action="outcome", outcome="+15552000010", shape="send_text:"
            )
            assert payload_on(page.text) == payload

    @pytest.mark.parametrize(
        ("words", "came_to"),
        [
            ("invalid number", "MESSAGE_REJECTED"),
            ("service window closed", "SERVICE_WINDOW_CLOSED"),
            ("template paused", "MESSAGE_REJECTED"),
            ("not on WhatsApp", "failed"),
            ("429 from the provider", "PROVIDER_UNAVAILABLE"),
            ("timeout after the message", "unconfirmed"),
            ("read without ever being delivered", "read"),
            ("each status arrives twice", "read"),
            ("arrive in reverse", "read"),
            ("delivered after an hour", "read"),
            ("nothing is ever heard", "sent"),
        ],
    )
    def test_what_it_promises_comes_true(self, host: Host, words: str, came_to: str) -> None:
        (recipient,) = (number for number, label in EXAMPLES if words in label)
        answer = answer_on(run(host, host.key(), payload={**TEXT, "to": recipient}, speed="at_once").text)

        if answer["success"]:
            assert status(host, answer["data"]["message_uuid"]) == came_to
        else:
            assert answer["error"]["code"] == came_to


class TestSteps:
    """How fast a simulated message lives."""

    def test_at_once_all_has_happened_when_the_page_is_there(self, host: Host) -> None:
        page = run(host, host.key(), speed="at_once").text

        assert status(host, message_of(page)) == "read"

    def test_as_set_it_waits_for_its_time(self, host: Host) -> None:
        uuid = message_of(run(host, host.key()).text)
        assert status(host, uuid) == "sent"

        host.clock.advance(timedelta(seconds=1))
        host.apply_due()
        assert status(host, uuid) == "delivered"

    def test_step_by_step_each_click_takes_one(self, host: Host) -> None:
        uuid = message_of(run(host, host.key(), speed="by_step").text)
        host.clock.advance(timedelta(hours=1))
        host.apply_due()
        seen = [status(host, uuid)]
        for _ in range(2):
            answer = host.post(f"/messages/{uuid}/step")
            assert answer.location.endswith("done=stepped")
            seen.append(status(host, uuid))

        assert seen == ["sent", "delivered", "read"]
        assert "No further step" in host.client.get(host.post(f"/messages/{uuid}/step").location).text

    def test_a_held_message_goes_on_by_itself_after_a_day(self, host: Host) -> None:
        uuid = message_of(run(host, host.key(), speed="by_step").text)

        host.clock.advance(LONGEST_HOLD + timedelta(seconds=1))
        host.apply_due()
        assert status(host, uuid) == "delivered"

    def test_a_run_that_is_loaded_again_is_held_no_longer(self, host: Host) -> None:
        issued = host.key()
        first = message_of(run(host, issued, speed="by_step", run_id="a").text)
        host.clock.advance(timedelta(hours=12))
        again = message_of(run(host, issued, speed="by_step", run_id="a").text)
        assert again == first

        host.clock.advance(LONGEST_HOLD - timedelta(hours=12) + timedelta(seconds=1))
        host.apply_due()
        assert status(host, first) == "delivered"

    def test_what_is_announced_is_shown_with_a_button_while_there_is_any(self, host: Host) -> None:
        uuid = message_of(run(host, host.key()).text)
        life = host.get(f"/messages/{uuid}/life.json").get_json()
        assert life["can_step"]
        assert "Announced by the simulation" in life["html"]
        button = re.search(r"<form[^>]*data-step[^>]*>", host.get(f"/messages/{uuid}").text)
        assert button
        assert "hidden" not in button[0]

        for _ in range(2):
            host.client.post(
                f"/waapi/messages/{uuid}/step",
                data={"waapi_csrf": host.token()},
                headers={"Accept": "application/json"},
            )
        life = host.get(f"/messages/{uuid}/life.json").get_json()
        assert (life["can_step"], life["final"]) == (False, True)

    def test_a_real_message_takes_no_step(self, real_host: Host) -> None:
        page = run(
            real_host, real_host.key(), mode="real", confirmation=TEXT["to"][-4:], speed="at_once"
        ).text
        uuid = message_of(page)

        assert len(real_host.script.sent) == 1
        assert real_host.post(f"/messages/{uuid}/step").status_code == 404
        assert not real_host.get(f"/messages/{uuid}/life.json").get_json()["can_step"]

    def test_a_step_tells_the_webhooks_as_any_status_does(self, host: Host) -> None:
        endpoint = issue(host.services).endpoint
        uuid = message_of(run(host, host.key(), speed="by_step").text)
        host.post(f"/messages/{uuid}/step")

        told = [delivery.event_type for delivery in deliveries(host.services, endpoint.id)]
        assert told == ["message.delivered", "message.sent"]

    def test_who_may_only_look_takes_no_step(self, host: Host) -> None:
        uuid = message_of(run(host, host.key(), speed="by_step").text)
        host.visitor = Viewer("default", "ann", may_manage=False)

        assert host.post(f"/messages/{uuid}/step").status_code == 403
        assert "Next step now" not in host.get(f"/messages/{uuid}").text


class TestTestEvents:
    """An event sent by hand to an endpoint."""

    @pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
    def test_every_type_can_be_sent_and_says_that_it_is_a_sample(self, host: Host, event_type: str) -> None:
        endpoint = issue(host.services).endpoint
        answer = host.post("/playground/webhook-test", endpoint=str(endpoint.id), event_type=event_type)

        assert answer.status_code == 303
        page = host.client.get(answer.location).text
        assert event_type in page
        with host.services.store.read() as session:
            (event,) = session.query(WebhookEvent).all()
        body = json.loads(event.body)
        assert body["type"] == event_type
        assert event_type == "test" or body["data"]["sample"] is True
        if event_type.startswith("message."):
            assert body["data"]["status"]

    def test_a_sample_is_replayed_to_no_other_endpoint(self, host: Host) -> None:
        tried, other = (issue(host.services).endpoint for _ in range(2))
        host.post("/playground/webhook-test", endpoint=str(tried.id), event_type="message.failed")

        replayed = host.services.webhooks.replays.replay_since(
            "default", other.id, host.clock() - timedelta(hours=1)
        )
        assert replayed.count == 0
        assert deliveries(host.services, other.id) == []

    @pytest.mark.parametrize("event_type", ["", "message.happy"])
    def test_an_unknown_type_is_refused(self, host: Host, event_type: str) -> None:
        endpoint = issue(host.services).endpoint
        answer = host.post("/playground/webhook-test", endpoint=str(endpoint.id), event_type=event_type)

        assert answer.status_code == 422

    def test_an_endpoint_of_another_account_is_not_there(self, host: Host) -> None:
        endpoint = issue(host.services).endpoint
        host.visitor = Viewer("other", "mallory")

        for unknown in (str(endpoint.id), "nonsense", ""):
            answer = host.post("/playground/webhook-test", endpoint=unknown, event_type="test")
            assert answer.status_code == 404

    def test_without_an_endpoint_the_way_to_one_is_shown(self, host: Host) -> None:
        host.key()
        assert "/waapi/webhooks/new" in host.get("/playground").text
