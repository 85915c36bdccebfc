"""Sends over a real socket: results, connections, and what every way of breaking means."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import requests

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
    UnsupportedFeature,
)
from flask_waapi.testing.graph_double import (
    Close,
    ErrorAnswer,
    Fault,
    GraphDouble,
    Hang,
    RawAnswer,
)
from waapi_cloud import CloudProvider, client

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


# Results


def test_a_result_names_the_message_and_the_recipient_as_meta_does(world: World) -> None:
    double, provider = world
    result = provider.send(message(to="+1234567890"))
    assert result.provider_message_id == double.messages[-1].wamid
    assert result.recipient_id == "1234567890"
    assert result.later == ()


def test_a_result_without_wa_id_is_a_result(world: World) -> None:
    double, provider = world
    body = b'{"messages":[{"id":"wamid.x"}],"contacts":[{"input":"1","user_id":"US.1"}]}'
    double.fail_next(RawAnswer(200, body))
    assert provider.send(message()).recipient_id is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"messages":[]}',
        b'{"messages":[{}]}',
        b'{"messages":[{"id":""}]}',
        b'{"messages":[{"id":1}]}',
        b'{"messages":"wamid.x"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_success_without_a_message_id_leaves_the_outcome_unknown(world: World, body: bytes) -> None:
    double, provider = world
    double.fail_next(RawAnswer(200, body))
    with pytest.raises(OutcomeUnknown):
        provider.send(message())


def test_the_request_carries_the_token_and_no_cookie_or_agent_of_a_library(world: World) -> None:
    double, provider = world
    provider.send(message())
    request = double.requests[-1]
    assert request.path == f"/v23.0/{double.account.phone_number_id}/messages"
    assert request.headers["authorization"] == f"Bearer {double.account.access_token}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-length"] == str(len(request.body))
    assert request.headers["user-agent"] == "flask-waapi"
    assert "cookie" not in request.headers


# Connections


def test_messages_share_a_kept_connection() -> None:
    with cloud_world() as (double, provider):
        for _ in range(20):
            provider.send(message())
        provider.check()
        assert {request.connection for request in double.requests} == {1}


def test_a_refusal_keeps_the_connection() -> None:
    with cloud_world() as (double, provider):
        for to in ("+15550131026", "+1234567890"):
            try:
                provider.send(message(to=to))
            except Rejected:
                continue
        assert {request.connection for request in double.requests} == {1}


def test_many_threads_send_at_once() -> None:
    with cloud_world() as (double, provider):
        with ThreadPoolExecutor(16) as pool:
            results = list(pool.map(lambda _: provider.send(message()), range(160)))
        assert len({result.provider_message_id for result in results}) == 160
        assert len(double.messages) == 160
        assert len({request.connection for request in double.requests}) <= 16


def test_a_provider_can_send_after_it_was_closed() -> None:
    with cloud_world() as (double, provider):
        provider.close()
        provider.send(message())
        assert len(double.messages) == 1


def test_a_forked_process_opens_a_connection_of_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    double, _ = world
    with closing(cloud_provider(double)) as provider:
        provider.send(message())
        before = double.requests[-1].connection
        own_pid = os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: own_pid + 1)
        provider.send(message())
        assert double.requests[-1].connection != before


def test_the_environment_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, provider = world
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert provider.send(message()).provider_message_id


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
    with GraphDouble() as double, closing(cloud_provider(double, read_timeout=0.2)) as provider:
        double.fail_next(fault)
        with pytest.raises(OutcomeUnknown):
            provider.send(message())
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


# Secrets


def test_a_secret_that_meta_repeats_is_taken_out(world: World, caplog: pytest.LogCaptureFixture) -> None:
    double, provider = world
    token = double.account.access_token
    foreign = "EAA" + "x" * 40
    double.fail_next(ErrorAnswer(190, details=f"Malformed access token {token} or {foreign}"))
    with caplog.at_level(logging.DEBUG), pytest.raises(Misconfigured) as caught:
        provider.send(message())
    assert "Malformed access token [secret] or [secret]" in caught.value.message
    assert token not in caplog.text


def test_a_long_and_ragged_text_of_meta_becomes_one_short_line(world: World) -> None:
    double, provider = world
    double.fail_next(ErrorAnswer(131000, details="one\ntwo\t" + "x" * 5_000))
    with pytest.raises(Retryable) as caught:
        provider.send(message())
    assert "one two x" in caught.value.message
    assert len(caught.value.message) < 600


def test_the_cause_stays_with_the_error(world: World) -> None:
    double, _ = world
    url = f"http://127.0.0.1:{closed_port()}"
    with (
        closing(cloud_provider(double, base_url=url)) as provider,
        pytest.raises(Retryable) as caught,
    ):
        provider.send(message())
    assert isinstance(caught.value.__cause__, requests.ConnectionError)
    assert url.removeprefix("http://") not in caught.value.message


# Check


def test_check_names_the_number_that_was_reached(world: World) -> None:
    _, provider = world
    assert provider.check() == "Reached +1 555-555-0100 (Graph Double), quality GREEN."


def test_check_refuses_an_id_that_is_no_phone_number(world: World) -> None:
    double, provider = world
    double.fail_next(RawAnswer(200, b'{"id":"1"}'), edge=double.account.phone_number_id)
    with pytest.raises(Misconfigured):
        provider.check()


@pytest.mark.parametrize("fault", [Close(), RawAnswer(503), RawAnswer(200)], ids=str)
def test_a_check_that_breaks_is_retryable(world: World, fault: Fault) -> None:
    double, provider = world
    double.fail_next(fault, edge=double.account.phone_number_id)
    with pytest.raises(Retryable):
        provider.check()


@pytest.mark.parametrize(
    ("setting", "call"),
    [
        ("business_account_id", lambda provider: provider.list_templates()),
        ("app_secret", lambda provider: provider.parse_callback(None)),
        ("verify_token", lambda provider: provider.answer_handshake(None)),
    ],
)
def test_an_ability_without_its_setting_says_which_one(
    world: World, setting: str, call: Callable[[CloudProvider], object]
) -> None:
    double, _ = world
    with closing(cloud_provider(double, **{setting: None})) as provider:
        with pytest.raises(UnsupportedFeature, match=setting):
            call(provider)
        assert provider.send(message()).provider_message_id


def test_the_repr_tells_the_instance_and_no_secret(world: World) -> None:
    double, provider = world
    assert repr(provider) == (f"<CloudProvider 'main', phone number id {double.account.phone_number_id}>")
