"""The double sends to numbers, user ids and groups, by both endpoints, and takes read receipts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from flask_waapi.testing.graph_double import GraphDouble
from flask_waapi.testing.graph_double.inbound import inbound_value
from graph_client import LINK, Client, code_of, template, text, texts

WAMID = "wamid.HBgLMTIzNDU2Nzg5MBUCABEYEg=="
GROUP = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"
USER = "US.13491208655302741918"


@pytest.fixture
def client() -> Iterator[Client]:
    with GraphDouble() as double:
        client = Client(double)
        with client.session:
            yield client


def to_user(body: dict[str, Any], recipient: str = USER) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "to"} | {"recipient": recipient}


def to_group(**members: Any) -> dict[str, Any]:
    return text(GROUP, recipient_type="group", **members)


def offer() -> dict[str, Any]:
    image = {"type": "image", "image": {"link": LINK}}
    return template(
        "seasonal_offer",
        "en",
        {"type": "header", "parameters": [image]},
        {"type": "body", "parameters": texts("J", "20 %")},
    )


def login_code() -> dict[str, Any]:
    return template(
        "login_code",
        "en_US",
        {"type": "body", "parameters": texts("123456")},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": texts("123456")},
    )


def market(client: Client, body: Any) -> requests.Response:
    return client.node("POST", "marketing_messages", json=body)


@pytest.mark.parametrize("user", [USER, "DE.ENT.506847293015824"])
def test_a_send_to_a_user_id_is_answered_without_a_number(client: Client, user: str) -> None:
    assert client.send(to_user(text(), user)).json()["contacts"] == [{"input": user, "user_id": user}]
    assert client.double.messages[0].to == user


def test_a_number_comes_before_a_user_id(client: Client) -> None:
    answer = client.send(text("+1 234 567 890", recipient=USER)).json()
    assert answer["contacts"] == [{"input": "+1 234 567 890", "wa_id": "1234567890"}]


@pytest.mark.parametrize("user", ["13491208655302741918", "us.1", "US.", "US.1-2", 7])
def test_a_user_id_of_another_form_is_refused(client: Client, user: Any) -> None:
    assert code_of(client.send(to_user(text(), user))) == 131009


def test_a_code_is_not_sent_to_a_user_id(client: Client) -> None:
    assert code_of(client.send(to_user(login_code()))) == 131062
    assert client.send(to_user(offer())).status_code == 200
    assert client.send(login_code()).status_code == 200


def test_a_status_names_a_user_by_the_user_id(client: Client) -> None:
    client.send(to_user(text()))
    item = client.double.status(client.double.messages[0].wamid, "sent")
    assert item["recipient_user_id"] == USER
    assert "recipient_id" not in item


def test_somebody_with_a_user_id_writes() -> None:
    item = GraphDouble().message_from(USER)
    assert item["from_user_id"] == USER
    assert "from" not in item


@pytest.mark.parametrize(
    ("sender", "contact"), [(USER, {"user_id": USER}), ("+49 555 0100", {"wa_id": "495550100"})]
)
def test_a_callback_lists_its_senders_as_they_are_known(sender: str, contact: dict[str, str]) -> None:
    double = GraphDouble()
    value = inbound_value(double.account, [double.message_from(sender)], "Ada")
    assert value["contacts"] == [{"profile": {"name": "Ada"}, **contact}]


def test_a_group_is_a_recipient(client: Client) -> None:
    assert client.send(to_group()).json()["contacts"] == [{"input": GROUP}]
    item = client.double.status(client.double.messages[0].wamid, "read")
    assert (item["recipient_id"], item["recipient_type"]) == (GROUP, "group")


def test_a_group_has_no_user_id(client: Client) -> None:
    assert code_of(client.send(to_user(to_group()))) == 131008


@pytest.mark.parametrize("days", [1, 30])
def test_a_message_is_pinned_in_a_group(client: Client, days: int) -> None:
    pin = {"type": "pin", "message_id": WAMID, "expiration_days": days}
    assert client.send(to_group(type="pin", pin=pin)).status_code == 200
    assert client.send(to_group(type="pin", pin={"type": "unpin", "message_id": WAMID})).status_code == 200


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ({"type": "pin", "message_id": WAMID}, 131008),
        ({"type": "pin", "message_id": WAMID, "expiration_days": 0}, 131009),
        ({"type": "pin", "message_id": WAMID, "expiration_days": 31}, 131009),
        ({"type": "stick", "message_id": WAMID, "expiration_days": 1}, 131009),
        ({"type": "unpin"}, 131008),
        ({"type": "unpin", "message_id": "1"}, 131009),
    ],
)
def test_a_wrong_pin_is_refused(client: Client, pin: dict[str, Any], code: int) -> None:
    assert code_of(client.send(to_group(type="pin", pin=pin))) == code


def test_nothing_is_pinned_for_a_person(client: Client) -> None:
    pin = {"type": "unpin", "message_id": WAMID}
    assert code_of(client.send(text(type="pin", pin=pin))) == 131051


def test_a_message_answers_another(client: Client) -> None:
    assert client.send(text(context={"message_id": WAMID})).status_code == 200
    assert code_of(client.send(text(context={"message_id": "1"}))) == 131009
    assert code_of(client.send(text(context={}))) == 131008
    assert code_of(client.send(text(context={"id": WAMID}))) == 100


def test_a_message_waits_for_the_identity_it_was_meant_for(client: Client) -> None:
    assert client.send(text(recipient_identity_key_hash="AbCd=")).status_code == 200
    assert code_of(client.send(text(recipient_identity_key_hash="changed"))) == 137000
    assert code_of(client.send(text(recipient_identity_key_hash=7))) == 100


@pytest.mark.parametrize("policy", ["CLOUD_API_FALLBACK", "STRICT"])
def test_a_marketing_template_goes_by_the_marketing_endpoint(client: Client, policy: str) -> None:
    answer = market(client, offer() | {"product_policy": policy, "message_activity_sharing": False})
    (message,) = client.double.messages
    assert answer.json()["messages"] == [{"id": message.wamid}]
    assert message.body["product_policy"] == policy


@pytest.mark.parametrize("body", [text(), template("hello_world", "en_US")], ids=["text", "utility"])
def test_the_marketing_endpoint_takes_nothing_else(client: Client, body: dict[str, Any]) -> None:
    assert code_of(market(client, body)) == 131055
    assert client.double.messages == ()


@pytest.mark.parametrize(
    ("members", "code"), [({"product_policy": "LAX"}, 131009), ({"message_activity_sharing": "yes"}, 100)]
)
def test_a_wrong_marketing_option_is_refused(client: Client, members: dict[str, Any], code: int) -> None:
    assert code_of(market(client, offer() | members)) == code


def test_a_fault_befalls_the_marketing_endpoint_as_well(client: Client) -> None:
    assert code_of(market(client, offer() | {"to": "15550131026"})) == 131026


def receipt(**members: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "status": "read", "message_id": WAMID} | members


def test_a_read_receipt_may_show_that_an_answer_is_being_written(client: Client) -> None:
    assert client.send(receipt(typing_indicator={"type": "text"})).json() == {"success": True}
    assert client.double.messages == ()


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"typing_indicator": {"type": "audio"}}, 131009),
        ({"typing_indicator": {}}, 131008),
        ({"typing_indicator": True}, 100),
        ({"message_id": None}, 131008),
        ({"to": "1234567890"}, 100),
    ],
)
def test_a_wrong_read_receipt_is_refused(client: Client, members: dict[str, Any], code: int) -> None:
    assert code_of(client.send(receipt(**members))) == code
