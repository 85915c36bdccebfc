"""The HTTP side of the double: a threading server that keeps connections, and can break them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Lock, Thread
from typing import Any, BinaryIO

from .journal import RecordedRequest
from .media import LARGEST_IN_MEMORY, spool

HOST = "127.0.0.1"
LARGEST_BODY = 110 * 1024 * 1024
"""Bytes of a request: a medium of Meta's largest size, and its form."""

JOIN_TIMEOUT = 10.0

_PIECE = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What goes back. :param delay: seconds before it does."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass(frozen=True)
class NoAnswer:
    """The connection is closed. :param hold: seconds before it is."""

    hold: float = 0.0


Handle = Callable[[RecordedRequest], Answer | NoAnswer]


class DoubleServer(ThreadingHTTPServer):
    """Listens on the loopback address only; every connection has a thread, all end with it.

    :param port: 0 chooses a free one.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int, handle: Handle) -> None:
        self.handle = handle
        self.stopping = Event()
        self._lock = Lock()
        self._connections: dict[Thread, socket.socket] = {}
        self._accepted = 0
        super().__init__((HOST, port), _Connection)
        self._thread = Thread(target=self.serve_forever, args=(0.02,), name="graph-double", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.server_port

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name that the base class does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Break every connection and wait for every thread."""
        self.stopping.set()
        self.shutdown()
        self._thread.join(JOIN_TIMEOUT)
        self.server_close()
        with self._lock:
            connections = dict(self._connections)
        for thread, connection in connections.items():
            # A thread that waits for the next request of a kept connection wakes up by this.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(JOIN_TIMEOUT)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread that :meth:`stop` knows."""
        thread = Thread(
            target=self._serve_connection,
            args=(request, client_address),
            name="graph-double-connection",
            daemon=True,
        )
        with self._lock:
            self._connections[thread] = request
        thread.start()

    def _serve_connection(self, request: Any, client_address: Any) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._connections = {
                    thread: connection
                    for thread, connection in self._connections.items()
                    if connection is not request
                }

    def next_connection(self) -> int:
        """The number of a new connection."""
        with self._lock:
            self._accepted += 1
            return self._accepted


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "GraphDouble"
    sys_version = ""
    # Head and body in one piece, at once: in two pieces they would wait for each other.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: DoubleServer

    def setup(self) -> None:
        super().setup()
        self._number = self.server.next_connection()

    def _serve(self) -> None:
        length = self._length()
        if length is None:
            self._write(Answer(413, b"", {"Connection": "close"}))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        if length <= LARGEST_IN_MEMORY:
            body = self.rfile.read(length)
            request = RecordedRequest(self.command, self.path, headers, body, self._number)
            answer = self.server.handle(request)
        else:
            with spool() as file:
                self._read_into(file, length)
                request = RecordedRequest(self.command, self.path, headers, b"", self._number, file)
                answer = self.server.handle(request)
        if isinstance(answer, NoAnswer):
            self.server.stopping.wait(answer.hold)
            self.close_connection = True
            return
        if answer.delay:
            self.server.stopping.wait(answer.delay)
        self._write(answer)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the base class looks for these names

    def _length(self) -> int | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return None
        return int(length)

    def _read_into(self, file: BinaryIO, length: int) -> None:
        while length and (piece := self.rfile.read(min(length, _PIECE))):
            file.write(piece)
            length -= len(piece)
        file.seek(0)

    def _write(self, answer: Answer) -> None:
        # A client that has stopped waiting is what some of the faults are for.
        try:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: every request is recorded."""
