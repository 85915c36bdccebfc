"""The gateway does to connections what the outages need."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from .gateway import HOST, Gateway

SECONDS = 5.0


@pytest.fixture
def echo_port() -> Iterator[int]:
    """The port of a service that gives back what it is sent."""
    with socket.create_server((HOST, 0)) as listener:
        threads: list[threading.Thread] = []

        def echo(connection: socket.socket) -> None:
            with connection:
                try:
                    while data := connection.recv(1024):
                        connection.sendall(data)
                except OSError:
                    return

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=echo, args=(connection,)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join(SECONDS)
        for thread in threads:
            thread.join(SECONDS)


@pytest.fixture
def gateway(echo_port: int) -> Iterator[Gateway]:
    """An open gateway in front of the echo."""
    with Gateway(HOST, echo_port) as gateway:
        yield gateway


def connect(gateway: Gateway) -> socket.socket:
    """A new connection through the gateway."""
    return socket.create_connection((HOST, gateway.port), timeout=SECONDS)


def echoed(connection: socket.socket, word: bytes) -> bytes:
    """What comes back for a word."""
    connection.sendall(word)
    return connection.recv(1024)


def is_cut(connection: socket.socket) -> bool:
    """Whether the connection has ended, by a reset or in order."""
    try:
        return not connection.recv(1024)
    except ConnectionError:
        return True


def test_an_open_gateway_forwards_both_ways(gateway: Gateway) -> None:
    with connect(gateway) as connection:
        assert echoed(connection, b"one") == b"one"
        assert echoed(connection, b"two") == b"two"


def test_a_closed_gateway_cuts_connections_refuses_new_ones_and_comes_back(gateway: Gateway) -> None:
    with connect(gateway) as connection:
        assert echoed(connection, b"one") == b"one"
        gateway.close()
        assert is_cut(connection)
    with pytest.raises(ConnectionRefusedError):
        connect(gateway)
    gateway.open()
    with connect(gateway) as connection:
        assert echoed(connection, b"again") == b"again"


def test_a_hanging_gateway_keeps_connections_silent_until_it_is_open_again(gateway: Gateway) -> None:
    with connect(gateway) as connection:
        assert echoed(connection, b"one") == b"one"
        gateway.hang()
        with connect(gateway) as late:
            connection.settimeout(0.2)
            late.settimeout(0.2)
            for silent in (connection, late):
                with pytest.raises(TimeoutError):
                    echoed(silent, b"two")
            gateway.open()
            for silent in (connection, late):
                silent.settimeout(SECONDS)
                assert silent.recv(1024) == b"two"
