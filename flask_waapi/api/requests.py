"""From a request's JSON to the pipeline's :class:`SendRequest`: what all sends share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ..content import INDIVIDUAL, Content, Marketing, MessageOptions
from ..errors import Fault, ValidationFailed
from ..messaging.send_requests import SendRequest
from ..messaging.templates.rendering import TemplateDraft

LARGEST_IDEMPOTENCY_KEY = 255

ReadRequest = Callable[[Any], SendRequest]
"""Reads the body of a send."""


def request_of(
    members: Mapping[str, Any],
    content: Content | TemplateDraft | None,
    faults: Sequence[Fault],
    fallback: TemplateDraft | None = None,
) -> SendRequest:
    """The request that a schema has read.

    :param members: those of the body that are sound.
    """
    return SendRequest(
        to=members.get("to", ""),
        content=content,
        reference=members.get("reference"),
        simulate=members.get("simulate", False),
        send_at=members.get("send_at"),
        expires_in=timedelta(seconds=members["expires_in"]) if "expires_in" in members else None,
        fallback=fallback,
        options=_options(members),
        faults=(*faults, *_context_faults(members)),
    )


def _options(members: Mapping[str, Any]) -> MessageOptions:
    context = members.get("context", {})
    return MessageOptions(
        recipient_type=members.get("recipient_type", INDIVIDUAL),
        reply_to=members.get("reply_to", context.get("message_id")),
        callback_data=members.get("callback_data"),
        identity_key_hash=members.get("recipient_identity_key_hash"),
        marketing=Marketing(**members["marketing"]) if "marketing" in members else None,
    )


def _context_faults(members: Mapping[str, Any]) -> list[Fault]:
    if "reply_to" in members and "context" in members:
        return [Fault("/context", "There are both 'reply_to' and 'context'.", "one of them")]
    return []


def read_idempotency_key(header: str | None) -> str | None:
    """The caller's key from ``Idempotency-Key``, quoted as the IETF draft has it or bare.

    :raises ValidationFailed: it is not 1 to 255 printable ASCII characters.
    """
    if header is None:
        return None
    key = header.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = re.sub(r'\\(["\\])', r"\1", key[1:-1])
    if re.fullmatch(r"[\x20-\x7e]{1,255}", key, re.ASCII):
        return key
    raise ValidationFailed(
        [
            Fault(
                "/headers/Idempotency-Key",
                "The Idempotency-Key is not usable.",
                f"1 to {LARGEST_IDEMPOTENCY_KEY} printable ASCII characters",
            )
        ]
    )
