"""Who may call: the handshake of Meta's webhooks, and the signature of each callback.

The rules are those of Meta's pages on webhooks: the challenge is answered as it came, and
``X-Hub-Signature-256`` is an HMAC of the raw body under the app's secret.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from flask_waapi import CallbackRefused, CallbackRequest

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,256}")
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")


def answer_handshake(request: CallbackRequest, verify_token: str) -> str:
    """The challenge, if the request knows the agreed token.

    The answer is restricted to characters that mean nothing in HTML, whatever type it is served as.

    :raises CallbackRefused: wrong mode, wrong token, or a challenge of other characters.
    """
    query = request.query
    given = query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
    if query.get("hub.mode") != "subscribe":
        raise CallbackRefused("The handshake's hub.mode is not 'subscribe'.")
    if not hmac.compare_digest(given, verify_token.encode()):
        raise CallbackRefused("The handshake's hub.verify_token is not the agreed one.")
    challenge = query.get("hub.challenge", "")
    if not _CHALLENGE.fullmatch(challenge):
        raise CallbackRefused("The handshake's hub.challenge is missing or malformed.")
    return challenge


def check_signature(request: CallbackRequest, app_secret: str) -> None:
    """Return only if the body was signed with the app secret.

    The signature covers the bytes as they came; Meta escapes more than JSON asks for, so that no
    other serialisation of the same values has it.

    :raises CallbackRefused: ``X-Hub-Signature-256`` is missing, malformed or wrong.
    """
    header = request.headers.get("x-hub-signature-256")
    if header is None:
        raise CallbackRefused("The callback has no X-Hub-Signature-256 header.")
    match = _SIGNATURE.fullmatch(header)
    if match is None:
        raise CallbackRefused("The callback's X-Hub-Signature-256 header is malformed.")
    expected = hmac.digest(app_secret.encode(), request.body, hashlib.sha256)
    if not hmac.compare_digest(expected, bytes.fromhex(match[1])):
        raise CallbackRefused("The callback's signature does not fit its body and the app secret.")
