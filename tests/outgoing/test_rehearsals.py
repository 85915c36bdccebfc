"""Rehearsals: a chosen answer takes the real way, and neither the network nor the endpoint hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from flask_waapi.errors import NotFound, ValidationFailed
from flask_waapi.outgoing import deliver
from flask_waapi.outgoing.endpoints import EndpointView
from flask_waapi.outgoing.log import DeliveryView
from flask_waapi.outgoing.rehearsing import ANSWERS, Rehearsals
from flask_waapi.outgoing.safe_http import TOO_SLOW, UNREACHABLE
from flask_waapi.outgoing.schedule import SCHEDULE
from flask_waapi.outgoing.signing import sign
from flask_waapi.storage.webhook_models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookSecret
from flask_waapi.testing import ManualClock

from .desk import URL, Desk, answer, opened

FAILING = [name for name in ANSWERS if name != "200"]


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        yield desk


@pytest.fixture
def endpoint(desk: Desk) -> EndpointView:
    """An endpoint in good health."""
    return desk.endpoint()


@pytest.fixture
def rehearsals(desk: Desk) -> Rehearsals:
    """The desk's rehearsals, whose waits are not stretched."""
    return Rehearsals(desk.store, desk.settings, desk.clock, lambda least, most: 1.0)


def wait(desk: Desk, delivery: DeliveryView) -> timedelta | None:
    """How long the next attempt would be away."""
    return None if delivery.due_at is None else delivery.due_at - desk.clock()


def row_of(desk: Desk, endpoint: EndpointView) -> dict[str, Any]:
    """All that is stored of the endpoint."""
    with desk.store.read() as session:
        table = WebhookEndpoint.__table__
        return dict(session.execute(sa.select(table).where(table.c.id == endpoint.id)).one()._mapping)


def test_a_rehearsed_success_ends_the_rehearsal(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals
) -> None:
    rehearsed = rehearsals.begin("default", endpoint.id, "200")

    (attempt,) = desk.log.attempts("default", rehearsed.id)
    assert (rehearsed.state, rehearsed.attempts, rehearsed.due_at) == ("rehearsed", 1, None)
    assert (attempt.status, attempt.problem) == (200, None)


