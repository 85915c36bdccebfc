"""Sends over a real socket: results, connections, checks, and what must not be seen."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests

from cloud_world import (
    closed_port,
    cloud_provider,
    cloud_world,
    message,
)
from flask_waapi import (
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Retryable,
    UnsupportedFeature,
)
from flask_waapi.testing.graph_double import (
    Close,
    ErrorAnswer,
    Fault,
    GraphDouble,
    RawAnswer,
)
from waapi_cloud import CloudProvider

World = tuple[GraphDouble, CloudProvider]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cloud_world() as (double, provider):
        yield double, provider


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
        ("app_secret", lambda provider: provider.verify_callback(None)),
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


def test_it_sends_from_its_id_until_a_check_tells_the_number(world: World) -> None:
    double, _ = world
    provider = cloud_provider(double)
    assert provider.sends_from == f"phone number id {double.account.phone_number_id}"

    provider.check()
    provider.close()

    assert provider.sends_from == "+15555550100"


@pytest.mark.parametrize(
    ("number_id", "shown", "known"),
    [
        (None, "1 555-555-0199", "+15555550199"),
        ("another", "1 555-555-0199", None),
        (None, "<b>", None),
        (None, ["1 555-555-0199"], None),
    ],
)
def test_a_callback_to_its_number_tells_it_and_no_other_does(
    world: World, number_id: str | None, shown: object, known: str | None
) -> None:
    double, _ = world
    provider = cloud_provider(double)
    before = provider.sends_from
    metadata = {"phone_number_id": number_id or double.account.phone_number_id, "display_phone_number": shown}
    change = {"field": "messages", "value": {"metadata": metadata, "statuses": []}}

    provider.parse_callback(json.dumps({"entry": [{"id": "1", "changes": [change]}]}).encode())

    assert provider.sends_from == (known or before)
