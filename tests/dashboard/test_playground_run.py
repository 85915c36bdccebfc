"""The playground's request: whose it is, where it goes, what it shows and what it leaves out."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, g, request

from dashboard_host import Host
from flask_waapi import Viewer
from flask_waapi.api.door import ACTING
from playground_page import TEXT, answer_on, curl_on, messages, run

MakeHost = Callable[..., Host]


def test_a_key_of_another_account_is_not_there(host: Host) -> None:
    foreign = host.key("foreign", account="other")
    host.key("mine")

    assert run(host, foreign).status_code == 404
    assert messages(host) == []


@pytest.mark.parametrize("key", ["", "shop", "nonsense"])
def test_a_run_takes_no_key_in_place_of_another(host: Host, key: str) -> None:
    issued = host.key("shop")

    assert run(host, issued, key=key).status_code == 404
    assert messages(host) == []


def test_an_unknown_endpoint_is_not_replaced_by_another(host: Host) -> None:
    assert run(host, host.key(), "delete_everything").status_code == 404


def test_a_key_that_was_switched_off_meanwhile_is_refused_by_the_api(host: Host) -> None:
    issued = host.key()
    host.key("other")
    host.services.keys.set_enabled("default", str(issued.key.id), False, actor="test")

    assert answer_on(run(host, issued).text)["error"]["code"] == "KEY_INACTIVE"


def test_a_run_counts_against_the_keys_limits_and_shows_them(host: Host) -> None:
    issued = host.key(rate_limit=1)

    page = run(host, issued).text
    assert "X-RateLimit-Remaining" in page
    assert "X-Request-Id" in page
    assert "1 of 1,000" in page
    assert "0 this minute, 999 today" in page
    assert re.search(r"\d+\.\d ms", page)

    over = run(host, issued, run_id="2").text
    assert answer_on(over)["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    assert "Retry-After" in over
    assert re.search(r"Try again after</dt>\s*<dd[^>]*>\d+ seconds", over)


def test_faults_are_shown_by_their_pointers(host: Host) -> None:
    page = run(host, host.key(), payload={"to": "12", "colour": "<b>"}).text

    for pointer in ("/to", "/text", "/colour"):
        assert f"<code>{pointer}</code>" in page
    assert "<b>" not in page


def test_a_body_that_is_no_json_is_refused_by_the_api(host: Host) -> None:
    assert answer_on(run(host, host.key(), payload="{").text)["error"]["code"] == "MALFORMED_REQUEST"


def test_the_life_of_the_message_can_be_watched(host: Host) -> None:
    page = run(host, host.key()).text
    uuid = answer_on(page)["data"]["message_uuid"]

    assert f'data-life="/waapi/messages/{uuid}/life.json"' in page
    assert f'href="/waapi/messages/{uuid}"' in page


def test_parameters_of_a_get_go_into_path_and_query(host: Host) -> None:
    issued = host.key()
    uuid = host.send(issued, reference="a/b ü")

    one = run(host, issued, "get_message", {"message_uuid": uuid}).text
    several = run(host, issued, "list_messages", {"reference": "a/b ü", "limit": 1}).text

    assert answer_on(one)["data"]["message_uuid"] == uuid
    assert [message["message_uuid"] for message in answer_on(several)["data"]] == [uuid]


@pytest.mark.parametrize(
    ("operation", "payload", "status"),
    [
        ("get_message", "{}", 422),
        ("get_message", '{"message_uuid": ""}', 422),
        ("get_message", '{"message_uuid": {}}', 422),
        ("list_messages", "[1]", 422),
        ("list_messages", "{", 400),
    ],
)
def test_parameters_that_make_no_address_are_told(
    host: Host, operation: str, payload: str, status: int
) -> None:
    answer = run(host, host.key(), operation, payload)

    assert answer.status_code == status
    assert 'id="problem"' in answer.text


@pytest.mark.parametrize(
    "name", ["../../../waapi/keys", "a/b", "%2e%2e", "?x=1", "#", "\u202e", "//evil.example"]
)
def test_a_path_parameter_leads_nowhere_else(host: Host, name: str) -> None:
    page = run(host, host.key(), "get_template", {"name": name}).text

    assert answer_on(page)["error"]["code"] in {"NOT_FOUND", "TEMPLATE_NOT_FOUND"}


def test_the_curl_line_is_the_same_request_without_the_secret(host: Host) -> None:
    issued = host.key()
    page = run(host, issued, payload={**TEXT, "text": "It's; rm -rf $HOME `x`"}).text

    words = curl_on(page)

    assert issued.secret not in page
    assert words[:2] == ["curl", "http://localhost/api/v1/external/messages/text/send"]
    assert "X-API-Key: $WAAPI_KEY" in words
    body = json.loads(words[words.index("--data-raw") + 1])
    assert body == {**TEXT, "text": "It's; rm -rf $HOME `x`", "simulate": True}


def test_the_curl_line_of_a_get_has_its_query(host: Host) -> None:
    issued = host.key()

    words = curl_on(run(host, issued, "list_messages", {"to": "+1234567890"}).text)

    assert urlsplit(words[1]).query == "to=%2B1234567890"


def test_a_client_cannot_name_an_acting_key(host: Host) -> None:
    issued = host.key()
    named = json.dumps({"account": "default", "key_id": str(issued.key.id), "simulate": False})

    for header in (ACTING, ACTING.replace(".", "-"), f"HTTP_{ACTING}", "wsgi." + ACTING):
        answer = host.app.test_client().get("/api/v1/external/messages", headers={header: named})
        assert answer.status_code == 401
    values = {ACTING: named}
    answer = host.app.test_client().get("/api/v1/external/messages", environ_overrides=values)
    assert answer.status_code == 401, "only a value made on the server counts"


def test_the_inner_request_has_nothing_of_who_asked(make_host: MakeHost) -> None:
    seen: list[dict[str, Any]] = []

    def look(app: Flask) -> None:
        @app.before_request
        def note() -> None:
            g.setdefault("marks", []).append(request.path)
            seen.append({"marks": list(g.marks), "cookies": dict(request.cookies), **request.headers})

    host = make_host(look)
    issued = host.key()
    host.client.post(
        "/waapi/playground",
        data={
            "waapi_csrf": host.token(),
            "action": "run",
            "key": str(issued.key.id),
            "operation": "list_messages",
            "payload": "{}",
        },
        headers={"Authorization": "Bearer x", "X-API-Key": "x", "X-Forwarded-For": "203.0.113.9"},
    )

    inner = seen[-1]
    assert inner["marks"] == ["/api/v1/external/messages"], "flask.g is its own"
    assert inner["cookies"] == {}
    assert not {"Authorization", "X-Api-Key", "X-Forwarded-For", "Cookie"} & set(inner)
    assert inner["Host"] == "localhost"


def test_the_host_still_has_its_own_request_afterwards(make_host: MakeHost) -> None:
    seen = []

    def look(app: Flask) -> None:
        @app.after_request
        def note(response: Any) -> Any:
            seen.append(request.path)
            return response

    host = make_host(look)
    run(host, host.key(), "list_messages", "{}")

    assert seen[-2:] == ["/api/v1/external/messages", "/waapi/playground"]


def test_it_runs_below_a_path_prefix(host: Host) -> None:
    issued = host.key()
    data = {
        "waapi_csrf": host.token(),
        "action": "run",
        "key": str(issued.key.id),
        "operation": "send_text",
        "payload": json.dumps(TEXT),
    }
    page = host.client.post("/waapi/playground", data=data, environ_overrides={"SCRIPT_NAME": "/shop"}).text

    assert answer_on(page)["success"] is True
    assert curl_on(page)[1] == "http://localhost/shop/api/v1/external/messages/text/send"


def test_it_runs_in_a_host_whose_middleware_takes_a_prefix_off(make_host: MakeHost) -> None:
    def prefix(app: Flask) -> None:
        inner = app.wsgi_app

        def middleware(environ: Any, start_response: Any) -> Any:
            if not environ["PATH_INFO"].startswith("/shop"):
                start_response("404 Not Found", [])
                return [b"not below the prefix"]
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/shop")
            environ["SCRIPT_NAME"] = "/shop"
            return inner(environ, start_response)

        app.wsgi_app = middleware  # type: ignore[method-assign]

    host = make_host(prefix)
    issued = host.key()
    client = host.app.test_client()
    form = client.get("/shop/waapi/playground").text
    token = re.search(r'name="waapi_csrf" value="([^"]+)"', form)
    assert token
    data = {
        "waapi_csrf": token[1],
        "action": "run",
        "key": str(issued.key.id),
        "operation": "send_text",
        "payload": json.dumps(TEXT),
    }

    page = client.post("/shop/waapi/playground", data=data).text

    assert answer_on(page)["success"] is True


def test_a_keys_allowed_networks_hold_for_its_user_here(host: Host) -> None:
    issued = host.key(allowed_networks=["203.0.113.0/24"])

    assert answer_on(run(host, issued).text)["error"]["code"] == "IP_NOT_ALLOWED"


def test_the_run_is_in_the_request_log(host: Host) -> None:
    run(host, host.key())

    assert host.get("/counters.json").get_json()["calls_today"] == 1


class TestTheServiceWindow:
    """A text to somebody who has not written, in the simulation."""

    @pytest.fixture
    def host(self, make_host: MakeHost) -> Host:
        """A host whose recipients must have written first."""
        return make_host(WAAPI_SERVICE_WINDOW="enforce")

    def test_what_is_missing_is_said_and_offered(self, host: Host) -> None:
        page = run(host, host.key()).text

        assert answer_on(page)["error"]["code"] == "SERVICE_WINDOW_CLOSED"
        assert "Let the recipient write, and run again" in page

    def test_the_recipient_is_let_write_and_the_text_is_sent(self, host: Host) -> None:
        page = run(host, host.key(), action="receive").text

        assert answer_on(page)["data"]["status"] == "sent"
        assert "Let the recipient write" not in page
        assert [message["direction"] for message in messages(host)] == ["outbound", "inbound"]

    def test_nothing_is_made_up_for_a_real_send(self, host: Host) -> None:
        run(host, host.key(), action="receive", mode="real", confirmation=TEXT["to"][-4:])

        assert [message for message in messages(host) if message["direction"] == "inbound"] == []

    def test_who_may_not_run_may_not_let_anybody_write(self, host: Host) -> None:
        issued = host.key()
        host.visitor = Viewer("default", "ann", may_manage=False)

        assert run(host, issued, action="receive").status_code == 403


def test_where_the_time_went_is_told_to_the_dashboard_and_to_nobody_else(host: Host) -> None:
    issued = host.key()

    page = run(host, issued).text
    outside = host.call(issued, "/messages/text/send", method="POST", json=TEXT)

    told = re.search(r"gates;dur=[\d.]+, validation;dur=[\d.]+, store;dur=[\d.]+, provider;dur=", page)
    assert told
    assert "Where the time went" in page
    assert "Server-Timing" not in outside.headers


def test_a_repeated_answer_is_marked_as_one(host: Host) -> None:
    issued = host.key()
    first, second = run(host, issued, run_id="the page").text, run(host, issued, run_id="the page").text

    assert "nothing was sent a second time" not in first
    assert "nothing was sent a second time" in second


def test_the_answer_is_there_as_it_came_too(host: Host) -> None:
    page = run(host, host.key()).text

    raw = re.search(r'answer-raw".*?<code>(.*?)</code>', page, re.DOTALL)
    assert raw
    assert json.loads(html.unescape(raw[1])) == answer_on(page)
    assert "\n" not in raw[1]


def test_a_refusal_leads_to_its_cause_and_fix(host: Host) -> None:
    page = run(host, host.key(), payload={}).text

    assert 'href="/waapi/errors/VALIDATION_ERROR"' in page
