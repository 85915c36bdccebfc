"""Who gets in, what a form must prove, and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask, Response, redirect
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]
from sqlalchemy import func, select
from werkzeug.middleware.proxy_fix import ProxyFix

from dashboard_host import Host
from flask_waapi import ConfigurationError, Viewer
from flask_waapi.dashboard.blueprint import ROUTES, Route
from flask_waapi.storage.models import AuditEntry

MakeHost = Callable[..., Host]

PAGES = [route for route in ROUTES if route.method == "GET"]
WRITES = [route for route in ROUTES if route.method == "POST"]


def fill(route: Route, **ids: object) -> str:
    """The route's address with these ids, or with ones that nobody has."""
    values = {"key_id": uuid4(), "message_uuid": uuid4(), "name": "order_confirmation", "language": "en"}
    values |= ids
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values[match[1]]), route.rule)


def audit_entries(host: Host) -> int:
    """How many changes of keys have been written down."""
    with host.services.store.read() as session:
        return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def names(routes: list[Route]) -> list[str]:
    """What a test is called by."""
    return [f"{route.method} {route.rule}" for route in routes]


@pytest.mark.parametrize("route", ROUTES, ids=names(list(ROUTES)))
def test_whom_the_host_does_not_know_gets_the_hosts_own_404(host: Host, route: Route) -> None:
    host.app.register_error_handler(404, lambda error: ("the host's own page", 404))
    host.visitor = None

    answer = host.client.open(f"/waapi{fill(route)}", method=route.method)

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
def test_every_page_carries_the_headers(host: Host, route: Route) -> None:
    issued = host.key()
    ids = {"key_id": issued.key.id, "message_uuid": host.send(issued)}

    answer = host.get(fill(route, **ids))

    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/dashboard.css", f"/messages/{uuid4()}", f"/keys/{uuid4()}"])
def test_files_and_error_pages_carry_the_headers_too(host: Host, path: str) -> None:
    with host.get(path) as answer:
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("route", PAGES, ids=names(PAGES))
def test_no_page_has_inline_styles_or_scripts_or_foreign_assets(host: Host, route: Route) -> None:
    issued = host.key()
    page = host.get(fill(route, key_id=issued.key.id, message_uuid=host.send(issued))).text

    assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize("route", WRITES, ids=names(WRITES))
@pytest.mark.parametrize("token", [None, "", "wrong", "é", "of another viewer"])
def test_a_write_without_its_token_is_refused_and_changes_nothing(
    host: Host, route: Route, token: str | None
) -> None:
    issued = host.key()
    data = {"name": issued.key.name, "enabled": "no", "action": "run", "key": str(issued.key.id)}
    if token == "of another viewer":
        me, host.visitor = host.visitor, Viewer("default", "bob")
        token = host.token()
        host.visitor = me
    if token is not None:
        data["waapi_csrf"] = token
    before = audit_entries(host)

    answer = host.client.post(f"/waapi{fill(route, key_id=issued.key.id)}", data=data)

    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    assert audit_entries(host) == before


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


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.manages], ids=names([r for r in ROUTES if r.manages])
)
def test_who_may_only_look_is_refused_on_the_server(host: Host, route: Route) -> None:
    issued = host.key()
    host.visitor = Viewer("default", "carl", may_manage=False)
    data = {"name": issued.key.name, "enabled": "no", "waapi_csrf": host.token()}
    before = audit_entries(host)

    path = f"/waapi{fill(route, key_id=issued.key.id)}"
    answer = host.client.open(path, method=route.method, data=data)

    assert answer.status_code == 403
    assert "You may look" in answer.text
    assert audit_entries(host) == before


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
def test_what_another_account_has_does_not_exist(host: Host, route: Route) -> None:
    issued = host.key()
    message = host.send(issued)
    host.visitor = Viewer("other", "mallory")
    data = {"name": issued.key.name, "enabled": "no", "waapi_csrf": host.token()}
    before = audit_entries(host)

    foreign = fill(route, key_id=issued.key.id, message_uuid=message)
    unknown = fill(route)
    answers = [
        host.client.open(f"/waapi{path}", method=route.method, data=data) for path in (foreign, unknown)
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    texts = [re.sub(r"[0-9a-f-]{36}", "ID", answer.text) for answer in answers]
    assert texts[0] == texts[1]
    assert audit_entries(host) == before


def test_the_viewers_account_is_all_they_see(host: Host) -> None:
    mine = host.key("mine")
    host.send(mine, text="mine alone")
    host.visitor = replace(host.viewer, account="other")

    assert "mine" not in host.get("/keys").text
    assert "mine alone" not in host.get("/messages").text
    assert "mine" not in host.get("/playground").text
    assert host.get("/counters.json").get_json()["total_keys"] == 0


@pytest.mark.parametrize("path", ["/", "/keys", "/messages", "/playground", "/templates", "/reference"])
def test_below_a_path_prefix_every_address_has_it(host: Host, path: str) -> None:
    host.key()
    page = host.client.get(f"/waapi{path}", environ_overrides={"SCRIPT_NAME": "/shop"}).text

    addresses = re.findall(r'(?:href|action|src|formaction|data-counters)="(/[^"]*)"', page)
    assert addresses
    assert all(address.startswith(("/shop/waapi", "/shop/api/v1")) for address in addresses)


def test_behind_a_proxy_addresses_follow_the_prefix_it_names(make_host: MakeHost) -> None:
    def behind_proxy(app: Flask) -> None:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1, x_host=1)  # type: ignore[method-assign]

    host = make_host(behind_proxy)
    page = host.client.get("/waapi/keys", headers={"X-Forwarded-Prefix": "/shop"}).text

    assert 'href="/shop/waapi/keys/new"' in page
