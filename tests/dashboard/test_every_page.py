"""Every page of the dashboard, full of hostile text: for all readers, in any window, wherever served."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from accessibility import serious_findings
from browsing import HOSTILE, TELL_VIOLATIONS, check_width, note_complaints, serving
from dashboard_host import make_host
from every_page import ALIKE, LOOKS, NO_PAGES, PAGES, WORD, EveryPage, open_every_page
from factories import close_app
from flask_waapi.dashboard.blueprint import ROUTES, Route

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from playwright.sync_api import Browser, BrowserContext, Page

MOUNTED, PROXIED = "/mounted", "/proxied/below"
WIDTHS = (1440, 820, 390)

MANAGING = frozenset(f"waapi_dashboard.{route.endpoint}" for route in ROUTES if route.manages)

every_page = pytest.mark.parametrize("route", PAGES, ids=[route.endpoint for route in PAGES])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EveryPage]:
    """The host with something on every page."""
    site = open_every_page(f"sqlite:///{tmp_path_factory.mktemp('every-page') / 'host.sqlite'}")
    yield site
    close_app(site.host.app)


@pytest.fixture(scope="module")
def served(site: EveryPage) -> Iterator[str]:
    """Where it is served: as it is, below a path, and by a proxy that adds a path."""
    app = site.host.app
    with serving(DispatcherMiddleware(app, {MOUNTED: app, PROXIED: _behind_a_proxy(app)})) as address:
        yield address


def _behind_a_proxy(app: WSGIApplication) -> WSGIApplication:
    fixed = ProxyFix(app, x_for=1, x_proto=1, x_host=1, x_prefix=1)

    def forward(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ["HTTP_HOST"]
        environ |= {"HTTP_X_FORWARDED_PREFIX": environ["SCRIPT_NAME"], "HTTP_X_FORWARDED_HOST": host}
        environ |= {"SCRIPT_NAME": "", "HTTP_HOST": "backend.invalid"}
        return fixed(environ, start_response)

    return forward


@pytest.fixture(scope="module")
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """A window that all tests share."""
    context = chromium.new_context(viewport={"width": WIDTHS[0], "height": 900}, color_scheme="light")
    context.add_init_script(TELL_VIOLATIONS)
    yield context
    context.close()


@pytest.fixture
def tab(window: BrowserContext, complaints: list[str]) -> Iterator[Page]:
    """A tab of it whose complaints are collected."""
    page = window.new_page()
    note_complaints(page, complaints)
    yield page
    page.close()


@pytest.mark.browser
@every_page
def test_a_page_is_accessible_and_fits_every_window(
    tab: Page, site: EveryPage, served: str, complaints: list[str], route: Route
) -> None:
    address = served + site.address(route)
    for variation in site.variations(route):
        tab.emulate_media(color_scheme="light")
        tab.set_viewport_size({"width": WIDTHS[0], "height": 900})
        answer = tab.goto(address + variation)
        assert answer is not None
        assert answer.status == 200
        assert tab.locator("h1").count() == 1
        assert re.search(r"\w.* · API management$", tab.title())
        assert serious_findings(tab, ALIKE.get(route.endpoint, ())) == []
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            check_width(tab)
        tab.emulate_media(color_scheme="dark")
        assert serious_findings(tab, ALIKE.get(route.endpoint, ())) == []
    assert complaints == []


@pytest.mark.browser
def test_every_page_can_be_read_without_javascript(chromium: Browser, site: EveryPage, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    for route in PAGES:
        page.goto(served + site.address(route))
        assert page.locator("h1").is_visible(), route.endpoint
        shown = page.locator("main").inner_text().removeprefix(page.locator("h1").inner_text())
        assert len(shown.split()) > 5, route.endpoint
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("prefix", [MOUNTED, PROXIED])
def test_scripts_styles_and_forms_work_below_a_prefix(
    tab: Page, site: EveryPage, served: str, complaints: list[str], prefix: str
) -> None:
    tab.goto(f"{served}{prefix}/waapi/keys")
    for state in ("false", "true"):
        tab.locator("[role=switch]").first.click()
        tab.get_by_role("status").wait_for()
        assert tab.locator("[role=switch]").first.get_attribute("aria-checked") == state
        assert urlsplit(tab.url).path == f"{prefix}/waapi/keys"
    tab.goto(f"{served}{prefix}/waapi/")
    with tab.expect_response(f"{served}{prefix}/waapi/counters.json") as told:
        tab.wait_for_load_state()
    assert told.value.ok
    assert complaints == []


class Addresses(HTMLParser):
    """Every address a page leads to. :param found: with the method by which it is reached."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        method = (given.get("method") or given.get("formmethod") or "get").upper()
        for name, value in given.items():
            if value and (name in ("href", "src", "action", "formaction") or name.startswith("data-")):
                self.found.append((value, method if name.endswith("action") else "GET"))


