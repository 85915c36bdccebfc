"""Who gets in, where they end up, and forms from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

CREDENTIALS = {"name": "clerk", "password": "tea at four"}


@pytest.mark.parametrize("path", ["/orders/", "/orders/new", "/orders/1"])
def test_a_page_of_the_desk_sends_strangers_to_the_login(browser: Any, path: str) -> None:
    answer = browser.client.get(path)

    assert answer.status_code == 302
    assert answer.location == f"/login?next={path.replace('/', '%2F')}"


def test_a_stranger_cannot_place_an_order(browser: Any) -> None:
    answer = browser.submit("/login", to="/orders/new", name="Ada", phone="+1234567890")

    assert answer.request.path == "/login"


def test_the_landing_page_is_for_everybody(browser: Any) -> None:
    page = browser.page("/")

    assert "reference app" in page
    assert 'href="/waapi/"' in page
    assert "nothing leaves this machine" in page


def test_a_login_goes_on_to_the_page_that_was_asked_for(browser: Any) -> None:
    answer = browser.submit("/login", **CREDENTIALS, next="/orders/new")

    assert answer.request.path == "/orders/new"
    assert browser.client.get("/login?next=/orders/new").location == "/orders/new"


@pytest.mark.parametrize("fields", [{"password": "wrong"}, {"name": "nobody"}, {"password": ""}])
def test_wrong_credentials_are_refused_without_saying_which(browser: Any, fields: dict[str, str]) -> None:
    answer = browser.submit("/login", **{**CREDENTIALS, **fields})

    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text
    assert browser.client.get("/orders/").status_code == 302


ELSEWHERE = [
    "https://example.org/",
    "http:example.org",
    "//example.org",
    "///example.org",
    "/\\example.org",
    "\\\\example.org",
    "/\t/example.org",
    "\t//example.org",
    "/\n/example.org",
    " //example.org",
    "javascript:alert(1)",
    "example.org",
    "orders/",
    "/orders/\r\nSet-Cookie: a=b",
    "",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_login_leads_to_no_other_site(browser: Any, target: str) -> None:
    answer = browser.submit("/login", **CREDENTIALS, next=target)

    assert answer.request.path == "/orders/"
    assert browser.client.get("/login", query_string={"next": target}).location == "/orders/"


@pytest.mark.parametrize("target", ["/", "/orders/", "/waapi/", "/orders/new?x=1&y=%2F", "/a//b", "/:80"])
def test_a_path_of_this_site_is_local(target: str) -> None:
    from reference_app.login import is_local_path

    assert is_local_path(target)


@pytest.mark.parametrize("path", ["/login", "/logout", "/orders/new", "/orders/1/confirmation"])
@pytest.mark.parametrize("token", [None, "", "guessed"])
def test_a_form_without_the_token_of_the_session_is_refused(clerk: Any, path: str, token: str | None) -> None:
    clerk.order()
    fields = CREDENTIALS if token is None else {**CREDENTIALS, "csrf_token": token}

    answer = clerk.client.post(path, data=fields)

    assert answer.status_code == 400
    assert "This form is no longer valid." in answer.text
    assert clerk.client.get("/orders/").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Any) -> None:
    cookie = browser.client.get("/login").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_logging_out_ends_the_session(clerk: Any) -> None:
    clerk.submit("/orders/new", to="/logout")

    assert clerk.client.get("/orders/").status_code == 302
