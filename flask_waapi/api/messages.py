"""Sending messages, and reading what became of them."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import request

from ..access.idempotency import IdempotencyClaim
from ..access.permissions import Permission
from ..discretion import log_failure
from ..errors import (
    FeatureUnsupported,
    IdempotencyInProgress,
    IdempotencyMismatch,
    MalformedRequest,
    MessageRejected,
    NotFound,
    PayloadTooLarge,
    ProviderFailed,
    ProviderUnavailable,
    ServiceWindowClosed,
    TemplateNotFound,
    UnsupportedMediaType,
    ValidationFailed,
    WaApiError,
)
from ..messaging import history
from ..messaging.history import HistoryFilter
from ..messaging.pipeline import Pipeline, Sender
from ..messaging.status import FAILED, QUEUED, UNCONFIRMED
from ..storage.models import Message
from . import schemas
from .door import Visit
from .envelope import error_body, success_body
from .operation import Call, Reply, operation
from .requests import (
    ReadRequest,
    media_request,
    read_idempotency_key,
    template_request,
    text_request,
)

logger = logging.getLogger(__name__)

SENT_STATUSES = {
    201: "A provider has accepted the message: `status` is `sent`.",
    202: "The message is stored and waits (`queued`), or its outcome is not known yet (`unconfirmed`).",
}

SEND_ERRORS: tuple[type[WaApiError], ...] = (
    MalformedRequest,
    UnsupportedMediaType,
    PayloadTooLarge,
    ValidationFailed,
    FeatureUnsupported,
    IdempotencyMismatch,
    IdempotencyInProgress,
    ServiceWindowClosed,
    MessageRejected,
    ProviderFailed,
    ProviderUnavailable,
)

_FAILURES: dict[str | None, type[WaApiError]] = {
    error.code: error
    for error in (
        FeatureUnsupported,
        MessageRejected,
        ProviderFailed,
        ProviderUnavailable,
        ServiceWindowClosed,
    )
}

_FINAL_STATUSES = {201, 202, 422}
"""Answers that a repetition gets too. After any other nothing was sent, and trying again may help."""

_REPLAYED = {"Idempotency-Replayed": "true"}

_SEND: dict[str, Any] = {
    "statuses": SENT_STATUSES,
    "data": schemas.MESSAGE,
    "idempotent": True,
}


@operation(
    "POST",
    "/messages/template/send",
    permission=Permission.SEND_TEMPLATE,
    request=schemas.TEMPLATE_SEND,
    errors=(TemplateNotFound, *SEND_ERRORS),
    **_SEND,
)
def send_template(call: Call) -> Reply:
    """Send a template message.

    The template must be approved, and every placeholder must have its value.
    """
    return _send(call, "template", template_request)


@operation(
    "POST",
    "/messages/text/send",
    permission=Permission.SEND_TEXT,
    request=schemas.TEXT_SEND,
    errors=SEND_ERRORS,
    **_SEND,
)
def send_text(call: Call) -> Reply:
    """Send a text.

    Free-form: the recipient must have written within the last 24 hours.
    """
    return _send(call, "text", text_request)


@operation(
    "POST",
    "/messages/media/send",
    permission=Permission.SEND_MEDIA,
    request=schemas.MEDIA_SEND,
    errors=SEND_ERRORS,
    **_SEND,
)
def send_media(call: Call) -> Reply:
    """Send an image, video, sound, document or sticker.

    Free-form: the recipient must have written within the last 24 hours.
    """
    return _send(call, "media", media_request)


@operation(
    "GET",
    "/messages/<uuid:message_uuid>",
    permission=Permission.VIEW_MESSAGES,
    data=schemas.MESSAGE_DETAIL,
    errors=(NotFound,),
)
def get_message(call: Call, message_uuid: UUID) -> Reply:
    """Read a message, its status and its timeline."""
    # A host's own converter named uuid may give it as a string.
    wanted = UUID(str(message_uuid))
    message = history.get(call.services.store, call.credential.account, wanted)
    data: dict[str, Any] = schemas.MESSAGE.dump(message)
    events = history.timeline(call.services.store, message)
    data["events"] = [schemas.EVENT.dump(event) for event in events]
    return Reply(data)


@operation(
    "GET",
    "/messages",
    permission=Permission.VIEW_MESSAGES,
    query=schemas.HISTORY_QUERY,
    data=schemas.MESSAGE,
    many=True,
    errors=(ValidationFailed,),
)
def list_messages(call: Call) -> Reply:
    """Read the history, newest first.

    `meta.next_cursor` leads to the next page; it is null on the last one.
    """
    query = dict(call.query)
    limit, cursor = query.pop("limit"), query.pop("cursor", None)
    page = history.page(
        call.services.store,
        call.credential.account,
        HistoryFilter(**query),
        limit=limit,
        cursor=cursor,
    )
    data = schemas.MESSAGE.dump(page.messages, many=True)
    return Reply(data, meta={"next_cursor": page.next_cursor, "limit": limit})


def _send(call: Call, route: str, read_request: ReadRequest) -> Reply:
    credential, visit = call.credential, call.visit
    claim = _claim(call, route)
    wanted = read_request(call.body)
    if visit.acting is not None and visit.acting.simulate:
        wanted = replace(wanted, simulate=True)
    sender = Sender(
        account=credential.account,
        key_id=credential.key_id,
        simulated=credential.mode == "test",
        request_id=visit.request_id,
    )
    submission = call.services.pipeline.submit(wanted, sender, claim)
    first = submission.answer
    if first is not None and first.body is not None:
        return _repeat(visit, first.status or 200, first.body)
    reply = _answer(visit, submission.message)
    if claim is not None and reply.body is not None:
        _settle_claim(call.services.pipeline, claim, submission.message, reply.status, reply.body)
    if first is not None:
        reply = replace(reply, headers={**reply.headers, **_REPLAYED})
    return reply


def _claim(call: Call, route: str) -> IdempotencyClaim | None:
    key = read_idempotency_key(request.headers.get("Idempotency-Key"))
    if key is None:
        return None
    digest = hashlib.sha256(json.dumps(call.body, sort_keys=True).encode()).digest()
    # With the mode: a test key's send must not pass for the answer to a live one.
    return IdempotencyClaim(call.credential.account, f"{call.credential.mode}:{route}", key, digest)


def _settle_claim(
    pipeline: Pipeline, claim: IdempotencyClaim, message: Message, status: int, body: dict[str, Any]
) -> None:
    try:
        if status in _FINAL_STATUSES:
            pipeline.keep_answer(claim, message, status, body)
        else:
            pipeline.release(claim, message)
    except Exception as error:
        # The message has been dealt with, and its caller must hear so. A repetition will find the message.
        log_failure(logger, error, "The answer to message %s could not be kept", message.id)


def _answer(visit: Visit, message: Message) -> Reply:
    if message.status == FAILED:
        error = failure_error(message)
        visit.error_code = error.code
        headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        return Reply(status=error.status, body=error_body(error, visit.request_id), headers=headers)
    status = 202 if message.status in {QUEUED, UNCONFIRMED} else 201
    return Reply(status=status, body=success_body(schemas.MESSAGE.dump(message)))


def _repeat(visit: Visit, status: int, body: dict[str, Any]) -> Reply:
    visit.error_code = body.get("error", {}).get("code")
    return Reply(status=status, body=body, headers=_REPLAYED)


def failure_error(message: Message) -> WaApiError:
    """The error that tells of a failed message."""
    kind = _FAILURES.get(message.failure_code, MessageRejected)
    return kind(
        message.failure_reason or "The message was not sent.",
        details={
            "message_uuid": str(message.id),
            "provider": message.provider,
            "provider_code": message.provider_code,
            "reason": message.failure_reason,
        },
        retry_after=30 if kind is ProviderUnavailable else None,
    )


OPERATIONS = (send_template, send_text, send_media, get_message, list_messages)
