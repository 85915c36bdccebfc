"""The main job over real sockets: a key, a template message, Meta's API, the status that comes back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from factories import World, make_app, template_body
from flask_waapi import message_status_changed
from flask_waapi.testing import GraphDouble

ORDER_CONFIRMATION_BODY = (
    b'{"messaging_product":"whatsapp","recipient_type":"individual","to":"1234567890","type":"template",'
    b'"template":{"name":"order_confirmation","language":{"code":"en"},"components":[{"type":"body",'
    b'"parameters":[{"type":"text","parameter_name":"customer_name","text":"John Doe"},'
    b'{"type":"text","parameter_name":"order_id","text":"ORD-12345"},'
    b'{"type":"text","parameter_name":"total","text":"99.99"}]}]},'
    b'"biz_opaque_callback_data":"%s"}'
)


@contextmanager
def served(world: World, listener: socket.socket | None = None) -> Iterator[str]:
    """The app on a real port, a free one unless something listens already; its address."""
    listening = None if listener is None else listener.fileno()
    server = make_server("127.0.0.1", 0, world.app, threaded=True, fd=listening)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def cloud_world(tmp_path: Path, double: GraphDouble, **config: Any) -> Iterator[World]:
    """An app whose messages go to the double."""
    cloud = double.provider_settings | {"type": "cloud", "verify_token": "agreed"}
    world = make_app(f"sqlite:///{tmp_path / 'waapi.sqlite'}", WAAPI_PROVIDERS={"main": cloud}, **config)
    try:
        yield world
    finally:
        world.services.providers.close()
        world.services.store.engine.dispose()


def send(address: str, key: str, body: dict[str, Any]) -> requests.Response:
    """A template send over HTTP."""
    return requests.post(
        f"{address}/api/v1/external/messages/template/send",
        json=body,
        headers={"X-API-Key": key},
        timeout=10,
    )


def read(address: str, key: str, message_uuid: str) -> dict[str, Any]:
    """The message by HTTP."""
    url = f"{address}/api/v1/external/messages/{message_uuid}"
    answer = requests.get(url, headers={"X-API-Key": key}, timeout=10).json()
    data: dict[str, Any] = answer["data"]
    return data


def test_meta_receives_the_template_byte_for_byte(tmp_path: Path) -> None:
    with GraphDouble() as double, cloud_world(tmp_path, double) as world, served(world) as address:
        answer = send(address, world.key(), template_body())
        message_uuid = answer.json()["data"]["message_uuid"]
    assert (answer.status_code, answer.json()["data"]["status"]) == (201, "sent")
    sent = double.requests[-1]
    assert sent.body == ORDER_CONFIRMATION_BODY % message_uuid.encode()
    assert sent.headers["authorization"] == "Bearer graph-double-token"


def test_the_statuses_that_meta_reports_reach_the_caller(tmp_path: Path) -> None:
    with GraphDouble(app_secret="shared") as double, cloud_world(tmp_path, double) as world:
        changes: list[str] = []

        def note(sender: Any, status: str, **details: Any) -> None:
            changes.append(status)

        with message_status_changed.connected_to(note), served(world) as address:
            key = world.key()
            message_uuid = send(address, key, template_body()).json()["data"]["message_uuid"]
            wamid = double.messages[0].wamid
            for status in ("delivered", "sent", "read"):
                callback = double.signed_callback([double.status(wamid, status)])
                posted = requests.post(
                    f"{address}/api/v1/callbacks/main",
                    data=callback.body,
                    headers=callback.headers,
                    timeout=10,
                )
                assert posted.status_code == 200
                world.work()
            message = read(address, key, message_uuid)
    assert message["status"] == "read"
    assert changes == ["sent", "delivered", "read"]
    assert {event["status"] for event in message["events"]} == {"queued", "sent", "delivered", "read"}


def test_a_status_that_comes_before_the_send_has_returned_is_applied(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    double = GraphDouble(
        callback_url=f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/callbacks/main",
        status_delays={"sent": 0.0, "delivered": 0.0, "read": 0.0},
    )
    with listener, double, cloud_world(tmp_path, double) as world, served(world, listener) as address:
        key = world.key()
        # The double accepts at once, reports at once, and answers the send after 600 ms.
        body = template_body(to="+15554000600")
        message_uuid = send(address, key, body).json()["data"]["message_uuid"]
        double.wait_until_reported()
        world.work()
        message = read(address, key, message_uuid)
    assert message["status"] == "read"
    assert message["provider_message_id"] == double.messages[0].wamid


def test_a_send_whose_answer_is_lost_is_unconfirmed_until_its_status_settles_it(tmp_path: Path) -> None:
    with GraphDouble() as double, cloud_world(tmp_path, double) as world, served(world) as address:
        key = world.key()
        answer = send(address, key, template_body(to="+15553000444"))
        message_uuid = answer.json()["data"]["message_uuid"]
        assert (answer.status_code, answer.json()["data"]["status"]) == (202, "unconfirmed")
        callback = double.signed_callback([double.status(double.messages[0].wamid, "delivered")])
        requests.post(
            f"{address}/api/v1/callbacks/main",
            data=callback.body,
            headers=callback.headers,
            timeout=10,
        )
        world.work()
        assert read(address, key, message_uuid)["status"] == "delivered"
    assert len(double.messages) == 1


@pytest.mark.parametrize(
    ("recipient", "status", "code"),
    [
        ("+15550131026", 422, "MESSAGE_REJECTED"),
        ("+15550131047", 409, "SERVICE_WINDOW_CLOSED"),
        ("+15550000190", 502, "PROVIDER_ERROR"),
    ],
)
def test_what_meta_refuses_is_told_with_its_code(
    tmp_path: Path, recipient: str, status: int, code: str
) -> None:
    with GraphDouble() as double, cloud_world(tmp_path, double) as world, served(world) as address:
        answer = send(address, world.key(), template_body(to=recipient))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert error["details"]["provider_code"] == str(int(recipient[6:]))


def test_a_message_that_meta_finds_too_fast_waits(tmp_path: Path) -> None:
    with GraphDouble() as double, cloud_world(tmp_path, double) as world, served(world) as address:
        answer = send(address, world.key(), template_body(to="+15552000030"))
    assert (answer.status_code, answer.json()["data"]["status"]) == (202, "queued")


def test_a_server_that_is_away_is_unavailable(tmp_path: Path) -> None:
    with GraphDouble() as double, cloud_world(tmp_path, double) as world, served(world) as address:
        send(address, world.key(), template_body())
        double.stop()
        answer = send(address, world.key(), template_body())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "PROVIDER_UNAVAILABLE")


def test_a_simulated_send_never_reaches_meta(tmp_path: Path) -> None:
    with GraphDouble() as double, cloud_world(tmp_path, double) as world, served(world) as address:
        send(address, world.key(), template_body())
        before = len(double.requests)
        answer = send(address, world.key(), template_body(simulate=True))
        test_key = world.issue_key("test", mode="test")
        second = send(address, test_key, template_body())
        assert [answer.status_code, second.status_code] == [201, 201]
        assert len(double.requests) == before
