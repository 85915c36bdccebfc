"""Sending many messages with one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..access.gate import denied
from ..access.permissions import SENDING
from ..errors import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    MalformedRequest,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
    WaApiError,
)
from ..messaging.send_requests import SendRequest
from ..storage.models import Message
from . import answers, schemas
from .envelope import error_members, success_body
from .families import fallback_denied, item_request
from .faults import load_partly
from .operation import Call, Reply, operation
from .sending import claim_for, repeat, sender_of

MOST_FAULTS_OF_ITEM = 10
MOST_CHARACTERS_OF_FAULTS = 1_000_000
LONGEST_MESSAGE = 300
"""A batch of a thousand broken messages must not have an answer many times its size, nor one that is longer
than what a database takes in one piece (MariaDB: 16 MiB, a character being written in up to twelve bytes)."""


def count_messages(body: Any) -> int:
    """What a batch counts for in the limits: each of its messages; one that cannot be a batch counts once."""
    messages = body.get("messages") if isinstance(body, dict) else None
    count = len(messages) if isinstance(messages, list) else 0
    return count if 1 <= count <= schemas.LARGEST_BATCH else 1


@operation(
    "POST",
    "/messages/batch",
    permissions=SENDING,
    request=schemas.BATCH,
    statuses={202: "Each message is stored (`queued`) or refused; `data` says which, in their order."},
    data=answers.BATCH_RESULT,
    many=True,
    errors=(
        MalformedRequest,
        UnsupportedMediaType,
        PayloadTooLarge,
        ValidationFailed,
        IdempotencyMismatch,
        IdempotencyInProgress,
    ),
    amount=count_messages,
    idempotent=True,
)
def send_batch(call: Call) -> Reply:
    """Send up to 1,000 messages of any type.

    Each item is the body of a single send, with `type` where the other members do not tell it. A bad item
    refuses only itself; its faults point into this body. In the limits a batch counts as many requests as it
    has messages, and one that exceeds what is left is refused whole. The key needs the permission of each
    message's type.
    """
    claim = claim_for(call, "batch")
    members, faults = load_partly(schemas.BATCH, call.body)
    if faults:
        raise ValidationFailed(faults)
    requests = [_read(call, index, item) for index, item in enumerate(members["messages"])]
    submission = call.services.pipeline.submit_batch(
        requests, sender_of(call), claim, lambda results: (202, batch_body(results))
    )
    if submission.answer is not None:
        return repeat(call.visit, submission.answer)
    return Reply(status=202, body=batch_body(submission.results))


def _read(call: Call, index: int, item: Any) -> SendRequest | WaApiError:
    request, permission = item_request(item, f"/messages/{index}")
    if permission is not None and permission not in call.credential.permissions:
        return denied(call.credential, [permission])
    if denial := fallback_denied(call.credential, request):
        return denial
    acting = call.visit.acting
    return replace(request, simulate=True) if acting is not None and acting.simulate else request


def batch_body(results: Sequence[Message | WaApiError]) -> dict[str, Any]:
    """The answer to a batch, from what became of each of its messages."""
    accepted = sum(isinstance(result, Message) for result in results)
    room = MOST_CHARACTERS_OF_FAULTS
    told: list[dict[str, Any]] = []
    for index, result in enumerate(results):
        if isinstance(result, Message):
            told.append({"index": index, "success": True, "data": answers.BATCH_MESSAGE.dump(result)})
            continue
        members, length = _refusal(result, room)
        room -= length
        told.append({"index": index, "success": False, "error": members})
    return success_body(told, {"accepted": accepted, "refused": len(results) - accepted})


def _refusal(error: WaApiError, room: int) -> tuple[dict[str, Any], int]:
    """What is told of a refusal, and how many characters its faults have; none are told beyond ``room``."""
    members = error_members(error)
    members["message"] = error.message[:LONGEST_MESSAGE]
    if not isinstance(error, ValidationFailed):
        return members, 0
    faults = members.pop("details")[:MOST_FAULTS_OF_ITEM]
    length = sum(len(text) for fault in faults for text in fault.values())
    if length > room:
        return members, 0
    return members | {"details": faults}, length


OPERATIONS = (send_batch,)
