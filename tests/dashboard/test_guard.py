"""Who gets in, what a form must prove, and what every answer carries."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask, Response, redirect
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]
from sqlalchemy import func, select
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard_host import Host
from dashboard_host import make_host as open_host
from factories import close_app
from flask_waapi import ConfigurationError, IssuedKey, Viewer
from flask_waapi.access import playground_runs
from flask_waapi.access.playground_runs import Owner, RunFilter
from flask_waapi.dashboard.blueprint import ROUTES, Route
from flask_waapi.storage.models import AuditEntry
from flask_waapi.storage.playground_models import PlaygroundRun
from media_files import PNG
from playground_page import run
from webhook_pages import issue, keep_parked

MakeHost = Callable[..., Host]

UNKNOWN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
"""An id that nobody has."""

PAGES = [route for route in ROUTES if route.method == "GET"]
WRITES = [route for route in ROUTES if route.method == "POST"]
WEBHOOK_FORM = {
    "url": "https://example.org/",
    "scope": "all",
    "overlap": "0",
    "since": "2026-01-01T00:00",
    "answer": "200",
}


def fill(route: Route, **ids: object) -> str:
    """The route's address with these ids, or with ones that nobody has."""
    uuids = ("key_id", "message_uuid", "endpoint_id", "delivery_id", "callback_id", "run_id")
    values: dict[str, object] = {name: uuid4() for name in uuids}
    values |= {"name": "order_confirmation", "language": "en", "code": "VALIDATION_ERROR"} | ids
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values[match[1]]), route.rule)


@pytest.fixture(scope="module")
def kept_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One host for the tests after which all is as before, with a 404 page of its own."""

    def with_a_page(app: Flask) -> None:
        app.register_error_handler(404, lambda error: ("the host's own page", 404))

    host = open_host(f"sqlite:///{tmp_path_factory.mktemp('guard') / 'host.sqlite'}", with_a_page)
    yield host
    close_app(host.app)


@pytest.fixture(scope="module")
def ids(kept_host: Host) -> dict[str, object]:
    """The ids of what the viewer has in that host."""
    return own_ids(kept_host)


@pytest.fixture
def guarded(kept_host: Host, ids: dict[str, object]) -> Host:
    """That host, with its viewer there, in a browser that has not been anywhere."""
    kept_host.visitor = Viewer("default", "ann")
    kept_host.client = kept_host.app.test_client()
    return kept_host


def own_ids(host: Host) -> dict[str, object]:
    """Ids of a key, a message, an endpoint, a delivery to it and a parked callback of the viewer's."""
    issued = host.key()
    endpoint = issue(host.services).endpoint
    return {
        "key_id": issued.key.id,
        "endpoint_id": endpoint.id,
        "message_uuid": host.send(issued),
        "delivery_id": host.services.webhooks.replays.send_test("default", endpoint.id).id,
        "callback_id": keep_parked(host.services),
        "run_id": kept_run(host, issued).id,
    }


def kept_run(host: Host, issued: IssuedKey) -> PlaygroundRun:
    """A run of the viewer's in the playground."""
    run(host, issued)
    owner = Owner(host.viewer.account, host.viewer.actor)
    return playground_runs.page(host.services.store, owner, RunFilter()).runs[0]


def audit_entries(host: Host) -> int:
    """How many changes have been written down."""
    with host.services.store.read() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def names(routes: list[Route]) -> list[str]:
    """What a test is called by."""
    return [f"{route.method} {route.rule}" for route in routes]


@pytest.mark.parametrize("route", ROUTES, ids=names(list(ROUTES)))
def test_whom_the_host_does_not_know_gets_the_hosts_own_404(guarded: Host, route: Route) -> None:
    guarded.visitor = None

    answer = guarded.client.open(f"/waapi{fill(route)}", method=route.method)

    assert (answer.status_code, answer.text) == (404, "the host's own page")
    assert "Content-Security-Policy" not in answer.headers


