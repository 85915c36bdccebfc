"""The desk's message templates: a file of its own, kept from the first start on."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from browsing import note_complaints, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAME, PASSWORD = "clerk", "tea at four"

OpenDesk = Callable[..., Flask]


@pytest.fixture
def open_desk(first_day: Path, tmp_path: Path) -> Iterator[OpenDesk]:
    """Makes the app as it is started, again and again in one instance folder."""
    from reference_app import create_app
    from reference_app.extensions import db, waapi

    shutil.copy(first_day, tmp_path)
    apps: list[Flask] = []

    def open_desk(**config: Any) -> Flask:
        apps.append(create_app({"SEED_HISTORY": False, **config}, instance_path=str(tmp_path)))
        return apps[-1]

    yield open_desk
    for app in apps:
        with app.app_context():
            waapi.services.loop.stop()
            db.engine.dispose()


def templates_of(app: Flask) -> list[tuple[str, str]]:
    """Name and language of each."""
    from reference_app.extensions import waapi

    with app.app_context():
        return [
            (item.name, item.language) for item in waapi.services.providers["simulation"].list_templates()
        ]


def makes_templates(app: Flask) -> bool:
    """Whether there can be new ones."""
    from reference_app.extensions import waapi

    with app.app_context():
        return waapi.services.providers["simulation"].makes_templates


def test_the_first_start_keeps_the_samples_in_a_file_that_the_served_app_uses(
    open_desk: OpenDesk, tmp_path: Path
) -> None:
    from reference_app.start import prepare

    before = open_desk()
    samples = templates_of(before)
    prepare(before)

    served = open_desk()
    assert makes_templates(served)
    assert templates_of(served) == samples
    assert {("order_confirmation", "en"), ("appointment_reminder", "de")} <= set(samples)
    kept = tmp_path / "templates.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir() if "templates" in path.name} == {kept.name}


def test_a_later_start_leaves_the_file_as_it_is(open_desk: OpenDesk, tmp_path: Path) -> None:
    from reference_app.start import prepare

    prepare(open_desk())
    file = tmp_path / "templates.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8"))[:2]), encoding="utf-8")

    prepare(open_desk())

    assert len(templates_of(open_desk())) == 2


def test_an_app_that_was_never_started_so_has_fixed_templates(open_desk: OpenDesk) -> None:
    desk = open_desk()

    assert not makes_templates(desk)
    assert templates_of(desk)


@pytest.mark.parametrize(
    "config",
    [
        {"WAAPI_PROVIDERS": {"simulation": {"delivered_after": 0}}},
        {"WAAPI_PROVIDERS": {"logging": {}}},
        {"WAAPI_SIMULATION_PROVIDER": "rehearsal", "WAAPI_PROVIDERS": {"rehearsal": {"type": "simulation"}}},
    ],
)
def test_configured_providers_stay_as_they_are_configured(
    open_desk: OpenDesk, tmp_path: Path, config: dict[str, Any]
) -> None:
    from reference_app import own_templates

    own_templates.keep(open_desk(**config))
    assert not (tmp_path / "templates.json").exists()

    own_templates.keep(open_desk())
    assert open_desk(**config).config["WAAPI_PROVIDERS"] == config["WAAPI_PROVIDERS"]


def test_a_file_that_was_broken_by_hand_is_told_by_its_name(open_desk: OpenDesk, tmp_path: Path) -> None:
    from flask_waapi import ConfigurationError

    (tmp_path / "templates.json").write_text("[{", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"templates\.json, which is not JSON"):
        open_desk()


@pytest.fixture
def page(chromium: Browser, open_desk: OpenDesk) -> Iterator[Page]:
    """The dashboard of a desk that was started, open to somebody who has logged in."""
    from reference_app import own_templates

    own_templates.keep(open_desk())
    complaints: list[str] = []
    with serving(open_desk()) as address:
        context = chromium.new_context(base_url=address)
        page = context.new_page()
        note_complaints(page, complaints)
        page.goto("/login")
        page.get_by_label("Name").fill(NAME)
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Log in").click()
        page.goto("/waapi/templates")
        yield page
        context.close()
    assert complaints == []


@pytest.mark.browser
def test_a_template_is_made_looked_at_changed_and_deleted(page: Page) -> None:
    from playwright.sync_api import expect

    page.get_by_role("link", name="New template").click()
    # Somebody types when the page has settled.
    page.wait_for_url("**/templates/new")
    page.get_by_label("Name", exact=True).fill("order_news")
    page.get_by_label("Language").fill("en")
    page.get_by_label("Body").fill("Dear {{name}}, there is news of your order.")
    page.get_by_label("Example values").fill("name: Ann")
    expect(page.locator(".bubble")).to_contain_text("Dear Ann, there is news")
    page.get_by_role("button", name="Create it at the provider").click()
    expect(page.get_by_role("status").first).to_contain_text("The provider has the template.")

    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Body").fill("Hello {{name}}, there is news of your order.")
    page.get_by_role("button", name="Send the change to the provider").click()
    expect(page.get_by_role("status").first).to_contain_text("The provider has taken the change")
    page.wait_for_load_state()
    page.locator("#value-name").fill("Bob")
    expect(page.locator(".bubble")).to_contain_text("Hello Bob, there is news")

    page.get_by_role("link", name="Delete").click()
    page.get_by_label("To confirm").fill("order_news")
    page.get_by_role("button", name="Delete this template").click()
    expect(page.get_by_role("status").first).to_contain_text("The template has been deleted.")
    expect(page.get_by_role("link", name="order_news")).to_have_count(0)


@pytest.mark.browser
def test_a_link_leads_from_the_dashboard_back_to_the_desk(page: Page) -> None:
    from playwright.sync_api import expect

    for path in ("/waapi/templates", "/api/v1/docs"):
        page.goto(path)
        page.get_by_role("link", name="Back to the order desk").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "An order desk that confirms its orders by WhatsApp"
        )
