"""The messages' pages."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from dashboard_host import Host
from flask_waapi import CallbackItem, InboundMessage, ProviderEvent, StatusUpdate, Viewer
from flask_waapi.dashboard.messages.detail import flat
from flask_waapi.messaging import history
from flask_waapi.messaging.history import HistoryFilter

REJECTED = "+15550131026"


def texts(page: str) -> list[str]:
    """The numbers of the messages in a list, in its order."""
    return re.findall(r"text number (\d+)", page)


def test_the_list_is_newest_first_and_goes_on_page_by_page(host: Host) -> None:
    issued = host.key(rate_limit=1_000)
    for number in range(55):
        host.send(issued, text=f"text number {number}")
        host.clock.advance(1)

    first = host.get("/messages").text
    assert texts(first) == [str(number) for number in range(54, 4, -1)]
    found = re.search(r'rel="next" href="([^"]+)"', first)
    assert found
    second = host.client.get(html.unescape(found[1])).text
    assert texts(second) == ["4", "3", "2", "1", "0"]
    assert "Newest" in second
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "failed"),
        ("to", "+15550131026"),
        ("reference", "order/1 & more"),
        ("template_name", "order_confirmation"),
    ],
)
def test_filters_narrow_the_list_and_are_kept(host: Host, name: str, value: str) -> None:
    issued = host.key()
    host.send(issued, text="text number 1")
    body = {"to": REJECTED, "text": "text number 2", "reference": "order/1 & more"}
    host.call(issued, "/messages/text/send", method="POST", json=body)
    template = {
        "to": "+1234567890",
        "template_name": "order_confirmation",
        "language": "en",
        "variables": {"customer_name": "text number 3", "order_id": "1", "total": "2"},
    }
    host.call(issued, "/messages/template/send", method="POST", json=template)

    page = host.get("/messages", **{name: value}).text

    assert texts(page) == ["3" if name == "template_name" else "2"]
    assert f'value="{value}"' in html.unescape(page)


def test_filters_stay_on_the_next_page(host: Host) -> None:
    issued = host.key(rate_limit=1_000)
    for number in range(51):
        host.send(issued, text=f"text number {number}", reference="a&b")

    found = re.search(r'rel="next" href="([^"]+)"', host.get("/messages", reference="a&b").text)

    assert found
    assert "reference=a%26b" in html.unescape(found[1])


def test_a_filter_that_cannot_be_used_is_told_at_its_field(host: Host) -> None:
    answer = host.get("/messages", to="<b> 12", status="lost")

    assert answer.status_code == 422
    assert 'id="to-faults"' in answer.text
    assert 'id="status-faults"' in answer.text
    assert 'value="&lt;b&gt; 12"' in answer.text


@pytest.mark.parametrize("cursor", ["x", "%%%", "a" * 200, "AAAA"])
def test_a_cursor_that_is_none_of_ours_is_told(host: Host, cursor: str) -> None:
    answer = host.get("/messages", cursor=cursor)

    assert answer.status_code == 422
    assert "does not exist" in answer.text


def test_a_message_shows_its_life_its_text_and_where_it_came_from(host: Host) -> None:
    issued = host.key("shop")
    uuid = host.send(issued, text="Hello *you*", reference="order 1")
    host.clock.advance(10)
    host.apply_due()

    page = host.get(f"/messages/{uuid}").text

    statuses = re.findall(r'<li>\s*<span class="status status-(\w+)"', page)
    assert statuses == ["queued", "sent", "delivered", "read"]
    assert "Hello <strong>you</strong>" in page
    assert "order 1" in page
    assert ">shop</a>" in page
    assert "data-final" in page
    assert "Simulated: nothing left this machine." in page
    assert "&#34;body&#34;: &#34;Hello *you*&#34;" in page


def test_a_failed_message_says_why(host: Host) -> None:
    issued = host.key()
    failed = host.call(issued, "/messages/text/send", method="POST", json={"to": REJECTED, "text": "x"})
    uuid = failed.get_json()["error"]["details"]["message_uuid"]

    page = host.get(f"/messages/{uuid}").text

    assert "MESSAGE_REJECTED" in page
    assert "131026" in page


def test_the_life_can_be_watched_until_its_end(host: Host) -> None:
    uuid = host.send(host.key())
    path = f"/messages/{uuid}/life.json"

    before = host.get(path).get_json()
    host.clock.advance(10)
    host.apply_due()
    after = host.get(path).get_json()

    assert (before["status"], before["final"]) == ("sent", False)
    assert (after["status"], after["final"]) == ("read", True)
    assert "status-read" in after["html"]


def test_a_message_outlives_its_key(host: Host) -> None:
    issued = host.key()
    uuid = host.send(issued)
    host.services.keys.delete("default", str(issued.key.id), actor="test")

    page = host.get(f"/messages/{uuid}").text

    assert "deleted since" in page
    assert str(issued.key.id) in page


def test_messages_that_the_host_sent_itself_say_so(host: Host) -> None:
    with host.app.app_context():
        sent = host.waapi.send_text("+1234567890", "Hello")

    assert "sent by the app itself" in host.get(f"/messages/{sent.message_uuid}").text


@pytest.mark.parametrize("path", ["/messages", "/messages/{uuid}", "/messages/{uuid}/life.json", "/"])
def test_hostile_text_is_shown_and_not_obeyed(host: Host, path: str) -> None:
    hostile = '<script>alert(1)</script> "><img src=x onerror=alert(1)> *<b>* \u202e'
    uuid = host.send(host.key(), text=hostile, reference="<img src=x>")

    answer = host.get(path.format(uuid=uuid))

    shown = answer.get_json()["html"] if path.endswith(".json") else answer.text
    assert "<script>alert" not in shown
    assert "<img" not in shown
    assert "<b>" not in shown
    assert "\u202e" not in shown


def test_without_messages_the_page_says_what_to_do(host: Host) -> None:
    assert "Open the playground" in host.get("/messages").text
    assert "No message matches" in host.get("/messages", reference="none").text


def test_another_accounts_messages_are_not_in_the_list(host: Host) -> None:
    host.send(host.key(), text="text number 1")
    host.visitor = Viewer("other", "mallory")

    assert texts(host.get("/messages").text) == []


OURS = "+15559990000"
THEIRS = "+1234567890"


def report(host: Host, event: ProviderEvent) -> None:
    """Let the simulation report something."""
    tally = host.services.callbacks.apply("simulation", [CallbackItem("", {}, (event,))])
    assert tally.parked == []


def receive(host: Host, **members: Any) -> str:
    """Let a message come in; the path of its page."""
    told = {"provider_message_id": "in-1", "sender": THEIRS, "recipient": OURS, "type": "text"} | members
    text = members.get("text", "text number 2")
    content = members.get("content", {"text": {"body": text}})
    host.clock.advance(1)
    report(host, InboundMessage(**told | {"occurred_at": host.clock(), "text": text, "content": content}))
    (newest,) = history.page(host.services.store, "default", HistoryFilter(), limit=1).messages
    return f"/messages/{newest.id}"


def test_a_message_that_came_in_tells_who_wrote_what(host: Host) -> None:
    path = receive(host, sender_name="John *Doe*", text="Hello *you*")

    listed, page = host.get("/messages").text, html.unescape(host.get(path).text)

    assert re.search(rf"from</span> \{THEIRS}<span[^>]*>John \*Doe\*</span>", listed)
    assert "Hello *you*" in listed
    assert f"Message from {THEIRS}" in page
    assert "Hello <strong>you</strong>" in page
    assert '"body": "Hello *you*"' in page
    assert "sent by the app itself" not in page
    assert "data-final" in page


def test_a_message_that_came_in_can_be_neither_retried_nor_canceled(host: Host) -> None:
    path = receive(host)

    assert "<form" not in host.get(path).text
    for action, told in (("retry", "not_retried"), ("cancel", "not_canceled")):
        answer = host.post(f"{path}/{action}")
        assert (answer.status_code, answer.location) == (303, f"/waapi{path}?done={told}")
    assert "status-received" in host.get(path).text


def test_an_answer_leads_to_the_message_that_it_answers(host: Host) -> None:
    sent = host.send(host.key())
    asked = history.page(host.services.store, "default", HistoryFilter()).messages[0].provider_message_id

    page = host.get(receive(host, reply_to=asked)).text
    lost = host.get(receive(host, provider_message_id="in-2", reply_to="<b>gone")).text

    assert f'href="/waapi/messages/{sent}"' in page
    assert "<code>&lt;b&gt;gone</code>" in lost


def test_an_echo_is_marked(host: Host) -> None:
    path = receive(host, sender=OURS, recipient=THEIRS, is_echo=True)

    assert re.search(rf"to</span> \{THEIRS} <span[^>]*>echo</span>", host.get("/messages").text)
    page = host.get(path).text
    assert f"Message to {THEIRS}" in page
    assert "An echo" in page


@pytest.mark.parametrize(("direction", "shown"), [("", "21"), ("outbound", "1"), ("inbound", "2")])
def test_the_list_can_be_narrowed_to_what_was_sent_or_received(
    host: Host, direction: str, shown: str
) -> None:
    host.send(host.key(), text="text number 1")
    host.clock.advance(1)
    receive(host)

    page = host.get("/messages", direction=direction).text

    assert "".join(texts(page)) == shown
    assert not direction or f'<option value="{direction}" selected>' in page


def test_the_list_can_be_narrowed_to_a_sender(host: Host) -> None:
    receive(host, provider_message_id="in-1", text="text number 1")
    receive(host, provider_message_id="in-2", sender="US.1234", text="text number 2")

    assert texts(host.get("/messages", sender="US.1234").text) == ["2"]


def test_what_a_provider_tells_beside_a_status_is_in_the_timeline(host: Host) -> None:
    uuid = host.send(host.key())
    (sent,) = history.page(host.services.store, "default", HistoryFilter()).messages
    assert sent.provider_message_id is not None
    price = {"pricing": {"billable": True, "category": "<b>utility"}}
    report(host, StatusUpdate("delivered", host.clock(), sent.provider_message_id, details=price))

    for page in (
        host.get(f"/messages/{uuid}").text,
        host.get(f"/messages/{uuid}/life.json").get_json()["html"],
    ):
        told = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page.partition('class="told"')[2])
        assert told[:2] == [("pricing › billable", "true"), ("pricing › category", "&lt;b&gt;utility")]


def test_details_of_any_shape_stay_short() -> None:
    deep: Any = "end"
    for _ in range(50):
        deep = {"in": [deep]}

    assert flat({}) == []
    assert flat({"a_b": [1, {"c": None}], "d": ["x"]}) == [
        ("a b › 1", "1"),
        ("a b › 2 › c", "null"),
        ("d", "x"),
    ]
    assert len(flat({"many": list(range(1_000))})) == 40
    assert max(len(value) for _, value in flat({"long": "x" * 1_000, "deep": deep})) == 201


def test_hostile_words_of_a_sender_are_shown_and_not_obeyed(host: Host) -> None:
    hostile = "<script>alert(1)</script><img src=x>\u202e"
    path = receive(
        host, sender_name=hostile, text=hostile, reply_to=hostile, type="<b>", content={hostile: hostile}
    )

    for shown in (host.get("/messages").text, host.get(path).text, host.get("/").text):
        assert "<script>alert" not in shown
        assert "<img" not in shown
        assert "<b>" not in shown
        assert "\u202e" not in shown
