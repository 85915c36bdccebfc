"""The host's pages, hooks, static files, session and JSON, and the paths we live under."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, g, request, session, url_for
from flask.json.provider import DefaultJSONProvider, JSONProvider

from answers import data, error
from factories import MESSAGES, TEMPLATES, TEXT_SEND, World, text_body
from flask_waapi import ConfigurationError
from host_apps import Order

MakeHost = Callable[..., World]


def test_the_hosts_pages_are_as_they_were(host: World) -> None:
    answer = host.client.get("/")

    assert answer.text == "HOST: home"
    assert sorted(answer.headers.keys()) == ["Content-Length", "Content-Type"]


def test_only_our_endpoints_are_added(host: World) -> None:
    before = {rule.endpoint for rule in Flask("bare").url_map.iter_rules()}
    hosts = {"home", "form", "refused", "crash"}

    added = {rule.endpoint for rule in host.app.url_map.iter_rules()} - before - hosts

    assert {endpoint.partition(".")[0] for endpoint in added} == {"waapi"}


def test_nothing_is_hooked_into_the_hosts_requests(host: World) -> None:
    bare = Flask("bare")

    for hooks in ("before_request_funcs", "url_value_preprocessors", "url_default_functions"):
        assert getattr(host.app, hooks) == getattr(bare, hooks)
    assert not host.app.after_request_funcs.get(None)
    assert not host.app.teardown_request_funcs.get(None)
    assert not host.app.error_handler_spec.get(None)


def test_the_dashboard_is_off_unless_the_host_says_who_may_see_it(host: World) -> None:
    assert host.client.get("/waapi/").status_code == 404
    assert "waapi_dashboard" not in host.app.blueprints


class TestHooks:
    """Functions that the host runs around every request."""

    def test_the_hosts_after_request_runs_on_our_answers_and_does_not_break_them(
        self, make_host: MakeHost, order: Order
    ) -> None:
        def mark_answers(world: World) -> None:
            @world.app.after_request
            def mark(response: Response) -> Response:
                response.headers["X-Host"] = str(len(response.get_data()))
                return response

        world = make_host(mark_answers, order=order)

        answer = world.post(TEXT_SEND, text_body())

        data(answer, 201)
        assert answer.headers["X-Host"] == answer.headers["Content-Length"]
        assert answer.headers["X-Request-Id"]

    def test_the_hosts_before_request_may_use_the_session_and_read_the_body(
        self, make_host: MakeHost, order: Order
    ) -> None:
        def count_visits(world: World) -> None:
            @world.app.before_request
            def count() -> None:
                session["visits"] = session.get("visits", 0) + 1
                g.size = len(request.get_data()) + len(request.form)

        world = make_host(count_visits, order=order)
        browser = world.app.test_client()
        headers = {"X-API-Key": world.key()}

        for _ in range(2):
            data(browser.post(TEXT_SEND, json=text_body(), headers=headers), 201)

        with browser.session_transaction() as kept:
            assert dict(kept) == {"visits": 2}

    def test_a_refusal_by_the_hosts_before_request_is_the_hosts(
        self, make_host: MakeHost, order: Order
    ) -> None:
        def close_for_maintenance(world: World) -> None:
            world.app.before_request(lambda: ("HOST: closed", 503))

        world = make_host(close_for_maintenance, order=order)

        assert world.post(TEXT_SEND, text_body()).text == "HOST: closed"
        assert world.messages() == []

    def test_our_requests_open_no_session_of_the_host(self, host: World) -> None:
        answer = host.app.test_client().get(MESSAGES, headers={"X-API-Key": host.key()})

        assert "Set-Cookie" not in answer.headers

    def test_the_hosts_names_on_g_stay(self, make_host: MakeHost) -> None:
        seen: dict[str, Any] = {}

        def watch(world: World) -> None:
            @world.app.before_request
            def note() -> None:
                g.key = g.visit = g.request_id = g.services = "the host's"

            @world.app.after_request
            def look(response: Response) -> Response:
                seen.update({name: value for name, value in g.__dict__.items() if not name.startswith("_")})
                return response

        make_host(watch).get(MESSAGES)

        assert seen == dict.fromkeys(("key", "visit", "request_id", "services"), "the host's")


class Shouting(DefaultJSONProvider):
    """JSON as only this host writes it: sorted, upper case, everything else a string."""

    def dumps(self, obj: Any, **options: Any) -> str:
        return json.dumps(obj, sort_keys=True, default=str).upper()


class Minimal(JSONProvider):
    """JSON of a host whose library knows only the option that Flask's sessions need."""

    def dumps(self, obj: Any, *, separators: tuple[str, str] = (",", ":")) -> str:  # type: ignore[override]
        return json.dumps(obj, separators=separators)

    def loads(self, s: str | bytes) -> Any:  # type: ignore[override]
        return json.loads(s)


