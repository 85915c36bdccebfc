"""Meta's webhooks: who may call, and that no item of a batch gets lost."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_world import MESSAGE_UUID, NOW, VERIFY_TOKEN, cloud_world, message, unhurried
from flask_waapi import CallbackRefused, CallbackRequest, Refusal, StatusUpdate
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


def parse(world: World, body: Any) -> list[StatusUpdate]:
    double, provider = world
    callback = double.sign(body)
    return list(provider.parse_callback(CallbackRequest(callback.headers, body=callback.body)))


def enveloped(*items: Any) -> dict[str, Any]:
    change = {"field": "messages", "value": {"statuses": list(items)}}
    return {"object": "whatsapp_business_account", "entry": [{"changes": [change]}]}


def item(**members: Any) -> dict[str, Any]:
    return {"id": "wamid.1", "status": "sent", "timestamp": "1772366400"} | members


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


@pytest.mark.parametrize("digest", [KNOWN_DIGEST, KNOWN_DIGEST.upper()])
def test_a_known_signature_is_accepted(digest: str) -> None:
    callbacks.check_signature(signed_request(f"sha256={digest}"), KNOWN_SECRET)


HOSTILE_HEADERS = [
    None,
    "",
    "sha256",
    "sha256=",
    KNOWN_DIGEST,
    f"sha1={KNOWN_DIGEST}",
    f"SHA256={KNOWN_DIGEST}",
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


def test_the_signature_covers_the_bytes_as_meta_escapes_them(world: World) -> None:
    double, provider = world
    callback = double.sign(enveloped(item(note="ü/ü")))
    assert b"\\u00fc\\/\\u00fc" in callback.body
    written_again = json.dumps(json.loads(callback.body)).encode()
    with pytest.raises(CallbackRefused):
        provider.parse_callback(CallbackRequest(callback.headers, body=written_again))


# Statuses


@pytest.mark.parametrize("status", ["sent", "delivered", "read", "played"])
def test_a_status_of_a_message_is_read(world: World, status: str) -> None:
    body = enveloped(item(status=status, biz_opaque_callback_data=str(MESSAGE_UUID)))
    assert parse(world, body) == [
        StatusUpdate(status, datetime(2026, 3, 1, 12, tzinfo=UTC), "wamid.1", MESSAGE_UUID)
    ]


def test_a_failed_status_carries_the_first_error_with_its_details(world: World) -> None:
    errors = [
        {
            "code": 131026,
            "title": "Message undeliverable",
            "message": "Message undeliverable",
            "error_data": {"details": "The recipient has an old version."},
        },
        {"code": 1, "title": "Another"},
    ]
    (update,) = parse(world, enveloped(item(status="failed", errors=errors)))
    assert update.refusal == Refusal("131026", "Message undeliverable: The recipient has an old version.")


@pytest.mark.parametrize("errors", [None, [], "131026", [None], [{}], [{"title": "No code"}]])
def test_a_failure_without_a_readable_error_is_still_a_failure(world: World, errors: Any) -> None:
    (update,) = parse(world, enveloped(item(status="failed", errors=errors)))
    assert update.status == "failed"
    assert update.refusal is not None


def test_a_failure_without_words_gets_those_of_the_table(world: World) -> None:
    (update,) = parse(world, enveloped(item(status="failed", errors=[{"code": "131047"}])))
    assert update.refusal == Refusal(
        "131047", "More than 24 hours have passed since the recipient last wrote."
    )


@pytest.mark.parametrize("timestamp", ["1772366400", 1772366400])
def test_a_timestamp_may_be_a_string_or_a_number(world: World, timestamp: Any) -> None:
    (update,) = parse(world, enveloped(item(timestamp=timestamp)))
    assert update.occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("timestamp", [None, "", "soon", True, [], 1e30, "9" * 30, 10**17, float("nan")])
def test_a_status_without_a_readable_time_happened_now(world: World, timestamp: Any) -> None:
    (update,) = parse(world, enveloped(item(timestamp=timestamp)))
    assert update.occurred_at == NOW


@pytest.mark.parametrize("data", [None, "", "order-7", 7, ["x"], str(MESSAGE_UUID) + "0"])
def test_callback_data_that_is_not_ours_names_no_message(world: World, data: Any) -> None:
    (update,) = parse(world, enveloped(item(biz_opaque_callback_data=data)))
    assert update.message_uuid is None


def test_every_entry_change_and_status_is_read(world: World) -> None:
    def change(*numbers: int) -> dict[str, Any]:
        return {"value": {"statuses": [item(id=f"wamid.{number}") for number in numbers]}}

    body = {
        "entry": [
            {"changes": [change(1, 2), change(3)]},
            {"changes": [change()]},
            {"changes": [change(4)], "time": "x"},
        ]
    }
    updates = parse(world, body)
    assert [update.provider_message_id for update in updates] == [
        "wamid.1",
        "wamid.2",
        "wamid.3",
        "wamid.4",
    ]


POISON: list[Any] = [
    None,
    7,
    "sent",
    [],
    {},
    {"id": "wamid.p"},
    {"status": "sent"},
    {"id": None, "status": "sent"},
    {"id": "", "status": "sent"},
    {"id": "wamid.p", "status": ["sent"]},
    {"id": "wamid.p", "status": {"is": "sent"}},
    {"id": "wamid.p", "status": "teleported"},
]


@pytest.mark.parametrize("poison", POISON, ids=repr)
def test_a_poisoned_item_loses_no_other_and_is_counted(
    world: World, poison: Any, caplog: pytest.LogCaptureFixture
) -> None:
    good = [item(id=f"wamid.{number}") for number in range(3)]
    updates = parse(world, enveloped(good[0], poison, good[1], poison, good[2]))
    assert [update.provider_message_id for update in updates] == ["wamid.0", "wamid.1", "wamid.2"]
    assert "2 status items that were left out" in caplog.text


@pytest.mark.parametrize("place", ["entry", "changes", "value", "statuses"])
@pytest.mark.parametrize("poison", [None, 7, "x", [], {}, [None], [[]]], ids=repr)
def test_a_poisoned_level_loses_no_neighbour(world: World, place: str, poison: Any) -> None:
    poisoned: dict[str, Any] = {
        "entry": {"entry": poison},
        "changes": {"entry": [{"changes": poison}]},
        "value": {"entry": [{"changes": [{"value": poison}]}]},
        "statuses": enveloped() | {"entry": [{"changes": [{"value": {"statuses": poison}}]}]},
    }[place]
    entries = poisoned["entry"] if isinstance(poisoned["entry"], list) else []
    body = {"entry": [*entries, *enveloped(item())["entry"]]}
    assert parse(world, poisoned) == []
    assert len(parse(world, body)) == 1


def test_received_messages_and_other_fields_are_left_to_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    body = {
        "entry": [
            {"changes": [{"field": "messages", "value": {"messages": [{"id": "wamid.in"}]}}]},
            {"changes": [{"field": "account_update", "value": {"event": "PARTNER_ADDED"}}]},
        ]
    }
    assert parse(world, body) == []
    assert not caplog.records


def test_an_error_of_the_account_is_told_to_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    body = {"entry": [{"changes": [{"value": {"errors": [{"code": 130429}, {"x": 1}]}}]}]}
    assert parse(world, body) == []
    assert "[130429]" in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 10_000, b"NaN"])
def test_a_signed_body_that_is_no_envelope_holds_no_status(
    world: World, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert parse(world, body) == []


def test_a_batch_of_a_thousand_is_read_in_order(world: World) -> None:
    items = [
        item(id=f"wamid.{number}", biz_opaque_callback_data=str(UUID(int=number))) for number in range(1_000)
    ]
    updates = parse(world, enveloped(*items))
    assert [update.message_uuid for update in updates] == [UUID(int=n) for n in range(1_000)]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["entry", "changes", "value", "statuses", "id", "status", "errors"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@unhurried
@given(JSON_VALUES)
def test_no_json_breaks_the_reading(value: Any) -> None:
    updates = callbacks.read_statuses(
        json.dumps(value).encode(), clock=lambda: NOW, logger=logging.getLogger("silent")
    )
    assert all(isinstance(update, StatusUpdate) for update in updates)


def test_a_status_of_a_real_send_comes_back_to_its_message(world: World) -> None:
    double, provider = world
    sent = message()
    result = provider.send(sent)
    callback = double.signed_callback([double.status(result.provider_message_id, "delivered")])
    (update,) = provider.parse_callback(CallbackRequest(callback.headers, body=callback.body))
    assert update.provider_message_id == result.provider_message_id
    assert update.message_uuid == sent.uuid
    assert update.status == "delivered"
