"""The plots of the overview, what went wrong, what is left, and how all is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dashboard_host import Host
from flask_waapi import AccountUpdate, CallbackItem
from flask_waapi.dashboard import health
from flask_waapi.messaging.incoming.account_state import account_states
from flask_waapi.storage.models import TemplateSync
from flask_waapi.storage.webhook_models import WebhookDelivery, WebhookEndpoint
from recorder import Recorder
from statements import transactions
from webhook_pages import issue

MakeHost = Callable[..., Host]


def shown(host: Host, **query: str) -> str:
    """The page, its white space folded."""
    return " ".join(host.get("/", **query).text.split())


def states(host: Host) -> dict[str, str]:
    """How things are, by their names."""
    with host.app.app_context():
        states = account_states(host.services.store)
        told = health.check(host.services, host.viewer, host.services.providers.default, states)
        return {one.name: one.state for one in told}


def test_calls_are_plotted_by_outcome_and_by_key_with_their_figures(host: Host) -> None:
    shop, desk = host.key("shop"), host.key("desk")
    host.call(shop)
    host.call(shop, "/messages/text/send", method="POST", json={"to": "nobody"})
    host.clock.advance(timedelta(hours=2))
    host.call(desk)

    page = shown(host)

    assert page.count('<svg role="img" aria-labelledby') == 2
    assert "accepted <strong>2</strong>" in page
    assert "refused <strong>1</strong>" in page
    assert "shop <strong>2</strong>" in page
    assert "desk <strong>1</strong>" in page
    assert "1 Mar 2026" in page
    # Whole hours: the first one begins up to an hour later than what Calls Today counts.
    assert re.search(r"3 since <time [^>]*>[^<]+</time>, answered in", page)
    assert page.count("<summary>The figures") == 2


def test_the_period_reaches_from_a_day_to_a_month(host: Host) -> None:
    issued = host.key(expires_at=None)
    host.call(issued)
    host.clock.advance(timedelta(days=20))

    assert "No calls of the API in the last 24 hours" in shown(host)
    month = shown(host, period="month")
    assert "accepted <strong>1</strong>" in month
    assert 'period=month" aria-current="true"' in month


def test_the_funnel_counts_what_was_read_as_delivered_and_sent(host: Host) -> None:
    issued = host.key()
    host.send(issued)
    host.send(issued, to="+15552000001")
    host.send(issued, to="+15552000006")
    host.send(issued, to="+15551131026")
    host.clock.advance(timedelta(minutes=1))
    host.apply_due()
    host.services.message_hours.count_marked(at_once=True)

    page = shown(host)

    steps = re.findall(r"<dt>(?:<a[^>]*>)?(\w+)(?:</a>)? <span><strong>(\d+)</strong>", page)
    assert steps == [("sent", "3"), ("delivered", "2"), ("read", "1"), ("failed", "1")]


def test_errors_are_told_with_cause_and_remedy(host: Host) -> None:
    issued = host.key()
    for _ in range(2):
        host.call(issued, "/messages/text/send", method="POST", json={"to": "nobody"})
    host.call(issued, "/messages/text/send", method="POST", json={"to": "+15550131026", "text": "Hello"})
    host.services.message_hours.count_marked(at_once=True)

    page = shown(host)

    assert page.index("VALIDATION_ERROR") < page.index("MESSAGE_REJECTED")
    assert 'href="/waapi/errors/VALIDATION_ERROR"' in page
    assert 'error_code=VALIDATION_ERROR">2 calls<' in page
    assert 'failure_code=MESSAGE_REJECTED">1 message</a>' in page
    assert "Correct what the details list" in page


def test_the_quota_left_is_told_of_the_keys_that_used_most_of_it(host: Host) -> None:
    little, much = host.key("little", daily_limit=1_000), host.key("much", daily_limit=4)
    host.key("unused")
    for issued in (little, much, much):
        host.call(issued)

    page = shown(host).split("Quota left today")[1]

    assert page.index("much") < page.index("little")
    assert "<strong>2 left</strong>" in page
    assert "unused" not in page.split("</section>")[0]


def test_the_part_that_is_kept_fresh_can_be_asked_for_alone(host: Host) -> None:
    host.call(host.key())

    html = host.get("/overview.json", period="month").get_json()["html"]

    assert "Calls in 30 days by outcome" in html
    assert "<html" not in html
    assert 'data-plots="/waapi/overview.json?period=day"' in shown(host)


def test_another_account_sees_none_of_it(host: Host) -> None:
    issued = host.key("mine")
    host.send(issued)
    host.get("/")
    host.visitor = replace(host.viewer, account="other")

    html = host.get("/overview.json").get_json()["html"]

    assert "mine" not in html
    assert "No messages were made" in html
    assert "No calls of the API" in html


class TestHealth:
    """What is stored tells how things are."""

    def test_before_anything_has_worked_nothing_is_known(self, host: Host) -> None:
        assert states(host)["Background worker"] == "unknown"

    def test_messages_that_wait_for_a_worker_that_never_came_are_trouble(self, make_host: MakeHost) -> None:
        host = make_host(WAAPI_DISPATCH="worker")
        host.call(host.key(), "/messages/text/send", method="POST", json={"to": "+1234567890", "text": "x"})

        assert states(host)["Background worker"] == "bad"

    def test_a_worker_is_seen_each_minute_and_missed_after_three(self, host: Host) -> None:
        host.apply_due()
        assert states(host)["Background worker"] == "good"

        host.clock.advance(health.SILENCE)
        assert states(host)["Background worker"] == "good"
        host.clock.advance(1)
        assert states(host)["Background worker"] == "bad"

    def test_messages_that_wait_too_long_are_told(self, make_host: MakeHost) -> None:
        host = make_host(WAAPI_DISPATCH="worker")
        issued = host.key()
        host.apply_due()
        host.call(issued, "/messages/text/send", method="POST", json={"to": "+1234567890", "text": "x"})
        host.clock.advance(61)

        assert states(host)["Background worker"] == "warn"

    def test_a_provider_is_as_its_last_message_went(self, host: Host) -> None:
        issued = host.key()
        assert states(host)["Provider simulation"] == "unknown"
        host.send(issued)
        assert states(host)["Provider simulation"] == "good"
        host.clock.advance(1)
        host.call(issued, "/messages/text/send", method="POST", json={"to": "+15550131026", "text": "x"})
        assert states(host)["Provider simulation"] == "warn"

    def test_templates_that_cannot_be_read_are_told(self, host: Host) -> None:
        now = host.clock()
        with host.services.store.begin() as session:
            session.add(TemplateSync(provider="simulation", attempted_at=now, problem="No answer."))

        assert states(host)["Provider simulation"] == "warn"
        host.key()
        assert "could not be read: No answer." in shown(host)

    def test_what_a_provider_reports_comes_first(self, host: Host) -> None:
        update = AccountUpdate("number", "The number is banned.", host.clock(), severity="critical")
        host.services.callbacks.apply("simulation", [CallbackItem("", {}, (update,))])

        assert states(host)["Provider simulation"] == "bad"

    def test_endpoints_that_fail_wait_or_are_off_are_told(self, host: Host) -> None:
        endpoint = issue(host.services).endpoint
        assert states(host)["Webhooks"] == "good"

        host.services.webhooks.replays.send_test("default", endpoint.id)
        host.clock.advance(61)
        assert states(host)["Webhooks"] == "warn"

        with host.services.store.begin() as session:
            session.execute(sa.delete(WebhookDelivery))
            session.execute(sa.update(WebhookEndpoint).values(failures=3, failing_since=host.clock()))
        assert states(host)["Webhooks"] == "warn"

        with host.services.store.begin() as session:
            session.execute(sa.update(WebhookEndpoint).values(state="disabled"))
        assert states(host)["Webhooks"] == "bad"


def test_pages_with_many_parts_read_them_in_few_transactions(host: Host) -> None:
    host.send(host.key())
    engine = host.services.store.engine
    taken = {}

    for path in ("/", "/overview.json", "/counters.json", "/messages", "/requests"):
        host.get(path)
        with transactions(engine) as begun:
            host.get(path)
        taken[path] = len(begun)

    # The overview looks first whether templates have been read: it may have to ask for them.
    assert taken == {"/": 2, "/overview.json": 1, "/counters.json": 1, "/messages": 1, "/requests": 1}


def test_the_health_of_a_provider_says_what_it_sends_from(
    real_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_host.send(real_host.key())
    assert "Provider recorder</strong>\n" in real_host.get("/overview.json").get_json()["html"]
    monkeypatch.setattr(Recorder, "sends_from", "<b>+15550000000")

    html = real_host.get("/overview.json").get_json()["html"]

    assert 'Provider recorder</strong> <span class="soft">from &lt;b&gt;+15550000000' in html
