"""A link is fetched whole or not at all, within its time and its bytes."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_waapi.outgoing import fetching
from flask_waapi.outgoing.bounded import Deadline
from flask_waapi.outgoing.fetching import Fetched, FetchError

from .conftest import PassingTime, Serve
from .link_client import CONTENT, LARGEST, chunked, fetch, redirect, refused, unavailable, whole
from .servers import Connection, answering
from .test_hostile_endpoints import FRAGMENTS, HUGE, KERNEL, drips


class TestAnAnswer:
    """What comes of what a server says."""

    @pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
    @pytest.mark.parametrize(
        "answer",
        [
            whole(),
            whole(headers=b"Content-Encoding: identity\r\n"),
            chunked(),
            chunked(size=100),
            b"HTTP/1.1 100 Continue\r\n\r\n" + whole(),
            b"HTTP/1.1 200 OK\r\n\r\n" + CONTENT,
            b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT,
            b"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n" + CONTENT,
            whole() + b"and more that nobody asked for",
        ],
        ids=["length", "identity", "chunks", "small chunks", "interim", "end", "1.0", "no number", "longer"],
    )
    def test_the_content_is_written_byte_by_byte(self, answer: bytes, tls: bool, serve: Serve) -> None:
        server, into = serve(answering(answer), tls=tls), io.BytesIO()

        fetched = fetch(server.url, into)

        assert into.getvalue() == CONTENT
        assert fetched == Fetched(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())

    def test_the_request_is_a_plain_get_that_wants_nothing_compressed(self, serve: Serve) -> None:
        server = serve(answering(whole()))

        fetch(f"http://localhost:{server.port}/a/b.pdf?c=%20d#page=2")

        head = server.requests[0].decode().split("\r\n")
        assert head[:5] == [
            "GET /a/b.pdf?c=%20d HTTP/1.1",
            f"Host: localhost:{server.port}",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Connection: close",
        ]
        assert head[5].startswith("User-Agent: flask-waapi/")
        assert head[6:] == ["", ""]

    def test_a_proxy_of_the_environment_is_not_asked(
        self, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proxy, server = serve(answering(whole())), serve(answering(whole()))
        for name in ("http_proxy", "HTTPS_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

        fetch(server.url)

        assert (server.connections, proxy.connections) == (1, 0)

    @pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 401, 403, 404, 410, 451])
    def test_a_status_that_will_stay_is_told(self, status: int, serve: Serve) -> None:
        server = serve(answering(b"HTTP/1.1 %d X\r\nContent-Length: 6\r\n\r\nsecret" % status))

        error = refused(server.url)

        assert error.message == f"Its server answered with HTTP status {status}."

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
    def test_a_status_that_may_pass_is_told_with_the_wait(self, status: int, serve: Serve) -> None:
        server = serve(answering(b"HTTP/1.1 %d X\r\nRetry-After: 120\r\n\r\n" % status))

        error = unavailable(server.url)

        assert error.message == f"Its server answered with HTTP status {status}."
        assert error.retry_after == timedelta(seconds=120)

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
    def test_compressed_content_is_refused_and_not_inflated(self, encoding: str, serve: Serve) -> None:
        bomb = gzip.compress(bytes(10_000_000))
        server = serve(answering(whole(bomb, b"Content-Encoding: %s\r\n" % encoding.encode())))

        assert "compressed" in refused(server.url).message

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        ],
    )
    @pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
    def test_what_breaks_off_is_no_content(self, answer: bytes, tls: bool, serve: Serve) -> None:
        assert unavailable(serve(answering(answer), tls=tls).url).message == fetching.BROKEN_OFF

    @pytest.mark.parametrize(
        "answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x00\xff\xfe" * 100]
    )
    def test_what_is_not_http_is_refused(self, answer: bytes, serve: Serve) -> None:
        assert refused(serve(answering(answer)).url).message == fetching.NOT_HTTP

    def test_a_certificate_of_another_host_is_refused(self, serve: Serve) -> None:
        server = serve(answering(whole()), tls=True)

        assert refused(f"https://other.localhost:{server.port}/").message == fetching.UNVERIFIED
        assert refused(server.url, tls=None).message == fetching.UNVERIFIED
        assert server.requests == []

    def test_a_disk_without_room_is_told_as_such(self, serve: Serve) -> None:
        class Full(io.BytesIO):
            def write(self, _data: Any, /) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

        assert unavailable(serve(answering(whole())).url, into=Full()).message == fetching.NO_ROOM


class TestBounds:
    """An attempt ends within its time and its bytes, whatever the server does."""

    @pytest.mark.parametrize(
        ("before", "drop"),
        [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
            (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b"0"),
            (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
            (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ],
        ids=["body", "body to the end", "chunks", "chunk size", "header", "headers", "interim answers"],
    )
    @pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
    def test_a_drip_ends_with_the_time(
        self, before: bytes, drop: bytes, tls: bool, serve: Serve, passing_time: PassingTime
    ) -> None:
        server = serve(drips(before, drop, passing_time), tls=tls)

        assert unavailable(server.url).message == fetching.TOO_SLOW

    def test_redirects_share_one_time(self, serve: Serve, passing_time: PassingTime) -> None:
        def talk(connection: Connection) -> None:
            for _ in range(20):
                passing_time.pass_a_second()
            connection.say(redirect("/hook"))

        server = serve(talk)

        assert unavailable(server.url).message == fetching.TOO_SLOW
        assert server.connections == 2

    def test_a_server_that_never_answers_ends_with_the_time(self, serve: Serve) -> None:
        deadline = Deadline(timedelta(seconds=0.2))

        assert unavailable(serve(Connection.wait).url, deadline=deadline).message == fetching.TOO_SLOW

    def test_what_announces_too_much_is_not_read(self, serve: Serve) -> None:
        def talk(connection: Connection) -> None:
            connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % HUGE)
            connection.say_again_and_again(bytes(1_000), HUGE // 1_000)

        server, into = serve(talk), io.BytesIO()

        error = refused(server.url, into=into)

        assert error.message == f"Its content has 200,000,000 bytes; it may have up to {LARGEST:,}."
        assert into.getvalue() == b""
        assert server.sent < KERNEL < HUGE

    @pytest.mark.parametrize(
        ("head", "piece", "told"),
        [
            (b"HTTP/1.1 200 OK\r\n\r\n", bytes(1_000), "more than the"),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                chunked(bytes(1_000))[47:-5],
                "more than",
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"1\r\ny\r\n" * 200,
                fetching.TOO_MUCH,
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
                b"X: y\r\n" * 200,
                fetching.TOO_MUCH,
            ),
            (b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 60_000 + b"\r\n", fetching.TOO_MUCH),
            (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1_000, fetching.NOT_HTTP),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40, fetching.TOO_MUCH),
        ],
        ids=["body", "chunks", "small chunks", "trailers", "headers", "header", "interim answers"],
    )
    def test_a_flood_is_not_taken_in(self, head: bytes, piece: bytes, told: str, serve: Serve) -> None:
        def talk(connection: Connection) -> None:
            connection.say(head)
            connection.say_again_and_again(piece, HUGE // len(piece))

        server, into = serve(talk), io.BytesIO()

        assert told in refused(server.url, into=into).message
        assert len(into.getvalue()) <= LARGEST + 1
        assert server.sent < KERNEL < HUGE

    def test_no_answer_of_any_bytes_is_anything_but_content_or_an_error(self, serve: Serve) -> None:
        said = b""
        server = serve(lambda connection: connection.say(said))

        @settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
        @given(
            st.lists(
                st.one_of(st.binary(max_size=20), st.sampled_from([*FRAGMENTS, b"Location: "])), max_size=8
            ).map(b"".join)
        )
        def any_answer(answer: bytes) -> None:
            nonlocal said
            said, into = answer, io.BytesIO()
            with suppress(FetchError):
                assert fetch(server.url, into).size == len(into.getvalue())

        any_answer()
