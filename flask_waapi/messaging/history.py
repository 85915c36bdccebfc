"""Reading messages: one, its timeline, and the history page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from ..errors import Fault, NotFound, ValidationFailed
from ..identifiers import first_id, moment_of
from ..storage.models import Message, MessageEvent
from ..storage.searching import HIGHEST, LOWEST, Stretch, find
from ..storage.session import Store
from .account_events import INBOUND, OUTBOUND
from .events import OUTCOME_UNKNOWN
from .status import rank

DIRECTIONS = (OUTBOUND, INBOUND)

_INDEXES = (
    (Message.account, Message.reference),
    (Message.account, Message.recipient),
    (Message.account, Message.sender),
    (Message.account, Message.key_id),
    (Message.account, Message.template_name),
    (Message.account, Message.status),
    (Message.account, Message.direction),
    (Message.account,),
)
"""What the history is searched along, those first that mostly narrow the most."""

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
    failure_code: str | None = None
    direction: str | None = None
    sender: str | None = None
    key_id: UUID | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None


@dataclass(frozen=True)
class HistoryPage:
    """Messages, newest first.

    :param next_cursor: leads to older ones; ``None`` at the end.
    :param previous_cursor: leads to newer ones; ``None`` at the beginning.
    :param searched_to: how far the search has come where it stopped before the page was full, since what is
        wanted is rare and no index holds it.
    """

    messages: list[Message]
    next_cursor: str | None
    previous_cursor: str | None = None
    searched_to: datetime | None = None


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


def get_all(store: Store, account: str, message_uuids: Collection[UUID]) -> Sequence[Message]:
    """Those of the messages that the account has, in no order."""
    query = select(Message).where(Message.id.in_(message_uuids), Message.account == account)
    with store.read() as session:
        return session.scalars(query).all()


def by_provider_id(store: Store, account: str, providers: Collection[str], given: str) -> UUID | None:
    """The newest message of the account that one of these instances knows by an id of its own."""
    query = select(Message.id).where(
        Message.account == account,
        Message.provider.in_(providers),
        Message.provider_message_id == given,
    )
    with store.read() as session:
        return session.scalars(query.order_by(Message.id.desc()).limit(1)).first()


def timeline(store: Store, message: Message) -> list[MessageEvent]:
    """What has happened to a message, in the order of the facts."""
    query = select(MessageEvent).where(MessageEvent.message_id == message.id)
    with store.read() as session:
        events = session.scalars(query).all()
    return sorted(
        events,
        key=lambda event: (event.occurred_at, event.round, rank(event.status), event.attempt or 0),
    )


def may_have_been_sent(events: Iterable[MessageEvent]) -> bool:
    """Whether a message may have reached its recipient although it is not known to: an answer was lost."""
    return any(event.code == OUTCOME_UNKNOWN for event in events)


def count(store: Store, account: str, wanted: HistoryFilter, *, most: int | None = None) -> int:
    """How many messages are wanted.

    :param most: where to stop counting; the number is then at most that.
    """
    query = _wanted(account, wanted)
    return _count(store, query if most is None else query.limit(most))


def count_maybe_sent(store: Store, account: str, wanted: HistoryFilter) -> int:
    """How many of the wanted messages may have been sent, as :func:`may_have_been_sent` says."""
    lost_answer = (
        select(MessageEvent.id)
        .where(MessageEvent.message_id == Message.id, MessageEvent.code == OUTCOME_UNKNOWN)
        .exists()
    )
    return _count(store, _wanted(account, wanted).where(lost_answer))


def is_for_its_sender() -> ColumnElement[bool]:
    """Whether the message's sender was answered with its failure: sending it again is theirs."""
    answered = select(MessageEvent.id).where(
        MessageEvent.message_id == Message.id,
        MessageEvent.round == Message.round,
        MessageEvent.answered,
    )
    return answered.exists()


def count_for_senders(store: Store, account: str, wanted: HistoryFilter) -> int:
    """How many of the wanted failed messages are their senders' to send again."""
    return _count(store, _wanted(account, wanted).where(is_for_its_sender()))


def _wanted(account: str, wanted: HistoryFilter) -> Select[Any]:
    return narrow(select(Message.id).where(Message.account == account), wanted)


def _count(store: Store, query: Select[Any]) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def page(
    store: Store,
    account: str,
    wanted: HistoryFilter,
    *,
    limit: int = STANDARD_PAGE,
    cursor: str | None = None,
) -> HistoryPage:
    """One page of the account's messages; as :func:`search` of one filter."""
    return search(store, account, [wanted], limit=limit, cursor=cursor)


