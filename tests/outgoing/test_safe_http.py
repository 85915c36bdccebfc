"""A webhook's attempt is one plain POST, of which the answer tells what became."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_waapi.outgoing import bounded, safe_http
from flask_waapi.outgoing.safe_http import retry_after

from .client import BODY, post
from .conftest import Serve
from .servers import OK, Connection, Server, answering


def test_the_request_is_a_plain_post_of_exactly_these_bytes(serve: Serve) -> None:
    server = serve(answering(OK))

    answer = post(f"http://localhost:{server.port}/a/b?c=%20d", {"webhook-id": "msg_1", "User-Agent": "x/1"})

    assert answer.succeeded
    assert (answer.status, answer.body, answer.problem, answer.reason) == (200, "fine\n", None, None)
    assert answer.duration > timedelta(0)
    head, body = server.requests[0].split(b"\r\n\r\n")
    assert body == BODY
    assert head.decode().split("\r\n") == [
        "POST /a/b?c=%20d HTTP/1.1",
        f"Host: localhost:{server.port}",
        "Accept-Encoding: identity",
        "Connection: close",
        f"Content-Length: {len(BODY)}",
        "webhook-id: msg_1",
        "User-Agent: x/1",
    ]


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Accept-Encoding"])
def test_headers_that_would_change_what_is_sent_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name.lower()):
        post("http://localhost:1/", {name: "x"})


def test_a_header_cannot_smuggle_another_in() -> None:
    with pytest.raises(ValueError, match="Invalid header value"):
        post("http://localhost:1/", {"x": "a\r\nb: c"})


@pytest.mark.parametrize(
    ("status", "succeeded"), [(199, False), (200, True), (204, True), (299, True), (300, False)]
)
def test_only_2xx_is_success(status: int, succeeded: bool, serve: Serve) -> None:
    server = serve(answering(b"HTTP/1.1 %d X\r\n\r\n" % status))

    assert post(server.url).succeeded is succeeded


@pytest.mark.parametrize("status", [400, 401, 410, 429, 500, 503])
def test_a_failure_is_told_by_its_status_body_and_wait(status: int, serve: Serve) -> None:
    server = serve(
        answering(b"HTTP/1.1 %d X\r\nRetry-After: 120\r\nContent-Length: 4\r\n\r\nno\x00\xff" % status)
    )

    answer = post(server.url)

    assert (answer.status, answer.body, answer.problem) == (status, "no\ufffd\ufffd", None)
    assert answer.retry_after == timedelta(seconds=120)
    assert not answer.succeeded


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, serve: Serve) -> None:
    elsewhere = serve(answering(OK))
    location = f"http://127.0.0.1:{elsewhere.port}/"
    server = serve(answering(b"HTTP/1.1 %d X\r\nLocation: %s\r\n\r\n" % (status, location.encode())))

    answer = post(server.url)

    assert (answer.status, answer.succeeded) == (status, False)
    assert (server.connections, elsewhere.connections) == (1, 0)


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/meta-data/", "/hook", "file:///etc/passwd"]
)
def test_a_redirect_to_metadata_or_to_itself_is_just_a_failure(location: str, serve: Serve) -> None:
    server = serve(answering(b"HTTP/1.1 307 X\r\nLocation: %s\r\n\r\n" % location.encode()))

    assert (post(server.url).status, server.connections) == (307, 1)


def test_a_proxy_of_the_environment_is_not_asked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = serve(answering(OK)), serve(answering(OK))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")

    assert post(server.url).succeeded
    assert (server.connections, proxy.connections) == (1, 0)


def test_no_cookie_is_kept(serve: Serve) -> None:
    server = serve(answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n"))

    post(server.url)
    post(server.url)

    assert len(server.requests) == 2
    assert not any(b"cookie" in request.lower() for request in server.requests)


def test_an_answer_to_a_request_that_was_not_read_counts(serve: Serve) -> None:
    def talk(connection: Connection) -> None:
        connection.say(b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n")
        connection.wait()

    assert post(serve(talk, hears=False).url).status == 413


def test_an_answer_counts_that_came_before_the_connection_broke_under_the_request(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def talk(connection: Connection) -> None:
        connection.say(b"HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n")
        connection.wait()

    def sendall(_channel: bounded.Channel, _data: bytes) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(bounded.Channel, "sendall", sendall)

    assert post(serve(talk, hears=False).url).status == 401


def test_interim_answers_are_passed_over(serve: Serve) -> None:
    server = serve(answering(b"HTTP/1.1 100 Continue\r\n\r\n" + OK))

    assert post(server.url).succeeded


def test_a_chunked_answer_is_put_together(serve: Serve) -> None:
    server = serve(
        answering(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
        )
    )

    assert post(server.url).body == "abcde"


def test_a_connection_that_stays_open_after_its_answer_costs_nothing(serve: Serve) -> None:
    def talk(connection: Connection) -> None:
        connection.say(OK)
        connection.wait()

    assert post(serve(talk).url).succeeded


def test_tls_is_verified_with_the_name_of_the_host_at_the_checked_address(serve: Serve) -> None:
    server = serve(answering(OK), tls=True)

    answer = post(f"https://hooks.localhost:{server.port}/")

    assert answer.succeeded
    assert server.names == ["hooks.localhost"]
    assert f"Host: hooks.localhost:{server.port}".encode() in server.requests[0]


def test_tls_of_an_address_is_verified_too(serve: Serve) -> None:
    server = serve(answering(OK), tls=True)

    assert post(f"https://127.0.0.1:{server.port}/").succeeded


def test_a_certificate_of_another_host_is_refused(serve: Serve) -> None:
    server = serve(answering(OK), tls=True)

    answer = post(f"https://other.localhost:{server.port}/")

    assert (answer.status, answer.problem) == (None, safe_http.UNVERIFIED)
    assert "other.localhost" in (answer.reason or "")
    assert server.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused_by_default(serve: Serve) -> None:
    server = serve(answering(OK), tls=True)

    assert post(server.url, tls=None).problem == safe_http.UNVERIFIED
    assert server.requests == []


def test_a_server_that_does_not_speak_tls_is_told_apart_from_one_that_is_not_there(serve: Serve) -> None:
    server = serve(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n"), hears=False)

    answer = post(f"https://localhost:{server.port}/")

    assert answer.problem in (safe_http.UNVERIFIED, safe_http.BROKEN_OFF)


def test_nothing_listening_is_unreachable(serve: Serve) -> None:
    with Server(answering(OK)) as server:
        url = server.url

    answer = post(url)

    assert (answer.problem, answer.status) == (safe_http.UNREACHABLE, None)
    assert answer.reason == "ConnectionRefusedError: Connection refused"


def test_an_address_that_does_not_answer_leaves_the_turn_to_the_next(serve: Serve) -> None:
    server = serve(answering(OK))

    assert post(server.url, lookup=lambda _host, _port: ["127.0.0.2", "127.0.0.1"]).succeeded


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 120 ", 120),
        ("86400", 86_400),
        ("86401", 86_400),
        ("999999999999", 86_400),
        ("9" * 5_000, None),
        ("-1", None),
        ("1.5", None),
        ("1e3", None),
        ("١٢٠", None),
        ("120, 60", None),
        ("soon", None),
        ("Sun, 22 Nov 2026 12:02:00 GMT", 120),
        ("Sunday, 22-Nov-26 12:02:00 GMT", 120),
        ("Sun Nov 22 12:02:00 2026", 120),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Sun, 99 Nov 2026 12:02:00 GMT", None),
        ("2026-11-22T12:02:00Z", None),
        ("Sun, 22 Nov 2026 12:02:00 GMT" + " " * 100 + "x", None),
    ],
)
def test_a_wait_is_read_in_either_form_and_kept_within_a_day(value: str | None, seconds: int | None) -> None:
    assert retry_after(value, NOW) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text(max_size=45))
def test_no_wait_raises(value: str) -> None:
    found = retry_after(value, NOW)

    assert found is None or timedelta(0) <= found <= timedelta(hours=24)
