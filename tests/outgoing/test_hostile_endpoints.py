"""An attempt ends within its time and its bytes, whatever the endpoint does."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_waapi.outgoing import bounded, safe_http

from .client import post
from .conftest import PassingTime, Serve
from .servers import Connection, answering

HUGE = 200_000_000
KERNEL = 64_000_000
"""More than the buffers of two sockets hold, which a server can fill though nobody reads."""

LARGE = bytes(16_000_000)
"""A body of more than a server's system takes in that does not read."""

FRAGMENTS = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 ",
    b"100 \r\n\r\n",
    b"Content-Length: ",
    b"Transfer-Encoding: chunked\r\n",
    b"Retry-After: ",
    b"\r\n",
    b"\r\n\r\n",
    b"-1",
    b"99",
    b":",
    b"\n ",
]


def drips(before: bytes, drop: bytes, passing_time: PassingTime) -> Callable[[Connection], None]:
    """A talk of one drop a second without end."""

    def talk(connection: Connection) -> None:
        connection.say(before)
        connection.drip(drop, passing_time.pass_a_second)

    return talk


@pytest.mark.parametrize(
    ("before", "drop", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x", 200),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b"0", 200),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x", None),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", None),
        (b"", b"H", None),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", None),
    ],
    ids=["body", "body to the end", "chunks", "chunk size", "header", "headers", "status", "interim answers"],
)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_drip_ends_with_the_time(
    before: bytes, drop: bytes, status: int | None, tls: bool, serve: Serve, passing_time: PassingTime
) -> None:
    server = serve(drips(before, drop, passing_time), tls=tls)

    answer = post(server.url)

    assert (answer.status, answer.problem) == (status, safe_http.TOO_SLOW)
    assert not answer.succeeded


def test_a_tls_handshake_that_never_comes_ends_with_the_time(serve: Serve) -> None:
    server = serve(Connection.wait, hears=False)

    answer = post(f"https://localhost:{server.port}/", total=timedelta(seconds=1))

    assert answer.problem == safe_http.TOO_SLOW


def test_a_server_that_never_answers_ends_with_the_time(serve: Serve) -> None:
    server = serve(Connection.wait)

    answer = post(server.url, total=timedelta(seconds=1))

    assert (answer.status, answer.problem) == (None, safe_http.TOO_SLOW)


def test_a_server_that_does_not_read_ends_with_the_time(serve: Serve) -> None:
    server = serve(Connection.wait, hears=False)

    answer = post(server.url, body=LARGE, total=timedelta(seconds=1))

    assert answer.problem == safe_http.TOO_SLOW


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_a_server_that_reads_slowly_ends_with_the_time(
    tls: bool, serve: Serve, passing_time: PassingTime
) -> None:
    server = serve(
        lambda connection: connection.read_slowly(passing_time.pass_a_second), hears=False, tls=tls
    )

    answer = post(server.url, body=LARGE)

    assert (answer.status, answer.problem) == (None, safe_http.TOO_SLOW)
    assert server.received < len(LARGE)


def test_a_name_server_that_never_answers_ends_with_the_time() -> None:
    over = threading.Event()

    def hang(_host: str, _port: int) -> Sequence[str]:
        over.wait(30)
        return []

    answer = post("https://good.com/", lookup=hang, total=timedelta(seconds=0.05))
    over.set()

    assert (answer.problem, answer.reason) == (safe_http.UNREACHABLE, "TimeoutError")


@pytest.mark.parametrize(
    ("before", "piece", "problem"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 1_000 + b"\r\n", safe_http.NOT_HTTP),
        (b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 60_000 + b"\r\n", safe_http.NOT_HTTP),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1_000, safe_http.NOT_HTTP),
        (b"HTTP/1.1 200 ", b"y" * 1_000, safe_http.NOT_HTTP),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40, safe_http.NOT_HTTP),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"y" * 1_000, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE, b"y" * 1_000, None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"y" * 1_000 + b"\r\n", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\ny\r\n" * 200, None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 200, None),
    ],
    ids=[
        "headers",
        "long headers",
        "header",
        "status",
        "interim answers",
        "body to the end",
        "body",
        "chunks",
        "small chunks",
        "trailers",
    ],
)
def test_a_flood_is_not_taken_in(before: bytes, piece: bytes, problem: str | None, serve: Serve) -> None:
    def talk(connection: Connection) -> None:
        connection.say(before)
        connection.say_again_and_again(piece, HUGE // len(piece))

    server = serve(talk)

    answer = post(server.url)

    assert answer.problem == problem
    assert len(answer.body) <= safe_http.MOST_BODY
    assert server.sent < KERNEL < HUGE


def test_not_a_byte_more_than_the_limit_is_received(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MOST_RECEIVED", 100)
    fits = serve(answering(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 76 + b"\r\n\r\n"))
    does_not = serve(answering(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 77 + b"\r\n\r\n"))

    assert post(fits.url).status == 200
    assert post(does_not.url).problem == safe_http.NOT_HTTP


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_not_inflated(encoding: str, serve: Serve) -> None:
    million = bytes(1_000_000)
    # A file of gzip may have many members.
    bomb = gzip.compress(million) * 200 if encoding == "gzip" else zlib.compress(million * 20)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(bomb)}\r\n\r\n"
    server = serve(answering(head.encode() + bomb))

    answer = post(server.url)

    assert answer.succeeded
    assert len(answer.body) <= safe_http.MOST_BODY


@pytest.mark.parametrize(
    ("said", "status", "problem"),
    [
        (b"", None, safe_http.BROKEN_OFF),
        (b"HTTP/1.1 200", 200, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 200, safe_http.BROKEN_OFF),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 200, safe_http.BROKEN_OFF),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 200, safe_http.BROKEN_OFF),
        (b"SSH-2.0-OpenSSH_9.2\r\n", None, safe_http.NOT_HTTP),
        (b"-ERR unknown command\r\n", None, safe_http.NOT_HTTP),
        (b"\x00\xff\xfe" * 100, None, safe_http.NOT_HTTP),
        (b"HTTP/1.1 abc OK\r\n\r\n", None, safe_http.NOT_HTTP),
        (b"HTTP/1.1 99999 OK\r\n\r\n", None, safe_http.NOT_HTTP),
        (b"HTTP/9.9 200 OK\r\n\r\n", None, safe_http.NOT_HTTP),
        (b"<html>an answer of HTTP/0.9</html>", None, safe_http.NOT_HTTP),
    ],
)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_what_breaks_off_or_is_not_http_is_told(
    said: bytes, status: int | None, problem: str | None, tls: bool, serve: Serve
) -> None:
    answer = post(serve(answering(said), tls=tls).url)

    assert (answer.status, answer.problem) == (status, problem)


def test_no_answer_of_any_bytes_raises(serve: Serve) -> None:
    said = b""
    server = serve(lambda connection: connection.say(said))

    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(
            st.one_of(st.binary(max_size=20), st.sampled_from(FRAGMENTS)),
            max_size=8,
        ).map(b"".join)
    )
    def any_answer(answer: bytes) -> None:
        nonlocal said
        said = answer
        heard = post(server.url)
        assert (heard.status is None) <= (heard.problem is not None)
        assert (heard.problem is None) == (heard.reason is None)

    any_answer()
