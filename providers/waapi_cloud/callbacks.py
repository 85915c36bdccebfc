"""Meta's webhooks: the handshake, the signature, and the statuses of messages within.

One request may hold many entries, changes and statuses. Each is read on its own: an item that
cannot be read is counted in the log and loses no other. What is no status of a message is left to
whoever keeps the raw body.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask_waapi import CallbackRefused, CallbackRequest, Refusal, StatusUpdate

from .failures import read_graph_error, whole_number

STATUSES = frozenset({"sent", "delivered", "read", "played", "failed"})
"""The statuses of a message that are passed on; Meta adds others at times."""

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,256}")
_SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")
_NO_REASON = Refusal("unspecified", "WhatsApp reported a failure without a reason.")


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


def read_statuses(
    body: bytes, *, clock: Callable[[], datetime], logger: logging.Logger
) -> list[StatusUpdate]:
    """The statuses of messages in a callback whose signature has been checked.

    :param clock: tells when a status happened that does not say so itself.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        logger.warning("A signed callback is not JSON; it holds no status that could be read.")
        return []
    reading = _Reading(clock)
    updates = list(reading.updates(document))
    if reading.skipped:
        logger.warning("A callback holds %d status items that were left out.", reading.skipped)
    if reading.account_errors:
        logger.warning("A callback reports errors of the account: %s", reading.account_errors)
    return updates


@dataclass
class _Reading:
    """One pass over a callback's envelope, and what it could not use."""

    clock: Callable[[], datetime]
    skipped: int = 0
    account_errors: list[int] = field(default_factory=list)

    def updates(self, document: Any) -> Iterator[StatusUpdate]:
        for entry in _objects(_member(document, "entry")):
            for change in _objects(entry.get("changes")):
                value = change.get("value")
                self._note_errors(value)
                statuses = _member(value, "statuses")
                for item in statuses if isinstance(statuses, list) else ():
                    update = _status_update(item, self.clock)
                    if update is None:
                        self.skipped += 1
                    else:
                        yield update

    def _note_errors(self, value: Any) -> None:
        for item in _objects(_member(value, "errors")):
            error = read_graph_error(item)
            if error is not None:
                self.account_errors.append(error.code)


def _status_update(item: Any, clock: Callable[[], datetime]) -> StatusUpdate | None:
    message_id, status = _member(item, "id"), _member(item, "status")
    if not isinstance(message_id, str) or not message_id or not isinstance(status, str):
        return None
    if status not in STATUSES:
        return None
    return StatusUpdate(
        status=status,
        occurred_at=_moment(item.get("timestamp")) or clock(),
        provider_message_id=message_id,
        message_uuid=_uuid(item.get("biz_opaque_callback_data")),
        refusal=_refusal(item) if status == "failed" else None,
    )


def _refusal(item: dict[str, Any]) -> Refusal:
    for value in _objects(item.get("errors")):
        error = read_graph_error(value)
        if error is not None:
            return error.refusal()
    return _NO_REASON


def _moment(value: Any) -> datetime | None:
    # Seconds since 1970: documented as a string, met as a number.
    seconds = whole_number(value)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _uuid(value: Any) -> UUID | None:
    # Whoever shares the number with us may put words of its own there.
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item
