"""Templates in a real browser, on a phone and on a desk."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accessibility import serious_findings
from browsing import HOSTILE, check_width
from media_files import PNG

pytestmark = pytest.mark.browser

GREETING = {
    "name": "greeting",
    "language": "en",
    "components": [{"type": "BODY", "text": "Hi {{customer_name}}, your order {{order_id}} is here."}],
    "parameter_format": "NAMED",
}


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """The simulation's templates are a file, so that there can be new ones."""
    path = tmp_path / "templates.json"
    path.write_text(json.dumps([GREETING]))
    return {"WAAPI_PROVIDERS": {"simulation": {"templates": str(path)}}}


def test_a_template_is_looked_at_while_its_values_are_typed(
    page: Page, address: str, complaints: list[str]
) -> None:
    page.goto(f"{address}templates/greeting/en")
    page.locator("#value-customer_name").fill(HOSTILE)
    page.locator("#value-order_id").fill("A-1")

    expect(page.locator(".bubble")).to_contain_text("<script>alert(1)</script>")
    expect(page.locator(".bubble")).to_contain_text("order A-1")
    expect(page.get_by_role("button", name="Show it with these values")).to_be_hidden()
    check_width(page)
    assert complaints == []


def test_the_form_stays_while_somebody_thinks(page: Page, address: str, complaints: list[str]) -> None:
    page.clock.install()
    for path in ("templates/new", "templates/greeting/en"):
        page.goto(f"{address}{path}")
        page.wait_for_load_state()
        page.clock.run_for(60_000)
        page.wait_for_load_state("networkidle")

        expect(page.locator("form[data-live] .button").first).to_be_attached()
        expect(page.locator("form[data-live] .bubble")).to_have_count(0)
    assert complaints == []


def test_a_template_that_the_provider_cannot_keep_is_shown_as_it_was_typed(
    page: Page, address: str, complaints: list[str]
) -> None:
    page.goto(f"{address}templates/new")
    page.get_by_label("Body").fill("Hi {{name}}, *welcome*." + HOSTILE)
    page.get_by_label("Example values").fill("name: Ann")
    expect(page.locator(".bubble strong")).to_have_text("welcome")
    expect(page.locator(".bubble")).to_contain_text("Hi Ann")
    check_width(page)
    page.get_by_role("button", name="Create it at the provider").click()
    expect(page.get_by_role("alert")).to_contain_text("The provider was not asked.")
    expect(page.get_by_label("Body")).to_have_value(re.compile("welcome"))
    check_width(page)
    # The answer to a form that is refused is 422, of which the browser itself complains.
    assert [words for words in complaints if "422" not in words] == []


def test_a_picture_is_chosen_uploaded_and_kept_while_the_rest_is_mended(
    page: Page, address: str, complaints: list[str]
) -> None:
    page.goto(f"{address}templates/new")
    page.get_by_label("Name").fill("Not A Name")
    page.get_by_label("Language").fill("en")
    page.get_by_label("File as the example").set_input_files(
        {"name": "../summer.png", "mimeType": "text/html", "buffer": PNG}
    )
    # The words are looked at while the file is chosen, without sending it each time.
    page.get_by_label("Body").fill("It is *here*.")
    expect(page.locator(".bubble strong")).to_have_text("here")
    check_width(page)
    page.get_by_role("button", name="Create it at the provider").click()

    expect(page.get_by_role("status")).to_contain_text("The file is uploaded.")
    expect(page.get_by_label("Example of the header")).to_have_value(re.compile("^4::"))
    check_width(page)
    assert serious_findings(page) == []
    page.get_by_label("Name").fill("summer")
    page.get_by_role("button", name="Create it at the provider").click()
    expect(page.get_by_text("The provider has the template.")).to_be_visible()
    assert [words for words in complaints if "422" not in words] == []


def test_a_file_that_is_no_example_is_told_at_its_field(
    page: Page, address: str, complaints: list[str]
) -> None:
    page.goto(f"{address}templates/new")
    page.get_by_label("File as the example").set_input_files(
        {"name": "summer.png", "mimeType": "image/png", "buffer": b"Hello"}
    )
    page.get_by_role("button", name="Upload the example alone").click()

    expect(page.get_by_label("File as the example")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#example_file-faults")).to_contain_text("text/plain by its content")
    check_width(page)
    assert serious_findings(page) == []
    assert [words for words in complaints if "422" not in words] == []
