"""Bodies that are too large, over real servers, which treat chunked ones in their own ways."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPResponse
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from factories import API, TEXT_SEND, World, opened, text_body

TESTS = Path(__file__).parents[1]
SOUND = json.dumps(text_body()).encode()

Address = tuple[str, int]


@contextmanager
def werkzeug_server(world: World, uri: str) -> Iterator[Address]:
    """The app on Werkzeug's server, in a thread."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield ("127.0.0.1", server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def gunicorn_server(world: World, uri: str) -> Iterator[Address]:
    """The app on gunicorn, in processes of its own."""
    pytest.importorskip("gunicorn")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"]
        process = subprocess.Popen(
            [*command, "--workers=1", "--threads=2", "--log-level=warning", "served_app:app"],
            cwd=TESTS,
            env=os.environ | {"WAAPI_TESTS_DATABASE": uri, "PYTHONPATH": os.pathsep.join(sys.path)},
            pass_fds=[listener.fileno()],
        )
        try:
            # The socket listens already: a request waits until the worker takes it.
            yield listener.getsockname()
        finally:
            process.terminate()
            process.wait(timeout=60)


@pytest.fixture(scope="module", params=[werkzeug_server, gunicorn_server], ids=["werkzeug", "gunicorn"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Address, str]]:
    """The address of a served app, and a key to it."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('served') / 'waapi.sqlite'}"
    with opened(uri) as world:
        key = world.issue_key()
        with request.param(world, uri) as address:
            yield address, key


def talk(
    address: Address, head: list[str], *parts: bytes, path: str = TEXT_SEND
) -> tuple[int, dict[str, object]]:
    """Send a raw request; the status and the JSON of the answer."""
    with socket.create_connection(address, timeout=30) as connection:
        lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close", *head, "", ""]
        # A server may answer and hang up before it has read everything.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall("\r\n".join(lines).encode())
            for part in parts:
                connection.sendall(part)
        with HTTPResponse(connection) as answer:
            answer.begin()
            return answer.status, json.loads(answer.read())


def chunks(body: bytes, size: int) -> Iterator[bytes]:
    """The body as chunks on the wire."""
    for start in range(0, len(body), size):
        part = body[start : start + size]
        yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
    yield b"0\r\n\r\n"


def head(key: str, *more: str) -> list[str]:
    """The header lines of a request with a key."""
    return [f"X-API-Key: {key}", "Content-Type: application/json", *more]


CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize("size", [7, 65_536])
def test_a_chunked_body_is_read_whole(server: tuple[Address, str], size: int) -> None:
    address, key = server

    status, answer = talk(address, head(key, CHUNKED), *chunks(SOUND, size))

    assert (status, answer["success"]) == (201, True)


def test_a_chunked_body_of_the_largest_size_is_read(server: tuple[Address, str]) -> None:
    address, key = server

    status, _ = talk(address, head(key, CHUNKED), *chunks(SOUND.ljust(262_144), 65_536))

    assert status == 201


@pytest.mark.parametrize("size", [262_145, 1_000_000])
def test_a_chunked_body_that_is_too_large_is_refused_and_not_cut(
    server: tuple[Address, str], size: int
) -> None:
    address, key = server

    status, answer = talk(address, head(key, CHUNKED), *chunks(SOUND.ljust(size), 65_536))

    assert (status, answer["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")  # type: ignore[index]


def test_a_declared_length_that_is_too_large_is_refused(server: tuple[Address, str]) -> None:
    address, key = server

    status, answer = talk(address, head(key, "Content-Length: 262145"))

    assert (status, answer["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")  # type: ignore[index]


# Uploads


def form(size: int) -> bytes:
    """A form with a document of so many bytes."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    return head + b"%PDF-1.7".ljust(size, b"\n") + b"\r\n--x--\r\n"


def upload(server: tuple[Address, str], header: str | None, *parts: bytes) -> tuple[int, dict[str, object]]:
    """Send a form; the status and the JSON of the answer."""
    address, key = server
    lines = [f"X-API-Key: {key}", "Content-Type: multipart/form-data; boundary=x"]
    return talk(address, [*lines, *([header] if header else [])], *parts, path=f"{API}/media")


@pytest.mark.parametrize("chunked", [True, False])
def test_a_file_is_uploaded_whole(server: tuple[Address, str], chunked: bool) -> None:
    body = form(3_000_000)
    parts = chunks(body, 65_536) if chunked else [body]

    status, answer = upload(server, CHUNKED if chunked else f"Content-Length: {len(body)}", *parts)

    assert status == 201
    assert answer["data"]["size"] == 3_000_000  # type: ignore[index]


@pytest.mark.parametrize("chunked", [True, False])
def test_an_upload_that_is_too_long_is_refused(server: tuple[Address, str], chunked: bool) -> None:
    body = form(106_000_000)
    parts = chunks(body, 1_000_000) if chunked else [body[:65_536]]

    status, answer = upload(server, CHUNKED if chunked else f"Content-Length: {len(body)}", *parts)

    assert status == 413
    assert answer["error"]["code"] == "PAYLOAD_TOO_LARGE"  # type: ignore[index]


def test_an_upload_without_a_body_is_refused(server: tuple[Address, str]) -> None:
    status, answer = upload(server, None)

    assert status == 400
    assert answer["error"]["code"] == "MALFORMED_REQUEST"  # type: ignore[index]