@pytest.mark.parametrize("answer", [redirect("/login"), ("log in first", 401), Response("", 204)])
def test_the_hosts_answer_is_given_instead_of_the_page(host: Host, answer: ResponseReturnValue) -> None:
    host.visitor = answer

    given = host.get("/keys")

    assert given.status_code in {302, 401, 204}
    assert "Content-Security-Policy" not in given.headers, "the host's page keeps the host's headers"


def test_the_access_callable_may_be_async_where_flask_can_run_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    readied: list[str] = []

    def ensure_sync(function: Callable[..., object]) -> Callable[..., object]:
        readied.append(function.__module__)
        return function

    monkeypatch.setattr(host.app, "ensure_sync", ensure_sync)

    assert host.get("/").status_code == 200
    assert "dashboard_host" in readied, "the host's callable was called as it is"


@pytest.mark.parametrize("route", PAGES, ids=names(PAGES))
def test_every_page_carries_the_headers(guarded: Host, ids: dict[str, object], route: Route) -> None:
    answer = guarded.get(fill(route, **ids))

    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/dashboard.css", f"/messages/{UNKNOWN}", f"/keys/{UNKNOWN}"])
def test_files_and_error_pages_carry_the_headers_too(host: Host, path: str) -> None:
    with host.get(path) as answer:
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("route", PAGES, ids=names(PAGES))
def test_no_page_has_inline_styles_or_scripts_or_foreign_assets(
    guarded: Host, ids: dict[str, object], route: Route
) -> None:
    page = guarded.get(fill(route, **ids)).text

    assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize("route", WRITES, ids=names(WRITES))
@pytest.mark.parametrize("token", [None, "", "wrong", "é", "of another viewer"])
def test_a_write_without_its_token_is_refused_and_changes_nothing(
    guarded: Host, ids: dict[str, object], route: Route, token: str | None
) -> None:
    data = {"name": "shop", "enabled": "no", "action": "run", "key": str(ids["key_id"]), **WEBHOOK_FORM}
    if token == "of another viewer":
        me, guarded.visitor = guarded.visitor, Viewer("default", "bob")
        token = guarded.token()
        guarded.visitor = me
    if token is not None:
        data["waapi_csrf"] = token
    before = audit_entries(guarded)

    answer = guarded.client.post(f"/waapi{fill(route, **ids)}", data=data)

    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    assert audit_entries(guarded) == before


def test_a_token_of_another_session_is_refused(host: Host) -> None:
    token = host.token()
    stranger = host.app.test_client()
    stranger.get("/waapi/keys/new")

    answer = stranger.post("/waapi/keys", data={"waapi_csrf": token, "name": "x"})

    assert answer.status_code == 400


def test_json_is_no_way_around_the_token(host: Host) -> None:
    token = host.token()

    answer = host.client.post("/waapi/keys", json={"waapi_csrf": token, "name": "x"})

    assert answer.status_code == 400


def test_the_form_of_a_page_carries_a_token_that_works(host: Host) -> None:
    page = host.get("/keys/new").text
    found = re.search(r'name="waapi_csrf" value="([^"]+)"', page)
    assert found

    answer = host.client.post("/waapi/keys", data={"waapi_csrf": found[1], "name": "x", "mode": "live"})

    assert answer.status_code == 201


def test_a_host_without_a_session_is_told_what_is_missing(make_host: MakeHost) -> None:
    host = make_host(SECRET_KEY=None, WAAPI_KEY_PEPPER="a pepper")
    host.app.testing = True

    with pytest.raises(ConfigurationError, match="SECRET_KEY is not set"):
        host.get("/")


