"""A TCP gateway in front of a service, which can refuse, hang and come back; on loopback only."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"
CHUNK = 64 * 1024
CONNECT_SECONDS = 5.0
JOIN_SECONDS = 5.0

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Gateway:
    """Forwards connections to a service while it is open; use it in a ``with`` statement.

    :param host: where the service is.
    :param port: its port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._links: set[_Link] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        # Bound and never listening: it keeps the port ours while the gateway refuses connections.
        self._reservation = _bound(0)
        self.port: int = self._reservation.getsockname()[1]

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        self._flowing.set()
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        self._reservation.close()

    def open(self) -> None:
        """Forward, also what has waited while the gateway hung."""
        self._listen()
        self._flowing.set()

    def hang(self) -> None:
        """Accept connections and keep those that exist, and forward nothing."""
        self._listen()
        self._flowing.clear()

    def close(self) -> None:
        """Refuse connections, and cut those that exist."""
        with self._lock:
            listener, self._listener = self._listener, None
            links = list(self._links)
        if listener is not None:
            # Closing alone would leave the thread in its accept().
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for link in links:
            link.cut()

    def _listen(self) -> None:
        with self._lock:
            if self._listener is not None:
                return
            listener = self._listener = _bound(self.port)
            listener.listen(128)
        self._start(self._accept, listener)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name="gateway", daemon=True)  # type: ignore[arg-type]
        with self._lock:
            self._threads = [known for known in self._threads if known.is_alive()]
            self._threads.append(thread)
            thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            link = _Link(client)
            with self._lock:
                is_current = listener is self._listener
                if is_current:
                    self._links.add(link)
            if is_current:
                self._start(self._serve, link)
            else:
                link.cut()

    def _serve(self, link: _Link) -> None:
        try:
            self._flowing.wait()
            if link.connect(self._target):
                self._start(self._pump, link, link.server, link.client)
                self._pump(link, link.client, link.server)
        finally:
            link.cut()
            with self._lock:
                self._links.discard(link)

    def _pump(self, link: _Link, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self._flowing.wait()
                target.sendall(data)
        link.cut()


class _Link:
    """A client's connection, and ours to the service for it."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client
        self.server = socket.socket()
        self._lock = threading.Lock()
        self._is_cut = False

    def connect(self, target: tuple[str, int]) -> bool:
        """Reach the service; whether that went well."""
        try:
            self.server.settimeout(CONNECT_SECONDS)
            self.server.connect(target)
            self.server.settimeout(None)
        except OSError:
            return False
        return True

    def cut(self) -> None:
        """Break both, as a machine that vanishes does."""
        with self._lock:
            if self._is_cut:
                return
            self._is_cut = True
        for end in (self.client, self.server):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            # A thread that waits in recv() wakes up by this.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((HOST, port))
    return bound
