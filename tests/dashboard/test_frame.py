"""What surrounds the pages: what is said where there is no page, and what a host may put in their place."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from flask import Flask
from jinja2 import DictLoader

from dashboard_host import Host
from flask_waapi import Viewer, flask_login_access
from flask_waapi.dashboard import overview

MakeHost = Callable[..., Host]


@pytest.mark.parametrize("path", ["/nowhere", "/keys/", "/keys/not-an-id", "/messages/1/2/3"])
def test_a_page_that_is_not_there_is_told_by_a_page_of_ours(host: Host, path: str) -> None:
    host.app.register_error_handler(404, lambda error: ("the host's own page", 404))

    answer = host.get(path)

    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert 'aria-label="API management"' in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_whom_the_host_does_not_know_cannot_tell_what_is_there(host: Host) -> None:
    host.app.register_error_handler(404, lambda error: ("the host's own page", 404))
    host.visitor = None

    assert host.get("/nowhere").text == host.get("/keys").text == "the host's own page"


def test_beside_the_dashboard_the_hosts_404_stays_its_own(host: Host) -> None:
    host.app.register_error_handler(404, lambda error: ("the host's own page", 404))

    assert host.client.get("/nowhere").text == "the host's own page"
    assert host.client.get("/waapi-nowhere").text == "the host's own page"


def test_a_page_that_breaks_is_logged_by_the_host_and_shown_by_a_page_of_ours(
    host: Host, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(*arguments: object) -> None:
        raise RuntimeError("a secret cause")

    monkeypatch.setattr(overview, "_count", crash)
    with caplog.at_level(logging.ERROR, logger=host.app.name):
        answer = host.get("/counters.json")

    assert answer.status_code == 500
    assert "Something broke here" in answer.text
    assert "a secret cause" not in answer.text
    assert "a secret cause" in caplog.text


def test_a_crash_of_the_hosts_own_access_callable_is_the_hosts_to_tell(make_host: MakeHost) -> None:
    def break_down() -> Viewer:
        raise RuntimeError("The host's directory of users is away.")

    host = make_host(access=break_down)
    host.app.register_error_handler(500, lambda error: ("the host's own page", 500))

    answer = host.get("/keys")

    assert (answer.status_code, answer.text) == (500, "the host's own page")
    assert "Content-Security-Policy" not in answer.headers


FRAME_OF_ITS_OWN = """
<title>{% block title %}{% endblock %}</title><b>the shop's own frame</b>{% block content %}{% endblock %}
"""
CHANGED_BLOCK = """
{% extends "waapi/_layout.html" %}{% block brand %}<a class="brand" href="/">The shop</a>{% endblock %}
"""


def bringing(layout: str) -> Callable[[Flask], None]:
    """What a host does that has a ``waapi/layout.html`` among its templates."""

    def prepare(app: Flask) -> None:
        app.jinja_loader = DictLoader({"waapi/layout.html": layout})

    return prepare


def test_a_hosts_template_stands_in_for_ours(make_host: MakeHost) -> None:
    page = make_host(bringing(FRAME_OF_ITS_OWN)).get("/keys").text

    assert "the shop's own frame" in page
    assert "No keys yet" in page
    assert 'aria-label="API management"' not in page


WAY_BACK = '<a href="/">Back to the shop</a>'


@pytest.mark.parametrize("path", ["/waapi/keys", "/waapi/nowhere", "/api/v1/docs"])
def test_a_host_may_name_a_way_back_to_its_own_pages(make_host: MakeHost, path: str) -> None:
    def prepare(app: Flask) -> None:
        app.jinja_loader = DictLoader({"waapi/host.html": WAY_BACK})

    page = make_host(prepare).client.get(path).text

    assert page.count(WAY_BACK) == 1


def test_a_hosts_template_may_change_a_block_and_keep_the_rest(make_host: MakeHost) -> None:
    page = make_host(bringing(CHANGED_BLOCK)).get("/keys").text

    assert '<a class="brand" href="/">The shop</a>' in page
    assert 'aria-label="API management"' in page
    assert "No keys yet" in page


def test_flask_login_access_without_a_login_manager_says_in_the_log_what_to_do(
    make_host: MakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("flask_login", reason="needs the extra: reference")
    host = make_host(access=flask_login_access())

    with caplog.at_level(logging.ERROR, logger=host.app.name):
        answer = host.get("/")

    assert answer.status_code == 500
    assert "flask_login_access() needs Flask-Login set up on the app: LoginManager(app)" in caplog.text
