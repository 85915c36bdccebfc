"""``require_key``: a host protects its own views with the same keys, limits, errors and headers."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Blueprint, abort, jsonify
from flask.views import MethodView

from answers import error, structured_list
from factories import MESSAGES, MakeWorld, World
from flask_waapi import Permission, current_key, require_key
from flask_waapi.storage.models import ApiRequest


@pytest.fixture
def host(make_world: MakeWorld) -> World:
    """A host with views of its own behind keys."""
    world = make_world()
    app = world.app

    @app.route("/orders/<int:number>", methods=["GET", "POST"])
    @require_key("send_text")
    def order(number: int) -> tuple[dict[str, object], int, dict[str, str]]:
        """An order."""
        key = current_key()
        return {"number": number, "by": key.name, "account": key.account}, 202, {"X-Host": "yes"}

    @app.route("/text")
    @require_key(Permission.VIEW_MESSAGES)
    def text() -> str:
        return "plain words"

    @app.route("/gone")
    @require_key("send_text")
    def gone() -> str:
        abort(404, "told by the host")

    @app.route("/broken")
    @require_key("send_text")
    def broken() -> str:
        raise ZeroDivisionError

    @app.route("/open")
    def unguarded() -> str:
        return current_key().name

    class Stock(MethodView):
        decorators = [require_key("send_media")]  # noqa: RUF012

        def get(self) -> object:
            return jsonify(stock=3)

    pages = Blueprint("pages", __name__, url_prefix="/pages")
    pages.add_url_rule("/stock", view_func=Stock.as_view("stock"))
    app.register_blueprint(pages)
    return world


def test_a_valid_key_comes_in_and_the_view_knows_whose_it_is(host: World) -> None:
    key = host.issue_key(account="other", permissions=["send_text"])

    answer = host.post("/orders/7", {}, key)

    assert answer.status_code == 202
    assert answer.get_json() == {"number": 7, "by": "shop", "account": "other"}
    assert answer.headers["X-Host"] == "yes"


@pytest.mark.parametrize(("path", "body"), [("/text", "plain words"), ("/pages/stock", '{"stock":3}\n')])
def test_any_kind_of_view_may_be_guarded(host: World, path: str, body: str) -> None:
    assert host.get(path).text == body
    error(host.get(path, key=None), 401, "MISSING_API_KEY")


def test_the_refusals_are_those_of_the_api(host: World) -> None:
    error(host.get("/orders/7", key=None), 401, "MISSING_API_KEY")
    error(host.get("/orders/7", "garbage"), 401, "INVALID_API_KEY")
    error(
        host.get("/orders/7", host.issue_key("reader", permissions=["view_messages"])),
        403,
        "PERMISSION_DENIED",
    )
    error(
        host.get("/orders/7", host.issue_key("away", allowed_networks=["203.0.113.1"])), 403, "IP_NOT_ALLOWED"
    )


def test_the_answers_carry_the_headers_of_the_api(host: World) -> None:
    answer = host.get("/orders/7", headers={"X-Request-Id": "mine"})

    assert answer.headers["X-Request-Id"] == "mine"
    assert answer.headers["Cache-Control"] == "no-store"
    assert structured_list(answer.headers["RateLimit"]).keys() == {"minute", "daily"}


def test_the_limits_are_shared_with_the_api(host: World) -> None:
    key = host.issue_key(rate_limit=2)

    assert host.get("/orders/7", key).status_code == 202
    assert host.get(MESSAGES, key).status_code == 200
    error(host.get("/orders/7", key), 429, "RATE_LIMIT_EXCEEDED")
    error(host.get(MESSAGES, key), 429, "RATE_LIMIT_EXCEEDED")


def test_the_request_is_in_the_log_of_requests(host: World) -> None:
    host.get("/orders/7")
    host.work()

    with host.services.store.read() as session:
        (logged,) = session.scalars(sa.select(ApiRequest))
    assert (logged.endpoint, logged.method, logged.status) == ("/orders/<int:number>", "GET", 202)


def test_what_the_view_raises_is_the_hosts_to_answer(host: World) -> None:
    answer = host.get("/gone")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "told by the host" in answer.text
    assert "RateLimit" in answer.headers
    assert host.get("/broken").status_code == 500


def test_the_hosts_error_handler_sees_what_its_view_raises(host: World) -> None:
    host.app.register_error_handler(ZeroDivisionError, lambda raised: ("divided", 418))

    assert host.get("/broken").text == "divided"


def test_a_view_without_the_guard_has_no_key(host: World) -> None:
    host.app.config["PROPAGATE_EXCEPTIONS"] = True

    with pytest.raises(RuntimeError, match="put @require_key"):
        host.get("/open")


def test_the_view_keeps_its_name_and_its_words(host: World) -> None:
    view = host.app.view_functions["order"]

    assert (view.__name__, view.__doc__) == ("order", "An order.")


def test_options_are_answered_without_a_key(host: World) -> None:
    answer = host.client.options("/orders/7")

    assert answer.status_code == 200
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("name", ["send", "Send Text", "", "SEND_TEXT"])
def test_an_unknown_permission_is_a_fault_of_the_program(name: str) -> None:
    with pytest.raises(ValueError, match="not a valid Permission"):
        require_key(name)


def test_two_guards_need_both_permissions_and_cost_two_requests(host: World) -> None:
    @host.app.route("/both")
    @require_key("send_text")
    @require_key("send_media")
    def both() -> str:
        return "both"

    assert host.get("/both").text == "both"
    error(host.get("/both", host.issue_key("one", permissions=["send_text"])), 403, "PERMISSION_DENIED")
    error(host.get("/both", host.issue_key("two", permissions=["send_media"])), 403, "PERMISSION_DENIED")
