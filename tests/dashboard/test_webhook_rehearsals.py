"""Rehearsed answers of an endpoint, from its own page and from the playground."""

from __future__ import annotations

import html
import re
from uuid import UUID

import pytest

from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.outgoing.rehearsing import ANSWERS
from webhook_pages import answer, deliver, deliveries, issue, publish


@pytest.fixture
def endpoint_id(host: Host) -> UUID:
    """An endpoint that hears of all events."""
    return issue(host.services).endpoint.id


def text_of(page: str) -> str:
    """What a page says, without its tags and on one line."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page)))


def rehearse(host: Host, endpoint_id: UUID, name: str) -> str:
    """What the page says after an answer was rehearsed."""
    given = host.post(f"/webhooks/{endpoint_id}/rehearse", answer=name)
    assert given.status_code == 303
    return text_of(host.client.get(given.location).text)


def test_a_rehearsed_failure_shows_the_attempt_and_when_the_next_would_follow(
    host: Host, endpoint_id: UUID
) -> None:
    page = rehearse(host, endpoint_id, "429")

    assert "The attempt was rehearsed; nothing was sent." in page
    assert "A rehearsal." in page
    assert "429 2026-03-01 12:00:00 UTC attempt 1" in page
    assert "the next attempt would be made at 2026-03-01 12:10:00 UTC. The endpoint would stay on." in page
    assert deliver(host.services) == 0


def test_a_rehearsed_410_tells_that_the_endpoint_would_be_disabled_and_leaves_it_on(
    host: Host, endpoint_id: UUID
) -> None:
    page = rehearse(host, endpoint_id, "410")

    assert "would be disabled, and its deliveries given up: The endpoint answered 410 Gone." in page
    assert host.services.webhooks.endpoints.get("default", endpoint_id).state == "active"


def test_a_rehearsed_success_ends_it(host: Host, endpoint_id: UUID) -> None:
    page = rehearse(host, endpoint_id, "200")

    assert "the event would be delivered, and nothing more would be sent" in page
    assert "Rehearse the next attempt now" not in page


def test_the_next_attempt_is_rehearsed_from_the_page(host: Host, endpoint_id: UUID) -> None:
    rehearse(host, endpoint_id, "500")
    delivery_id = deliveries(host.services, endpoint_id)[0].id
    given = host.post(f"/webhooks/deliveries/{delivery_id}/rehearse", answer="timeout")

    page = text_of(host.client.get(given.location).text)
    assert "attempt 2" in page
    assert "the next attempt would be made at 2026-03-01 12:0" in page


def test_the_log_marks_rehearsals_and_finds_them_and_offers_no_replay(host: Host, endpoint_id: UUID) -> None:
    publish(host.services)
    deliver(host.services, answer(200))
    rehearse(host, endpoint_id, "500")

    page = text_of(host.get(f"/webhooks/{endpoint_id}", state="rehearsed").text)
    assert "test rehearsed 2026-03-01 12:00:00 UTC 1 none" in page
    assert "Replay test" not in page
    assert "succeeded" in text_of(host.get("/webhooks").text)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_playground_rehearses_any_event_with_any_answer(host: Host, endpoint_id: UUID, name: str) -> None:
    given = host.post(
        "/playground/webhook-test", endpoint=str(endpoint_id), event_type="message.failed", answer=name
    )

    page = text_of(host.client.get(given.location).text)
    assert "What would be sent" in page
    assert "message.failed" in page
    assert deliver(host.services) == 0


def test_without_an_answer_the_playground_sends_for_real(host: Host, endpoint_id: UUID) -> None:
    host.post("/playground/webhook-test", endpoint=str(endpoint_id), event_type="test", answer="")

    assert deliver(host.services) == 1


def test_an_answer_that_is_not_there_is_refused_in_words(host: Host, endpoint_id: UUID) -> None:
    given = host.post(f"/webhooks/{endpoint_id}/rehearse", answer="<b>")

    assert given.status_code == 422
    assert "There is no answer '<b>' to rehearse." in text_of(given.text)


def test_who_may_only_look_sees_a_rehearsal_and_makes_none(host: Host, endpoint_id: UUID) -> None:
    rehearse(host, endpoint_id, "500")
    delivery_id = deliveries(host.services, endpoint_id)[0].id
    host.visitor = Viewer("default", "carl", may_manage=False)

    assert "A rehearsal." in text_of(host.get(f"/webhooks/deliveries/{delivery_id}").text)
    assert "Rehearse" not in text_of(host.get(f"/webhooks/{endpoint_id}").text)
    for path in (
        f"/webhooks/{endpoint_id}/rehearse",
        f"/webhooks/deliveries/{delivery_id}/rehearse",
        "/playground/webhook-test",
    ):
        refused = host.post(path, answer="200", endpoint=str(endpoint_id), event_type="test")
        assert refused.status_code == 403
    assert len(deliveries(host.services, endpoint_id)) == 1


def test_a_real_delivery_has_no_word_of_rehearsing(host: Host, endpoint_id: UUID) -> None:
    publish(host.services)
    deliver(host.services, answer(500))

    page = text_of(host.get(f"/webhooks/deliveries/{deliveries(host.services, endpoint_id)[0].id}").text)

    assert "ehears" not in page
