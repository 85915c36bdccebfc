"""A view of the host's own behind ``require_key``: keys, limits and errors are ours, the rest the host's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Response, abort, make_response

from answers import error
from factories import MESSAGES, World
from flask_waapi import current_key, require_key
from flask_waapi.storage.models import ApiRequest
from host_apps import Order

MakeHost = Callable[..., World]


def guarded_views(world: World) -> None:
    """Views of the host's that need a key, and handlers for every error."""
    app = world.app

    @app.get("/own")
    @require_key("view_messages")
    def own() -> str:
        return f"HOST: {current_key().name}"

    @app.get("/own/<int:number>")
    @require_key("view_messages")
    def own_number(number: int) -> tuple[dict[str, int], int]:
        return {"number": number}, 202

    @app.get("/own/refused")
    @require_key("view_messages")
    def own_refused() -> str:
        abort(404)

    @app.get("/own/crash")
    @require_key("view_messages")
    def own_crash() -> str:
        raise ZeroDivisionError("the host's own mistake")

    @app.get("/own/headers")
    @require_key("view_messages")
    def own_headers() -> Response:
        response = make_response("HOST")
        response.headers["Cache-Control"] = "max-age=60"
        return response

    @app.post("/own/form")
    @require_key("send_text")
    def own_form() -> str:
        return "HOST: sent"

    for code in (401, 403, 404, 405, 429):
        app.register_error_handler(code, lambda raised: (f"HOST: {raised.code}", raised.code))
    app.register_error_handler(Exception, lambda raised: (f"HOST: {type(raised).__name__}", 500))


@pytest.fixture
def guarded(make_host: MakeHost, order: Order) -> World:
    """A host with views behind a key."""
    return make_host(guarded_views, order=order)


def test_a_valid_key_opens_the_view(guarded: World) -> None:
    answer = guarded.get("/own")

    assert (answer.status_code, answer.text) == (200, "HOST: shop")


def test_whatever_flask_takes_from_a_view_is_taken_from_a_guarded_one(guarded: World) -> None:
    answer = guarded.get("/own/7")

    assert (answer.status_code, answer.get_json()) == (202, {"number": 7})


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        (None, 401, "MISSING_API_KEY"),
        ("nonsense", 401, "INVALID_API_KEY"),
    ],
)
def test_a_refusal_at_the_gates_is_in_our_form(
    guarded: World, key: str | None, status: int, code: str
) -> None:
    error(guarded.get("/own", key), status, code)


def test_a_key_without_the_views_permission_is_refused(guarded: World) -> None:
    key = guarded.issue_key(permissions=["view_messages"])

    assert guarded.get("/own", key).status_code == 200
    refused = error(guarded.post("/own/form", None, key), 403, "PERMISSION_DENIED")
    assert refused["details"] == {"required_permission": "send_text"}


def test_a_key_that_is_switched_off_is_refused(guarded: World) -> None:
    key = guarded.key()
    guarded.services.keys.set_enabled("default", "shop", False, actor="test")

    error(guarded.get("/own", key), 401, "KEY_INACTIVE")


def test_the_view_and_the_api_count_on_one_limit(guarded: World) -> None:
    key = guarded.issue_key(rate_limit=2)

    answers = [guarded.get(path, key) for path in ("/own", MESSAGES, "/own")]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    error(answers[2], 429, "RATE_LIMIT_EXCEEDED")
    assert answers[0].headers["RateLimit-Policy"].startswith('"minute";q=2;w=60')
    assert "Retry-After" in answers[2].headers


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [("/own/refused", 404, "HOST: 404"), ("/own/crash", 500, "HOST: ZeroDivisionError")],
)
def test_what_the_view_itself_raises_is_the_hosts(guarded: World, path: str, status: int, text: str) -> None:
    answer = guarded.get(path)

    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["X-Request-Id"]


def test_a_wrong_method_on_the_view_is_the_hosts(guarded: World) -> None:
    assert guarded.client.post("/own").text == "HOST: 405"


def test_the_views_own_caching_is_kept(guarded: World) -> None:
    assert guarded.get("/own/headers").headers["Cache-Control"] == "max-age=60"


def test_calls_of_the_view_are_in_the_request_log(guarded: World) -> None:
    guarded.get("/own/7")
    guarded.work()

    with guarded.services.store.read() as session:
        entry = session.scalars(sa.select(ApiRequest)).one()
    assert (entry.method, entry.endpoint, entry.status) == ("GET", "/own/<int:number>", 202)


def test_without_a_guard_there_is_no_current_key(host: World) -> None:
    host.app.add_url_rule("/bare", endpoint="bare", view_func=lambda: current_key().name)
    host.app.testing = True

    with pytest.raises(RuntimeError, match="put @require_key"):
        host.get("/bare")


def test_an_unknown_permission_is_told_when_the_view_is_defined() -> None:
    with pytest.raises(ValueError, match="send_fax"):
        require_key("send_fax")


def test_without_the_extension_the_view_says_what_is_missing() -> None:
    from flask import Flask

    app = Flask("bare")
    app.testing = True

    @app.get("/")
    @require_key("send_text")
    def view() -> Any:
        return ""

    with pytest.raises(RuntimeError, match="flask-waapi is not initialised on this app"):
        app.test_client().get("/")
