"""The playground: what it offers, what it runs, what it refuses."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, g, request
from werkzeug.test import TestResponse

from dashboard_host import Host
from flask_waapi import IssuedKey, Viewer
from flask_waapi.api.blueprint import OPERATIONS
from flask_waapi.api.door import ACTING

MakeHost = Callable[..., Host]

TEXT = {"to": "+491701234567", "text": "Hello"}


def payload_on(page: str) -> str:
    """The payload in the form."""
    found = re.search(r'<textarea id="payload".*?>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def answer_on(page: str) -> Any:
    """The body that the API answered with."""
    found = re.search(r'<code id="answer-body">(.*?)</code>', page, re.DOTALL)
    assert found
    return json.loads(html.unescape(found[1]))


def curl_on(page: str) -> list[str]:
    """The words of the line for a shell."""
    found = re.search(r'<code id="curl">(.*?)</code>', page, re.DOTALL)
    assert found
    return shlex.split(html.unescape(found[1]).replace("\\\n", " "))


def run(
    host: Host, issued: IssuedKey, operation: str = "send_text", payload: Any = None, **form: Any
) -> TestResponse:
    """Press the button."""
    given = payload if isinstance(payload, str) else json.dumps(TEXT if payload is None else payload)
    fields = {
        "action": "run",
        "key": str(issued.key.id),
        "operation": operation,
        "payload": given,
        "run_id": "1",
    }
    return host.post("/playground", **{**fields, **form})


def messages(host: Host) -> list[dict[str, Any]]:
    """The account's messages, through the API."""
    reader = host.services.keys.list("default")
    issued = host.key(f"reader {len(reader)}")
    found: list[dict[str, Any]] = host.call(issued).get_json()["data"]
    return found


def test_every_operation_is_offered_and_its_sample_runs(host: Host) -> None:
    issued = host.key()
    host.send(issued)

    for operation in OPERATIONS:
        page = host.get("/playground", operation=operation.name, key=issued.key.id)
        ran = run(host, issued, operation.name, payload_on(page.text))

        assert answer_on(ran.text)["success"] is True, operation.name


def test_every_template_has_a_sample_that_runs(host: Host) -> None:
    issued = host.key()
    page = host.get("/playground", operation="send_template").text
    found = re.search(r'<select id="template".*?</select>', page, re.DOTALL)
    assert found
    templates = re.findall(r'<option value="([^"]+)"', found[0])
    assert len(templates) == 7

    for template in templates:
        page = host.get("/playground", operation="send_template", template=template).text
        ran = run(host, issued, "send_template", payload_on(page))

        assert answer_on(ran.text)["success"] is True, template


def test_the_sample_is_built_from_the_chosen_template(host: Host) -> None:
    host.key()
    page = host.get("/playground", template="shipping_update/en_US").text

    assert json.loads(payload_on(page)) == {
        "to": "+1234567890",
        "template_name": "shipping_update",
        "language": "en_US",
        "variables": ["John", "Monday"],
        "header": {"text": "ORD-12345"},
        "buttons": [{"index": 0, "type": "url", "value": "ORD-12345"}],
        "reference": "playground",
    }
    assert "Order ORD-12345 is on its way" in page


def test_it_opens_on_the_order_confirmation_and_on_simulate_only(host: Host) -> None:
    host.key()
    page = host.get("/playground").text

    assert json.loads(payload_on(page))["template_name"] == "order_confirmation"
    assert re.search(r'value="simulate" checked', page)
    assert "Simulate Only" in page
    assert "Send Real Message" in page


def test_it_opens_on_an_endpoint_that_the_key_may_call(host: Host) -> None:
    host.key(permissions=["view_messages"])

    page = host.get("/playground").text

    assert "Locked:" not in page
    assert json.loads(payload_on(page)).keys() == {"message_uuid"}


def test_without_an_active_key_it_says_what_to_do(host: Host) -> None:
    issued = host.key()
    host.services.keys.set_enabled("default", str(issued.key.id), False, actor="test")

    page = host.get("/playground").text

    assert "needs an active key" in page
    assert "Create API Key" in page


def test_another_choice_loads_its_sample_and_the_same_keeps_what_was_typed(host: Host) -> None:
    host.key()
    shape = "send_text:"

    kept = host.post("/playground", action="load", operation="send_text", shape=shape, payload="typed")
    fresh = host.post("/playground", action="load", operation="send_media", shape=shape, payload="typed")
    reset = host.post("/playground", action="reset", operation="send_text", shape=shape, payload="typed")

    assert payload_on(kept.text) == "typed"
    assert json.loads(payload_on(fresh.text))["type"] == "image"
    assert json.loads(payload_on(reset.text))["text"]


