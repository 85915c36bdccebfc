"""Items of callbacks that could not be applied: kept where people see them, and applied again on demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, select
from sqlalchemy.orm import Session

from ...errors import NotFound
from ...identifiers import first_id, ordered_id
from ...storage.inbound_models import ParkedItem, StoredCallback
from ...storage.json_values import clean
from ...storage.models import Message
from ...storage.session import Store
from ..account_events import OUTBOUND

UNKNOWN = "unknown"
BROKEN = "broken"
UNMATCHED = "unmatched"
"""Why an item is parked."""

STATES = {
    BROKEN: "it cannot be read, or applying it failed",
    UNKNOWN: "of a kind that the provider does not know",
    UNMATCHED: "about a message that is not one of ours",
}

EARLY = timedelta(days=1)
"""How long after a report its message may still turn up."""

JUST_NOW = timedelta(minutes=10)
"""How long after a report its message turns up as a rule."""

LONGEST_POSITION = 100
"""Characters that are kept of what a provider calls an item, so that a number fits behind them."""

AT_ONCE = 500
"""Rows that are taken up in one transaction."""


@dataclass(frozen=True)
class Parked:
    """An item to be parked.

    :param position: where it stands in the callback's body.
    :param raw: it, as a JSON value.
    """

    position: str
    state: str
    reason: str
    raw: Any
    provider_message_id: str | None = None


def park(session: Session, callback: StoredCallback, items: Sequence[Parked], now: datetime) -> None:
    """Write the parked items of a callback, of which there are none yet."""
    if not items:
        return
    # A provider that names two items alike must not cost the record of either.
    positions: dict[str, Parked] = {}
    told_before: Counter[str] = Counter()
    for item in items:
        told = name = clean(item.position)[:LONGEST_POSITION]
        while name in positions:
            told_before[told] += 1
            name = f"{told} ({told_before[told] + 1})"
        positions[name] = item
    session.execute(
        insert(ParkedItem),
        [
            {
                "id": ordered_id(now),
                "callback_id": callback.id,
                "provider": callback.provider,
                "position": position,
                "state": item.state,
                "reason": item.reason,
                "raw": clean(item.raw),
                "provider_message_id": item.provider_message_id,
                "parked_at": now,
            }
            for position, item in positions.items()
        ],
    )


def recognisable(since: datetime) -> Select[Any]:
    """Callbacks with a report parked since a moment whose message there is by now, each once for a report."""
    # Along an index, whose ids hold the moment: where a number is shared, millions are a stranger's.
    query = select(ParkedItem.callback_id).where(_is_recognisable(), ParkedItem.id >= first_id(since))
    return query.order_by(ParkedItem.id).limit(AT_ONCE)


def is_recognisable(session: Session, callback_id: UUID) -> bool:
    """Whether there is the message by now of a report of this callback."""
    query = select(ParkedItem.id).where(ParkedItem.callback_id == callback_id, _is_recognisable())
    return session.scalar(query.limit(1)) is not None


def _is_recognisable() -> ColumnElement[bool]:
    same = and_(
        Message.provider == ParkedItem.provider,
        Message.provider_message_id == ParkedItem.provider_message_id,
        Message.direction == OUTBOUND,
    )
    return and_(ParkedItem.state == UNMATCHED, exists().where(same))


def parked_items(
    store: Store,
    *,
    providers: Collection[str] | None = None,
    state: str | None = None,
    limit: int = 100,
) -> Sequence[ParkedItem]:
    """What is parked, newest first.

    :param providers: of which instances; ``None`` for all.
    :param state: without it, all but reports of strangers' messages.
    """
    query = select(ParkedItem)
    if providers is not None:
        query = query.where(ParkedItem.provider.in_(providers))
    states = [state] if state is not None else [BROKEN, UNKNOWN]
    query = query.where(ParkedItem.state.in_(states)).order_by(ParkedItem.id.desc()).limit(limit)
    with store.read() as session:
        return session.scalars(query).all()


def get_callback(store: Store, callback_id: UUID) -> tuple[StoredCallback, Sequence[ParkedItem]]:
    """A callback, and what is parked of it.

    :raises NotFound: there is none of that id (any more).
    """
    query = select(ParkedItem).where(ParkedItem.callback_id == callback_id).order_by(ParkedItem.id)
    with store.read() as session:
        callback = session.get(StoredCallback, callback_id)
        if callback is None:
            raise NotFound(f"There is no callback {callback_id}: it is kept for WAAPI_LOG_LIFETIME.")
        return callback, session.scalars(query).all()


def stored_callbacks(
    store: Store,
    *,
    provider: str | None = None,
    since: datetime | None = None,
    only_parked: bool = False,
    limit: int = 100,
) -> Sequence[StoredCallback]:
    """The callbacks that came in, newest first."""
    query = _narrow(select(StoredCallback), provider, since, only_parked=only_parked)
    with store.read() as session:
        return session.scalars(query.order_by(StoredCallback.id.desc()).limit(limit)).all()


def callback_ids(
    store: Store, *, provider: str | None = None, since: datetime | None = None, only_parked: bool = False
) -> Sequence[UUID]:
    """The ids of callbacks, in the order in which they came."""
    query = _narrow(select(StoredCallback.id), provider, since, only_parked=only_parked)
    with store.read() as session:
        return session.scalars(query.order_by(StoredCallback.id)).all()


def tallied(store: Store, callback_ids: Sequence[UUID]) -> tuple[int, int, int]:
    """How many items of some callbacks were applied, are parked, and are about messages not ours."""
    query = select(
        *(
            func.coalesce(func.sum(column), 0)
            for column in (StoredCallback.applied, StoredCallback.parked, StoredCallback.unmatched)
        )
    ).where(StoredCallback.id.in_(callback_ids))
    with store.read() as session:
        row = session.execute(query).one()
    return int(row[0]), int(row[1]), int(row[2])


def _narrow(query: Any, provider: str | None, since: datetime | None, *, only_parked: bool) -> Any:
    if provider is not None:
        query = query.where(StoredCallback.provider == provider)
    if since is not None:
        query = query.where(StoredCallback.received_at >= since)
    return query.where(StoredCallback.parked > 0) if only_parked else query


def forget(session: Session, before: datetime) -> int:
    """Delete the oldest callbacks from before a moment, with what is parked of them.

    :returns: how many.
    """
    query = select(StoredCallback.id).where(
        StoredCallback.received_at < before, StoredCallback.due_at.is_(None)
    )
    old = session.scalars(query.order_by(StoredCallback.received_at).limit(AT_ONCE)).all()
    if old:
        # A host's SQLite engine may not look after foreign keys.
        session.execute(delete(ParkedItem).where(ParkedItem.callback_id.in_(old)))
        session.execute(delete(StoredCallback).where(StoredCallback.id.in_(old)))
    return len(old)
