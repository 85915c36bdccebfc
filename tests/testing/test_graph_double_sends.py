"""The double takes the sends that Meta takes, and refuses the others with Meta's codes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from flask_waapi.testing.graph_double import GraphDouble
from graph_client import LINK, Client, code_of, named, template, text, texts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def double() -> Iterator[GraphDouble]:
    with GraphDouble(hang_seconds=0.05) as double:
        yield double


@pytest.fixture
def client(double: GraphDouble) -> Iterator[Client]:
    client = Client(double)
    with client.session:
        yield client


@pytest.mark.parametrize("to", ["+1234567890", "1234567890", "+1 (234) 567-890"])
def test_a_send_is_answered_in_metas_shape(client: Client, double: GraphDouble, to: str) -> None:
    response = client.send(text(to))
    (message,) = double.messages
    assert response.status_code == 200
    assert response.json() == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": to, "wa_id": "1234567890"}],
        "messages": [{"id": message.wamid}],
    }
    assert message.wamid.startswith("wamid.")
    assert (message.to, message.type, message.callback_data) == ("1234567890", "text", None)


def test_ids_repeat_with_a_seed() -> None:
    def first_id() -> str:
        seeded = random.Random(7).randbytes
        with GraphDouble(random_bytes=seeded, clock=lambda: NOW) as double, Client(double).session:
            Client(double).send(text())
            assert double.messages[0].accepted_at == NOW
            return double.messages[0].wamid

    assert first_id() == first_id()


@pytest.mark.parametrize(
    "body",
    [
        template(
            "order_confirmation",
            "en",
            {"type": "body", "parameters": named(customer_name="J", order_id="O", total="9")},
        ),
        template(
            "shipping_update",
            "en_US",
            {"type": "HEADER", "parameters": texts("O")},
            {"type": "body", "parameters": texts("J", "Friday")},
            {"type": "button", "sub_type": "URL", "index": 0, "parameters": texts("O")},
        ),
        template(
            "seasonal_offer",
            "en",
            {"type": "header", "parameters": [{"type": "image", "image": {"link": LINK}}]},
            {"type": "body", "parameters": texts("J", "20 %")},
        ),
        template("hello_world", "en_US"),
        template(
            "login_code",
            "en_US",
            {"type": "body", "parameters": texts("123456")},
            {"type": "button", "sub_type": "url", "index": "0", "parameters": texts("123456")},
        ),
        text(type="image", image={"link": LINK, "caption": "x" * 1024}),
        text(type="document", document={"link": LINK, "filename": "a.pdf"}),
        text(type="audio", audio={"link": LINK}),
        text(text={"body": "x" * 4096, "preview_url": True}),
        text(biz_opaque_callback_data="x" * 512, recipient_type="individual"),
    ],
    ids=lambda body: str(body.get("template", {}).get("name", body["type"])),
)
def test_a_good_send_is_taken(client: Client, body: dict[str, Any]) -> None:
    response = client.send(body)
    assert response.status_code == 200, response.text


BAD_SENDS: dict[str, tuple[Any, int]] = {
    "no object": ([], 100),
    "no product": (text(messaging_product=None), 100),
    "number of a group": (text(recipient_type="group"), 131009),
    "recipient of another type": (text(recipient_type="crowd"), 100),
    "no recipient": (text(to=None), 131008),  # type: ignore[arg-type]
    "bad recipient": (text("somebody"), 131009),
    "own number": (text("+1 555-555-0100"), 131021),
    "no type": (text(type=None), 131008),
    "unknown type": (text(type="hologram"), 131051),
    "no content": (text(text=None), 131008),
    "no body": (text(text={}), 131008),
    "empty body": (text(text={"body": ""}), 100),
    "long body": (text(text={"body": "x" * 4097}), 100),
    "body of another type": (text(text={"body": 1}), 100),
    "preview of another type": (text(text={"body": "x", "preview_url": "yes"}), 100),
    "long callback data": (text(biz_opaque_callback_data="x" * 513), 100),
    "no medium": (text(type="image", image={}), 131008),
    "two media": (text(type="image", image={"link": LINK, "id": "1"}), 131008),
    "unknown medium": (text(type="image", image={"id": "1"}), 131009),
    "local link": (text(type="image", image={"link": "file:///x"}), 131009),
    "long caption": (text(type="image", image={"link": LINK, "caption": "x" * 1025}), 100),
    "caption of a sound": (text(type="audio", audio={"link": LINK, "caption": "x"}), 100),
    "no template": (text(type="template", template={}), 131008),
    "unknown template": (template("unknown", "en"), 132001),
    "unknown language": (template("hello_world", "de"), 132001),
    "paused": (template("paused_example", "en"), 132015),
    "variables missing": (template("order_confirmation", "en"), 132000),
    "too many variables": (
        template("hello_world", "en_US", {"type": "body", "parameters": texts("x")}),
        132000,
    ),
    "names missing": (
        template("order_confirmation", "en", {"type": "body", "parameters": texts("a", "b", "c")}),
        100,
    ),
    "other names": (
        template("order_confirmation", "en", {"type": "body", "parameters": named(a="a", b="b", c="c")}),
        132012,
    ),
    "names where positions are": (
        template("login_code", "en_US", {"type": "body", "parameters": named(code="1")}),
        100,
    ),
    "line break": (template("login_code", "en_US", {"type": "body", "parameters": texts("a\nb")}), 132018),
    "five spaces": (
        template("login_code", "en_US", {"type": "body", "parameters": texts("a     b")}),
        132018,
    ),
    "rendered too long": (
        template("login_code", "en_US", {"type": "body", "parameters": texts("x" * 1024)}),
        132005,
    ),
    "header of another kind": (
        template("seasonal_offer", "en", {"type": "header", "parameters": texts("x")}),
        132012,
    ),
    "header missing": (template("seasonal_offer", "en"), 132012),
    "button missing": (
        template("login_code", "en_US", {"type": "body", "parameters": texts("1")}),
        131008,
    ),
    "button of another kind": (
        template(
            "login_code",
            "en_US",
            {"type": "body", "parameters": texts("1")},
            {"type": "button", "sub_type": "quick_reply", "index": 0, "parameters": texts("1")},
        ),
        132012,
    ),
    "button of no index": (
        template(
            "login_code",
            "en_US",
            {"type": "body", "parameters": texts("1")},
            {"type": "button", "sub_type": "url", "index": 1, "parameters": texts("1")},
        ),
        131009,
    ),
    "components of another type": (template("hello_world", "en_US", "x"), 100),
}


@pytest.mark.parametrize(("body", "code"), BAD_SENDS.values(), ids=list(BAD_SENDS))
def test_a_bad_send_is_refused_with_metas_code(client: Client, body: Any, code: int) -> None:
    assert code_of(client.send(body)) == code
    assert client.double.messages == ()


def test_a_read_receipt_succeeds(client: Client) -> None:
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}
    assert client.send(body).json() == {"success": True}
    assert code_of(client.send(body | {"message_id": "x"})) == 131009
    assert client.double.messages == ()