@pytest.mark.parametrize(
    ("name", "status", "problem", "seconds"),
    [
        ("500", 500, None, 5),
        ("429", 429, None, 600),
        ("410", 410, None, 5),
        ("timeout", None, TOO_SLOW, 5),
        ("redirect", 302, None, 5),
        ("refused", None, UNREACHABLE, 5),
    ],
)
def test_a_rehearsed_failure_is_recorded_and_says_when_it_would_be_tried_again(
    desk: Desk,
    endpoint: EndpointView,
    rehearsals: Rehearsals,
    name: str,
    status: int | None,
    problem: str | None,
    seconds: int,
) -> None:
    rehearsed = rehearsals.begin("default", endpoint.id, name)

    (attempt,) = desk.log.attempts("default", rehearsed.id)
    assert (attempt.attempt, attempt.status, attempt.problem) == (1, status, problem)
    assert wait(desk, rehearsed) == timedelta(seconds=seconds)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_rehearsal_reaches_no_network_then_or_later(
    desk: Desk, endpoint: EndpointView, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("a rehearsal was about to be posted")

    monkeypatch.setattr(deliver, "post", never)
    # Made as the app makes them.
    Rehearsals(desk.store, desk.settings, desk.clock).begin("default", endpoint.id, name)
    desk.clock.advance(timedelta(days=30))

    assert desk.waiting.claim({}) == []
    desk.replays.replay_since("default", endpoint.id, desk.clock() - timedelta(days=60))
    desk.deliver_all()
    assert desk.internet.calls == []


@pytest.mark.parametrize("name", ANSWERS)
def test_the_endpoint_is_left_as_it_was_in_good_health_and_in_bad(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals, name: str
) -> None:
    before = row_of(desk, endpoint)
    rehearsals.begin("default", endpoint.id, name)
    assert row_of(desk, endpoint) == before

    desk.internet.answers[URL] = answer(500)
    desk.publish()
    desk.deliver_all()
    desk.clock.advance(timedelta(days=6))
    before = row_of(desk, endpoint)
    rehearsals.begin("default", endpoint.id, name)

    assert before["failures"] == 1
    assert row_of(desk, endpoint) == before
    assert desk.told == []


def test_real_deliveries_are_made_as_ever_beside_a_rehearsal(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals
) -> None:
    desk.publish()
    for name in ANSWERS:
        rehearsals.begin("default", endpoint.id, name, "message.sent")
    desk.publish()
    desk.deliver_all()

    assert sorted(call.number for call in desk.internet.calls) == [1, 2]


def test_what_a_rehearsal_hands_to_the_edge_is_signed_as_a_real_delivery_is(
    desk: Desk, rehearsals: Rehearsals, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = desk.issue()
    signed = []

    def note(*arguments: Any) -> Any:
        signed.append((arguments, real := sign(*arguments)))
        return real

    monkeypatch.setattr(deliver, "sign", note)
    rehearsed = rehearsals.begin("default", issued.endpoint.id, "200", "message.failed")

    ((_, event_id, _, body), headers), *more = signed
    assert more == []
    assert event_id == str(rehearsed.event_id)
    with desk.store.read() as session:
        stored = session.scalars(sa.select(WebhookEvent.body)).one()
    assert body.decode() == stored
    # The clock of the tests is not that of the library.
    monkeypatch.setattr(Webhook, "_Webhook__verify_timestamp", lambda self, value: desk.clock())
    assert Webhook(issued.secret).verify(body.decode(), dict(headers))["type"] == "message.failed"


def test_the_schedule_is_gone_along_by_hand_to_its_end(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals
) -> None:
    rehearsed = rehearsals.begin("default", endpoint.id, "500")
    waits = [wait(desk, rehearsed)]
    while rehearsed.due_at is not None:
        rehearsed = rehearsals.go_on("default", rehearsed.id, "timeout")
        waits.append(wait(desk, rehearsed))

    assert waits == [*SCHEDULE[1:], None]
    assert (rehearsed.state, rehearsed.attempts) == ("rehearsed", len(SCHEDULE))
    with pytest.raises(ValidationFailed, match="come to its end"):
        rehearsals.go_on("default", rehearsed.id, "200")


def test_a_receiver_that_comes_back_is_rehearsed(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals
) -> None:
    rehearsed = rehearsals.begin("default", endpoint.id, "429")
    rehearsed = rehearsals.go_on("default", rehearsed.id, "200")

    assert [attempt.status for attempt in desk.log.attempts("default", rehearsed.id)] == [429, 200]
    assert rehearsed.due_at is None


def test_only_410_and_a_failure_after_five_days_of_them_would_disable(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals
) -> None:
    def told(name: str) -> str | None:
        rehearsed = rehearsals.begin("default", endpoint.id, name)
        attempts = desk.log.attempts("default", rehearsed.id)
        return rehearsals.why_disable(desk.look(endpoint), attempts)

    assert {name: told(name) for name in ANSWERS if told(name)} == {"410": "The endpoint answered 410 Gone."}
    desk.internet.answers[URL] = answer(500)
    desk.publish()
    desk.deliver_all()
    desk.clock.advance(timedelta(days=5))

    assert told("200") is None
    assert told("500") == "Every attempt since 2026-01-01T00:00:00+00:00 failed."


def test_an_endpoint_to_which_no_attempt_would_be_made_is_not_rehearsed_with(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals
) -> None:
    desk.endpoints.pause("default", endpoint.id, actor="tests")
    with pytest.raises(ValidationFailed, match="paused"):
        rehearsals.begin("default", endpoint.id, "200")
    desk.endpoints.resume("default", endpoint.id, actor="tests")
    desk.internet.answers[URL] = answer(410)
    desk.publish()
    desk.deliver_all()

    with pytest.raises(ValidationFailed, match="disabled"):
        rehearsals.begin("default", endpoint.id, "200")


def test_an_endpoint_that_cannot_be_signed_for_is_not_disabled_by_a_rehearsal(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals
) -> None:
    with desk.store.begin() as session:
        session.execute(sa.update(WebhookSecret).values(pepper="another"))

    with pytest.raises(ValidationFailed, match="pepper"):
        rehearsals.begin("default", endpoint.id, "200")
    assert desk.look(endpoint).state == "active"


def test_a_rehearsal_cannot_be_replayed_and_a_real_delivery_not_rehearsed(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals
) -> None:
    rehearsed = rehearsals.begin("default", endpoint.id, "500")
    real = desk.replays.send_test("default", endpoint.id)

    with pytest.raises(ValidationFailed, match="rehearsal"):
        desk.replays.replay("default", rehearsed.id)
    with pytest.raises(ValidationFailed, match="real one"):
        rehearsals.go_on("default", real.id, "500")


def test_two_do_not_make_the_same_attempt(desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals) -> None:
    rehearsed = rehearsals.begin("default", endpoint.id, "500")
    with desk.store.begin() as session:
        session.get_one(WebhookDelivery, rehearsed.id).claimed_at = desk.clock()

    with pytest.raises(ValidationFailed, match="is being made"):
        rehearsals.go_on("default", rehearsed.id, "500")
    desk.clock.advance(timedelta(minutes=2))

    assert rehearsals.go_on("default", rehearsed.id, "500").attempts == 2


@pytest.mark.parametrize("name", ["", "204", "<b>"])
def test_there_are_no_other_answers(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals, name: str
) -> None:
    with pytest.raises(ValidationFailed, match="no answer"):
        rehearsals.begin("default", endpoint.id, name)

    assert desk.log.page("default", endpoint.id).deliveries == []


def test_endpoints_and_rehearsals_of_others_are_not_there(
    desk: Desk, endpoint: EndpointView, rehearsals: Rehearsals
) -> None:
    rehearsed = rehearsals.begin("default", endpoint.id, "500")

    for unknown in (endpoint.id, uuid4()):
        with pytest.raises(NotFound):
            rehearsals.begin("other", unknown, "200")
    with pytest.raises(NotFound):
        rehearsals.go_on("other", rehearsed.id, "200")