class TestJson:
    """A host that writes and reads JSON in its own way."""

    @pytest.mark.parametrize("provider", [Shouting, Minimal])
    def test_our_answers_do_not_change_with_the_hosts_json(
        self, make_host: MakeHost, order: Order, provider: type[JSONProvider]
    ) -> None:
        def use_provider(world: World) -> None:
            world.app.json = provider(world.app)

        world = make_host(use_provider, order=order)
        body = json.dumps(text_body(text="Grüße")).encode()

        answer = world.post_raw(TEXT_SEND, body)

        assert answer.status_code == 201, answer.text
        assert json.loads(answer.data)["data"]["status"] == "sent"
        found = json.loads(world.get(MESSAGES).data)
        assert found["data"][0]["text"] == "Grüße"
        assert json.loads(world.get(MESSAGES, key=None).data)["error"]["code"] == "MISSING_API_KEY"
        assert json.loads(world.client.get("/api/v1/openapi.json").data)["openapi"] == "3.1.0"

    def test_the_hosts_json_stays_the_hosts(self, make_host: MakeHost, order: Order) -> None:
        def use_provider(world: World) -> None:
            world.app.json = Shouting(world.app)
            world.app.add_url_rule("/json", view_func=lambda: {"b": 1, "a": 2})

        world = make_host(use_provider, order=order)

        assert world.client.get("/json").text.strip() == '{"A": 2, "B": 1}'

    def test_the_hosts_sorting_of_members_is_not_adopted(self, host: World) -> None:
        answer = host.get(TEMPLATES)

        assert answer.text.startswith('{"success":true,"data":[{"name":')


class TestStaticFiles:
    """The host's static files beside ours."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """The host's folder, with one file."""
        folder = tmp_path / "static"
        folder.mkdir()
        (folder / "style.css").write_text("host { color: red }")
        return folder

    def test_the_hosts_static_endpoint_serves_the_hosts_files(
        self, make_host: MakeHost, folder: Path, order: Order
    ) -> None:
        world = make_host(lambda world: setattr(world.app, "static_folder", str(folder)), order=order)

        with world.client.get("/static/style.css") as answer:
            assert answer.get_data(as_text=True) == "host { color: red }"
        with world.app.test_request_context():
            assert url_for("static", filename="style.css") == "/static/style.css"

    def test_our_page_brings_its_own_files(self, host: World) -> None:
        page = host.client.get("/api/v1/docs")

        assert page.status_code == 200
        assert "/api/v1/static/" in page.text
        assert 'href="/static/' not in page.text

    def test_the_hosts_own_template_of_a_common_name_is_not_taken_for_ours(
        self, make_host: MakeHost, tmp_path: Path
    ) -> None:
        for name in ("base.html", "layout.html", "api_docs.html", "_reference.html"):
            (tmp_path / name).write_text("HOST: layout")

        world = make_host(lambda world: setattr(world.app, "template_folder", str(tmp_path)))

        assert "HOST: layout" not in world.client.get("/api/v1/docs").text