def test_endpoints_that_the_key_may_not_call_are_locked_with_the_reason(host: Host) -> None:
    issued = host.key(permissions=["send_template"])

    page = host.get("/playground", operation="send_text", key=issued.key.id).text

    assert page.count("locked: needs View Messages") == 2
    assert "lacks the permission Send Text" in page
    assert 'value="run"' not in page
    refused = run(host, issued)
    assert answer_on(refused.text)["error"]["code"] == "PERMISSION_DENIED"
    assert messages(host) == []


def test_a_run_simulates_unless_told_otherwise(real_host: Host) -> None:
    page = run(real_host, real_host.key()).text

    assert answer_on(page)["data"]["simulated"] is True
    assert real_host.script.sent == []


@pytest.mark.parametrize("mode", ["simulate", "", "Real", "REAL", "true"])
def test_only_the_one_word_means_a_real_send(real_host: Host, mode: str) -> None:
    run(real_host, real_host.key(), mode=mode, confirmation="4567")

    assert real_host.script.sent == []


@pytest.mark.parametrize("confirmation", [None, "", "0000", "567", "34567", "+491701234567", "４５６７"])
def test_a_real_send_without_its_confirmation_is_refused(real_host: Host, confirmation: str | None) -> None:
    form = {} if confirmation is None else {"confirmation": confirmation}

    answer = run(real_host, real_host.key(), mode="real", **form)

    assert answer.status_code == 422
    assert "must be confirmed" in answer.text
    assert messages(real_host) == []
    assert real_host.script.sent == []


def test_a_confirmed_real_send_goes_out_and_the_next_page_simulates_again(real_host: Host) -> None:
    issued = real_host.key()

    page = run(real_host, issued, mode="real", confirmation=" 4567 ").text

    assert answer_on(page)["data"]["simulated"] is False
    assert [message.to for message in real_host.script.sent] == ["+491701234567"]
    assert "sent for real" in page
    for shown in (page, real_host.get("/playground").text):
        assert re.search(r'value="simulate" checked', shown)
        assert not re.search(r'value="real"[^>]*checked', shown)


@pytest.mark.parametrize(
    "payload", ["{", '{"to": 12345}', '{"text": "x"}', "[]", '{"to": "+491701234567", "to": "+1"}']
)
def test_a_real_send_needs_a_payload_whose_recipient_can_be_read(real_host: Host, payload: str) -> None:
    answer = run(real_host, real_host.key(), payload=payload, mode="real", confirmation="4567")

    assert answer.status_code in {400, 422}
    assert real_host.script.sent == []
    assert payload_on(answer.text) == payload


def test_loading_the_answer_again_sends_nothing_twice(real_host: Host) -> None:
    issued = real_host.key()
    form = {"mode": "real", "confirmation": "4567", "run_id": "the page"}

    first, second = run(real_host, issued, **form), run(real_host, issued, **form)

    assert len(real_host.script.sent) == 1
    assert answer_on(first.text) == answer_on(second.text)
    assert "Idempotency-Replayed" in second.text


def test_another_mode_or_payload_on_an_old_page_is_a_request_of_its_own(real_host: Host) -> None:
    issued = real_host.key()
    run(real_host, issued, run_id="the page")
    run(real_host, issued, run_id="the page", mode="real", confirmation="4567")
    run(real_host, issued, run_id="the page", payload={**TEXT, "text": "Other"})

    assert len(messages(real_host)) == 3
    assert len(real_host.script.sent) == 1


def test_a_test_key_reaches_nobody_and_the_page_says_so(real_host: Host) -> None:
    issued = real_host.key(mode="test")

    assert "This key is in test mode" in real_host.get("/playground").text
    run(real_host, issued, mode="real", confirmation="4567")
    assert real_host.script.sent == []


def test_who_may_only_look_runs_nothing(real_host: Host) -> None:
    issued = real_host.key()
    real_host.visitor = Viewer("default", "carl", may_manage=False)

    for form in ({}, {"mode": "real", "confirmation": "4567"}):
        assert run(real_host, issued, **form).status_code == 403
    assert real_host.script.sent == []
    assert messages(real_host) == []
    assert real_host.post("/playground", action="load", operation="send_text").status_code == 200


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
    assert re.search(r"\d+\.\d ms", page)

    over = run(host, issued, run_id="2").text
    assert answer_on(over)["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    assert "Retry-After" in over


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
    body = json.loads(words[words.index("-d") + 1])
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
