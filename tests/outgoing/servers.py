"""Endpoints of customers, good and bad ones, on real sockets of this machine."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

CERTIFICATES = Path(__file__).parent / "certificates"

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfine\n"


class Server:
    """Accepts connections on 127.0.0.1 and lets ``talk`` have each, in a thread of its own.

    :param talk: what it does with one connection; it may break off in any way.
    :param hears: whether it reads the request before it talks.
    :param tls: whether it speaks TLS, with a certificate of ``localhost``.
    """

    def __init__(self, talk: Callable[[Connection], None], *, hears: bool = True, tls: bool = False) -> None:
        self._talk = talk
        self._hears = hears
        self._tls = self._tls_context() if tls else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        # Otherwise the system takes in many megabytes that nobody reads.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self.names: list[str | None] = []  # that the clients gave in their TLS hello
        self.connections = 0
        self.sent = 0
        self.received = 0
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}/hook"

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        # Wakes accept(), which closing the listener does not.
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            accepted, _ = self._listener.accept()
            if self.closing.is_set():
                accepted.close()
                return
            self.connections += 1
            self._run(lambda accepted=accepted: self._serve(accepted))  # type: ignore[misc]

    def _serve(self, accepted: socket.socket) -> None:
        accepted.settimeout(30)
        with accepted, suppress(OSError):
            if self._tls is None:
                self._converse(accepted)
                return
            with self._tls.wrap_socket(accepted, server_side=True) as secured:
                self._converse(secured)

    def _converse(self, connection: socket.socket) -> None:
        conversation = Connection(self, connection)
        if self._hears:
            self.requests.append(conversation.hear())
        self._talk(conversation)

    def _tls_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "localhost.pem")
        context.sni_callback = lambda _connection, name, _context: self.names.append(name)
        return context


class Connection:
    """One connection, as a server's ``talk`` gets it."""

    def __init__(self, server: Server, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection

    def hear(self) -> bytes:
        """The whole request: head and body."""
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += self._connection.recv(65_536)
        head, _, body = heard.partition(b"\r\n\r\n")
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        while len(body) < length:
            body += self._connection.recv(65_536)
        return head + b"\r\n\r\n" + body

    def say(self, data: bytes) -> None:
        """Send this, and count what could be sent."""
        self._connection.sendall(data)
        self._server.sent += len(data)

    def say_again_and_again(self, data: bytes, times: int) -> None:
        """The same many times, until the client has gone."""
        for _ in range(times):
            if self._server.closing.is_set():
                return
            self.say(data)

    def drip(self, data: bytes, then: Callable[[], None]) -> None:
        """The same without end, calling ``then`` after each time."""
        while not self._server.closing.wait(0.001):
            self.say(data)
            then()

    def read_slowly(self, then: Callable[[], None]) -> None:
        """Read little by little, calling ``then`` after each time, until the client has gone."""
        while piece := self._connection.recv(65_536):
            self._server.received += len(piece)
            then()

    def wait(self) -> None:
        """Say nothing until the test is over."""
        self._server.closing.wait()


def answering(data: bytes) -> Callable[[Connection], None]:
    """A talk that says this and closes."""
    return lambda connection: connection.say(data)


def trusting() -> ssl.SSLContext:
    """A client's TLS that trusts these servers and nobody else."""
    return ssl.create_default_context(cafile=str(CERTIFICATES / "authority.pem"))
