"""The largest medium goes through a serving process in pieces, from the caller to Meta and back."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from factories import API, MEDIA_SEND, RECIPIENT, opened
from flask_waapi.testing.graph_double import GraphDouble
from outgoing.servers import Connection, Server

TESTS = Path(__file__).parents[1]

MEGABYTE = 1024 * 1024
LARGEST = 100 * MEGABYTE
MOST_GROWTH = 20 * MEGABYTE

SERVER = """
import sys
from werkzeug.serving import make_server
from served_app import app
make_server("127.0.0.1", 0, app, threaded=True, fd=int(sys.argv[1])).serve_forever()
"""

BOUNDARY = "a-boundary-of-tests"
PIECE = b"%PDF-1.7\n".ljust(MEGABYTE, b"\n")

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs /proc, which tells a process's memory"
)


class Serving:
    """An app in a process of its own, that sends to a double in this one."""

    def __init__(self, address: tuple[str, int], key: str, process_id: int, double: GraphDouble) -> None:
        self.double = double
        self._address = address
        self._key = key
        self._proc = Path("/proc") / str(process_id)

    def upload(self, size: int, path: str = f"{API}/media", **parts: str) -> Any:
        """Upload a document of so many bytes; the answer's ``data``."""
        head = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in parts.items()
        )
        head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        tail = f"\r\n--{BOUNDARY}--\r\n"
        connection = HTTPConnection(*self._address, timeout=120)
        connection.putrequest("POST", path)
        connection.putheader("X-API-Key", self._key)
        connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
        connection.putheader("Content-Length", str(len(head) + size + len(tail)))
        connection.endheaders(head.encode())
        for _ in range(size // MEGABYTE):
            connection.send(PIECE)
        connection.send(tail.encode())
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        assert answer.status == 201, body
        return body["data"]

    def send_link(self, link: str) -> Any:
        """Send the document that a link leads to; the answer's ``data``."""
        connection = HTTPConnection(*self._address, timeout=120)
        body = json.dumps({"to": RECIPIENT, "type": "document", "link": link})
        headers = {"X-API-Key": self._key, "Content-Type": "application/json"}
        connection.request("POST", MEDIA_SEND, body, headers)
        answer = connection.getresponse()
        sent = json.loads(answer.read())
        connection.close()
        assert answer.status == 201, sent
        return sent["data"]

    def digest(self, media_id: str) -> str:
        """SHA-256 of a medium's content as it is fetched."""
        connection = HTTPConnection(*self._address, timeout=120)
        connection.request("GET", f"{API}/media/{media_id}/content", headers={"X-API-Key": self._key})
        answer = connection.getresponse()
        digest = hashlib.sha256()
        while piece := answer.read(MEGABYTE):
            digest.update(piece)
        connection.close()
        assert answer.status == 200
        return digest.hexdigest()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """See that the process's memory never grows by more than it may, within the block."""
        # Lets the peak begin anew from what is in use now.
        (self._proc / "clear_refs").write_text("5")
        before = self._peak()
        yield
        assert self._peak() - before < MOST_GROWTH

    def _peak(self) -> int:
        found = re.search(r"^VmHWM:\s+([0-9]+) kB$", (self._proc / "status").read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A serving process that has done each thing once, with little."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('served') / 'waapi.sqlite'}"
    with opened(uri) as world:
        key = world.issue_key()
    with GraphDouble() as double, socket.create_server(("127.0.0.1", 0)) as listener:
        settings = {
            "WAAPI_PROVIDERS": {"main": {"type": "cloud", **double.provider_settings}},
            "WAAPI_MEDIA_LINKS": "fetch",
            "WAAPI_MEDIA_LINK_ALLOW_LOOPBACK": True,
        }
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(listener.fileno())],
            cwd=TESTS,
            env=os.environ
            | {
                "WAAPI_TESTS_DATABASE": uri,
                "WAAPI_TESTS_SETTINGS": json.dumps(settings),
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
        )
        try:
            serving = Serving(listener.getsockname(), key, process.pid, double)
            serving.digest(serving.upload(MEGABYTE)["media_id"])
            yield serving
        finally:
            process.terminate()
            process.wait(timeout=60)


def test_a_document_of_100_mb_is_uploaded_in_less_than_20_mb_of_memory(serving: Serving) -> None:
    with serving.watched():
        medium = serving.upload(LARGEST)

    assert medium["size"] == LARGEST
    assert serving.double.media.get(medium["media_id"]).sha256 == medium["sha256"]


def test_a_document_of_100_mb_is_sent_in_less_than_20_mb_of_memory(serving: Serving) -> None:
    message = json.dumps({"to": RECIPIENT, "type": "document"})

    with serving.watched():
        sent = serving.upload(LARGEST, MEDIA_SEND, message=message)

    media_id = serving.double.messages[-1].body["document"]["id"]
    assert sent["status"] == "sent"
    assert serving.double.media.get(media_id).size == LARGEST


@pytest.mark.parametrize("is_chunked", [False, True], ids=["by its length", "in chunks"])
def test_a_document_of_100_mb_is_sent_by_its_link_in_less_than_20_mb_of_memory(
    serving: Serving, is_chunked: bool
) -> None:
    def talk(connection: Connection) -> None:
        if is_chunked:
            connection.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        else:
            connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGEST)
        piece = b"%x\r\n%s\r\n" % (len(PIECE), PIECE) if is_chunked else PIECE
        connection.say_again_and_again(piece, LARGEST // MEGABYTE)
        connection.say(b"0\r\n\r\n" if is_chunked else b"")

    with Server(talk) as server, serving.watched():
        # Not the same a second time: what a link gave is remembered.
        sent = serving.send_link(f"http://127.0.0.1:{server.port}/{is_chunked}.pdf")

    medium = serving.double.media.get(serving.double.messages[-1].body["document"]["id"])
    assert sent["status"] == "sent"
    assert medium.size == LARGEST
    assert medium.sha256 == hashlib.sha256(PIECE * (LARGEST // MEGABYTE)).hexdigest()


def test_a_document_of_100_mb_is_fetched_in_less_than_20_mb_of_memory(serving: Serving) -> None:
    medium = serving.upload(LARGEST)

    with serving.watched():
        digest = serving.digest(medium["media_id"])

    assert digest == medium["sha256"]
