"""Signatures of webhooks after Standard Webhooks 1.0, and the secrets they are made with.

The specification: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

A secret is never stored. A row keeps its salt, and :func:`derive_secret` makes the secret from that and the
server's pepper, so that whoever reads the database alone cannot sign.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

_SECRET_LABEL = b"flask-waapi webhook secret"
_FINGERPRINT_LABEL = b"flask-waapi pepper fingerprint"
_FINGERPRINT_BYTES = 8
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


def sign(secrets: Sequence[bytes], event_id: str, attempted_at: datetime, body: bytes) -> dict[str, str]:
    """The three headers that sign one attempt at delivering an event.

    :param secrets: what to sign with, the newest first; two while an endpoint's secret is being replaced.
    :param event_id: the same for all attempts at one event, since receivers tell repetitions by it.
    :param attempted_at: when this attempt is made, aware; receivers refuse one that is five minutes off.
    :param body: exactly the bytes that are sent, in UTF-8.
    :raises ValueError: there is no secret, the id could be read as another part of the signed text, the time
        is naive, or the body is not UTF-8.
    """
    if not secrets:
        raise ValueError("no secrets were given to sign a webhook with: give the endpoint's, newest first")
    if not _EVENT_ID.fullmatch(event_id):
        # The signed text is joined by dots, and the id becomes a header.
        raise ValueError(f"webhook id {event_id!r}: use 1 to 128 of A-Z, a-z, 0-9, - and _")
    if attempted_at.tzinfo is None:
        raise ValueError(f"time of the attempt {attempted_at}: it is naive; give an aware one")
    # The library takes any time's fields for those of UTC.
    second = attempted_at.astimezone(UTC).replace(microsecond=0)
    text = body.decode()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(second.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(event_id, second, text) for secret in secrets),
    }


def to_text(secret: bytes) -> str:
    """The form in which a customer gets a secret: ``whsec_`` and its base64."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def derive_secret(pepper: bytes, salt: bytes) -> bytes:
    """The 32 bytes of secret that belong to a salt: HMAC-SHA-256 under the server's pepper.

    :raises ValueError: one of the two is empty, which would make secrets that others can make too.
    """
    if not pepper or not salt:
        raise ValueError(
            f"a webhook secret was to be derived from {len(pepper)} bytes of pepper and {len(salt)} of salt:"
            " give some of both"
        )
    return hmac.digest(pepper, _SECRET_LABEL + salt, hashlib.sha256)


def pepper_fingerprint(pepper: bytes) -> str:
    """Which pepper this is, in 16 hexadecimal digits that tell nothing else of it."""
    return hmac.digest(pepper, _FINGERPRINT_LABEL, hashlib.sha256)[:_FINGERPRINT_BYTES].hex()
