"""Meta's webhooks: who may call."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_world import VERIFY_TOKEN, cloud_provider, cloud_world, message, unhurried
from flask_waapi import CallbackRefused, CallbackRequest, StatusUpdate, UnsupportedFeature
from flask_waapi.testing.graph_double import GraphDouble
from waapi_cloud import CloudProvider, callbacks

World = tuple[GraphDouble, CloudProvider]

# A check of the signing itself, with a digest that was computed apart from this code.
KNOWN_SECRET = "example-app-secret"
KNOWN_BODY = b'{"object":"whatsapp_business_account","entry":[]}'
KNOWN_DIGEST = "eb4b54cb68820a953c6ac314910c47e62f8e1b39bbda1006514617140c6d3870"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cloud_world() as (double, provider):
        yield double, provider


# Handshake


def handshake(**changes: str | None) -> CallbackRequest:
    query = {
        "hub.mode": "subscribe",
        "hub.verify_token": VERIFY_TOKEN,
        "hub.challenge": "1158201444",
    }
    changed = {f"hub.{name}": value for name, value in changes.items()}
    return CallbackRequest({}, {k: v for k, v in {**query, **changed}.items() if v is not None})


def test_a_handshake_with_the_agreed_token_gets_its_challenge(world: World) -> None:
    assert world[1].answer_handshake(handshake()) == "1158201444"


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": None},
        {"mode": "unsubscribe"},
        {"verify_token": None},
        {"verify_token": ""},
        {"verify_token": VERIFY_TOKEN + "x"},
        {"verify_token": VERIFY_TOKEN.upper()},
        {"verify_token": "ünïcode"},
        {"verify_token": "\ud800"},
        {"challenge": None},
        {"challenge": ""},
        {"challenge": "<script>alert(1)</script>"},
        {"challenge": "1158201444\n"},
        {"challenge": "1158 201444"},
        {"challenge": "١١٥٨"},
        {"challenge": "1" * 1_000},
    ],
    ids=repr,
)
def test_any_other_handshake_is_refused(world: World, changes: dict[str, str | None]) -> None:
    with pytest.raises(CallbackRefused):
        world[1].answer_handshake(handshake(**changes))


@unhurried
@given(st.dictionaries(st.sampled_from(["mode", "verify_token", "challenge"]), st.text()))
def test_no_handshake_ends_otherwise_than_in_its_challenge_or_a_refusal(
    changes: dict[str, str],
) -> None:
    request = handshake(**changes)
    try:
        answer = callbacks.answer_handshake(request, VERIFY_TOKEN)
    except CallbackRefused:
        return
    assert answer == request.query["hub.challenge"]


# Signature


def signed_request(header: str | None, body: bytes = KNOWN_BODY) -> CallbackRequest:
    return CallbackRequest({} if header is None else {"x-hub-signature-256": header}, body=body)


def test_a_known_signature_is_accepted() -> None:
    callbacks.check_signature(signed_request(f"sha256={KNOWN_DIGEST}"), KNOWN_SECRET)


HOSTILE_HEADERS = [
    None,
    "",
    "sha256",
    "sha256=",
    KNOWN_DIGEST,
    f"sha1={KNOWN_DIGEST}",
    f"SHA256={KNOWN_DIGEST}",
    f"sha256={KNOWN_DIGEST.upper()}",
    f"sha256={KNOWN_DIGEST}0",
    f"sha256={KNOWN_DIGEST[:-1]}",
    f"sha256={KNOWN_DIGEST[:-1]}g",
    f"sha256={KNOWN_DIGEST}\n",
    f" sha256={KNOWN_DIGEST}",
    f"sha256= {KNOWN_DIGEST}",
    f"sha256={KNOWN_DIGEST},sha256={KNOWN_DIGEST}",
    f"sha256={'0' * 64}",
    f"sha256={'é' * 64}",
    f"sha256={'٣' * 64}",
    f"sha256={chr(0xD800) * 64}",
    "sha256=" + "0" * 1_000_000,
]


@pytest.mark.parametrize("header", HOSTILE_HEADERS, ids=range(len(HOSTILE_HEADERS)))
def test_a_missing_malformed_or_wrong_signature_is_refused(header: str | None) -> None:
    with pytest.raises(CallbackRefused):
        callbacks.check_signature(signed_request(header), KNOWN_SECRET)


SIGNATURES = st.one_of(
    st.text(),
    st.text().map(lambda text: f"sha256={text}"),
    st.text("0123456789abcdef", min_size=64, max_size=64).map(lambda text: f"sha256={text}"),
    st.binary(min_size=32, max_size=32).map(lambda digest: f"sha256={digest.hex()}"),
)


@unhurried
@given(SIGNATURES, st.binary())
def test_no_header_and_no_body_end_otherwise_than_in_a_refusal(header: str, body: bytes) -> None:
    with pytest.raises(CallbackRefused):
        callbacks.check_signature(signed_request(header, body), KNOWN_SECRET)


@unhurried
@given(st.binary(min_size=1), st.text(min_size=1), st.data())
def test_a_signature_holds_for_its_own_body_only(body: bytes, secret: str, data: st.DataObject) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    callbacks.check_signature(signed_request(f"sha256={digest}", body), secret)
    position = data.draw(st.integers(0, len(body) - 1))
    tampered = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
    with pytest.raises(CallbackRefused):
        callbacks.check_signature(signed_request(f"sha256={digest}", tampered), secret)


HOSTILE_MUTATIONS = st.one_of(
    st.just(lambda header: header.upper()),
    st.just(lambda header: header.replace("sha256", "sha1")),
    st.just(lambda header: f"{header},{header}"),
    st.just(lambda header: f"{header}, {header}"),
    st.integers(0, 70).map(lambda length: lambda header: header[:length]),
    st.sampled_from(' \t\n\0,;="é0g').flatmap(
        lambda character: st.integers(0, 71).map(
            lambda place: lambda header: header[:place] + character + header[place:]
        )
    ),
)


@unhurried
@given(HOSTILE_MUTATIONS)
def test_no_mutation_of_the_right_header_is_accepted(mutate: Callable[[str], str]) -> None:
    header = mutate(f"sha256={KNOWN_DIGEST}")
    with pytest.raises(CallbackRefused):
        callbacks.check_signature(signed_request(header), KNOWN_SECRET)


def test_the_signature_covers_the_bytes_as_meta_escapes_them(world: World) -> None:
    double, provider = world
    callback = double.sign({"entry": [{"note": "ü/ü"}]})
    assert b"\\u00fc\\/\\u00fc" in callback.body
    provider.verify_callback(CallbackRequest(callback.headers, body=callback.body))
    written_again = json.dumps(json.loads(callback.body)).encode()
    with pytest.raises(CallbackRefused):
        provider.verify_callback(CallbackRequest(callback.headers, body=written_again))


def test_without_an_app_secret_no_callback_is_taken(world: World) -> None:
    double, _ = world
    callback = double.sign({"entry": []})
    with (
        closing(cloud_provider(double, app_secret=None)) as provider,
        pytest.raises(UnsupportedFeature, match="app_secret"),
    ):
        provider.verify_callback(CallbackRequest(callback.headers, body=callback.body))


def test_a_status_of_a_real_send_comes_back_to_its_message(world: World) -> None:
    double, provider = world
    sent = message()
    result = provider.send(sent)
    callback = double.signed_callback([double.status(result.provider_message_id, "delivered")])
    provider.verify_callback(CallbackRequest(callback.headers, body=callback.body))
    (item,) = provider.parse_callback(callback.body)
    (update,) = item.events
    assert isinstance(update, StatusUpdate)
    assert update.provider_message_id == result.provider_message_id
    assert update.message_uuid == sent.uuid
    assert update.status == "delivered"
