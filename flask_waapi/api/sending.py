"""Sending one message: an operation for each family of contents."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from dataclasses import replace
from typing import Any

from flask import request
from werkzeug.http import parse_list_header, parse_options_header

from ..access.idempotency import Answer, IdempotencyClaim
from ..access.permissions import SENDING, Permission
from ..errors import (
    AccountRestricted,
    FeatureUnsupported,
    IdempotencyInProgress,
    IdempotencyMismatch,
    MalformedRequest,
    MessageRejected,
    PayloadTooLarge,
    ProviderFailed,
    ProviderUnavailable,
    RecipientOptedOut,
    ServiceWindowClosed,
    TemplateNotFound,
    UnsupportedMediaType,
    ValidationFailed,
    WaApiError,
)
from ..messaging.passing_failures import may_be_repeated
from ..messaging.pipeline import Submission
from ..messaging.send_requests import Sender
from ..messaging.status import FAILED, QUEUED, UNCONFIRMED
from ..timing import VALIDATION, part
from . import answers, schemas
from .door import Visit
from .envelope import error_body, success_body
from .families import read_send, sender_as
from .media import SEND_FORM, bringing_file, lacks_file
from .operation import Call, Reply, operation
from .requests import read_idempotency_key

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
    RecipientOptedOut,
    AccountRestricted,
    TemplateNotFound,
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

REPLAYED = {"Idempotency-Replayed": "true"}

_SEND: dict[str, Any] = {
    "statuses": SENT_STATUSES,
    "errors": SEND_ERRORS,
    "data": answers.MESSAGE,
    "idempotent": True,
    "answers_first": True,
}


@operation(
    "POST",
    "/messages/template/send",
    permissions=(Permission.SEND_TEMPLATE,),
    request=(schemas.TEMPLATE_SEND, schemas.NATIVE_TEMPLATE),
    **_SEND,
)
def send_template(call: Call) -> Reply:
    """Send a template message.

    The template must be approved, and every placeholder must have its value.
    """
    return _send(call, "template")


@operation(
    "POST",
    "/messages/text/send",
    permissions=(Permission.SEND_TEXT,),
    request=(schemas.TEXT_SEND, schemas.NATIVE_TEXT),
    **_SEND,
)
def send_text(call: Call) -> Reply:
    """Send a text.

    Free-form: the recipient must have written within the last 24 hours. Otherwise `fallback_template` is sent
    instead, where there is one.
    """
    return _send(call, "text")


@operation(
    "POST",
    "/messages/media/send",
    permissions=(Permission.SEND_MEDIA,),
    request=(schemas.MEDIA_SEND, *schemas.NATIVE_MEDIA.values()),
    form=SEND_FORM,
    **_SEND,
)
def send_media(call: Call) -> Reply:
    """Send an image, video, sound, document or sticker.

    Free-form: the recipient must have written within the last 24 hours. Otherwise `fallback_template` is sent
    instead, where there is one. The medium is named by `link` or `media_id`, or comes with the request as a
    form of two parts, `file` and `message`.
    """
    with bringing_file(call, _is_repeated) as carried:
        return _send(carried, "media")


def _is_repeated(call: Call) -> bool:
    claim = claim_for(call, "media")
    return claim is not None and call.services.pipeline.is_repeated(claim)


@operation(
    "POST",
    "/messages/interactive/send",
    permissions=(Permission.SEND_TEXT,),
    request=(*schemas.INTERACTIVE_SENDS.values(), schemas.NATIVE_INTERACTIVE),
    **_SEND,
)
def send_interactive(call: Call) -> Reply:
    """Send an interactive message.

    Buttons, a list, a link, a request, an address form, a flow, products, cards or an order: `type` says
    which; Meta's own object goes under `interactive`. Free-form, as a text is.
    """
    return _send(call, "interactive")


@operation(
    "POST",
    "/messages/location/send",
    permissions=(Permission.SEND_TEXT,),
    request=(schemas.LOCATION_SEND, schemas.NATIVE_LOCATION),
    **_SEND,
)
def send_location(call: Call) -> Reply:
    """Send a place.

    Free-form, as a text is.
    """
    return _send(call, "location")


@operation(
    "POST",
    "/messages/contacts/send",
    permissions=(Permission.SEND_TEXT,),
    request=schemas.CONTACTS_SEND,
    **_SEND,
)
def send_contacts(call: Call) -> Reply:
    """Send contact cards.

    Free-form, as a text is.
    """
    return _send(call, "contacts")


@operation(
    "POST",
    "/messages/reaction/send",
    permissions=(Permission.SEND_TEXT,),
    request=(schemas.REACTION_SEND, schemas.NATIVE_REACTION),
    **_SEND,
)
def send_reaction(call: Call) -> Reply:
    """React to a message with an emoji, or take a reaction back with an empty one.

    Free-form, as a text is. Of a reaction only `sent` is ever reported.
    """
    return _send(call, "reaction")


@operation(
    "POST",
    "/messages/raw/send",
    permissions=SENDING,
    request=schemas.RAW_SEND,
    **_SEND,
)
def send_raw(call: Call) -> Reply:
    """Send a type that is newer than this library.

    The message object is Meta's, for a `type` that has no endpoint here yet; nothing in it is checked.
    Free-form, as a text is. The key needs the permission for messages of that type, which is **Send Text**
    for those not known here.
    """
    return _send(call, "raw")


def _send(call: Call, family: str) -> Reply:
    visit = call.visit
    claim = claim_for(call, family)
    with part(VALIDATION):
        wanted = read_send(family, call.body, call.credential)
    if visit.acting is not None and visit.acting.simulate:
        wanted = replace(wanted, simulate=True)
    answer_first = _prefers_early_answer()
    submission = call.services.pipeline.submit(
        wanted, sender_of(call), claim, answer_first=answer_first, only_repeats=lacks_file(call)
    )
    visit.message_id = submission.message.id
    first = submission.answer
    if first is not None and first.body is not None:
        return repeat(visit, first)
    reply = _answer(visit, submission)
    if claim is not None and reply.body is not None and not may_be_repeated(submission.message):
        call.services.pipeline.keep_answer(claim, submission.message, reply.status, reply.body)
    headers = dict(reply.headers)
    if first is not None:
        headers |= REPLAYED
    elif answer_first and reply.status == 202:
        headers["Preference-Applied"] = "respond-async"
    return replace(reply, headers=headers)


def sender_of(call: Call) -> Sender:
    """On whose behalf the request sends."""
    return sender_as(call.credential, call.visit.request_id)


def claim_for(call: Call, route: str) -> IdempotencyClaim | None:
    """What the request asks for with its ``Idempotency-Key``; ``None`` without one.

    :raises ValidationFailed: the header is not usable.
    """
    key = read_idempotency_key(request.headers.get("Idempotency-Key"))
    if key is None:
        return None
    covered = call.body if call.claimed is None else call.claimed
    # With the mode: a test key's send must not pass for the answer to a live one.
    return IdempotencyClaim(call.credential.account, f"{call.credential.mode}:{route}", key, digest(covered))


def digest(body: Any) -> bytes:
    """SHA-256 of JSON values; white space and the order of members do not count."""
    # What a Python caller gives need not be JSON; it is for the schema to refuse.
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=repr).encode()).digest()


def repeat(visit: Visit, first: Answer) -> Reply:
    """The first answer once more."""
    body = first.body or {}
    visit.error_code = body.get("error", {}).get("code")
    return Reply(status=first.status or 200, body=body, headers=REPLAYED)


def _prefers_early_answer() -> bool:
    # RFC 7240: preferences are separated by commas, in one header or several.
    preferences = parse_list_header(",".join(request.headers.getlist("Prefer")))
    return any(parse_options_header(item)[0].lower() == "respond-async" for item in preferences)


def _answer(visit: Visit, submission: Submission) -> Reply:
    message = submission.message
    if message.status == FAILED:
        error = failure_error(submission)
        visit.error_code = error.code
        headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        return Reply(status=error.status, body=error_body(error, visit.request_id), headers=headers)
    status = 202 if message.status in {QUEUED, UNCONFIRMED} else 201
    return Reply(status=status, body=success_body(answers.MESSAGE.dump(message)))


def failure_error(submission: Submission) -> WaApiError:
    """The error that tells of a failed message."""
    message = submission.message
    kind = _FAILURES.get(message.failure_code, MessageRejected)
    wait = submission.retry_after
    return kind(
        message.failure_reason or "The message was not sent.",
        details={
            "message_uuid": str(message.id),
            "provider": message.provider,
            "provider_code": message.provider_code,
            "reason": message.failure_reason,
        },
        retry_after=None if wait is None else max(1, math.ceil(wait.total_seconds())),
    )


OPERATIONS = (
    send_template,
    send_text,
    send_media,
    send_interactive,
    send_location,
    send_contacts,
    send_reaction,
    send_raw,
)
