"""Endpoints that are switched off because nothing can be delivered to them, and on again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flask_waapi.outgoing.endpoints import EndpointView
from flask_waapi.outgoing.signing import pepper_fingerprint
from flask_waapi.storage.webhook_models import WebhookSecret
from flask_waapi.testing import ManualClock

from .desk import OTHER_URL, URL, Desk, answer, opened

DAY = timedelta(days=1)


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        yield desk


def health(desk: Desk, endpoint: EndpointView) -> tuple[str, int, bool]:
    """The endpoint's state, its failures in a row, and whether it is failing."""
    found = desk.look(endpoint)
    return found.state, found.failures, found.failing_since is not None


def fail_for(desk: Desk, span: timedelta) -> None:
    """Let attempts fail once a day, for so long."""
    desk.internet.answers[URL] = answer(500)
    desk.publish()
    desk.deliver_all()
    for _ in range(span // DAY):
        desk.clock.advance(DAY)
        desk.publish()
        desk.deliver_all()


def test_failures_are_counted_from_the_first(desk: Desk) -> None:
    endpoint = desk.endpoint()
    since = desk.clock()
    fail_for(desk, 2 * DAY)

    assert health(desk, endpoint)[0] == "active"
    assert desk.look(endpoint).failures >= 3
    assert desk.look(endpoint).failing_since == since


def test_a_success_clears_them(desk: Desk) -> None:
    endpoint = desk.endpoint()
    fail_for(desk, 2 * DAY)
    desk.internet.answers[URL] = answer(200)
    desk.clock.advance(DAY)
    desk.deliver_all()

    assert health(desk, endpoint) == ("active", 0, False)


def test_five_days_of_failures_switch_it_off(desk: Desk) -> None:
    endpoint = desk.endpoint()
    fail_for(desk, 4 * DAY)
    assert health(desk, endpoint)[0] == "active"

    desk.clock.advance(DAY)
    desk.publish()
    desk.deliver_all()

    assert health(desk, endpoint)[0] == "disabled"
    assert desk.look(endpoint).state_reason == "Every attempt since 2026-01-01T00:00:00+00:00 failed."


def test_one_success_in_five_days_keeps_it_on(desk: Desk) -> None:
    endpoint = desk.endpoint()
    fail_for(desk, 3 * DAY)
    desk.internet.answers[URL] = answer(200)
    desk.publish()
    desk.clock.advance(DAY)
    desk.deliver_all()
    fail_for(desk, 3 * DAY)

    assert health(desk, endpoint)[0] == "active"


def test_a_410_switches_it_off_at_once(desk: Desk) -> None:
    endpoint = desk.endpoint()
    desk.internet.answers[URL] = answer(410)
    desk.publish()
    desk.deliver()

    assert health(desk, endpoint)[0] == "disabled"
    assert desk.look(endpoint).state_reason == "The endpoint answered 410 Gone."
    (attempt,) = desk.log.attempts("default", desk.delivery().id)
    assert attempt.status == 410


def test_what_was_pending_has_failed_then_and_nothing_new_comes(desk: Desk) -> None:
    desk.endpoint()
    desk.internet.answers[URL] = answer(410)
    desk.publish_many(10)
    desk.deliver()
    desk.publish()

    assert desk.states() == ["failed"] * 10
    assert desk.deliver_all() == 0


def test_the_account_is_told_by_its_other_endpoints(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    endpoint = desk.endpoint(URL, ["message.sent"])
    desk.endpoint(OTHER_URL, ["endpoint.disabled"])
    desk.endpoint("https://example.net/hook", account="other")
    desk.internet.answers[URL] = answer(410)
    desk.publish("message.sent")
    desk.deliver_all()

    (event,) = desk.told
    assert (event.type, event.account) == ("endpoint.disabled", "default")
    assert event.data["endpoint_id"] == str(endpoint.id)
    assert event.data["reason"] == "The endpoint answered 410 Gone."
    assert [call.url for call in desk.internet.calls] == [URL, OTHER_URL]
    assert f"Webhook endpoint {endpoint.id} is disabled" in caplog.text


def test_enabling_forgets_the_failures_and_delivers_what_comes(desk: Desk) -> None:
    endpoint = desk.endpoint()
    desk.internet.answers[URL] = answer(410)
    desk.publish()
    desk.deliver()
    desk.endpoints.enable("default", endpoint.id, actor="tests")
    desk.internet.answers[URL] = answer(200)

    assert health(desk, endpoint) == ("active", 0, False)
    assert desk.look(endpoint).state_reason is None
    desk.publish()
    assert desk.deliver_all() == 1


def test_a_new_url_forgets_the_failures(desk: Desk) -> None:
    endpoint = desk.endpoint()
    fail_for(desk, DAY)
    desk.endpoints.update("default", endpoint.id, url=OTHER_URL, actor="tests")

    assert health(desk, endpoint) == ("active", 0, False)


def test_what_is_paused_waits_and_is_delivered_in_the_end(desk: Desk) -> None:
    endpoint = desk.endpoint()
    desk.endpoints.pause("default", endpoint.id, actor="tests")
    desk.publish_many(3)
    assert desk.deliver_all() == 0

    desk.endpoints.resume("default", endpoint.id, actor="tests")

    assert desk.deliver_all() == 3


class TestPeppers:
    """Secrets are derived under the server's pepper; without it nothing can be signed."""

    @staticmethod
    def other_server(desk: Desk, **config: Any) -> Desk:
        """A server on the same database with another configuration."""
        return Desk(desk.uri, desk.clock, **config)

    def test_a_former_pepper_still_signs_the_same(self, desk: Desk) -> None:
        desk.endpoint()
        desk.publish_many(2)
        desk.deliver_all()
        desk.publish()
        other = self.other_server(desk, SECRET_KEY="a new one", SECRET_KEY_FALLBACKS=["a secret of tests"])
        other.deliver_all()
        other.store.engine.dispose()

        assert other.internet.calls[0].headers["webhook-signature"]
        assert desk.states() == ["succeeded"] * 3

    def test_without_the_pepper_nothing_is_sent_and_the_endpoint_says_what_to_do(self, desk: Desk) -> None:
        endpoint = desk.endpoint()
        desk.publish_many(2)
        other = self.other_server(desk, SECRET_KEY="a new one")
        other.deliver_all()

        assert other.internet.calls == []
        assert health(desk, endpoint)[0] == "disabled"
        assert "rotate the secret" in str(desk.look(endpoint).state_reason)
        assert desk.states() == ["failed", "failed"]
        assert [event.type for event in other.told] == ["endpoint.disabled"]

        other.endpoints.rotate("default", endpoint.id, actor="tests")
        other.endpoints.enable("default", endpoint.id, actor="tests")
        other.publish()
        assert other.deliver_all() == 1
        other.store.engine.dispose()

    def test_of_a_secret_the_salt_and_the_peppers_name_are_stored_and_no_more(self, desk: Desk) -> None:
        desk.endpoint()

        with desk.store.read() as session:
            (row,) = session.execute(sa.select(WebhookSecret)).scalars()
        assert len(row.salt) == 32
        assert row.pepper == pepper_fingerprint(desk.settings.peppers[0])
