"""The examples of templates at the Graph double: what Meta takes, and what it would refuse."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import pytest
import requests

from flask_waapi.testing.graph_double import GraphDouble
from graph_client import Client, code_of
from media_files import PNG

FILE = {"file_name": "a.png", "file_length": str(len(PNG)), "file_type": "image/png"}


@pytest.fixture
def client() -> Iterator[Client]:
    with GraphDouble() as double:
        client = Client(double)
        yield client
        client.session.close()


def announce(client: Client, app_id: str | None = None, **changes: str) -> requests.Response:
    node = app_id or client.double.account.app_id
    return client.call("POST", f"v23.0/{node}/uploads", params={**FILE, **changes})


def hand_over(
    client: Client, session: str, content: bytes = PNG, offset: str | None = "0"
) -> requests.Response:
    headers = {} if offset is None else {"file_offset": offset}
    return client.call("POST", f"v23.0/{session}", data=content, headers=headers)


def test_an_example_that_is_announced_and_handed_over_gets_a_handle(client: Client) -> None:
    session = announce(client).json()["id"]
    answer = hand_over(client, session).json()

    assert session.startswith("upload:")
    assert "?sig=" in session
    (example,) = client.double.examples.all()
    assert answer == {"h": example.handle}
    assert example.handle.startswith("4::")
    assert (example.file_name, example.file_type, example.size) == ("a.png", "image/png", len(PNG))
    assert example.sha256 == hashlib.sha256(PNG).hexdigest()


def test_a_large_example_is_taken(client: Client) -> None:
    content = random.Random(3).randbytes(3 * 1024 * 1024)
    session = announce(client, file_length=str(len(content))).json()["id"]

    assert hand_over(client, session, content).status_code == 200
    assert client.double.examples.all()[0].sha256 == hashlib.sha256(content).hexdigest()


def test_an_app_that_is_not_there_takes_nothing(client: Client) -> None:
    answer = announce(client, app_id="404")

    assert code_of(answer) == 100
    assert answer.json()["error"]["error_subcode"] == 33


@pytest.mark.parametrize(
    "change",
    [
        {"file_name": ""},
        {"file_length": ""},
        {"file_length": "0"},
        {"file_length": "many"},
        {"file_type": ""},
        {"file_type": "image/gif"},
    ],
)
def test_a_file_that_is_not_described_or_of_another_type_is_refused(
    client: Client, change: dict[str, str]
) -> None:
    assert code_of(announce(client, **change)) == 100


@pytest.mark.parametrize("offset", [None, "", "1", "-1", "0.0"])
def test_another_offset_than_the_beginning_is_refused(client: Client, offset: str | None) -> None:
    session = announce(client).json()["id"]

    assert code_of(hand_over(client, session, offset=offset)) == 100
    assert client.double.examples.all() == ()


@pytest.mark.parametrize("content", [PNG[:-1], PNG + b"x"], ids=["shorter", "longer"])
def test_another_length_than_was_announced_is_refused(client: Client, content: bytes) -> None:
    session = announce(client).json()["id"]

    assert code_of(hand_over(client, session, content)) == 100
    assert client.double.examples.all() == ()


def test_a_session_without_its_signature_or_of_nobody_is_not_there(client: Client) -> None:
    session = announce(client).json()["id"]

    assert code_of(hand_over(client, session.partition("?")[0])) == 100
    assert code_of(hand_over(client, "upload:bm9ib2R5?sig=AR1")) == 100