class TestPaths:
    """Where the API is mounted."""

    def test_another_prefix_moves_everything(self, make_host: MakeHost) -> None:
        world = make_host(WAAPI_URL_PREFIX="/partners/whatsapp")

        data(world.post("/partners/whatsapp/external/messages/text/send", text_body()), 201)
        error(world.get("/partners/whatsapp/external/nothing"), 404, "NOT_FOUND")
        assert world.post(TEXT_SEND, text_body()).mimetype == "text/html"
        document = world.client.get("/partners/whatsapp/openapi.json").get_json()
        assert document["servers"] == [{"url": "/partners/whatsapp/external"}]

    @pytest.mark.parametrize("prefix", ["api/v1", "/", "/api/v1/", "", 7])
    def test_a_prefix_that_cannot_work_is_refused(self, make_host: MakeHost, prefix: object) -> None:
        with pytest.raises(ConfigurationError, match="WAAPI_URL_PREFIX must start with a slash"):
            make_host(WAAPI_URL_PREFIX=prefix)

    def test_below_a_script_name_addresses_carry_it(self, host: World) -> None:
        below = {"SCRIPT_NAME": "/shop"}

        document = host.client.get("/api/v1/openapi.json", environ_overrides=below).get_json()
        page = host.client.get("/api/v1/docs", environ_overrides=below)
        lost = host.client.get("/api/v1/external/nothing", environ_overrides=below)

        assert document["servers"] == [{"url": "/shop/api/v1/external"}]
        assert "/shop/api/v1/static/" in page.text
        assert "/shop/api/v1/docs" in error(lost, 404, "NOT_FOUND")["message"]

    def test_below_a_script_name_messages_are_sent(self, host: World) -> None:
        answer = host.post(TEXT_SEND, text_body(), environ_overrides={"SCRIPT_NAME": "/shop"})

        data(answer, 201)

    def test_below_an_application_root_the_command_line_writes_it_into_the_document(
        self, make_host: MakeHost
    ) -> None:
        world = make_host(APPLICATION_ROOT="/shop")

        printed = world.app.test_cli_runner().invoke(args=["waapi", "openapi"])

        assert json.loads(printed.output)["servers"] == [{"url": "/shop/api/v1/external"}]

    def test_a_host_that_owns_a_page_below_our_prefix_keeps_it(
        self, make_host: MakeHost, order: Order
    ) -> None:
        def own_page(world: World) -> None:
            world.app.add_url_rule("/api/v1/orders", endpoint="orders", view_func=lambda: "HOST: orders")

        assert make_host(own_page, order=order).client.get("/api/v1/orders").text == "HOST: orders"

    def test_a_host_without_strict_slashes_is_served(self, make_host: MakeHost) -> None:
        world = make_host(lambda world: setattr(world.app.url_map, "strict_slashes", False))

        data(world.post(TEXT_SEND, text_body()), 201)
        error(world.get("/api/v1/external/nothing"), 404, "NOT_FOUND")


class TestHostsWithoutASecretKey:
    """A host without sessions, which has given us a pepper instead."""

    def test_the_api_works(self, make_host: MakeHost) -> None:
        world = make_host(SECRET_KEY=None, WAAPI_KEY_PEPPER="a pepper of tests")

        data(world.post(TEXT_SEND, text_body()), 201)
        error(world.get(MESSAGES, key=None), 401, "MISSING_API_KEY")

    def test_the_hosts_pages_work(self, make_host: MakeHost) -> None:
        world = make_host(SECRET_KEY=None, WAAPI_KEY_PEPPER="a pepper of tests")

        assert world.client.get("/").text == "HOST: home"

    def test_without_a_pepper_either_the_start_says_which_two_settings_would_do(
        self, make_host: MakeHost
    ) -> None:
        with pytest.raises(
            ConfigurationError, match="WAAPI_KEY_PEPPER is not set and there is no SECRET_KEY"
        ):
            make_host(SECRET_KEY=None)
