"""What the tests of the Cloud API provider share: instances, messages, a server without manners."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from uuid import UUID

from hypothesis import settings

from flask_waapi import Content, OutboundMessage, ProviderContext, Text
from flask_waapi.testing.graph_double import GraphDouble
from waapi_cloud import CloudProvider

unhurried = settings(deadline=None)
"""For property tests: a slow machine is no failure."""

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MESSAGE_UUID = UUID("01958a2e-7c00-7000-8000-000000000001")
VERIFY_TOKEN = "agreed-with-meta"


def cloud_provider(double: GraphDouble, **changes: Any) -> CloudProvider:
    """An instance that sends to the double, with these settings in place of the double's own."""
    values = {**double.provider_settings, "verify_token": VERIFY_TOKEN, **changes}
    return CloudProvider(ProviderContext("main", values, lambda: NOW))


@contextmanager
def cloud_world(**options: Any) -> Iterator[tuple[GraphDouble, CloudProvider]]:
    """A double and an instance that sends to it, for as long as the block lasts."""
    with GraphDouble(**options) as double, closing(cloud_provider(double)) as provider:
        yield double, provider


def message(content: Content | None = None, to: str = "+1234567890", attempt: int = 1) -> OutboundMessage:
    """A message with a fixed uuid."""
    return OutboundMessage(MESSAGE_UUID, to, content or Text("Hello"), attempt)


@contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does with its one connection what ``serve`` says; gives its address.

    An ``OSError`` in ``serve`` means that the client has gone, which ends the connection.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    serve(connection)
                except OSError:
                    return

        thread = Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join()


def read_request(connection: socket.socket) -> bytes:
    """The bytes of one request with a ``Content-Length``, or without a body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65_536)
    if not part:
        raise ConnectionError("The client has closed the connection.")
    return part


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
