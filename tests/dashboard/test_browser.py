"""The whole path in a real browser, on a real server, by a real clock."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from browsing import HOSTILE, check_width
from factories import ALL_PERMISSIONS
from flask_waapi import WaApi
from flask_waapi.storage.models import Message

pytestmark = pytest.mark.browser


def counter(page: Page, label: str) -> str:
    """A counter of the overview."""
    panel = page.locator(".counters .panel").filter(has_text=label)
    return panel.locator(".figure").inner_text()


def test_from_the_first_key_to_its_deletion(page: Page, address: str, complaints: list[str]) -> None:
    page.goto(address)
    assert counter(page, "Total Keys") == "0"
    assert counter(page, "Templates Configured") == "10"
    check_width(page)

    page.get_by_role("link", name="Create API Key").click()
    page.get_by_label("Name", exact=True).fill("shop")
    page.get_by_label("Description").fill("The web shop")
    for permission in ("Send Template", "Send Text", "Send Media", "View Templates", "View Messages"):
        page.get_by_label(permission, exact=True).check()
    expect(page.get_by_label("Rate Limit")).to_have_value("60")
    expect(page.get_by_label("Daily Limit")).to_have_value("10000")
    page.get_by_label("Expires At").fill("2099-12-31T23:59")
    expect(page.get_by_label("Expires At (your time, optional)")).to_have_value("2099-12-31T23:59")
    page.get_by_label("Live", exact=True).check()
    page.get_by_label("Allowed IPs").fill("127.0.0.1")
    check_width(page)
    page.get_by_role("button", name="Create API Key").click()

    secret = page.locator("#secret").inner_text()
    assert re.fullmatch(r"wak_live_[0-9A-Za-z]{38}", secret)
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    check_width(page)

    page.get_by_role("link", name="Try it in the playground").click()
    expect(page.get_by_label("Simulate Only")).to_be_checked()
    assert secret not in page.content()
    expect(page.get_by_label("Confirm with the last 4 digits")).to_be_hidden()
    page.get_by_label("Template", exact=True).select_option("seasonal_offer/en")
    expect(page.locator("#payload")).to_have_value(re.compile("seasonal_offer"))
    page.get_by_label("Template", exact=True).select_option("order_confirmation/en")
    expect(page.locator("#payload")).to_have_value(re.compile("order_confirmation"))
    check_width(page)
    page.get_by_role("button", name="Run request").click()
    expect(page.locator(".answer")).to_have_text("201 Created")
    life = page.locator(".life")
    expect(life.locator(".life-now")).to_contain_text("read")
    expect(life.locator(".timeline .status")).to_have_text(["queued", "sent", "delivered", "read"])
    expect(page.get_by_label("Simulate Only")).to_be_checked()
    check_width(page)

    page.get_by_role("link", name="All about this message").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Message to +1234567890")
    expect(page.locator(".bubble")).to_have_text(
        "Hi John Doe, thank you for your order ORD-12345. The total is 99.99."
    )
    check_width(page)

    for tab in ("Templates", "Messages", "API reference", "Overview"):
        page.get_by_role("navigation", name="API management").get_by_role("link", name=tab).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(tab)
        check_width(page)
    assert counter(page, "Calls Today") == "1"

    page.get_by_role("navigation", name="API management").get_by_role("link", name="Keys").click()
    switch = page.get_by_role("switch", name="shop is active")
    expect(switch).to_be_checked()
    switch.click()
    expect(page.get_by_role("status")).to_contain_text("The key is inactive")
    expect(page.get_by_role("switch", name="shop is active")).not_to_be_checked()
    check_width(page)

    page.get_by_role("link", name="Delete shop").click()
    page.get_by_label("To confirm, type the name of the key").fill("shop")
    check_width(page)
    page.get_by_role("button", name="Delete this key").click()
    expect(page.get_by_role("heading", name="No keys yet")).to_be_visible()

    assert complaints == []


def test_counters_and_a_message_move_without_a_reload(
    page: Page, app: Flask, waapi: WaApi, address: str, complaints: list[str]
) -> None:
    page.goto(address)
    with app.app_context():
        issued = waapi.create_key("shop", permissions=ALL_PERMISSIONS)
        sent = waapi.send_text("+1234567890", "Hello")

    expect(page.locator("[data-counter=total_keys]")).to_have_text("1")
    page.goto(f"{address}messages/{sent.message_uuid}")
    expect(page.locator(".life-now")).to_contain_text("read")

    with app.app_context():
        waapi.services.keys.set_enabled("default", str(issued.key.id), False, actor="test")
    page.goto(address)
    assert counter(page, "Active Keys") == "0"
    assert complaints == []


def test_the_buttons_of_a_message_come_and_go_with_its_status(
    page: Page, app: Flask, waapi: WaApi, address: str, complaints: list[str]
) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with app.app_context():
        waiting = waapi.send_text("+1234567890", "Hello", send_at=tomorrow).message_uuid
        # The simulation refuses this number.
        failing = waapi.send_text("+15550131026", "Hello", send_at=tomorrow).message_uuid
    cancel, retry = (page.get_by_role("button", name=name) for name in ("Cancel", "Retry"))

    page.goto(f"{address}messages/{failing}")
    expect(cancel).to_be_visible()
    cancel.focus()
    expect(page.locator(".life-now")).to_contain_text("queued")
    # Its time comes now, and not while the page is still loading.
    with app.app_context():
        with waapi.services.store.begin() as session:
            due_now = sa.update(Message).where(Message.id == failing).values(due_at=datetime.now(UTC))
            session.execute(due_now)
        waapi.services.loop.wake()
    expect(retry).to_be_visible()
    expect(cancel).to_be_hidden()
    check_width(page)
    retry.click()
    expect(page.get_by_role("status")).to_contain_text("on its way again")
    expect(page.locator(".timeline")).to_contain_text("attempt 1, after retry 1")

    page.goto(f"{address}messages/{waiting}")
    page.wait_for_timeout(2_500)
    cancel.dblclick()
    expect(page.get_by_role("status")).to_contain_text("The message is canceled")
    expect(cancel).to_be_hidden()
    expect(page.locator(".timeline .status")).to_have_text(["queued", "canceled"])
    page.goto(f"{address}messages?status=canceled")
    expect(page.locator("tbody .status")).to_have_text(["canceled"])
    check_width(page)
    assert complaints == []


def test_hostile_text_runs_nowhere(
    page: Page, app: Flask, waapi: WaApi, address: str, complaints: list[str]
) -> None:
    with app.app_context():
        issued = waapi.create_key("hostile", description=HOSTILE, permissions=ALL_PERMISSIONS)
        named = waapi.create_key(HOSTILE, permissions=ALL_PERMISSIONS)
        sent = waapi.send_text("+1234567890", HOSTILE, reference=HOSTILE)

    for path in (
        "",
        "keys",
        f"keys/{issued.key.id}",
        f"keys/{named.key.id}/delete",
        "messages",
        f"messages/{sent.message_uuid}",
        f"playground?key={named.key.id}",
    ):
        page.goto(address + path)
        page.wait_for_timeout(200)
    page.get_by_role("tab", name="JSON").click()
    page.locator("#payload").fill('{"to": "+1234567890", "text": "</script><script>alert(1)</script>"}')
    page.get_by_role("button", name="Run request").click()
    expect(page.locator(".answer")).to_be_visible()

    assert complaints == []


def test_all_of_it_works_without_javascript(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}keys/new")
    page.get_by_label("Name", exact=True).fill("shop")
    page.get_by_label("Send Text", exact=True).check()
    page.get_by_label("Send Media", exact=True).check()
    page.get_by_role("button", name="Create API Key").click()
    page.get_by_role("link", name="Try it in the playground").click()

    expect(page.locator("#payload")).to_have_value(re.compile("Hello from the playground"))
    page.get_by_label("Select Endpoint").select_option("send_media")
    page.get_by_role("button", name="Load this selection").click()
    expect(page.locator("#payload")).to_have_value(re.compile("picture.jpg"))
    page.get_by_role("button", name="Run request").click()
    expect(page.locator(".answer")).to_have_text("201 Created")
    page.get_by_role("link", name="All about this message").click()
    life = page.locator(".life-now")
    expect(life).to_contain_text(re.compile("sent|delivered|read"))

    end = time.monotonic() + 60
    while "read" not in life.inner_text() and time.monotonic() < end:
        page.wait_for_timeout(500)
        page.reload()
    expect(life).to_contain_text("read")
    context.close()
