"""What the playground offers around a request, in a real browser: code, runs, links, outcomes and steps."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Page, expect

import services
from browsing import HOSTILE, check_width, serving
from factories import ALL_PERMISSIONS
from flask_waapi import IssuedKey, WaApi

pytestmark = pytest.mark.browser

TEXT = {"to": "+1234567890", "text": "Hello"}
QUOTES = 'it\'s "so" `id` $HOME \\ {{1}} </script> \U0001f600'


@pytest.fixture
def key(app: Flask, waapi: WaApi) -> IssuedKey:
    """A key that may do everything."""
    with app.app_context():
        return waapi.create_key("shop", permissions=ALL_PERMISSIONS)


def fill(page: Page, **members: object) -> None:
    """Write a payload."""
    # The tabs are there once the form has been drawn.
    page.get_by_role("tab", name="JSON").click()
    page.locator("#payload").fill(json.dumps({**TEXT, **members}, ensure_ascii=False))


def run(page: Page) -> None:
    """Press the button, and wait for the answer and for the scripts."""
    page.get_by_role("button", name="Run request").click()
    expect(page.locator(".answer")).to_be_visible()
    expect(page.get_by_role("button", name="Copy").first).to_be_visible()


def test_the_code_follows_the_payload_and_what_is_shown_runs(
    page: Page, address: str, key: IssuedKey, complaints: list[str], tmp_path: Path
) -> None:
    services.require("curl")
    page.goto(f"{address}playground?operation=send_text")
    code = page.get_by_role("group", name="Language")
    expect(page.locator("#code-text-curl")).to_be_visible()
    expect(page.locator("#code-text-go")).to_be_hidden()
    fill(page, text=QUOTES)
    expect(page.locator("#code-text-curl")).to_contain_text("it'\\''s")

    code.get_by_role("radio", name="curl").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#code-text-requests")).to_be_visible()
    expect(page.locator("#code-text-curl")).to_be_hidden()
    fill(page, text=f"again {QUOTES}")
    expect(page.locator("#code-text-requests")).to_contain_text("again")
    expect(code.get_by_role("radio", name="Python (requests)")).to_be_checked()
    expect(code.get_by_role("button", name="Copy")).to_be_visible()
    check_width(page)

    page.get_by_label("Send Real Message").check()
    expect(page.locator("#code-text-curl")).not_to_contain_text("simulate")
    page.get_by_label("Simulate Only").check()
    expect(page.locator("#code-text-curl")).to_contain_text("simulate")

    file = tmp_path / "shown.sh"
    file.write_text(page.locator("#code-text-curl").text_content() or "", encoding="utf-8")
    ran = subprocess.run(
        ["sh", str(file)], env={**os.environ, "WAAPI_KEY": key.secret}, capture_output=True, check=True
    )
    answer = json.loads(ran.stdout)
    assert answer["data"]["simulated"] is True
    assert answer["data"]["text"] == f"again {QUOTES}"
    assert complaints == []


def test_an_outcome_is_chosen_and_its_steps_are_taken_one_by_one(
    page: Page, address: str, key: IssuedKey, complaints: list[str]
) -> None:
    page.goto(f"{address}playground?operation=send_text")
    page.get_by_text("Try an outcome", exact=True).click()
    page.get_by_label("What is to become of the message").select_option("+15552000004")
    expect(page.locator("#payload")).to_have_value(re.compile(r"\+15552000004"))
    expect(page.locator('[data-control="/to"]')).to_have_value("+15552000004")
    expect(page.locator("#code-text-curl")).to_contain_text("+15552000004")
    page.get_by_text("Speed of the simulation", exact=True).first.click()
    page.get_by_label("Step by step, by hand").check()
    check_width(page)
    run(page)

    life, step = page.locator(".life"), page.get_by_role("button", name="Next step now")
    expect(life.locator(".announced")).to_contain_text("delivered")
    for status in ("delivered", "delivered", "read", "read"):
        step.click()
        expect(life.locator(".life-now")).to_contain_text(status)
        expect(step).not_to_have_attribute("aria-disabled", "true")
    expect(step).to_be_hidden()
    expect(page.locator(".answer")).to_have_text("201 Created")
    assert complaints == []


def test_runs_are_listed_compared_edited_handed_on_and_deleted(
    page: Page, address: str, key: IssuedKey, complaints: list[str], tmp_path: Path
) -> None:
    page.goto(f"{address}playground?operation=send_text")
    fill(page, to="+491701234567")
    run(page)
    fill(page, text=HOSTILE)
    run(page)
    page.get_by_role("link", name="Your runs").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    check_width(page)
    page.get_by_label("Outcome").select_option("refused")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("heading", name="No run matches")).to_be_visible()
    page.get_by_role("link", name="Show all runs").click()

    # A link has been followed before the rows are there.
    expect(page.locator("tbody tr")).to_have_count(2)
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Compare the two chosen runs").click()
    expect(page.locator("ins").first).to_contain_text("+1234567890")
    expect(page.locator("del").first).to_contain_text("+491701234567")
    check_width(page)

    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("tbody a").last.click()
    check_width(page)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Save as recipe").click()
    saved = json.loads(Path(downloading.value.path()).read_text(encoding="utf-8"))
    assert saved["payload"]["to"] == "+1234567890"
    assert saved["expect"]["status"] == 201

    page.get_by_role("link", name="Edit and run again").click()
    expect(page.locator("#payload")).to_have_value(re.compile(r"\+491701234567"))
    expect(page.get_by_label("Simulate Only")).to_be_checked()
    page.get_by_text("Share or save this request", exact=True).click()
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_text("Phone numbers have been replaced")).to_be_visible()
    check_width(page)
    page.goto(page.locator("#share-link").inner_text())
    expect(page.locator("#payload")).to_have_value(re.compile(r"\+1234567890"))
    expect(page.get_by_text("Nothing has been run yet")).to_be_visible()

    page.get_by_role("link", name="Your runs").click()
    page.get_by_role("button", name="Delete all my runs").click()
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    assert complaints == []


def test_a_sample_event_is_sent_to_a_webhook_and_its_answer_is_shown(
    page: Page, app: Flask, waapi: WaApi, address: str, key: IssuedKey, complaints: list[str]
) -> None:
    receiver = Flask("receiver")
    taken = []

    @receiver.post("/hook")
    def take() -> Response:
        taken.append(request.get_json())
        return Response("taken", 418 if len(taken) == 1 else 204)

    with serving(receiver) as served:
        with app.app_context():
            waapi.webhooks.create(f"{served}/hook", ["message.read"])
        page.goto(f"{address}playground")
        page.get_by_label("Event", exact=True).select_option("message.failed")
        check_width(page)
        page.get_by_role("button", name="Send test event").click()
        expect(page.locator(".attempts")).to_contain_text("418")
        expect(page.locator(".life-now")).to_contain_text("succeeded")

    assert [event["type"] for event in taken] == ["message.failed", "message.failed"]
    assert taken[0]["data"]["sample"] is True
    assert complaints == []