def test_it_works_in_a_host_with_csrf_protection_of_its_own(make_host: MakeHost) -> None:
    host = make_host(CSRFProtect)
    fields = dict(re.findall(r'name="(waapi_csrf|csrf_token)" value="([^"]+)"', host.get("/keys/new").text))
    assert set(fields) == {"waapi_csrf", "csrf_token"}

    without = host.client.post("/waapi/keys", data={"waapi_csrf": fields["waapi_csrf"], "name": "x"})
    created = host.client.post("/waapi/keys", data={**fields, "name": "x", "mode": "live"})

    assert without.status_code == 400
    assert created.status_code == 201


def test_a_form_with_a_file_passes_the_hosts_csrf_protection(make_host: MakeHost, tmp_path: Path) -> None:
    templates = tmp_path / "templates.json"
    templates.write_text("[]")
    host = make_host(CSRFProtect, WAAPI_PROVIDERS={"simulation": {"templates": str(templates)}})
    page = host.get("/templates/new").text
    fields = dict(re.findall(r'name="(waapi_csrf|csrf_token)" value="([^"]+)"', page))
    values = {"name": "summer", "language": "en", "category": "MARKETING", "body": "It is here."}

    answer = host.client.post(
        "/waapi/templates", data={**values, **fields, "example_file": (io.BytesIO(PNG), "a.png")}
    )

    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.manages], ids=names([r for r in ROUTES if r.manages])
)
def test_who_may_only_look_is_refused_on_the_server(
    guarded: Host, ids: dict[str, object], route: Route
) -> None:
    guarded.visitor = Viewer("default", "carl", may_manage=False)
    data = {"name": "shop", "enabled": "no", **WEBHOOK_FORM, "waapi_csrf": guarded.token()}
    before = audit_entries(guarded)

    path = f"/waapi{fill(route, **ids)}"
    answer = guarded.client.open(path, method=route.method, data=data)

    assert answer.status_code == 403
    assert "You may look" in answer.text
    assert audit_entries(guarded) == before


def test_who_may_only_look_finds_no_controls(host: Host) -> None:
    issued = host.key()
    host.visitor = Viewer("default", "carl", may_manage=False)

    for path in ("/", "/keys", f"/keys/{issued.key.id}", "/templates", "/playground"):
        page = host.get(path).text
        assert "Create API Key" not in page
        assert "/delete" not in page
        assert 'role="switch"' not in page
        assert "Sync now" not in page
        assert 'value="run"' not in page


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if "<uuid" in route.rule],
    ids=names([route for route in ROUTES if "<uuid" in route.rule]),
)
def test_what_another_account_has_does_not_exist(guarded: Host, ids: dict[str, object], route: Route) -> None:
    guarded.visitor = Viewer("other", "mallory")
    data = {"name": "shop", "enabled": "no", **WEBHOOK_FORM, "waapi_csrf": guarded.token()}
    before = audit_entries(guarded)

    # A callback is of no account.
    foreign = fill(route, **ids | {"callback_id": uuid4()})
    unknown = fill(route)
    answers = [
        guarded.client.open(f"/waapi{path}", method=route.method, data=data) for path in (foreign, unknown)
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    texts = [re.sub(r"[0-9a-f-]{36}", "ID", answer.text) for answer in answers]
    assert texts[0] == texts[1]
    assert audit_entries(guarded) == before


def test_the_viewers_account_is_all_they_see(host: Host) -> None:
    mine = host.key("mine")
    host.send(mine, text="mine alone")
    host.visitor = replace(host.viewer, account="other")

    assert "mine" not in host.get("/keys").text
    assert "mine alone" not in host.get("/messages").text
    assert "mine" not in host.get("/playground").text
    assert host.get("/counters.json").get_json()["total_keys"] == 0


def test_behind_a_proxy_addresses_follow_the_prefix_it_names(make_host: MakeHost) -> None:
    def behind_proxy(app: Flask) -> None:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1, x_host=1)  # type: ignore[method-assign]

    host = make_host(behind_proxy)
    page = host.client.get("/waapi/keys", headers={"X-Forwarded-Prefix": "/shop"}).text

    assert 'href="/shop/waapi/keys/new"' in page
