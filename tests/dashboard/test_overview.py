"""The overview and its counters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dashboard_host import Host
from flask_waapi import (
    AccountUpdate,
    CallbackItem,
    InboundMessage,
    ProviderEvent,
    Retryable,
    TemplateDefinition,
    Viewer,
)

MakeHost = Callable[..., Host]


def counters(host: Host) -> dict[str, str]:
    """The counters on the page, by their labels."""
    page = host.get("/").text
    return dict(re.findall(r"<dt>([^<]+)</dt>\s*<dd class=\"figure\"[^>]*>([^<]+)</dd>", page))


def test_the_four_counters_stand_under_their_labels(host: Host) -> None:
    issued = host.key("one")
    host.key("two", expires_at=host.clock() + timedelta(minutes=1))
    off = host.key("three")
    host.services.keys.set_enabled("default", str(off.key.id), False, actor="test")
    host.call(issued)
    host.send(issued)
    host.clock.advance(timedelta(minutes=2))

    assert counters(host) == {
        "Total Keys": "3",
        "Active Keys": "1",
        "Calls Today": "2",
        "Templates Configured": "10",
    }


def test_the_counters_can_be_asked_for_alone(host: Host) -> None:
    host.call(host.key())

    assert host.get("/counters.json").get_json() == {
        "total_keys": 1,
        "active_keys": 1,
        "calls_today": 1,
        "templates_configured": 0,
    }


def test_calls_are_counted_for_24_hours(host: Host) -> None:
    host.call(host.key())
    host.clock.advance(timedelta(hours=24, seconds=1))

    assert counters(host)["Calls Today"] == "0"


def test_thousands_are_set_apart(host: Host) -> None:
    host.key(daily_limit=1_234_567)

    assert "of 1,234,567" in host.get("/keys").text


def test_an_empty_account_is_told_what_to_do_next(host: Host) -> None:
    assert "Create API Key" in host.get("/").text

    host.key()

    page = host.get("/").text
    assert "Create API Key" not in page
    assert "Open the playground" in page


def test_recent_messages_are_shown_newest_first(host: Host) -> None:
    issued = host.key()
    for number in range(10):
        host.send(issued, text=f"message {number}")
        host.clock.advance(1)

    shown = re.findall(r"message (\d)", host.get("/").text)

    assert shown == ["9", "8", "7", "6", "5", "4", "3", "2"]


def test_the_page_says_whether_messages_are_real(host: Host, real_host: Host) -> None:
    assert "It is simulated" in host.get("/").text
    page = real_host.get("/").text
    assert "recorder" in page
    assert "It is real" in page


def test_templates_are_read_once_and_a_provider_that_is_away_breaks_nothing(real_host: Host) -> None:
    real_host.script.template_error = Retryable("The network is down.")

    assert real_host.get("/").status_code == 200
    real_host.clock.advance(60)
    assert real_host.get("/").status_code == 200
    assert real_host.script.listings == 1


def test_only_approved_templates_are_counted(real_host: Host) -> None:
    waiting = TemplateDefinition(
        "waiting", "en", "PENDING", "UTILITY", "NAMED", [{"type": "BODY", "text": "x"}]
    )
    real_host.script.templates.append(waiting)

    assert counters(real_host)["Templates Configured"] == "1"


def report(host: Host, event: ProviderEvent) -> None:
    """Let the simulation report something."""
    tally = host.services.callbacks.apply("simulation", [CallbackItem("", {}, (event,))])
    assert tally.parked == []


def restriction(host: Host, **members: Any) -> AccountUpdate:
    """A report of a restriction that begins now."""
    told = {"severity": "critical", "stops": frozenset({"template", "free_form"})} | members
    return AccountUpdate("restriction", "The <account> is restricted.", host.clock(), **told)


def test_without_reports_nothing_is_said_of_accounts(host: Host) -> None:
    page = host.get("/").text

    assert "What providers report" not in page
    assert "Provider accounts" not in page


@pytest.mark.parametrize("viewer", [Viewer("default", "ann"), Viewer("other", "bob", may_manage=False)])
def test_a_restriction_stands_above_all_for_every_viewer(host: Host, viewer: Viewer) -> None:
    report(host, restriction(host, until=host.clock() + timedelta(hours=1)))
    host.visitor = viewer

    page = host.get("/").text

    before_counters = page.partition('<dl class="counters"')[0]
    assert "The &lt;account&gt; is restricted." in before_counters
    assert "<code>simulation</code>" in before_counters
    assert re.search(r"Since <time[^>]*>2026-03-01 12:00:00 UTC", before_counters)
    assert re.search(r"until <time[^>]*>2026-03-01 13:00:00 UTC", before_counters)
    assert "Meanwhile free-form and template messages are refused." in before_counters


def test_what_is_over_or_harmless_is_listed_and_is_no_notice(host: Host) -> None:
    report(host, restriction(host, until=host.clock() + timedelta(hours=1)))
    report(host, AccountUpdate("throughput", "The throughput was raised.", host.clock()))
    host.clock.advance(timedelta(hours=1))

    page = host.get("/").text

    assert "What providers report" not in page
    listed = page.partition("Provider accounts")[2]
    assert "status-severity-over" in listed
    assert "The throughput was raised." in listed


def test_a_message_that_comes_in_is_no_call(host: Host) -> None:
    host.call(host.key())
    came_in = InboundMessage("in-1", "+1234567890", "+15559990000", "text", host.clock(), {}, "I am here")
    report(host, came_in)

    assert counters(host)["Calls Today"] == "1"
    assert "I am here" in host.get("/").text
