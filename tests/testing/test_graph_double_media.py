"""Large media at the Graph double, which keeps them in files."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import pytest
import requests

from flask_waapi.testing.graph_double import GraphDouble
from graph_client import Client

LARGE = random.Random(2).randbytes(3 * 1024 * 1024)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with GraphDouble() as double:
        client = Client(double)
        yield client
        client.session.close()


def upload(client: Client, content: bytes, **fields: str) -> requests.Response:
    files = {"file": ("a.pdf", content, "application/pdf")}
    number = client.double.account.phone_number_id
    data = {"messaging_product": "whatsapp", **fields}
    return client.call("POST", f"v23.0/{number}/media", data=data, files=files)


def test_a_large_upload_comes_back_whole(client: Client) -> None:
    media_id = upload(client, LARGE).json()["id"]

    described = client.call("GET", f"v23.0/{media_id}").json()
    fetched = client.session.get(described["url"], timeout=10)
    assert described["sha256"] == hashlib.sha256(LARGE).hexdigest()
    assert described["file_size"] == len(LARGE)
    assert fetched.content == LARGE


def test_a_large_body_is_not_in_the_record_of_requests(client: Client) -> None:
    upload(client, LARGE)
    assert client.double.requests[-1].body == b""

    upload(client, b"%PDF-1.7")
    assert b"%PDF-1.7" in client.double.requests[-1].body


def test_a_large_form_that_is_none_is_refused(client: Client) -> None:
    number = client.double.account.phone_number_id

    answer = client.call("POST", f"v23.0/{number}/media", data=LARGE)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, 100)
