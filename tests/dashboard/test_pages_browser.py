"""The overview's plots, the keys' pages and the request log in a real browser."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from browsing import HOSTILE, check_width
from factories import ALL_PERMISSIONS
from flask_waapi import WaApi

pytestmark = pytest.mark.browser


def test_plots_errors_and_the_log_lead_to_each_other(
    page: Page, app: Flask, waapi: WaApi, address: str, complaints: list[str]
) -> None:
    with app.app_context():
        secret = waapi.create_key(HOSTILE, permissions=ALL_PERMISSIONS).secret
    api = address.replace("/waapi/", "/api/v1/external")
    headers = {"X-API-Key": secret}
    page.request.post(f"{api}/messages/text/send", headers=headers, data={"to": "nobody", "text": HOSTILE})
    page.request.post(
        f"{api}/messages/text/send", headers=headers, data={"to": "+1234567890", "text": HOSTILE}
    )

    page.goto(address)
    plot = page.get_by_role("img", name="Calls in 24 hours by outcome")
    expect(plot).to_be_visible()
    expect(plot.locator("rect")).to_have_count(2)
    check_width(page)
    page.get_by_text("The figures: Calls in 24 hours by outcome").click()
    expect(page.get_by_role("region", name="Calls in 24 hours by outcome").locator("tbody tr")).to_have_count(
        1
    )
    page.get_by_role("navigation", name="Period").get_by_role("link", name="30 days").click()
    expect(page.get_by_role("img", name="Calls in 30 days by key")).to_be_visible()
    check_width(page)

    page.get_by_role("link", name="1 call", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Request log")
    expect(page.locator("tbody tr")).to_have_count(1)
    check_width(page)
    page.get_by_role("link", name="VALIDATION_ERROR").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("VALIDATION_ERROR")
    page.goto(f"{address}requests")
    page.locator("tbody").get_by_role("link", name="message").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Message to +1234567890")
    assert complaints == []


def test_a_key_is_found_edited_and_rotated(
    page: Page, app: Flask, waapi: WaApi, address: str, complaints: list[str]
) -> None:
    with app.app_context():
        old = waapi.create_key("shop", permissions=ALL_PERMISSIONS).secret
        waapi.create_key("desk", permissions=ALL_PERMISSIONS)
    api = address.replace("/waapi/", "/api/v1/external/messages")
    page.request.get(api, headers={"X-API-Key": old})

    page.goto(f"{address}keys")
    page.get_by_label("Search").fill("sho")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    check_width(page)
    page.get_by_role("link", name="Edit shop").click()
    check_width(page)
    page.get_by_label("Rate Limit").fill("7")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("as you left it")
    expect(page.locator("td.excerpt").filter(has_text="rate limit:")).to_contain_text("→ 7")
    expect(page.get_by_role("region", name="Last requests").locator("tbody tr")).to_have_count(1)
    check_width(page)

    page.get_by_role("link", name="Rotate").click()
    expect(page.get_by_label("24 hours")).to_be_checked()
    page.get_by_label("not at all").check()
    check_width(page)
    page.get_by_role("button", name="Rotate the key").click()
    new = page.locator("#secret").inner_text()
    assert re.fullmatch(r"wak_live_[0-9A-Za-z]{38}", new)
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    check_width(page)
    statuses = [page.request.get(api, headers={"X-API-Key": secret}).status for secret in (old, new)]
    assert statuses == [401, 200]
    assert complaints == []


def test_the_plots_move_without_a_reload(
    page: Page, app: Flask, waapi: WaApi, address: str, complaints: list[str]
) -> None:
    with app.app_context():
        secret = waapi.create_key("shop", permissions=ALL_PERMISSIONS).secret
    # Sooner than for people.
    page.route(
        "**/counters.js",
        lambda route: route.fulfill(
            response=(fetched := route.fetch()), body=fetched.text().replace("15000", "500")
        ),
    )
    page.goto(address)
    expect(page.get_by_text("No calls of the API in the last 24 hours")).to_be_visible()
    page.request.get(address.replace("/waapi/", "/api/v1/external/messages"), headers={"X-API-Key": secret})

    expect(page.get_by_role("img", name="Calls in 24 hours by outcome")).to_be_visible()
    assert complaints == []
