"""An order, its confirmation, and what the page says when that does not get through."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from flask_waapi import Permission


def messages_of(desk: Flask, reference: str) -> list[dict[str, Any]]:
    """The messages with a reference, as the API tells them."""
    from reference_app.extensions import waapi

    with desk.app_context():
        name = f"reader {len(waapi.services.keys.list('default'))}"
        secret = waapi.create_key(name, permissions=[Permission.VIEW_MESSAGES]).secret
    answer = desk.test_client().get(
        f"/api/v1/external/messages?reference={reference}", headers={"X-API-Key": secret}
    )
    found: list[dict[str, Any]] = answer.get_json()["data"]
    return found


def run_worker(desk: Flask) -> None:
    result = desk.test_cli_runner().invoke(args=["waapi", "worker", "--once"])
    assert result.exit_code == 0, result.output


def test_placing_an_order_sends_its_confirmation_with_the_number_as_reference(
    desk: Flask, clerk: Any
) -> None:
    answer = clerk.order()

    assert answer.status_code == 200
    assert "ORD-00001" in answer.text
    (message,) = messages_of(desk, "ORD-00001")
    assert message["status"] == "sent"
    assert message["to"] == "+1234567890"
    assert message["text"] == "Hi Ada, thank you for your order ORD-00001. The total is 25.80."
    assert message["message_uuid"] in answer.text


def test_the_order_follows_its_message_to_the_end(desk: Flask, clerk: Any) -> None:
    clerk.order()
    assert 'class="status sent"' in clerk.page("/orders/1")

    run_worker(desk)

    assert 'class="status read"' in clerk.page("/orders/1")
    assert 'class="status read"' in clerk.page("/orders/")


def test_a_confirmation_that_cannot_be_sent_leaves_the_order_and_says_why(desk: Flask, clerk: Any) -> None:
    answer = clerk.order("+15550131026")

    assert "The order is placed, but its confirmation was not sent." in answer.text
    assert "The message cannot be delivered to this recipient." in answer.text
    assert "ORD-00001" in clerk.page("/orders/")
    assert [message["status"] for message in messages_of(desk, "ORD-00001")] == ["failed"]


def test_a_confirmation_can_be_sent_again_to_a_corrected_number(desk: Flask, clerk: Any) -> None:
    clerk.order("+15550131026")

    answer = clerk.submit("/orders/1", to="/orders/1/confirmation", phone="+1234567890")

    assert 'class="status sent"' in answer.text
    assert "not sent" not in answer.text
    assert {message["to"] for message in messages_of(desk, "ORD-00001")} == {"+15550131026", "+1234567890"}


def test_a_confirmation_that_fails_later_can_be_sent_again(desk: Flask, clerk: Any) -> None:
    clerk.order("+15551131026")
    run_worker(desk)

    page = clerk.page("/orders/1")

    assert 'class="status failed"' in page
    assert "Send again" in page


def test_a_confirmation_on_its_way_is_not_sent_twice(desk: Flask, clerk: Any) -> None:
    clerk.order()

    answer = clerk.submit("/orders/1", to="/orders/1/confirmation", phone="+1234567890")

    assert "The confirmation of ORD-00001 was not sent again: its status is sent." in answer.text
    assert len(messages_of(desk, "ORD-00001")) == 1


def test_an_unconfirmed_message_is_not_offered_to_be_sent_again(clerk: Any) -> None:
    answer = clerk.order("+15552000010")

    assert "has not said whether it took the message" in answer.text
    assert "Send again" not in answer.text


def test_a_message_that_nobody_knows_breaks_no_page(desk: Flask, clerk: Any) -> None:
    from reference_app.extensions import db
    from reference_app.models import Order

    clerk.order()
    with desk.app_context():
        db.session.execute(db.update(Order).values(message_uuid=uuid4()))
        db.session.commit()

    page = clerk.page("/orders/1")

    assert "flask-waapi cannot tell what became of this message." in page
    assert "Send again" not in page
    assert 'class="status unknown"' in clerk.page("/orders/")


def test_the_list_stops_at_the_newest_orders(clerk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from reference_app import orders

    monkeypatch.setattr(orders, "ORDERS_SHOWN", 1)
    clerk.order()
    clerk.order()

    page = clerk.page("/orders/")

    assert "Older orders are not shown." in page
    assert "ORD-00002" in page
    assert "ORD-00001" not in page


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": " "}, "Fill in a name"),
        ({"phone": "1234567890"}, "with a plus sign"),
        ({"phone": "+12 34"}, "with a plus sign"),
        ({"Stoneware cup": "0"}, "Choose at least one product."),
        ({"Stoneware cup": "-1"}, "Quantities are whole numbers"),
        ({"Stoneware cup": "100"}, "Quantities are whole numbers"),
    ],
)
def test_a_form_with_a_fault_is_shown_again_with_what_was_filled_in(
    clerk: Any, fields: dict[str, str], problem: str
) -> None:
    answer = clerk.order(**{"phone": "+1234567890", **fields})

    assert answer.status_code == 422
    assert problem in answer.text
    assert fields.get("name", "Ada").strip() in answer.text
    assert "There are no orders yet." in clerk.page("/orders/")


def test_an_empty_form_has_no_faults(clerk: Any) -> None:
    assert 'class="problem"' not in clerk.page("/orders/new")


def test_what_is_not_there_has_a_page_of_the_desk_and_json_in_the_api(clerk: Any) -> None:
    page = clerk.client.get("/orders/99")
    api = clerk.client.get("/api/v1/external/nothing")

    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is no order 99." in page.text
    assert (api.status_code, api.mimetype) == (404, "application/json")


@pytest.mark.parametrize("path", ["/", "/orders/", "/orders/new", "/orders/1"])
def test_pages_load_nothing_from_elsewhere(clerk: Any, path: str) -> None:
    clerk.order()

    answer = clerk.client.get(path)

    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "://" not in answer.text.replace("http://localhost/api/v1/external/", "")
    assert "style=" not in answer.text
    assert "<script" not in answer.text