def search(
    store: Store,
    account: str,
    alternatives: Sequence[HistoryFilter],
    *,
    limit: int = STANDARD_PAGE,
    cursor: str | None = None,
    after: str | None = None,
) -> HistoryPage:
    """One page of the account's messages that are wanted by any of the filters.

    Pages follow the message's id, which sorts by time and is never shared, so that rows added meanwhile or
    made in the same instant neither repeat nor get lost.

    A page may hold fewer messages than the limit, or none, and still lead to another: a search looks at so
    many rows and no more.

    :param cursor: ``next_cursor`` of the page before: leads to older ones.
    :param after: ``previous_cursor`` of the page after: leads to the next newer ones.
    :raises ValidationFailed: the cursor is not one of ours.
    """
    before = HIGHEST if cursor is None else _read_cursor(cursor)
    behind = LOWEST if after is None else UUID(int=min(_read_cursor(after, "after").int + 1, HIGHEST.int))
    ascending = after is not None
    found: dict[UUID, Message] = {}
    reached = []
    with store.read() as session:
        for wanted in alternatives:
            first, end = _between(wanted)
            stretch = Stretch(max(first, behind), min(end, before), ascending=ascending)
            equal = {Message.account: account, **_equal(wanted)}
            part = find(session, Message, _INDEXES, equal, stretch, limit + 1)
            found |= {message.id: message for message in part.rows}
            reached += [part.reached] if part.reached is not None else []
    # Beyond the place where one of the searches has stopped, the others know only a part.
    stopped_at = (min if ascending else max)(reached, default=None)
    ids = sorted(found, reverse=not ascending)
    if stopped_at is not None:
        ids = [id_ for id_ in ids if (id_ <= stopped_at if ascending else id_ >= stopped_at)]
    is_full = len(ids) > limit
    ids = ids[:limit]
    onwards_from = ids[limit - 1] if is_full else stopped_at
    onwards = None if onwards_from is None else _write_cursor(onwards_from)
    back = None
    if cursor is not None or after is not None:
        # Both ends of a page are left out by the cursor that was read from it.
        begin = ids[0] if ids else _next_to(behind if ascending else before, upwards=ascending)
        back = _write_cursor(begin)
    messages = [found[id_] for id_ in (reversed(ids) if ascending else ids)]
    searched_to = moment_of(stopped_at) if stopped_at is not None and not is_full else None
    if ascending:
        return HistoryPage(messages, back, onwards, searched_to)
    return HistoryPage(messages, onwards, back, searched_to)


def narrow(query: Select[Any], wanted: HistoryFilter) -> Select[Any]:
    """The query, for the wanted messages alone."""
    query = query.where(*(column == value for column, value in _equal(wanted).items()))
    first, end = _between(wanted)
    if wanted.created_from is not None:
        query = query.where(Message.id >= first)
    if wanted.created_until is not None:
        query = query.where(Message.id < end)
    return query


def _equal(wanted: HistoryFilter) -> dict[InstrumentedAttribute[Any], Any]:
    equal: dict[InstrumentedAttribute[Any], Any] = {
        Message.status: wanted.status,
        Message.type: wanted.type,
        Message.recipient: wanted.to,
        Message.template_name: wanted.template_name,
        Message.reference: wanted.reference,
        Message.failure_code: wanted.failure_code,
        Message.direction: wanted.direction,
        Message.sender: wanted.sender,
        Message.key_id: wanted.key_id,
    }
    return {column: value for column, value in equal.items() if value is not None}


def _between(wanted: HistoryFilter) -> tuple[UUID, UUID]:
    # The id holds the moment of creation, so that the one index serves both.
    first, end = wanted.created_from, wanted.created_until
    return (
        LOWEST if first is None else first_id(first),
        HIGHEST if end is None else first_id(end),
    )


def _next_to(end: UUID, *, upwards: bool) -> UUID:
    return UUID(int=end.int if upwards else max(end.int - 1, 0))


def cursor_at(message: Message) -> str:
    """The cursor of a page that begins beside the message."""
    return _write_cursor(message.id)


def _write_cursor(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def _read_cursor(cursor: str, name: str = "cursor") -> UUID:
    try:
        return UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        fault = Fault(f"/{name}", "The cursor is not valid.", "meta.next_cursor of the page before")
        raise ValidationFailed([fault]) from None
