"""The double of the Cloud API answers, refuses and breaks as its documentation says."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from flask_waapi.testing.graph_double import Close, Delay, ErrorAnswer, GraphDouble, Hang, RawAnswer, main
from graph_client import Client, code_of, template, text, texts


@pytest.fixture
def double() -> Iterator[GraphDouble]:
    with GraphDouble(hang_seconds=0.05) as double:
        yield double


@pytest.fixture
def client(double: GraphDouble) -> Iterator[Client]:
    client = Client(double)
    with client.session:
        yield client


# Credentials and addresses


@pytest.mark.parametrize(
    ("header", "code"), [("", 104), ("Bearer ", 104), ("Basic abc", 104), ("Bearer other", 190)]
)
def test_a_request_without_the_token_is_refused(client: Client, header: str, code: int) -> None:
    client.session.headers["Authorization"] = header
    response = client.send(text())
    assert response.status_code == 401
    assert code_of(response) == code


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "v23.0/1/messages", 400, 100),
        ("POST", "v23.0/1/media", 400, 100),
        ("GET", "v23.0/1/message_templates", 400, 100),
        ("GET", "v23.0/1", 400, 100),
        ("DELETE", "v23.0/1", 400, 100),
        ("GET", "106540352242922", 400, 2500),
        ("GET", "", 400, 2500),
        ("GET", "v23.0/106540352242922/messages", 400, 100),
    ],
)
def test_an_unknown_address_is_refused(
    client: Client, method: str, path: str, status: int, code: int
) -> None:
    response = client.call(method, path)
    assert (response.status_code, code_of(response)) == (status, code)


def test_the_number_tells_about_itself(client: Client) -> None:
    assert client.node("GET", "").json()["verified_name"] == "Graph Double"
    chosen = client.node("GET", "", params={"fields": "quality_rating"}).json()
    assert chosen == {"quality_rating": "GREEN", "id": "106540352242922"}


# Templates


def names(page: dict[str, Any]) -> list[str]:
    return [item["name"] for item in page["data"]]


def test_templates_come_in_pages_with_links(client: Client) -> None:
    page = client.account("GET", "message_templates", params={"limit": 18, "fields": "name"}).json()
    assert names(page)[:4] == ["order_confirmation", "shipping_update", "seasonal_offer", "hello_world"]
    assert page["data"][0].keys() == {"id", "name"}
    following = client.session.get(page["paging"]["next"], timeout=10).json()
    assert names(following) == ["one_time_password", "named_header"]
    assert "next" not in following["paging"]
    assert following["paging"]["cursors"]["before"] == page["paging"]["cursors"]["after"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "pd"}, ["shipping_update"]),
        ({"status": "PAUSED"}, ["paused_example"]),
        ({"category": "AUTHENTICATION"}, ["login_code", "one_time_password"]),
        (
            {"language": "en_US", "status": "APPROVED"},
            ["shipping_update", "hello_world", "login_code"],
        ),
        ({"name": "nothing"}, []),
    ],
)
def test_templates_can_be_chosen(client: Client, query: dict[str, str], expected: list[str]) -> None:
    assert names(client.account("GET", "message_templates", params=query).json()) == expected


def test_the_parameter_format_is_told_only_when_asked_for(client: Client) -> None:
    page = client.account("GET", "message_templates").json()
    assert "parameter_format" not in page["data"][0]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "x"}, {"after": "x"}, {"after": "ÿÿ"}])
def test_a_bad_page_is_refused(client: Client, query: dict[str, str]) -> None:
    assert code_of(client.account("GET", "message_templates", params=query)) == 100


NEW = {
    "name": "new_one",
    "language": "en",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Hello {{1}}!"}],
}


def test_a_created_template_can_be_sent_and_deleted(client: Client) -> None:
    created = client.account("POST", "message_templates", json=NEW).json()
    assert created["status"] == "APPROVED"
    send = template("new_one", "en", {"type": "body", "parameters": texts("x")})
    assert client.send(send).status_code == 200
    other = client.account("POST", "message_templates", json=NEW | {"language": "de"}).json()
    query = {"name": "new_one", "hsm_id": other["id"]}
    assert client.account("DELETE", "message_templates", params=query).json() == {"success": True}
    assert client.send(send).status_code == 200
    client.account("DELETE", "message_templates", params={"name": "new_one"})
    assert code_of(client.send(send)) == 132001


@pytest.mark.parametrize(
    "changes",
    [{"name": "Big"}, {"name": None}, {"language": None}, {"category": "NEWS"}, {"components": []}],
)
def test_a_bad_template_is_not_created(client: Client, changes: dict[str, Any]) -> None:
    assert code_of(client.account("POST", "message_templates", json=NEW | changes)) == 100


def test_a_template_is_created_once_per_language(client: Client) -> None:
    client.account("POST", "message_templates", json=NEW)
    assert code_of(client.account("POST", "message_templates", json=NEW)) == 100


def test_an_edited_template_is_as_it_was_edited(client: Client) -> None:
    created = client.account("POST", "message_templates", json=NEW).json()
    components = [{"type": "BODY", "text": "Bye!"}]

    edited = client.call("POST", f"v23.0/{created['id']}", json={"components": components})

    assert edited.json() == {"success": True}
    fields = {"fields": "status,category,components"}
    assert client.call("GET", f"v23.0/{created['id']}", params=fields).json() == {
        "id": created["id"],
        "status": "APPROVED",
        "category": "UTILITY",
        "components": components,
    }


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("order_confirmation", {}),
        ("order_confirmation", {"category": "MARKETING"}),
        ("order_confirmation", {"components": []}),
        ("closed", {"components": NEW["components"]}),
    ],
)
def test_a_bad_edit_is_refused(client: Client, name: str, changes: dict[str, Any]) -> None:
    client.double.templates.add({**NEW, "id": "7", "name": "closed", "status": "DISABLED"})
    found = client.double.templates.find(name, "en")
    assert found is not None

    assert code_of(client.call("POST", f"v23.0/{found['id']}", json=changes)) == 100
    assert client.double.templates.find(name, "en") == found


def test_a_template_that_is_not_there_cannot_be_edited(client: Client) -> None:
    response = client.call("POST", "v23.0/123", json={"category": "UTILITY"})
    assert response.json()["error"]["error_subcode"] == 33


@pytest.mark.parametrize("query", [{}, {"name": "nothing"}, {"name": "hello_world", "hsm_id": "1"}])
def test_a_template_that_is_not_there_cannot_be_deleted(client: Client, query: dict[str, str]) -> None:
    assert code_of(client.account("DELETE", "message_templates", params=query)) == 100


def test_what_the_shelf_gives_out_cannot_change_it(double: GraphDouble) -> None:
    double.templates.all()[0]["name"] = "changed"
    found = double.templates.find("order_confirmation", "en")
    assert found is not None
    found["status"] = "DISABLED"
    assert double.templates.all()[0]["status"] == "APPROVED"


# Media


def upload(client: Client, content: bytes) -> requests.Response:
    files = {"file": ("a.png", content, "image/png")}
    return client.node("POST", "media", data={"messaging_product": "whatsapp"}, files=files)


def test_an_uploaded_medium_can_be_described_sent_fetched_and_deleted(client: Client) -> None:
    content = random.Random(1).randbytes(5_000) + b"\r\n--\r\n"
    media_id = upload(client, content).json()["id"]
    described = client.call("GET", f"v23.0/{media_id}").json()
    assert described["mime_type"] == "image/png"
    assert described["file_size"] == len(content)
    fetched = client.session.get(described["url"], timeout=10)
    assert (fetched.content, fetched.headers["Content-Type"]) == (content, "image/png")
    assert client.send(text(type="image", image={"id": media_id})).status_code == 200
    assert client.call("DELETE", f"v23.0/{media_id}").json() == {"success": True}
    assert code_of(client.call("GET", f"v23.0/{media_id}")) == 100


@pytest.mark.parametrize(
    "options",
    [
        {"json": {}},
        {"data": {"messaging_product": "whatsapp"}},
        {"files": {"file": ("a", b"x")}},
        {"files": {"messaging_product": (None, "whatsapp")}},
    ],
    ids=["JSON", "simple form", "no product", "no file"],
)
def test_an_upload_without_its_parts_is_refused(client: Client, options: dict[str, Any]) -> None:
    assert code_of(client.node("POST", "media", **options)) == 100


# Faults


@pytest.mark.parametrize("code", [2, 100, 190, 131026, 80007])
def test_a_magic_recipient_is_refused_with_its_code(client: Client, code: int) -> None:
    assert code_of(client.send(text(f"+15550{code:06}"))) == code
    assert client.double.messages == ()


def test_a_magic_recipient_is_throttled_for_its_seconds(client: Client) -> None:
    response = client.send(text("+15552000030"))
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "30"
    assert code_of(response) == 130429


def test_a_magic_recipient_gets_an_answer_that_is_not_json(client: Client) -> None:
    response = client.send(text("+15553000200"))
    assert response.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        response.json()
    assert len(client.double.messages) == 1


def test_a_magic_recipient_gets_a_page_of_an_edge_server(client: Client) -> None:
    response = client.send(text("+15553000503"))
    assert (response.status_code, response.headers["Content-Type"]) == (503, "text/html")
    assert client.double.messages == ()


@pytest.mark.parametrize("to", ["+15553000408", "+15553000444"])
def test_a_magic_recipient_gets_no_answer_and_yet_the_message(client: Client, to: str) -> None:
    with pytest.raises(requests.ConnectionError):
        client.send(text(to))
    assert len(client.double.messages) == 1


@pytest.mark.parametrize("to", ["+15554000001", "+15553000999", "+15559000001", "+1555013102"])
def test_a_recipient_that_asks_for_no_fault_gets_none(client: Client, to: str) -> None:
    assert client.send(text(to)).status_code == 200


def test_magic_asks_for_a_good_request_first(client: Client) -> None:
    assert code_of(client.send(text("+15550131026", text={}))) == 131008


def test_faults_befall_the_next_requests_of_their_edge_in_order(client: Client) -> None:
    client.double.fail_next(ErrorAnswer(131000, is_transient=True, http_status=418), times=2)
    client.double.fail_next(RawAnswer(502, b"x"))
    client.double.fail_next(Delay(0.01))
    client.double.fail_next(ErrorAnswer(4), edge="message_templates")
    statuses = [client.send(text()).status_code for _ in range(5)]
    assert statuses == [418, 418, 502, 200, 200]
    assert client.account("GET", "message_templates").status_code == 429


@pytest.mark.parametrize("fault", [Hang(accepted=False), Close(accepted=False)], ids=repr)
def test_a_fault_may_come_before_the_message_is_taken(client: Client, fault: Hang | Close) -> None:
    client.double.fail_next(fault)
    with pytest.raises(requests.ConnectionError):
        client.send(text())
    assert client.double.messages == ()
    assert len(client.double.requests) == 1


# Records and life


def test_requests_are_kept_as_they_came(client: Client) -> None:
    client.node("POST", "messages?x=1", data=b"{not json", headers={"X-Mine": "yes"})
    (request,) = client.double.requests
    assert request.method == "POST"
    assert request.path == "/v23.0/106540352242922/messages"
    assert request.query == {"x": "1"}
    assert request.headers["x-mine"] == "yes"
    assert request.body == b"{not json"
    assert request.json is None


def test_a_kept_connection_is_one_connection(client: Client) -> None:
    for _ in range(3):
        client.send(text())
    assert {request.connection for request in client.double.requests} == {1}


def test_requests_of_many_threads_are_all_recorded(double: GraphDouble) -> None:
    def send_ten(_: int) -> None:
        client = Client(double)
        with client.session:
            for _ in range(10):
                client.send(text())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send_ten, range(8)))
    assert len(double.requests) == len(double.messages) == 80
    assert len({message.wamid for message in double.messages}) == 80


def test_a_test_can_wait_for_messages(client: Client) -> None:
    assert not client.double.wait_for_messages(1, timeout=0)
    client.send(text())
    assert client.double.wait_for_messages(1, timeout=0)


def test_a_body_too_large_is_refused(double: GraphDouble) -> None:
    with socket.create_connection(("127.0.0.1", int(double.base_url.rpartition(":")[2]))) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_stopping_ends_every_thread_and_connection() -> None:
    before = set(threading.enumerate())
    double = GraphDouble(callback_url="http://127.0.0.1:9/", hang_seconds=60).start()
    idle, waiting = Client(double), Client(double)
    idle.send(text("+15555000005"))

    def wait_in_vain() -> None:
        with pytest.raises(requests.ConnectionError):
            waiting.send(text("+15553000408"))

    hanging = threading.Thread(target=wait_in_vain)
    hanging.start()
    assert double.wait_for_messages(2)
    double.stop()
    hanging.join()
    with idle.session, waiting.session, pytest.raises(requests.ConnectionError):
        idle.send(text())
    assert set(threading.enumerate()) <= before


def test_stopping_twice_does_no_harm() -> None:
    double = GraphDouble().start()
    double.stop()
    double.stop()


def test_a_person_is_told_what_to_set() -> None:
    lines: list[str] = []
    until = threading.Event()
    until.set()
    main(
        port=0,
        access_token="my-token",
        phone_number_id="1",
        business_account_id="2",
        app_secret="my-secret",
        callback_url=None,
        echo=lines.append,
        until=until,
    )
    said = "\n".join(lines)
    for value in ("http://127.0.0.1:", "my-token", '"phone_number_id": "1"', "my-secret", "Ctrl-C"):
        assert value in said
