"""Messages and templates in a real browser, on a phone and on a desk."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from browsing import HOSTILE, check_width
from factories import ALL_PERMISSIONS
from flask_waapi import WaApi

pytestmark = pytest.mark.browser


def test_new_messages_are_counted_and_statuses_change_in_place(
    page: Page, app: Flask, waapi: WaApi, address: str, complaints: list[str]
) -> None:
    with app.app_context():
        waapi.create_key("shop", permissions=ALL_PERMISSIONS)
        first = waapi.send_text("+447700900123", HOSTILE, reference="a")
    page.goto(f"{address}messages")
    cell = page.locator(f'[data-message="{first.message_uuid}"]')
    expect(cell.locator(".status")).to_have_text("read")
    check_width(page)

    with app.app_context():
        waapi.send_text("+447700900123", "Another", reference="b")

    news = page.get_by_role("link", name="1 new message: show it")
    expect(news).to_be_visible()
    expect(page.locator("[data-message]")).to_have_count(1)
    check_width(page)
    news.click()
    expect(page.locator("[data-message]")).to_have_count(2)

    page.get_by_label("Search", exact=True).fill("+44 7700 900123")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("[data-message]")).to_have_count(2)
    page.get_by_label("Search", exact=True).fill(str(first.message_uuid))
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Message to +447700900123")
    check_width(page)

    page.get_by_role("link", name="Open in the playground").click()
    expect(page.get_by_label("Simulate Only")).to_be_checked()
    assert "447700900123" not in page.url
    expect(page.locator("#payload")).to_have_value(re.compile(r"447700900123"))
    assert complaints == []