@every_page
@pytest.mark.parametrize("prefix", ["/mounted", "/proxied"])
def test_below_a_prefix_every_address_of_a_page_has_it(site: EveryPage, route: Route, prefix: str) -> None:
    page = site.host.client.get(site.address(route), environ_overrides={"SCRIPT_NAME": prefix}).text

    local = [address for address, _ in Addresses(page).found if address.startswith("/")]
    assert local
    assert [address for address in local if not address.startswith(f"{prefix}/")] == []


@every_page
def test_who_may_only_look_finds_nothing_that_changes_anything(site: EveryPage, route: Route) -> None:
    answer = site.host.client.get(site.address(route), headers={LOOKS: "yes"})

    if route.manages:
        assert answer.status_code == 403
    else:
        assert answer.status_code == 200
    addresses = site.host.app.url_map.bind("localhost")
    reached = set()
    for address, method in Addresses(answer.text).found:
        try:
            reached.add(addresses.match(urlsplit(address).path, method)[0])
        except HTTPException:
            continue
    assert "waapi_dashboard.keys" in reached
    assert reached & MANAGING == set()


def test_what_is_no_page_says_so_by_its_name() -> None:
    answers = [route for route in ROUTES if route.method == "GET" and route not in PAGES]

    assert answers
    assert all(route.rule.endswith(NO_PAGES) for route in answers)


@pytest.mark.browser
def test_what_a_form_answers_is_accessible_and_fits_every_window(
    tab: Page, site: EveryPage, served: str, complaints: list[str]
) -> None:
    def look() -> None:
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            check_width(tab)
        assert serious_findings(tab) == [], tab.url

    tab.goto(f"{served}/waapi/keys/new")
    tab.get_by_label("Name", exact=True).fill(f"<script>alert(1)</script>{WORD}"[:100])
    tab.get_by_label("Allowed IPs").fill(HOSTILE)
    tab.get_by_role("button", name="Create API Key").click()
    tab.locator(".faults").first.wait_for()
    look()
    tab.get_by_label("Allowed IPs").fill("")
    tab.get_by_role("button", name="Create API Key").click()
    tab.locator("#secret").wait_for()
    look()
    tab.goto(f"{served}/waapi/playground?key={site.values['key_id']}&operation=send_text")
    tab.get_by_role("button", name="Run request").click()
    tab.locator(".answer").first.wait_for()
    look()
    tab.goto(f"{served}/waapi/nowhere")
    look()
    # The browser itself takes the answers 422 and 404 for errors.
    assert [told for told in complaints if not told.startswith("Failed to load resource")] == []


@pytest.mark.browser
def test_pages_with_nothing_to_show_are_accessible_and_say_what_to_do(
    tab: Page, tmp_path_factory: pytest.TempPathFactory, complaints: list[str]
) -> None:
    host = make_host(f"sqlite:///{tmp_path_factory.mktemp('empty') / 'host.sqlite'}")
    with serving(host.app) as served:
        for route in PAGES:
            if "<" in route.rule or route.endpoint in ALIKE:
                continue
            tab.set_viewport_size({"width": WIDTHS[-1], "height": 900})
            tab.goto(f"{served}/waapi{route.rule}")
            check_width(tab)
            assert serious_findings(tab) == [], route.endpoint
            assert tab.locator("main a, main button").count(), route.endpoint
    close_app(host.app)
    assert complaints == []
