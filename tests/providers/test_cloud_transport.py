"""What every way of breaking means: not sent for certain, refused, or unknown."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from cloud_world import (
    closed_port,
    cloud_provider,
    cloud_world,
    message,
    raw_server,
    read_request,
)
from flask_waapi import (
    Misconfigured,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Retryable,
)
from flask_waapi.testing.graph_double import (
    Close,
    Fault,
    GraphDouble,
    Hang,
    RawAnswer,
)
from waapi_cloud import CloudProvider, client
from waiting import eventually

World = tuple[GraphDouble, CloudProvider]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cloud_world() as (double, provider):
        yield double, provider


def answers(head: bytes, *parts: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(head + b"\r\n\r\n")
        for part in parts:
            connection.sendall(part)

    return serve


# Not sent for certain


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:{port}",
        "http://no-such-host.invalid",
        "https://no-such-host.invalid",
    ],
    ids=["refused", "no such host", "no such host with TLS"],
)
def test_a_connection_that_cannot_be_made_is_retryable(world: World, base_url: str) -> None:
    double, _ = world
    url = base_url.format(port=closed_port())
    with (
        closing(cloud_provider(double, base_url=url, connect_timeout=2)) as provider,
        pytest.raises(Retryable),
    ):
        provider.send(message())


def test_a_failed_tls_handshake_is_retryable(world: World) -> None:
    double, _ = world
    url = double.base_url.replace("http:", "https:")
    with closing(cloud_provider(double, base_url=url)) as provider, pytest.raises(Retryable):
        provider.send(message())


def test_a_tls_handshake_that_hangs_is_retryable(world: World) -> None:
    double, _ = world
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with (
            closing(cloud_provider(double, base_url=url, connect_timeout=0.1)) as provider,
            pytest.raises(Retryable),
        ):
            provider.send(message())


def test_a_throttled_send_is_retryable_at_the_time_that_meta_names(world: World) -> None:
    _, provider = world
    with pytest.raises(Retryable) as caught:
        provider.send(message(to="+15552000030"))
    assert caught.value.code == "130429"
    assert caught.value.retry_after == timedelta(seconds=30)


def test_a_429_without_a_graph_error_is_retryable(world: World) -> None:
    double, provider = world
    double.fail_next(RawAnswer(429, b"slow down", retry_after=9))
    with pytest.raises(Retryable) as caught:
        provider.send(message())
    assert caught.value.retry_after == timedelta(seconds=9)


# Unknown


@pytest.mark.parametrize(
    "fault",
    [
        Hang(),
        Close(),
        Close(accepted=False),
        RawAnswer(500),
        RawAnswer(502, b""),
        RawAnswer(503, retry_after=5),
        RawAnswer(503, b'{"error":"down"}', "application/json"),
        RawAnswer(503, b'{"error":{"message":"no code"}}', "application/json"),
        RawAnswer(200, b"<html>"),
    ],
    ids=str,
)
def test_silence_after_the_body_leaves_the_outcome_unknown(fault: Fault) -> None:
    # Only silence is to be given up soon: what else happens may take its time on a busy machine.
    read_timeout = 0.2 if fault == Hang() else 30.0
    with GraphDouble() as double, closing(cloud_provider(double, read_timeout=read_timeout)) as provider:
        double.fail_next(fault)
        with pytest.raises(OutcomeUnknown):
            provider.send(message())
        assert eventually(lambda: double.requests)
        assert len(double.requests) == 1


@pytest.mark.parametrize("to", ["+15553000200", "+15553000444"])
def test_a_message_whose_answer_got_lost_can_be_recognised_by_our_uuid(world: World, to: str) -> None:
    double, provider = world
    sent = message(to=to)
    with pytest.raises(OutcomeUnknown):
        provider.send(sent)
    assert double.messages[-1].callback_data == str(sent.uuid)


@pytest.mark.parametrize(
    ("head", "parts"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100", [b"{"]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", [b"5\r\n{"]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", [b"zz\r\n"]),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3", [b"abc"]),
        (b"not HTTP at all", []),
    ],
    ids=["short body", "short chunk", "bad chunk", "bad gzip", "not HTTP"],
)
def test_half_an_answer_leaves_the_outcome_unknown(world: World, head: bytes, parts: list[bytes]) -> None:
    double, _ = world
    with (
        raw_server(answers(head, *parts)) as url,
        closing(cloud_provider(double, base_url=url)) as provider,
        pytest.raises(OutcomeUnknown),
    ):
        provider.send(message())


def test_an_answer_that_drips_is_given_up(world: World) -> None:
    double, _ = world
    dripped = []

    def drip(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        connection.settimeout(0.05)
        while True:
            connection.sendall(b"{")
            dripped.append(1)
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue

    with (
        raw_server(drip) as url,
        closing(cloud_provider(double, base_url=url, read_timeout=0.3)) as provider,
        pytest.raises(OutcomeUnknown),
    ):
        provider.send(message())
    assert len(dripped) < 1_000


def test_an_answer_without_end_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    double, provider = world
    monkeypatch.setattr(client, "LARGEST_ANSWER", 1_000)
    double.fail_next(RawAnswer(200, b"{" + b" " * 2_000 + b"}"))
    with pytest.raises(OutcomeUnknown):
        provider.send(message())


def test_an_answer_in_chunks_is_read(world: World) -> None:
    double, _ = world
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
    body = b'{"messages":[{"id":"wamid.x"}]}'
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:])]
    with (
        raw_server(answers(head, *chunks, b"0\r\n\r\n")) as url,
        closing(cloud_provider(double, base_url=url)) as provider,
    ):
        assert provider.send(message()).provider_message_id == "wamid.x"


# Refused


def test_a_redirect_is_not_followed(world: World) -> None:
    double, _ = world
    head = f"HTTP/1.1 307 Moved\r\nLocation: {double.base_url}/v23.0/x/messages".encode()
    before = len(double.requests)
    with (
        raw_server(answers(head + b"\r\nContent-Length: 0")) as url,
        closing(cloud_provider(double, base_url=url)) as provider,
        pytest.raises(Misconfigured),
    ):
        provider.send(message())
    assert len(double.requests) == before


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Misconfigured),
        (403, Misconfigured),
        (404, Misconfigured),
        (407, Misconfigured),
        (408, Retryable),
        (413, Rejected),
    ],
)
def test_a_refusal_of_another_server_goes_by_its_status(
    world: World, status: int, kind: type[ProviderError]
) -> None:
    double, provider = world
    double.fail_next(RawAnswer(status, b"<html>"))
    with pytest.raises(ProviderError) as caught:
        provider.send(message())
    assert type(caught.value) is kind
    assert caught.value.code == f"HTTP {status}"


@pytest.mark.parametrize(
    "settings",
    [{"access_token": "another"}, {"phone_number_id": "1"}],
    ids=["wrong token", "wrong number"],
)
def test_wrong_credentials_are_misconfigured(world: World, settings: dict[str, Any]) -> None:
    double, _ = world
    with closing(cloud_provider(double, **settings)) as provider:
        for call in (lambda: provider.send(message()), provider.check):
            with pytest.raises(Misconfigured):
                call()
