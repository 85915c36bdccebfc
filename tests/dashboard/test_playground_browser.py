"""What the playground must do, each point in a real browser: against a provider that would really send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from marshmallow import fields
from playwright.sync_api import Browser, Locator, Page, expect

from browsing import check_width, serving
from dashboard_host import Host
from flask_waapi.api import schemas

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.browser

MakeHost = Callable[..., Host]
RECIPIENT = "+1234567890"


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host whose provider is not simulated, with a key and a price."""
    host = make_host(
        WAAPI_PROVIDERS={"recorder": {}},
        WAAPI_PRICES={"currency": "EUR", "utility": {"+1": "0.0234"}},
    )
    host.key("shop", rate_limit=50)
    return host


@pytest.fixture
def address(host: Host) -> Iterator[str]:
    """Where the playground is served."""
    with serving(host.app) as served:
        yield f"{served}/waapi/playground"


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A window of a desk's width."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture(autouse=True)
def nothing_to_complain_of(address: str, complaints: list[str]) -> Iterator[None]:
    """No error, no violation of the policy, no dialog; a refused form has its status."""
    yield
    assert [complaint for complaint in complaints if "status of 422" not in complaint] == []


def json_on(page: Page) -> dict[str, object]:
    """The payload."""
    found: dict[str, object] = json.loads(page.locator("#payload").input_value())
    return found


def control(page: Page, pointer: str) -> Locator:
    """The field of a member."""
    return page.locator(f'[data-control="{pointer}"]')


def choose_json(page: Page) -> None:
    """Look at the payload as JSON."""
    page.get_by_role("tab", name="JSON").click()
    expect(page.locator("#payload")).to_be_visible()


def status(page: Page) -> Locator:
    """Where it is told what would become of the form."""
    return page.locator("[data-draft-status]")


def gate(page: Page, name: str) -> Locator:
    """A gate and its state."""
    return page.locator(".gate").filter(has=page.get_by_text(name, exact=True))


