"""A newcomer, in a real browser: from the front page to a simulated message that was delivered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from accessibility import serious_findings
from browsing import TELL_VIOLATIONS, check_width, note_complaints, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

NAME, PASSWORD = "clerk", "tea at four"
MOST_CLICKS = 8


@pytest.fixture
def settings() -> dict[str, Any]:
    """As it is started: its background thread runs."""
    return {}


@pytest.fixture
def address(desk: Flask) -> Iterator[str]:
    """Where the app is served."""
    from reference_app.extensions import waapi

    with serving(desk) as served:
        yield served
    with desk.app_context():
        waapi.services.loop.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A window that complains of nothing."""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(TELL_VIOLATIONS)
    note_complaints(page, complaints)
    yield page
    context.close()
    assert complaints == []


def test_a_newcomer_sees_a_simulated_message_delivered_within_eight_clicks(page: Page, address: str) -> None:
    from playwright.sync_api import expect

    clicks: list[str] = []

    def click(target: Locator) -> None:
        clicks.append(target.inner_text() or target.get_attribute("aria-label") or "a box")
        target.click()

    begun = time.monotonic()
    page.goto(address)
    click(page.locator(".steps").get_by_role("link", name="Log in"))
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    click(page.locator("main").get_by_role("button", name="Log in"))
    click(page.get_by_role("link", name="Create a key"))
    page.get_by_label("Name", exact=True).fill("my first key")
    click(page.get_by_label("Send Template", exact=True))
    click(page.get_by_role("button", name="Create API Key"))
    click(page.get_by_role("link", name="Try it in the playground"))
    click(page.get_by_role("button", name="Run request"))
    expect(page.locator(".life")).to_contain_text("delivered")
    took = time.monotonic() - begun

    print(f"{len(clicks)} clicks, {took:.1f} s: {', '.join(clicks)}")
    assert len(clicks) <= MOST_CLICKS
    page.goto(address)
    expect(page.locator(".steps .done")).to_have_count(3)


def test_the_pages_of_the_desk_are_accessible_and_fit_every_window(page: Page, address: str) -> None:
    page.goto(f"{address}/login")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Log in").click()
    page.goto(f"{address}/orders/new")
    page.get_by_label("Customer").fill("<script>alert(1)</script>" + "W" * 60)
    page.get_by_label("WhatsApp number").fill("+1234567890")
    page.get_by_label("Stoneware cup").fill("1")
    page.get_by_role("button", name="Place order").click()
    page.wait_for_load_state()
    # The page follows the message, with nothing that is put in anew while it stays the same.
    assert serious_findings(page) == []
    page.locator(".heading .status.read").wait_for()
    for path in ("/", "/orders/", "/orders/new", "/orders/1", "/hooks/", "/embedding"):
        for scheme, width in (("light", 1280), ("dark", 390)):
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(f"{address}{path}")
            check_width(page)
            assert serious_findings(page) == [], path
