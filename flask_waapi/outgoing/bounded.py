"""A connection that ends: after a time, whatever the other side sends or does not, and after so many bytes.

A timeout of a socket starts anew with every byte, and ``http.client`` reads interim answers, trailers and
chunk extensions without end. Here every single read and write gets what is left of the whole, and all bytes
received are counted.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from http.client import HTTPConnection, HTTPException
from typing import Any

import certifi

MOST_RECEIVED = 128 * 1024
"""Bytes of an answer that are taken from the network, headers and framing included; more must be admitted."""

MOST_DIALLED = 4
"""Addresses of one host that are tried: more would make us knock on doors for others."""


_PIECE = 64 * 1024


class TooMuch(HTTPException):
    """The other side has sent more than it may."""


class Deadline:
    """The end of a span of time, which begins now."""

    def __init__(self, total: timedelta) -> None:
        self._end = time.monotonic() + total.total_seconds()

    def left(self) -> float:
        """The seconds that are left, more than none.

        :raises TimeoutError: the time is over.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole attempt is over")
        return left


class Channel:
    """What ``http.client`` takes for a socket, with a deadline and a limit; its maker closes it."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._room = MOST_RECEIVED

    def admit(self, count: int) -> None:
        """Take so many bytes more from the network than before."""
        self._room += count

    def sendall(self, data: bytes) -> None:
        """Send everything.

        :raises TimeoutError: the deadline has passed.
        """
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(self._deadline.left())
            # TLS sends all it is given within one timeout, which would be that of the beginning.
            rest = rest[self._connection.send(rest[:_PIECE]) :]

    def receive_into(self, buffer: memoryview) -> int:
        """Receive what there is, once; how many bytes, none at the end.

        :raises TimeoutError: the deadline has passed.
        :raises TooMuch: the other side has sent all that it may.
        """
        if not self._room:
            raise TooMuch("more bytes of answer than are taken")
        self._connection.settimeout(self._deadline.left())
        received = self._connection.recv_into(buffer[: self._room])
        self._room -= received
        return received

    def makefile(self, *_: Any) -> io.BufferedReader:
        """What comes in, as a file."""
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Nothing: ``http.client`` closes its socket while it still reads from it."""


class _Incoming(io.RawIOBase):
    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._channel.receive_into(memoryview(buffer))


def dial(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes one.

    :param addresses: IP addresses that have been checked; nothing is looked up.
    :raises OSError: none did.
    """
    candidates = addresses[:MOST_DIALLED]
    refusal: OSError = ConnectionError("the host has no address")
    for tried, address in enumerate(candidates):
        # An address that swallows packets must leave time for the next.
        share = deadline.left() / (len(candidates) - tried)
        try:
            connection = socket.create_connection((address, port), timeout=share)
        except OSError as error:
            refusal = error
            continue
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    raise refusal


def secured(
    connection: socket.socket, host: str, context: ssl.SSLContext, deadline: Deadline
) -> ssl.SSLSocket:
    """The connection under TLS, the other side's certificate checked against the host.

    Where it cannot be had, the connection is closed.

    :raises OSError: it does not speak TLS, has not the right certificate, or takes too long.
    """
    try:
        connection.settimeout(deadline.left())
        return context.wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise


@cache
def trusted() -> ssl.SSLContext:
    """TLS that trusts the system's authorities and those of ``certifi``."""
    context = ssl.create_default_context()
    # Small container images come without any authority of the system's.
    context.load_verify_locations(certifi.where())
    return context


def kind_of(error: Exception) -> str:
    """An error for the log: the words of some are those of the other side, but these are the system's."""
    words = getattr(error, "verify_message", None) or getattr(error, "strerror", None)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def never_dialling(host: str, port: int) -> HTTPConnection:
    """An HTTP connection that waits for its ``sock`` to be set."""
    connection = HTTPConnection(host, port)
    connection.auto_open = 0
    return connection
