"""Webhooks are signed as Standard Webhooks 1.0 says, so that its own library verifies them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from flask_waapi.outgoing.signing import derive_secret, pepper_fingerprint, sign, to_text

OFFICIAL_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PEPPER = b"a pepper of the server"
NEW = derive_secret(PEPPER, b"new salt")
OLD = derive_secret(PEPPER, b"old salt")
BODY = b'{"type":"message.delivered","data":{}}'


def now() -> datetime:
    """The time, which the library reads itself."""
    return datetime.now(UTC)


def test_the_vector_of_the_official_library_is_met() -> None:
    """From libraries/python/tests/test_webhooks.py of the specification's repository."""
    secret = base64.b64decode(OFFICIAL_SECRET.removeprefix("whsec_"))
    at = datetime.fromtimestamp(1614265330, UTC)

    assert sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}') == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert to_text(secret) == OFFICIAL_SECRET


def test_the_official_library_verifies_what_we_sign() -> None:
    headers = sign([NEW], "msg_1", now(), BODY)

    assert Webhook(to_text(NEW)).verify(BODY, headers) == {"type": "message.delivered", "data": {}}


@pytest.mark.parametrize("body", ['{"text": "Grüße, 你好, 👋🏽"}'.encode(), b'{"a":\n "b\\u00e9"}', b"{}"])
def test_any_body_of_utf_8_verifies_byte_for_byte(body: bytes) -> None:
    headers = sign([NEW], "msg_1", now(), body)

    Webhook(to_text(NEW)).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(to_text(NEW)).verify(body + b" ", headers)


def test_while_a_secret_is_replaced_both_verify_and_the_newest_comes_first() -> None:
    headers = sign([NEW, OLD], "msg_1", now(), BODY)

    Webhook(to_text(NEW)).verify(BODY, headers)
    Webhook(to_text(OLD)).verify(BODY, headers)
    alone = sign([NEW], "msg_1", now(), BODY)["webhook-signature"]
    assert headers["webhook-signature"].count(" ") == 1
    assert len(headers["webhook-signature"].split(" ")[0]) == len(alone)


def test_the_signatures_are_in_the_order_of_the_secrets() -> None:
    at = now()

    assert sign([NEW, OLD], "msg_1", at, BODY)["webhook-signature"] == " ".join(
        sign([secret], "msg_1", at, BODY)["webhook-signature"] for secret in (NEW, OLD)
    )


def test_another_secret_does_not_verify() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(to_text(OLD)).verify(BODY, sign([NEW], "msg_1", now(), BODY))


def test_a_time_of_another_zone_signs_the_same_second() -> None:
    at = datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=UTC)

    assert sign([NEW], "msg_1", at, BODY) == sign(
        [NEW], "msg_1", at.astimezone(timezone(timedelta(hours=5, minutes=30))), BODY
    )


def test_the_second_of_an_attempt_is_never_one_too_late() -> None:
    at = datetime(2026, 11, 22, 23, 59, 59, 999_999, tzinfo=UTC)

    assert sign([NEW], "msg_1", at, BODY)["webhook-timestamp"] == str(int(at.timestamp()))
    assert sign([NEW], "msg_1", at, BODY) == sign([NEW], "msg_1", at.replace(microsecond=0), BODY)


@pytest.mark.parametrize("event_id", ["", "a.b", "a b", "a\r\nx: y", "ä", "a" * 129])
def test_an_id_that_could_be_read_as_something_else_is_refused(event_id: str) -> None:
    with pytest.raises(ValueError, match="webhook id"):
        sign([NEW], event_id, now(), BODY)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        sign([NEW], "msg_1", datetime(2026, 1, 1), BODY)  # noqa: DTZ001


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(ValueError, match="no secrets"):
        sign([], "msg_1", now(), BODY)


def test_a_body_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        sign([NEW], "msg_1", now(), b"\xff")


def test_a_secret_is_32_bytes_that_depend_on_pepper_and_salt() -> None:
    secrets = {derive_secret(pepper, salt) for pepper in (b"p", b"q") for salt in (b"s", b"t")}

    assert len(secrets) == 4
    assert {len(secret) for secret in secrets} == {32}


def test_a_secret_stays_the_same_over_versions() -> None:
    """Customers hold it, so a change here would break every endpoint there is."""
    assert (
        to_text(derive_secret(b"pepper", bytes(16))) == "whsec_vweMgldf0+MvGic32lMcmoXWFxBVMNDSEzhsRY4KUSY="
    )
    assert pepper_fingerprint(b"pepper") == "ef423c08cd64ab8a"


@pytest.mark.parametrize(("pepper", "salt"), [(b"", b"s"), (b"p", b"")])
def test_a_secret_from_nothing_is_refused(pepper: bytes, salt: bytes) -> None:
    with pytest.raises(ValueError, match="pepper"):
        derive_secret(pepper, salt)


def test_a_fingerprint_tells_peppers_apart_and_is_no_secret() -> None:
    assert pepper_fingerprint(b"p") != pepper_fingerprint(b"q")
    assert len(pepper_fingerprint(b"p")) == 16
    assert bytes.fromhex(pepper_fingerprint(b"p")) != derive_secret(b"p", b"s")[:8]
