"""Messages that are stored: what became of them, and taking one back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ..access.gate import denied
from ..access.permissions import SENDING, Permission
from ..errors import (
    FeatureUnsupported,
    MalformedRequest,
    MessageNotQueued,
    MessageNotReceived,
    MessageRejected,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    ProviderFailed,
    ProviderUnavailable,
    UnsupportedMediaType,
    ValidationFailed,
)
from ..messaging import history
from ..messaging.account_events import OUTBOUND
from ..messaging.history import HistoryFilter
from ..storage.models import Message
from . import answers, schemas
from .families import permission_for
from .faults import load_partly
from .operation import Call, Reply, operation


@operation(
    "GET",
    "/messages/<uuid:message_uuid>",
    permissions=(Permission.VIEW_MESSAGES,),
    data=answers.MESSAGE_DETAIL,
    errors=(NotFound,),
)
def get_message(call: Call, message_uuid: UUID) -> Reply:
    """Read a message, its status and its timeline."""
    # A host's own converter named uuid may give it as a string.
    wanted = UUID(str(message_uuid))
    message = _find(call, wanted)
    data: dict[str, Any] = answers.MESSAGE.dump(message)
    events = history.timeline(call.services.store, message)
    data["events"] = [answers.EVENT.dump(event) for event in events]
    return Reply(data)


@operation(
    "GET",
    "/messages/<uuid:message_uuid>/events",
    permissions=(Permission.VIEW_MESSAGES,),
    data=answers.EVENT,
    many=True,
    errors=(NotFound,),
)
def list_events(call: Call, message_uuid: UUID) -> Reply:
    """Read the timeline of a message, in the order of the facts."""
    message = _find(call, UUID(str(message_uuid)))
    return Reply(answers.EVENT.dump(history.timeline(call.services.store, message), many=True))


@operation(
    "GET",
    "/messages",
    permissions=(Permission.VIEW_MESSAGES,),
    query=schemas.HISTORY_QUERY,
    data=answers.MESSAGE,
    many=True,
    errors=(ValidationFailed,),
)
def list_messages(call: Call) -> Reply:
    """Read the history, newest first: what was sent, and what came in.

    `meta.next_cursor` leads to the next page; it is null on the last one. A page may hold fewer messages than
    the limit and still not be the last.
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
    data = answers.MESSAGE.dump(page.messages, many=True)
    return Reply(data, meta={"next_cursor": page.next_cursor, "limit": limit})


@operation(
    "DELETE",
    "/messages/<uuid:message_uuid>",
    permissions=SENDING,
    statuses={200: "Taken back: `status` is `canceled`."},
    data=answers.MESSAGE,
    errors=(NotFound, MessageNotQueued),
)
def cancel_message(call: Call, message_uuid: UUID) -> Reply:
    """Take a message back that is still queued.

    One that is scheduled or waits for its next try is not sent then. The key needs the permission that
    sends messages of its type.
    """
    wanted, account = UUID(str(message_uuid)), call.credential.account
    message = _find(call, wanted)
    # One that has come in is refused for what it is, whatever the key may send.
    if message.direction == OUTBOUND:
        _require_sender(call, message)
    canceled = call.services.interventions.cancel(account, wanted, actor=call.credential.name)
    return Reply(answers.MESSAGE.dump(canceled))


@operation(
    "POST",
    "/messages/<uuid:message_uuid>/read",
    permissions=(Permission.SEND_TEXT,),
    request=schemas.READ_RECEIPT,
    body_is_optional=True,
    statuses={200: "Its sender sees that it was read."},
    data=answers.RECEIPT,
    errors=(
        MalformedRequest,
        UnsupportedMediaType,
        PayloadTooLarge,
        ValidationFailed,
        NotFound,
        MessageNotReceived,
        FeatureUnsupported,
        MessageRejected,
        ProviderFailed,
        ProviderUnavailable,
    ),
)
def mark_read(call: Call, message_uuid: UUID) -> Reply:
    """Mark a message that came in as read.

    Its sender sees that it, and what they wrote before it, was read; with `typing` also that an answer is
    being written. Meta takes it within 30 days.
    """
    members, faults = load_partly(schemas.READ_RECEIPT, call.body)
    if faults:
        raise ValidationFailed(faults)
    receipts, wanted = call.services.receipts, UUID(str(message_uuid))
    message = receipts.received(call.credential.account, wanted)
    call.visit.message_id = message.id
    if call.is_simulated and not message.simulated:
        raise PermissionDenied("A test key and a simulated run mark simulated messages only.")
    typing = members.get("typing", False)
    receipts.mark(message, typing=typing)
    return Reply(answers.RECEIPT.dump({"message_uuid": wanted, "read": True, "typing": typing}))


def _find(call: Call, wanted: UUID) -> Message:
    message = history.get(call.services.store, call.credential.account, wanted)
    call.visit.message_id = message.id
    return message


def _require_sender(call: Call, message: Message) -> None:
    needed = permission_for(message.type)
    if needed not in call.credential.permissions:
        raise denied(call.credential, [needed])
    if call.credential.mode == "test" and not message.simulated:
        raise PermissionDenied(
            f"The API key {call.credential.name!r} is a test key: it takes back simulated messages only."
        )


OPERATIONS = (get_message, list_events, list_messages, cancel_message, mark_read)
