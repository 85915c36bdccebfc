"""The webhooks' pages in a real browser, with a real endpoint that is out of order at first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask, request
from playwright.sync_api import Page, expect
from standardwebhooks import Webhook

from browsing import HOSTILE, check_width, serving
from flask_waapi import WaApi
from flask_waapi.messaging.incoming.parking import BROKEN, Parked
from webhook_pages import deliveries, issue, keep_parked, publish

pytestmark = pytest.mark.browser


@dataclass
class Receiver:
    """A webhook endpoint of somebody. :param answers: what it says next; when there are none left, 204."""

    url: str
    answers: list[tuple[str, int]]
    taken: list[tuple[bytes, dict[str, str]]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An endpoint that is out of order at first, with a hostile error page."""
    found = Receiver("", [(HOSTILE, 500)], [])
    app = Flask("receiver")

    @app.post("/hook")
    def take() -> tuple[str, int]:
        found.taken.append((request.get_data(), dict(request.headers)))
        return found.answers.pop(0) if found.answers else ("", 204)

    with serving(app) as served:
        found.url = f"{served}/hook"
        yield found


def test_from_the_first_webhook_endpoint_to_its_deletion(
    page: Page, app: Flask, waapi: WaApi, address: str, receiver: Receiver, complaints: list[str]
) -> None:
    page.goto(address)
    page.get_by_role("navigation", name="API management").get_by_role("link", name="Webhooks").click()
    check_width(page)
    page.get_by_role("link", name="Create your first endpoint").click()
    page.get_by_label("URL", exact=True).fill(receiver.url)
    page.get_by_label("Description").fill("The web shop")
    expect(page.get_by_label("message.failed")).to_be_hidden()
    page.get_by_label("All events").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("message.sent")).to_be_checked()
    check_width(page)
    page.get_by_role("button", name="Create endpoint").click()

    secret = page.locator("#secret").inner_text()
    expect(page.get_by_role("button", name="Copy")).to_be_visible()
    expect(page.locator("#example-javascript")).to_be_hidden()
    page.get_by_label("Python", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#example-javascript")).to_be_visible()
    expect(page.locator("#example-python")).to_be_hidden()
    check_width(page)

    page.get_by_role("button", name="Send test event").click()
    life = page.locator(".life")
    expect(life.locator(".attempts")).to_contain_text("onerror=alert(1)")
    check_width(page)
    # The second attempt comes five seconds after the first.
    expect(life.locator(".life-now")).to_contain_text("succeeded")
    expect(life.locator(".attempts .status")).to_have_text(["204", "500"])
    check_width(page)
    for body, headers in receiver.taken:
        assert Webhook(secret).verify(body, headers)["type"] == "test"

    page.get_by_role("link", name=receiver.url).click()
    check_width(page)
    assert secret not in page.content()
    page.get_by_role("link", name="Rotate the secret").click()
    page.get_by_label("1 hour").check()
    check_width(page)
    page.get_by_role("button", name="Rotate the secret").click()
    assert page.locator("#secret").inner_text() != secret
    page.get_by_role("link", name="To the endpoint").click()
    expect(page.locator(".secrets li")).to_contain_text(["in use", "ends"])

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Paused")
    page.get_by_role("button", name="Send test event").click()
    expect(page.locator(".life-now")).to_contain_text("on resume")
    page.go_back()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_contain_text("what has waited is on its way")
    with app.app_context():
        publish(waapi.services)
        (endpoint,) = waapi.services.webhooks.endpoints.list("default")
        newest = deliveries(waapi.services, endpoint.id)[0]
    page.goto(f"{address}webhooks/deliveries/{newest.id}")
    expect(page.locator(".life-now")).to_contain_text("succeeded")
    page.get_by_role("link", name=receiver.url).click()
    page.get_by_label("State").select_option("succeeded")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**state=succeeded**")
    expect(page.locator("tbody .status").first).to_have_text("succeeded")
    page.get_by_role("button", name="Replay test").first.click()
    expect(page.get_by_role("status")).to_contain_text("The delivery is on its way again.")
    page.get_by_role("textbox", name="Since").fill("2020-01-01T00:00:00")
    expect(page.get_by_label("Since (your time)")).to_have_value("2020-01-01T00:00")
    page.get_by_role("button", name="Replay all since then").click()
    expect(page.get_by_role("status")).to_contain_text("1 delivery is on its way again.")
    check_width(page)

    page.get_by_role("link", name="Delete").click()
    check_width(page)
    page.get_by_role("button", name="Delete this endpoint").click()
    expect(page.get_by_role("heading", name="No endpoints yet")).to_be_visible()
    assert complaints == []


def test_hostile_webhooks_and_callbacks_run_nowhere(
    page: Page, app: Flask, waapi: WaApi, address: str, complaints: list[str]
) -> None:
    with app.app_context():
        parts = waapi.services
        issued = issue(parts, "https://example.com/?q='onfocus=alert(1)'", description=HOSTILE)
        parts.webhooks.endpoints.pause("default", issued.endpoint.id, actor="test")
        publish(parts, text=HOSTILE)
        keep_parked(parts, "simulation", Parked(HOSTILE[:100], BROKEN, HOSTILE, None))
        delivery = deliveries(parts, issued.endpoint.id)[0]
    below = f"webhooks/{issued.endpoint.id}"

    for path in (
        "webhooks",
        below,
        f"{below}/edit",
        f"{below}/delete",
        f"{below}/rotate",
        f"webhooks/deliveries/{delivery.id}",
        "webhooks/callbacks",
    ):
        page.goto(address + path)
        check_width(page)
        page.wait_for_timeout(200)
    expect(page.get_by_role("table")).to_contain_text("<script>alert(1)</script>")

    assert complaints == []
