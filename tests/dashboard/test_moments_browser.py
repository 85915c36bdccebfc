"""Every field for a moment asks in the reader's own time where scripts run, and in UTC where none do."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from flask_waapi import WaApi
from flask_waapi.services import EXTENSION

pytestmark = pytest.mark.browser


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """The window of somebody in New York."""
    context = chromium.new_context(timezone_id="America/New_York")
    yield context
    context.close()


def asked(page: Page, name: str) -> list[str]:
    """What the query string holds of a field."""
    return parse_qs(urlsplit(page.url).query)[name]


@pytest.mark.parametrize(
    ("path", "name", "label"), [("messages", "from", "Created from"), ("requests", "since", "From")]
)
def test_a_filter_takes_the_readers_time(page: Page, address: str, path: str, name: str, label: str) -> None:
    page.goto(f"{address}{path}?{name}=2026-01-31T12:00:07")

    field = page.get_by_label(f"{label} (your time)")
    expect(field).to_have_value("2026-01-31T07:00:07")
    field.fill("2026-01-31T08:00")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.wait_for_url(f"**{name}=2026-01-31T13*")

    assert asked(page, name) == ["2026-01-31T13:00:00.000Z"]
    expect(field).to_have_value("2026-01-31T08:00")


def test_an_hour_that_a_clock_shows_twice_stays_the_one_it_was(page: Page, address: str) -> None:
    page.goto(f"{address}requests?since=2026-11-01T06:30")
    expect(page.get_by_label("From")).to_have_value("2026-11-01T01:30")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**since=2026-11-01*")

    assert asked(page, "since") == ["2026-11-01T06:30Z"]


def test_a_key_expires_at_the_moment_that_its_maker_meant(
    page: Page, app: Flask, waapi: WaApi, address: str
) -> None:
    page.goto(f"{address}keys/new")
    page.get_by_label("Name", exact=True).fill("shop")
    page.get_by_label("Expires At (your time, optional)").fill("2098-07-01T08:00")
    page.get_by_role("button", name="Create API Key").click()
    with app.app_context():
        [key] = app.extensions[EXTENSION].keys.list("default")
        assert key.expires_at is not None
        assert key.expires_at.isoformat() == "2098-07-01T12:00:00+00:00"

    page.goto(f"{address}keys/{key.id}/edit")
    expect(page.get_by_label("Expires At")).to_have_value("2098-07-01T08:00")
    page.get_by_label("Rate Limit").fill("7")
    page.get_by_role("button", name="Save").click()
    # Only what was touched counts as changed.
    expect(page.locator("td.excerpt").filter(has_text="rate limit:")).to_contain_text("→ 7")
    expect(page.locator("td.excerpt").filter(has_text="expires")).to_have_count(0)


def test_webhooks_are_replayed_since_the_readers_time(page: Page, app: Flask, address: str) -> None:
    with app.app_context():
        endpoints = app.extensions[EXTENSION].webhooks.endpoints
        made = endpoints.create("http://127.0.0.1:9/hooks", ["*"], account="default", actor="ann")
    page.goto(f"{address}webhooks/{made.endpoint.id}")
    page.get_by_label("Since (your time)").fill("2026-01-31T08:00")
    with page.expect_request("**/replay") as sent:
        page.get_by_role("button", name="Replay all since then").click()

    assert parse_qs(sent.value.post_data or "")["since"] == ["2026-01-31T13:00:00.000Z"]


@pytest.mark.parametrize(
    ("path", "label"), [("requests", "From (UTC)"), ("keys/new", "Expires At (UTC, optional)")]
)
def test_without_a_script_a_field_says_that_it_asks_in_utc(
    chromium: Browser, address: str, path: str, label: str
) -> None:
    context = chromium.new_context(timezone_id="America/New_York", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}{path}")

    expect(page.get_by_label(label)).to_be_visible()
    context.close()