def test_what_is_run_from_its_json_comes_back_as_json_and_a_new_visit_opens_on_the_form(
    page: Page, address: str
) -> None:
    page.goto(address)
    choose_json(page)
    page.get_by_role("button", name="Run request").click()
    expect(page.locator(".outcome")).to_be_visible()
    page.wait_for_load_state()
    expect(page.get_by_role("tab", name="JSON")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#payload")).to_be_visible()

    page.locator("#operation").select_option("send_text")
    page.wait_for_url("**/playground")
    expect(page.locator("#payload")).to_have_value(re.compile('"text"'))
    expect(page.get_by_role("tab", name="JSON")).to_have_attribute("aria-selected", "true")

    page.goto(address)
    expect(page.get_by_role("tab", name="Form")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#payload")).to_be_hidden()


def test_a_real_send_states_what_it_does_needs_its_digits_and_is_not_remembered(
    page: Page, address: str, host: Host
) -> None:
    page.goto(address)
    expect(page.get_by_label("Simulate Only")).to_be_checked()
    page.get_by_label("Send Real Message").check()
    panel = page.locator(".confirmation")
    expect(panel).to_contain_text("recorder")
    expect(panel).to_contain_text("shop")
    expect(panel.locator("[data-price]")).to_have_text("About 0.0234 EUR, as WAAPI_PRICES says of utility.")

    page.get_by_role("button", name="Run request").click()
    expect(page.get_by_role("alert")).to_contain_text("must be confirmed")
    assert host.script.sent == []

    page.wait_for_load_state()
    expect(page.get_by_label("Simulate Only")).to_be_checked()
    page.get_by_label("Send Real Message").check()
    page.get_by_label("Confirm with the last 4 digits").fill(RECIPIENT[-4:])
    page.get_by_role("button", name="Run request").click()
    expect(page.locator(".outcome")).to_contain_text("sent for real")
    assert [message.to for message in host.script.sent] == [RECIPIENT]

    page.goto(address)
    expect(page.get_by_label("Simulate Only")).to_be_checked()


def test_what_a_real_send_would_do_follows_the_payload_as_it_is_typed(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Send Real Message").check()
    panel, payload = page.locator(".confirmation"), page.locator("#payload")
    expect(panel).to_contain_text("This message really goes out.")

    choose_json(page)
    whole = payload.input_value()
    payload.fill("{}")
    expect(panel).to_contain_text("the provider is told once the message would be taken")
    payload.fill(whole)
    expect(panel).to_contain_text("This message really goes out.")


def test_the_gates_of_the_page_are_those_of_the_run(page: Page, address: str) -> None:
    page.goto(address)
    expect(gate(page, "Template status")).to_contain_text("passed")

    control(page, "/to").fill("nobody")
    expect(gate(page, "Recipient")).to_contain_text("failed")
    page.get_by_role("button", name="Run request").click()

    expect(page.locator(".answer")).to_have_text("422 Unprocessable Entity")
    told = page.locator("#result .notice.is-bad").inner_text()
    assert page.locator(".gate.is-failed .gate-reason").inner_text().split(" VALID")[0] in told


def test_the_key_picker_tells_the_truth(page: Page, address: str, host: Host) -> None:
    old = host.key("old one")
    host.services.keys.set_enabled("default", str(old.key.id), False, actor="test")
    host.key("reader", permissions=["view_messages"])
    page.goto(f"{address}?key={host.services.keys.get('default', 'shop').id}")

    expect(page.locator("#key option", has_text="old one (inactive: cannot act)")).to_be_disabled()
    expect(page.get_by_text("50 of 50", exact=True)).to_be_visible()
    page.get_by_role("button", name="Run request").click()
    expect(page.get_by_text("49 of 50", exact=True)).to_be_visible()
    expect(page.get_by_text("1 of 1,000")).to_be_visible()

    page.locator("#key").select_option(label="reader (live)")
    expect(page.locator("#operation option", has_text="(locked: needs Send Text)").first).to_be_disabled()


def test_a_field_that_is_added_to_a_schema_appears_and_works(
    page: Page, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = fields.String(required=True, metadata={"description": "What it looks like."})
    added._bind_to_schema("colour", schemas.TEXT_SEND)
    for members in (schemas.TEXT_SEND.fields, schemas.TEXT_SEND.load_fields):
        monkeypatch.setitem(members, "colour", added)

    page.goto(f"{address}?operation=send_text")

    colour = page.get_by_label("colour")
    expect(colour).to_have_attribute("aria-required", "true")
    expect(page.locator(".schema-form")).to_contain_text("What it looks like.")
    colour.fill("red")
    assert json_on(page)["colour"] == "red"


def test_form_and_json_stay_in_step_both_ways(page: Page, address: str) -> None:
    page.goto(f"{address}?operation=send_interactive")
    control(page, "/buttons/0/title").fill("Oui")
    page.get_by_role("button", name="Remove buttons 2").click()
    page.get_by_role("button", name="Add to buttons").click()
    control(page, "/buttons/1/id").fill("third")
    assert [button.get("id") for button in json_on(page)["buttons"]] == ["yes", "third"]  # type: ignore[attr-defined]
    assert json_on(page)["buttons"][0]["title"] == "Oui"  # type: ignore[index]

    choose_json(page)
    page.locator("#payload").fill(json.dumps({**json_on(page), "footer": "From the JSON", "mine": 1}))
    page.get_by_role("tab", name="Form").click()
    expect(page.get_by_label("footer")).to_have_value("From the JSON")
    expect(page.locator(".schema-form")).to_contain_text("Also in the JSON: mine")

    page.get_by_label("footer").fill("")
    assert "footer" not in json_on(page)
    assert json_on(page)["mine"] == 1

    choose_json(page)
    for text in ("{", '{"to": "+1234567890", "large": 9007199254740993}'):
        page.locator("#payload").fill(text)
        page.get_by_role("tab", name="Form").click()
        expect(page.locator("[data-form-problem]")).to_be_visible()
        choose_json(page)
        expect(page.locator("#payload")).to_have_value(text)


def test_ours_and_metas_form_of_a_body_can_be_chosen(page: Page, address: str) -> None:
    page.goto(f"{address}?operation=send_location")
    chooser = page.get_by_label("Form of the body")
    expect(chooser.locator("option:checked")).to_have_text("A place")

    chooser.select_option(label="A place, with Meta's own object")

    assert json_on(page)["to"] == RECIPIENT
    assert set(json_on(page)["location"]) == {"latitude", "longitude"}  # type: ignore[call-overload]
    expect(status(page)).to_have_text("The request would be taken.")


def test_a_template_has_a_field_for_each_placeholder_and_reset_restores_the_samples(
    page: Page, address: str
) -> None:
    page.goto(address)
    name = page.get_by_label("{{customer_name}}")
    sample = name.input_value()
    name.fill("Zoë")
    expect(page.locator(".bubble")).to_contain_text("Hi Zoë, your order")
    assert json_on(page)["variables"]["customer_name"] == "Zoë"  # type: ignore[index]

    page.get_by_role("button", name="Reset to the sample").click()
    expect(page.get_by_label("{{customer_name}}")).to_have_value(sample)


def test_what_is_wrong_is_told_at_its_field_and_at_the_json_while_typing(page: Page, address: str) -> None:
    page.goto(address)
    total = page.get_by_label("{{total}}")
    total.fill("")
    expect(total).to_have_attribute("aria-invalid", "true")
    described = total.get_attribute("aria-describedby")
    assert described is not None
    fault = page.locator(f"[id='{described.split()[-1]}']")
    expect(fault).to_contain_text("The value is empty.")
    expect(status(page)).to_contain_text("/variables/total")
    expect(status(page)).to_have_attribute("role", "status")

    choose_json(page)
    expect(page.locator("#payload")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#raw-faults")).to_contain_text("/variables/total The value is empty.")

    page.get_by_role("tab", name="Form").click()
    total.fill("1")
    expect(total).not_to_have_attribute("aria-invalid", "true")
    expect(status(page)).to_have_text("The request would be taken.")


def test_the_preview_counts_and_follows(page: Page, address: str) -> None:
    page.goto(f"{address}?operation=send_text")
    control(page, "/text").fill("*Bold* words")

    expect(page.locator(".bubble strong")).to_have_text("Bold")
    expect(page.get_by_text("Text: 12 of 4,096 characters")).to_be_visible()

    page.goto(f"{address}?operation=send_location")
    control(page, "/name").fill("")
    expect(page.get_by_text("A phone shows the address only where there is a name.")).to_be_visible()


def test_the_answer_tells_limits_id_and_timing_and_leads_to_cause_and_fix(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Run request").click()
    result = page.locator("#result")
    expect(result).to_contain_text("Request id")
    for part in ("Key and limits", "Validation", "Database", "Provider"):
        expect(result.locator(".timings dt", has_text=part)).to_be_visible()
    expect(result.locator(".answer-raw")).to_be_hidden()
    result.get_by_label("Raw", exact=True).check()
    assert json.loads(result.locator(".answer-raw").inner_text())["success"] is True
    expect(result.locator(".answer-pretty")).to_be_hidden()

    choose_json(page)
    page.locator("#payload").fill("{}")
    page.get_by_role("button", name="Run request").click()
    page.locator("#result").get_by_role("link", name="VALIDATION_ERROR").first.click()
    expect(page.get_by_role("heading", name="VALIDATION_ERROR")).to_be_visible()
    expect(page.get_by_text("What to do")).to_be_visible()


def test_everything_can_be_reached_by_the_keyboard(page: Page, address: str) -> None:
    page.goto(address)
    name = page.get_by_label("{{customer_name}}")
    name.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Ann")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble")).to_contain_text("Hi Ann,")
    expect(name).to_be_focused()

    page.get_by_role("tab", name="Form").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="JSON")).to_be_focused()
    expect(page.locator("#payload")).to_be_visible()
    page.get_by_label("Simulate Only").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_have_text(re.compile("201"))


def test_without_javascript_the_json_is_there_and_can_be_checked(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#payload")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(0)

    page.locator("#payload").fill('{"to": "x"}')
    page.get_by_role("button", name="Check without running").click()

    expect(gate(page, "Recipient")).to_contain_text("failed")
    expect(page.locator("#payload")).to_have_value('{"to": "x"}')
    context.close()


@pytest.mark.parametrize("operation", ["send_template", "send_interactive"])
def test_it_fits_a_phone(page: Page, address: str, operation: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{address}?operation={operation}")
    expect(status(page)).to_have_text("The request would be taken.")

    check_width(page)
