"""The page of one message: its webhooks, the requests about it, its payload, its recipient."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from browsing import HOSTILE
from dashboard_host import Host
from factories import SAMPLE_VARIABLES
from flask_waapi import CallbackItem, InboundMessage, ProviderEvent, StatusUpdate, Viewer
from flask_waapi.api.families import READERS
from flask_waapi.api.message_types import MESSAGE_TYPES, MessageType
from flask_waapi.content import Content, to_json
from flask_waapi.dashboard.messages.payload import payload_of
from flask_waapi.messaging import history
from flask_waapi.storage.models import ApiRequest, Message
from webhook_pages import answer, deliver, issue

TEMPLATE = {"template_name": "order_confirmation", "language": "en", "variables": SAMPLE_VARIABLES}
FREE_FORM = [kind for kind in MESSAGE_TYPES if kind.family != "template"]
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "template": ("template", TEMPLATE),
    "native template": (
        "template",
        {
            "template": {
                "name": "order_confirmation",
                "language": {"code": "en"},
                "components": [
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "parameter_name": name, "text": value}
                            for name, value in SAMPLE_VARIABLES.items()
                        ],
                    }
                ],
            }
        },
    ),
    "native text": ("text", {"text": {"body": "Hello"}}),
    "preview": ("text", {"text": "See https://example.com", "preview_url": True}),
}


def message(host: Host, uuid: str | UUID) -> Message:
    """A message as it is stored."""
    return history.get(host.services.store, "default", UUID(str(uuid)))


def report(host: Host, event: ProviderEvent) -> None:
    """Let the simulation report something."""
    assert host.services.callbacks.apply("simulation", [CallbackItem("", {}, (event,))]).parked == []


def receive(host: Host, kind: str, content: dict[str, Any], **members: Any) -> str:
    """Let a message come in; the path of its page."""
    host.clock.advance(1)
    report(
        host,
        InboundMessage(
            f"in-{uuid4()}", "+447700900123", "+15551230000", kind, host.clock(), content, **members
        ),
    )
    newest = history.page(host.services.store, "default", history.HistoryFilter(), limit=1).messages[0]
    return f"/messages/{newest.id}"


def steps(page: str) -> list[tuple[str, list[str]]]:
    """The steps of a timeline: each status, with the types and states of the webhooks beside it."""
    timeline = page.partition('<ol class="timeline">')[2].partition("</ol>")[0]
    return [
        (
            re.findall(r'status-(\w+)"', step)[0],
            re.findall(r"webhook <code>([^<]+)</code>", step)
            + re.findall(r'/webhooks/deliveries/[^"]+"><span class="status status-(\w+)"', step),
        )
        for step in timeline.split("<li>")[1:]
    ]


def test_each_step_shows_the_webhook_that_it_caused_and_what_became_of_it(host: Host) -> None:
    issue(host.services, "https://shop.example/hook")
    uuid = host.send(host.key())
    deliver(host.services)
    host.clock.advance(10)
    host.apply_due()

    page = host.get(f"/messages/{uuid}").text

    assert steps(page) == [
        ("queued", []),
        ("sent", ["message.sent", "succeeded"]),
        ("delivered", ["message.delivered", "pending"]),
        ("read", ["message.read", "pending"]),
    ]
    assert "https://shop.example/hook" in page
    (first, *_) = re.findall(r'"/waapi(/webhooks/deliveries/[^"]+)"', page)
    assert "message.sent" in host.get(first).text
    assert steps(host.get(f"/messages/{uuid}/life.json").get_json()["html"]) == steps(page)


def test_a_page_watches_on_until_the_webhooks_are_delivered(host: Host) -> None:
    issue(host.services)
    uuid = host.send(host.key())
    host.clock.advance(10)
    host.apply_due()

    assert host.get(f"/messages/{uuid}/life.json").get_json()["final"] is False
    for _ in range(4):
        deliver(host.services, answer(204))
        host.clock.advance(120)
    assert host.get(f"/messages/{uuid}/life.json").get_json()["final"] is True


def test_a_webhook_that_took_several_attempts_says_so(host: Host) -> None:
    issue(host.services)
    uuid = host.send(host.key())
    deliver(host.services, answer(500))
    host.clock.advance(600)
    deliver(host.services, answer(204))

    assert "after 2 attempts" in host.get(f"/messages/{uuid}").text


def test_without_endpoints_there_are_no_webhooks(host: Host) -> None:
    assert "webhooks-told" not in host.get(f"/messages/{host.send(host.key())}").text


def test_the_requests_about_a_message_are_told_and_those_of_others_are_not(host: Host) -> None:
    issued = host.key()
    uuid, other = host.send(issued), host.send(issued)
    values: dict[str, Any] = {
        "key_id": issued.key.id,
        "occurred_at": host.clock(),
        "method": "GET",
        "status": 404,
        "error_code": "NOT_FOUND",
        "duration_ms": 12.34,
        "request_id": "r-1",
    }
    with host.services.store.begin() as session:
        for account, endpoint, about in (
            ("default", HOSTILE[:200], uuid),
            ("default", "of another message", other),
            ("other", "of another account", uuid),
        ):
            request = ApiRequest(id=uuid4(), account=account, message_id=UUID(about), **values)
            request.endpoint = endpoint
            session.add(request)

    page = host.get(f"/messages/{uuid}").text

    assert html.escape(HOSTILE[:20], quote=False) in html.unescape(page).replace("<", "&lt;").replace(
        ">", "&gt;"
    )
    assert "<script>alert" not in page
    assert "12.3 ms" in page
    assert "NOT_FOUND" in page
    assert "of another" not in page


def test_the_service_window_of_the_recipient_is_told(make_host: Any) -> None:
    host = make_host(WAAPI_SERVICE_WINDOW="enforce")
    path = receive(host, "text", {"text": {"body": "Hi"}}, text="Hi")

    assert "open until" in host.get(path).text
    host.clock.advance(25 * 3600)
    assert "closed since" in host.get(path).text


def test_nothing_is_told_of_a_window_that_the_provider_does_not_know(make_host: Any) -> None:
    host = make_host(WAAPI_SERVICE_WINDOW="enforce")
    path = receive(host, "text", {"text": {"body": "Hi"}}, text="Hi")
    host.services.providers["simulation"].service_window = False

    assert "Service window" not in host.get(path).text


def test_the_price_is_told_as_the_provider_told_it(host: Host) -> None:
    uuid = host.send(host.key())
    wamid = message(host, uuid).provider_message_id
    assert wamid
    price = {"pricing": {"billable": True, "category": "<b>utility"}}
    report(host, StatusUpdate("delivered", host.clock(), wamid, details=price))

    page = host.get(f"/messages/{uuid}").text

    assert re.search(r"as the provider told it</dt><dd>billable <strong>true</strong>, category", page)
    assert "<b>utility" not in page


@pytest.mark.parametrize(("family", "body"), BODIES.values(), ids=BODIES)
def test_the_payload_of_a_message_sends_the_same_message_again(
    host: Host, family: str, body: dict[str, Any]
) -> None:
    issued, path = host.key(), f"/messages/{family}/send"
    given = {"to": "+1234567890", "reference": "r", **body}
    sent = host.call(issued, path, method="POST", json=given)
    first = message(host, sent.get_json()["data"]["message_uuid"])
    payload = payload_of(first)
    assert payload is not None
    assert payload.operation == f"send_{family}"

    again = host.call(issued, path, method="POST", json=payload.body)

    second = message(host, again.get_json()["data"]["message_uuid"])
    assert (second.content, second.recipient, second.reference) == (first.content, "+1234567890", "r")


@pytest.mark.parametrize("form", ["body", "native"])
@pytest.mark.parametrize("kind", FREE_FORM, ids=lambda kind: kind.name)
def test_the_payload_of_every_type_says_the_same_as_the_message(kind: MessageType, form: str) -> None:
    body = getattr(kind, form) or kind.body
    said = READERS[kind.family]({"to": "+1234567890", **body}).content
    assert isinstance(said, Content)
    stored = Message(
        type=said.message_type, content=to_json(said), recipient="+1234567890", direction="outbound"
    )

    payload = payload_of(stored)

    assert payload is not None
    again = READERS[payload.operation.removeprefix("send_")](payload.body)
    assert (again.to, again.content, again.faults) == ("+1234567890", said, ())


def test_the_playground_opens_with_the_payload_and_no_number_in_the_address(host: Host) -> None:
    issued = host.key()
    host.key("aaa")
    body = {"to": "+447700900123", **TEMPLATE}
    sent = host.call(issued, "/messages/template/send", method="POST", json=body).get_json()["data"]
    path = f"/messages/{sent['message_uuid']}"
    (address,) = re.findall(r'href="(/waapi/playground\?[^"]+)"', host.get(path).text)
    assert "447700900123" not in address

    page = html.unescape(host.client.get(html.unescape(address)).text)

    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found
    assert json.loads(found[1]) == body
    assert f'value="{issued.key.id}" selected' in page
    assert re.search(r'value="simulate"[^>]* checked', page)


def test_the_playground_opens_nothing_of_another_account_and_nothing_that_came_in(host: Host) -> None:
    received = receive(host, "text", {"text": {"body": "Hi"}}, text="Hi").rpartition("/")[2]
    uuid = host.send(host.key())
    assert host.get("/playground", message=received).status_code == 404
    assert host.get("/playground", message="x").status_code == 404

    host.visitor = Viewer("other", "eve")

    foreign, unknown = (host.get("/playground", message=str(given)) for given in (uuid, uuid4()))
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.text.replace(uuid, "") == re.sub(r"[0-9a-f-]{36}", "", unknown.text, count=1)


def test_a_medium_that_came_in_shows_what_it_is(host: Host) -> None:
    medium = {"id": "123", "mime_type": "image/jpeg", "caption": "<b>Look"}
    path = receive(host, "image", {"image": medium}, text="<b>Look")

    page = host.get(path).text

    assert '<p class="bubble-media">Image</p>' in page
    assert "<dt>mime type</dt><dd>image/jpeg</dd>" in page
    assert "<b>Look" not in page


def test_a_place_that_came_in_shows_where_it_is(host: Host) -> None:
    path = receive(host, "location", {"location": {"latitude": 51.5, "longitude": -0.1, "name": HOSTILE}})

    page = host.get(path).text

    assert "<dt>latitude</dt><dd>51.5</dd>" in page
    assert "<script>alert" not in page


def test_an_answer_quotes_what_it_answers(host: Host) -> None:
    uuid = host.send(host.key(), text="Shall we <i>deliver</i>?")
    path = receive(host, "text", {}, text="Yes", reply_to=message(host, uuid).provider_message_id)

    page = host.get(path).text

    assert f'In answer to</span> <a href="/waapi/messages/{uuid}">Shall we &lt;i&gt;deliver' in page
