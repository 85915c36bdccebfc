"""The whole path in a real browser, on a real server, by a real clock."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

import services
from factories import ALL_PERMISSIONS, close_app
from flask_waapi import Viewer, WaApi

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(1)><svg onload=alert(1)>' onfocus=alert(1)"""


class QuietHandler(WSGIRequestHandler):
    """Writes no line for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        pass


@pytest.fixture
def waapi() -> WaApi:
    """The extension, with a dashboard for everyone."""
    return WaApi(dashboard_access=lambda: Viewer("default", "ann"))


@pytest.fixture
def app(tmp_path: Path, waapi: WaApi) -> Iterator[Flask]:
    """A host whose background thread runs."""
    app = Flask("browser_host", static_folder=None)
    app.config.update(
        SECRET_KEY="a test's secret key, long enough",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'browser.sqlite'}",
        # The requests and the background thread write at the same time.
        SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 30}},
    )
    SQLAlchemy(app)
    waapi.init_app(app)
    with app.app_context():
        waapi.create_all()
    yield app
    close_app(app)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the dashboard is served."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/waapi/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    path = services.require("browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[390, 1280])
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A window of a phone's width, then of a desk's."""
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    yield context
    context.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser has complained of: errors, violations of the policy, dialogs."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Page:
    """A page whose complaints are collected."""
    note = complaints.append
    context.add_init_script(TELL_VIOLATIONS)
    page = context.new_page()
    page.on("console", lambda message: note(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: note(str(error)))
    page.on("dialog", lambda dialog: note(f"dialog: {dialog.message}"))
    page.on("requestfailed", lambda failed: note(f"failed: {failed.url}"))
    return page


def counter(page: Page, label: str) -> str:
    """A counter of the overview."""
    panel = page.locator(".counters .panel").filter(has_text=label)
    return panel.locator(".figure").inner_text()


def check_width(page: Page) -> None:
    """Nothing sticks out of the window; tables scroll within."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def test_from_the_first_key_to_its_deletion(page: Page, address: str, complaints: list[str]) -> None:
    page.goto(address)
    assert counter(page, "Total Keys") == "0"
    assert counter(page, "Templates Configured") == "7"
    check_width(page)

    page.get_by_role("link", name="Create API Key").click()
    page.get_by_label("Name", exact=True).fill("shop")
    page.get_by_label("Description").fill("The web shop")
    for permission in ("Send Template", "Send Text", "Send Media", "View Templates", "View Messages"):
        page.get_by_label(permission, exact=True).check()
    expect(page.get_by_label("Rate Limit")).to_have_value("60")
    expect(page.get_by_label("Daily Limit")).to_have_value("10000")
    page.get_by_label("Expires At").fill("2099-12-31T23:59")
    expect(page.locator("#expires_at-local")).to_contain_text("where you are")
    page.get_by_label("Live", exact=True).check()
    page.get_by_label("Allowed IPs").fill("127.0.0.1")
    check_width(page)
    page.get_by_role("button", name="Create API Key").click()

    secret = page.locator("#secret").inner_text()
    assert re.fullmatch(r"wak_live_[0-9A-Za-z]{38}", secret)
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    check_width(page)

    page.get_by_role("link", name="Try it in the playground").click()
    assert secret not in page.content()
    expect(page.get_by_label("Simulate Only")).to_be_checked()
    expect(page.get_by_label("Confirm with the last 4 digits")).to_be_hidden()
    page.get_by_label("Template", exact=True).select_option("seasonal_offer/en")
    expect(page.locator("#payload")).to_have_value(re.compile("seasonal_offer"))
    page.get_by_label("Template", exact=True).select_option("order_confirmation/en")
    expect(page.locator("#payload")).to_have_value(re.compile("order_confirmation"))
    check_width(page)
    page.get_by_role("button", name="Run request").click()
    expect(page.locator(".answer")).to_have_text("201 Created")
    life = page.locator(".life")
    expect(life.locator(".life-now")).to_contain_text("read", timeout=15_000)
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

    expect(page.locator("[data-counter=total_keys]")).to_have_text("1", timeout=10_000)
    page.goto(f"{address}messages/{sent.message_uuid}")
    expect(page.locator(".life-now")).to_contain_text("read", timeout=15_000)

    with app.app_context():
        waapi.services.keys.set_enabled("default", str(issued.key.id), False, actor="test")
    page.goto(address)
    assert counter(page, "Active Keys") == "0"
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
    page.locator("#payload").fill('{"to": "+1234567890", "text": "</script><script>alert(1)</script>"}')
    page.get_by_role("button", name="Run request").click()
    expect(page.locator(".answer")).to_be_visible()

    assert complaints == []


def test_all_of_it_works_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
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
    expect(page.locator(".life-now")).to_contain_text("sent")

    page.wait_for_timeout(4_000)
    page.reload()
    expect(page.locator(".life-now")).to_contain_text("read")
    context.close()
