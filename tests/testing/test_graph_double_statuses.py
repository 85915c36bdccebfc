"""The double reports statuses as Meta does: signed, echoing our data, again until they are taken."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from flask_waapi.testing.graph_double import GraphDouble, RecordedRequest
from flask_waapi.testing.graph_double.server import Answer, DoubleServer, NoAnswer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT_ONCE: dict[str, float] = {}


class Receiver:
    """Takes callbacks. :param answers: what to answer first; later ones get 200."""

    def __init__(self, *answers: Answer | NoAnswer) -> None:
        self.requests: list[RecordedRequest] = []
        self._answers = list(answers)

    def handle(self, request: RecordedRequest) -> Answer | NoAnswer:
        self.requests.append(request)
        if request.method == "GET":
            return Answer(200, request.query["hub.challenge"].encode())
        return self._answers.pop(0) if self._answers else Answer(200, b"")

    @property
    def statuses(self) -> list[dict[str, Any]]:
        values = [request.json["entry"][0]["changes"][0]["value"] for request in self.requests]
        return [item for value in values for item in value["statuses"]]


@contextmanager
def reporting(receiver: Receiver, **options: Any) -> Iterator[GraphDouble]:
    server = DoubleServer(0, receiver.handle)
    server.start()
    url = f"http://127.0.0.1:{server.port}/callbacks/main?token=x"
    defaults: dict[str, Any] = {"status_delays": AT_ONCE, "callback_pause": 0.0, "clock": lambda: NOW}
    try:
        with GraphDouble(callback_url=url, **{**defaults, **options}) as double:
            yield double
    finally:
        server.stop()


def send(double: GraphDouble, to: str = "1234567890", **members: Any) -> str:
    response = requests.post(
        f"{double.base_url}/v23.0/{double.account.phone_number_id}/messages",
        headers={"Authorization": f"Bearer {double.account.access_token}"},
        json={
            "messaging_product": "whatsapp",
            "to": to,
            "type": "text",
            "text": {"body": "Hi"},
            "biz_opaque_callback_data": "ours",
            **members,
        },
        timeout=10,
    )
    return str(response.json()["messages"][0]["id"])


LIVES = {
    "1234567890": ["sent", "delivered", "read"],
    "15551131026": ["failed"],
    "15555000001": ["sent"],
    "15555000002": ["sent", "delivered"],
    "15555000003": ["sent", "delivered", "read"],
    "15555000004": ["read", "read", "delivered", "delivered", "sent", "sent"],
    "15555000005": [],
}


@pytest.mark.parametrize(("to", "expected"), LIVES.items())
def test_a_message_has_the_life_of_its_recipient(to: str, expected: list[str]) -> None:
    receiver = Receiver()
    with reporting(receiver, status_delays={"sent": 0.001, "read": 0.002}) as double:
        wamid = send(double, to)
        assert double.wait_until_reported()
    assert [item["status"] for item in receiver.statuses] == expected
    assert {item["id"] for item in receiver.statuses} <= {wamid}


def test_a_reaction_is_never_reported_as_delivered() -> None:
    receiver = Receiver()
    with reporting(receiver) as double:
        send(double, type="reaction", reaction={"message_id": "wamid.x", "emoji": ""})
        assert double.wait_until_reported()
    assert [item["status"] for item in receiver.statuses] == ["sent"]


def test_a_status_has_metas_envelope_and_echoes_our_data() -> None:
    receiver = Receiver()
    with reporting(receiver) as double:
        wamid = send(double, "15555000001")
        assert double.wait_until_reported()
    (request,) = receiver.requests
    assert request.target == "/callbacks/main?token=x"
    assert request.json == {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": "102290129340398",
                "time": 1772366400,
                "changes": [
                    {
                        "field": "messages",
                        "value": {
                            "messaging_product": "whatsapp",
                            "metadata": {
                                "display_phone_number": "15555550100",
                                "phone_number_id": "106540352242922",
                            },
                            "statuses": [
                                {
                                    "id": wamid,
                                    "status": "sent",
                                    "timestamp": "1772366400",
                                    "recipient_id": "15555000001",
                                    "biz_opaque_callback_data": "ours",
                                    "pricing": {
                                        "billable": True,
                                        "pricing_model": "PMP",
                                        "category": "service",
                                    },
                                }
                            ],
                        },
                    }
                ],
            }
        ],
    }


def test_a_callback_is_signed_over_its_raw_bytes() -> None:
    receiver = Receiver()
    with reporting(receiver, app_secret="known only to both") as double:
        send(double, "15551131026")
        assert double.wait_until_reported()
    (request,) = receiver.requests
    digest = hmac.new(b"known only to both", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-hub-signature-256"] == f"sha256={digest}"
    assert b"https:\\/\\/" in request.body


def test_a_failed_status_carries_its_error() -> None:
    receiver = Receiver()
    with reporting(receiver) as double:
        send(double, "15551131026")
        assert double.wait_until_reported()
    (item,) = receiver.statuses
    (error,) = item["errors"]
    assert error["code"] == 131026
    assert error["title"]
    assert error["error_data"]["details"]


def test_statuses_due_together_may_share_a_callback() -> None:
    receiver = Receiver()
    with reporting(receiver, statuses_per_callback=10, status_delays={"sent": 0.05}) as double:
        send(double)
        assert double.wait_until_reported()
    assert len(receiver.requests) == 1
    assert [item["status"] for item in receiver.statuses] == ["sent", "delivered", "read"]


@pytest.mark.parametrize("first", [Answer(500, b""), Answer(302, b""), NoAnswer()], ids=repr)
def test_a_callback_that_is_not_taken_comes_again(first: Answer | NoAnswer) -> None:
    receiver = Receiver(first)
    with reporting(receiver) as double:
        assert double.report(send(double, "15555000005"), "delivered") == 200
        assert [callback.http_status for callback in double.callbacks][-1] == 200
        assert len(double.callbacks) == 2
    assert receiver.requests[0].body == receiver.requests[1].body


def test_a_callback_that_is_never_taken_is_given_up() -> None:
    receiver = Receiver(*[Answer(500, b"")] * 10)
    with reporting(receiver, callback_attempts=3) as double:
        assert double.report(send(double, "15555000005"), "delivered") == 500
    assert len(receiver.requests) == 3


def test_a_receiver_that_is_not_there_is_given_up() -> None:
    with GraphDouble(callback_url="http://127.0.0.1:9/", callback_pause=0.0) as double:
        assert double.report(send(double, "15555000005"), "sent") is None
        assert [callback.http_status for callback in double.callbacks] == [None, None, None]


def test_a_script_reports_what_it_likes() -> None:
    receiver = Receiver()
    with reporting(receiver) as double:
        first, second = send(double, "15555000005"), send(double, "15555000005")
        double.report(first, "failed", 131047)
        double.report_batch([double.status(second, "read"), {"poison": True}, None])
    assert receiver.statuses[0]["errors"][0]["code"] == 131047
    assert [item and item.get("id") for item in receiver.statuses[1:]] == [second, None, None]


def test_a_status_of_an_unknown_message_cannot_be_made() -> None:
    with pytest.raises(KeyError):
        GraphDouble().status("wamid.unknown", "sent")


def test_without_a_callback_url_nothing_is_posted() -> None:
    with GraphDouble() as double:
        wamid = send(double)
        assert double.wait_until_reported()
        assert double.callbacks == ()
        for post in (lambda: double.report(wamid, "sent"), lambda: double.handshake("x")):
            with pytest.raises(RuntimeError):
                post()


def test_a_callback_can_be_had_without_posting_it() -> None:
    double = GraphDouble(clock=lambda: NOW)
    callback = double.signed_callback([{"id": "wamid.x"}])
    assert json.loads(callback.body)["entry"][0]["changes"][0]["value"]["statuses"] == [{"id": "wamid.x"}]
    assert set(callback.headers) == {"content-type", "x-hub-signature-256"}


def test_the_handshake_asks_the_receiver_for_its_challenge() -> None:
    receiver = Receiver()
    with reporting(receiver) as double:
        assert double.handshake("agreed", "12345") == (200, "12345")
    (request,) = receiver.requests
    assert request.query == {
        "token": "x",
        "hub.mode": "subscribe",
        "hub.verify_token": "agreed",
        "hub.challenge": "12345",
    }


def test_stopping_leaves_later_statuses_unreported() -> None:
    receiver = Receiver()
    with reporting(receiver, status_delays={"sent": 60.0}) as double:
        send(double)
    assert receiver.requests == []
