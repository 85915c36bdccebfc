"""Reading the log of API requests, page by page; and its end: it does not grow for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ..identifiers import first_id, moment_of
from ..storage.models import ApiRequest
from ..storage.searching import HIGHEST, LOWEST, Stretch, find
from ..storage.session import Store
from . import request_hours

_INDEXES = (
    (ApiRequest.account, ApiRequest.message_id),
    (ApiRequest.account, ApiRequest.request_id),
    (ApiRequest.account, ApiRequest.key_id, ApiRequest.error_code),
    (ApiRequest.account, ApiRequest.error_code),
    (ApiRequest.account, ApiRequest.key_id),
    (ApiRequest.account,),
)
"""What the log is searched along, those first that mostly narrow the most."""

BATCH = 1_000
"""Entries that are deleted in one transaction."""


@dataclass(frozen=True)
class RequestFilter:
    """Which calls are wanted; members that are ``None`` do not narrow.

    :param since: the first moment, aware; included. :param until: the end, aware; not included.
    """

    key_id: UUID | None = None
    error_code: str | None = None
    request_id: str | None = None
    message_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class RequestPage:
    """Calls, newest first.

    :param next_cursor: leads to older ones; ``None`` at the end.
    :param searched_to: how far the search has come where it stopped before the page was full, since what is
        wanted is rare and no index holds it.
    """

    requests: Sequence[ApiRequest]
    next_cursor: UUID | None
    searched_to: datetime | None = None


def page(
    store: Store, account: str, wanted: RequestFilter, *, limit: int = 50, cursor: UUID | None = None
) -> RequestPage:
    """One page of the account's calls, as far as they have been written; by the id, which sorts by time.

    A page may hold fewer calls than the limit, or none, and still lead to another: a search looks at so many
    rows and no more.

    :param cursor: ``next_cursor`` of the page before.
    """
    first = LOWEST if wanted.since is None else first_id(wanted.since)
    end = HIGHEST if wanted.until is None else first_id(wanted.until)
    stretch = Stretch(first, end if cursor is None else min(end, cursor))
    with store.read() as session:
        found = find(session, ApiRequest, _INDEXES, _equal(account, wanted), stretch, limit + 1)
    rows = found.rows[:limit]
    if len(found.rows) > limit:
        return RequestPage(rows, rows[-1].id)
    searched_to = None if found.reached is None else moment_of(found.reached)
    return RequestPage(rows, found.reached, searched_to)


def _equal(account: str, wanted: RequestFilter) -> dict[InstrumentedAttribute[Any], Any]:
    equal: dict[InstrumentedAttribute[Any], Any] = {
        ApiRequest.key_id: wanted.key_id,
        ApiRequest.error_code: wanted.error_code,
        ApiRequest.request_id: wanted.request_id,
        ApiRequest.message_id: wanted.message_id,
    }
    narrowing = {column: value for column, value in equal.items() if value is not None}
    return {ApiRequest.account: account, **narrowing}


def of_message(store: Store, account: str, message_id: UUID, *, limit: int = 20) -> Sequence[ApiRequest]:
    """The last calls that made, read or took back a message, newest first."""
    return page(store, account, RequestFilter(message_id=message_id), limit=limit).requests


def forget(session: Session, before: datetime) -> int:
    """Delete entries from before a moment, the oldest first; with the last of them, the hours.

    :returns: how many entries were deleted; at most :data:`BATCH`.
    """
    # The ids sort by time, across all accounts.
    old = session.scalars(
        select(ApiRequest.id).where(ApiRequest.id < first_id(before)).order_by(ApiRequest.id).limit(BATCH)
    ).all()
    if old:
        session.execute(delete(ApiRequest).where(ApiRequest.id.in_(old)))
    if len(old) < BATCH:
        request_hours.forget(session, before)
    return len(old)
