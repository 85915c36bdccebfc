"""An order, its confirmation, and what the page says when that does not get through."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import event

from flask_waapi import Permission

OpenDesk = Callable[..., tuple[Flask, Any]]
"""The fixture ``open_desk``: takes settings."""


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


def test_placing_an_order_leaves_its_confirmation_to_be_sent_with_the_number_as_reference(
    desk: Flask, clerk: Any
) -> None:
    answer = clerk.order()

    assert answer.status_code == 200
    assert "ORD-00001" in answer.text
    assert 'class="status queued"' in answer.text
    (message,) = messages_of(desk, "ORD-00001")
    assert message["status"] == "queued"
    assert message["to"] == "+1234567890"
    assert message["text"] == "Hi Ada, thank you for your order ORD-00001. The total is 25.80."
    assert message["message_uuid"] in answer.text


def test_the_order_follows_its_message_to_the_end(desk: Flask, clerk: Any) -> None:
    clerk.order()
    assert 'class="status queued"' in clerk.page("/orders/1")

    run_worker(desk)

    assert 'class="status read"' in clerk.page("/orders/1")
    assert 'class="status read"' in clerk.page("/orders/")


def test_with_its_background_thread_it_is_sent_right_after_the_commit(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_waapi.work import loop

    # So that it must be woken to be in time.
    monkeypatch.setattr(loop, "IDLE_SECONDS", 60.0)
    _, clerk = open_desk(WAAPI_BACKGROUND_THREAD=True)
    clerk.order()
    end = time.monotonic() + 60
    while 'class="status queued"' in (page := clerk.page("/orders/1")) and time.monotonic() < end:
        time.sleep(0.05)

    assert re.search('class="status (sent|delivered|read)"', page)


def test_an_order_that_is_not_kept_is_not_confirmed(desk: Flask, clerk: Any) -> None:
    from reference_app.extensions import db

    def refuse(session: object) -> None:
        raise RuntimeError("The database is full.")

    token = re.search(r'name="csrf_token" value="([^"]+)"', clerk.page("/orders/new"))
    assert token is not None
    fields = {"csrf_token": token[1], "name": "Ada", "phone": "+1234567890", "Stoneware cup": "2"}
    with desk.app_context():
        event.listen(db.session, "before_commit", refuse)
    try:
        assert clerk.client.post("/orders/new", data=fields).status_code == 500
    finally:
        event.remove(db.session, "before_commit", refuse)
    run_worker(desk)

    assert "There are no orders yet." in clerk.page("/orders/")
    assert messages_of(desk, "ORD-00001") == []


def test_a_confirmation_that_is_refused_leaves_the_order_and_says_why(open_desk: OpenDesk) -> None:
    _, clerk = open_desk(WAAPI_PROVIDERS={"simulation": {"templates": []}})

    answer = clerk.order()

    assert "The order is placed, but its confirmation was not sent." in answer.text
    assert "order_confirmation" in answer.text
    assert "Send again" in answer.text


def test_a_confirmation_that_cannot_be_delivered_leaves_the_order_and_says_why(
    desk: Flask, clerk: Any
) -> None:
    clerk.order("+15550131026")
    run_worker(desk)
    page = clerk.page("/orders/1")

    assert "The order is placed, but its confirmation did not arrive." in page
    assert "The message cannot be delivered to this recipient." in page
    assert "ORD-00001" in clerk.page("/orders/")
    assert [message["status"] for message in messages_of(desk, "ORD-00001")] == ["failed"]


def test_a_confirmation_can_be_sent_again_to_a_corrected_number(desk: Flask, clerk: Any) -> None:
    clerk.order("+15550131026")
    run_worker(desk)

    answer = clerk.submit("/orders/1", to="/orders/1/confirmation", phone="+1234567890")

    assert 'class="status queued"' in answer.text
    assert "not sent" not in answer.text
    run_worker(desk)
    assert 'class="status read"' in clerk.page("/orders/1")
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

    assert "The confirmation of ORD-00001 was not sent again: its status is queued." in answer.text
    assert len(messages_of(desk, "ORD-00001")) == 1


def test_one_that_was_taken_back_can_be_sent_again(desk: Flask, clerk: Any) -> None:
    from reference_app.extensions import db, waapi
    from reference_app.models import Order

    clerk.order()
    with desk.app_context():
        message_uuid = db.session.get_one(Order, 1).message_uuid
        assert message_uuid is not None
        waapi.cancel_message(message_uuid)

    page = clerk.page("/orders/1")
    assert "The confirmation was taken back before it was sent." in page
    assert "Send again" in page


def test_an_unconfirmed_message_is_not_offered_to_be_sent_again(desk: Flask, clerk: Any) -> None:
    clerk.order("+15552000010")
    run_worker(desk)
    page = clerk.page("/orders/1")

    assert "has not said whether it took the message" in page
    assert "Send again" not in page


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


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 99_999_999_999_999_999_999])
def test_a_number_beyond_all_orders_is_not_there_either(clerk: Any, number: int) -> None:
    assert clerk.client.get(f"/orders/{number}").status_code == 404


@pytest.mark.parametrize("path", ["/", "/orders/", "/orders/new", "/orders/1"])
def test_pages_load_nothing_from_elsewhere(clerk: Any, path: str) -> None:
    clerk.order()

    answer = clerk.client.get(path)

    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "://" not in answer.text.replace("http://localhost/api/v1/external/", "")
    assert "style=" not in answer.text
    assert re.findall("<script(?! type=.module. src=./static/)", answer.text) == []
