"""Reading messages: one, its timeline, and the history page by page."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from ..errors import Fault, NotFound, ValidationFailed
from ..identifiers import uuid7
from ..storage.models import Message, MessageEvent
from ..storage.session import Store
from .status import rank

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LARGEST_PAGE = 100
STANDARD_PAGE = 50


@dataclass(frozen=True)
class HistoryFilter:
    """Which messages are wanted; members that are ``None`` do not narrow.

    :param created_from: the first moment, aware; included.
    :param created_until: the end, aware; not included.
    """

    status: str | None = None
    type: str | None = None
    to: str | None = None
    template_name: str | None = None
    reference: str | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None


@dataclass(frozen=True)
class HistoryPage:
    """Messages, newest first. :param next_cursor: leads to older ones; ``None`` at the end."""

    messages: list[Message]
    next_cursor: str | None


def get(store: Store, account: str, message_uuid: UUID) -> Message:
    """One message of the account.

    :raises NotFound: the account has no such message.
    """
    query = select(Message).where(Message.id == message_uuid, Message.account == account)
    with store.read() as session:
        message = session.scalars(query).one_or_none()
    if message is None:
        raise NotFound(f"There is no message {message_uuid} in this account.")
    return message


def timeline(store: Store, message: Message) -> list[MessageEvent]:
    """What has happened to a message, in the order of the facts."""
    query = select(MessageEvent).where(MessageEvent.message_id == message.id)
    with store.read() as session:
        events = session.scalars(query).all()
    return sorted(events, key=lambda event: (event.occurred_at, rank(event.status)))


def page(
    store: Store,
    account: str,
    wanted: HistoryFilter,
    *,
    limit: int = STANDARD_PAGE,
    cursor: str | None = None,
) -> HistoryPage:
    """One page of the account's messages.

    Pages follow the message's id, which sorts by time and is never shared, so that rows added meanwhile or
    made in the same instant neither repeat nor get lost.

    :param cursor: ``next_cursor`` of the page before.
    :raises ValidationFailed: the cursor is not one of ours.
    """
    query = _narrow(select(Message).where(Message.account == account), wanted)
    if cursor is not None:
        query = query.where(Message.id < _read_cursor(cursor))
    with store.read() as session:
        rows = list(session.scalars(query.order_by(Message.id.desc()).limit(limit + 1)))
    has_more = len(rows) > limit
    rows = rows[:limit]
    return HistoryPage(rows, _write_cursor(rows[-1].id) if has_more else None)


def _narrow(query: Select[Any], wanted: HistoryFilter) -> Select[Any]:
    equal = {
        Message.status: wanted.status,
        Message.type: wanted.type,
        Message.recipient: wanted.to,
        Message.template_name: wanted.template_name,
        Message.reference: wanted.reference,
    }
    for column, value in equal.items():
        if value is not None:
            query = query.where(column == value)
    # The id holds the moment of creation, so that the one index serves both.
    if wanted.created_from is not None:
        query = query.where(Message.id >= _first_id(wanted.created_from))
    if wanted.created_until is not None:
        query = query.where(Message.id < _first_id(wanted.created_until))
    return query


def _first_id(moment: datetime) -> UUID:
    # Ids count from 1970, and there is nothing from before.
    return uuid7(max(moment, _EPOCH), 0)


def _write_cursor(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def _read_cursor(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        fault = Fault("/cursor", "The cursor is not valid.", "meta.next_cursor of the page before")
        raise ValidationFailed([fault]) from None
