"""The folded operations of the API reference in a real browser, with scripts and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from accessibility import serious_findings
from browsing import check_width

pytestmark = pytest.mark.browser

PAGES = ("waapi/reference", "api/v1/docs")


@pytest.fixture
def origin(address: str) -> str:
    """Where the host is served."""
    return address.removesuffix("waapi/")


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def reader(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window in which scripts run, then one in which none do."""
    context = chromium.new_context(java_script_enabled=request.param)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_link_to_an_operation_opens_it_and_no_other(reader: Page, origin: str, path: str) -> None:
    reader.goto(f"{origin}{path}#send_text")

    operations = reader.locator("article.operation > details")
    assert operations.count() > 10
    expect(reader.locator("article.operation > details[open]")).to_have_count(1)
    expect(reader.locator("#send_text")).to_be_in_viewport()
    expect(reader.get_by_role("heading", name="Send a text", exact=True)).to_be_in_viewport()


@pytest.mark.parametrize("path", PAGES)
def test_the_contents_lead_into_an_operation(reader: Page, origin: str, path: str) -> None:
    reader.goto(f"{origin}{path}")
    expect(reader.locator("#send_text")).to_be_hidden()

    reader.get_by_role("navigation", name="Operations").get_by_role("link", name="Send a text").click()

    expect(reader.locator("#send_text")).to_be_in_viewport()


@pytest.mark.parametrize("path", PAGES)
def test_a_keyboard_opens_and_closes_an_operation(page: Page, origin: str, path: str) -> None:
    page.goto(f"{origin}{path}")
    summary = page.locator("summary").filter(has_text="Send a text")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#send_text")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator("#send_text")).to_be_hidden()


@pytest.mark.parametrize("path", PAGES)
def test_folded_and_open_the_reference_is_for_all_readers(page: Page, origin: str, path: str) -> None:
    page.goto(f"{origin}{path}")
    assert serious_findings(page) == []
    check_width(page)

    page.goto(f"{origin}{path}#send_template")
    expect(page.locator("#send_template")).to_be_visible()
    assert serious_findings(page) == []
    check_width(page)
