"""Where messages wait to be sent: in lanes, one for each priority, provider and sender.

Lanes are served in turn, so that a key with ten thousand messages does not keep another's one waiting, and
those of a higher priority first. The lane is a column of the message's row; there is no second place that
could say otherwise.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from enum import IntEnum
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from ...settings import Settings
from ...storage.models import Message
from ...storage.owed import Owed
from ...storage.session import Store


class Priority(IntEnum):
    """What goes first."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


PRIORITIES = {"AUTHENTICATION": Priority.HIGH, "MARKETING": Priority.LOW}
"""By template category; a one-time password is of no use to a person who is no longer waiting for it."""

MOST_LANES = 50
"""In how many lanes the message is looked for that has waited longest."""

Room = Callable[[str], int]
"""How many messages of a provider instance can be handed over now."""


def lane_of(message: Message) -> str:
    """The lane in which a message waits, when it waits."""
    sender = message.key_id.hex if message.key_id else message.account
    return f"{message.priority}:{message.provider}:{sender}"


def enqueue(message: Message, due_at: datetime) -> None:
    """Let a message wait until ``due_at``."""
    message.lane, message.due_at, message.claimed_at = lane_of(message), due_at, None


def take_in_hand(message: Message, now: datetime, settings: Settings) -> None:
    """Claim a message that is about to be stored."""
    message.attempts = 1
    message.lane, message.claimed_at, message.due_at = None, now, now + settings.hand_lease


def put_back(message: Message, due_at: datetime) -> None:
    """Let a message that was claimed and not begun wait again until ``due_at``."""
    message.attempts -= 1
    enqueue(message, due_at)


def put_away(message: Message) -> None:
    """There is nothing more to do about a message."""
    message.lane = message.due_at = message.claimed_at = None


class Queue:
    """The waiting messages of one app.

    :param owed: takes the handing back of those that may have been claimed without our being told.
    """

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], datetime], owed: Owed) -> None:
        self._store = store
        self._owed = owed
        self._settings = settings
        self._clock = clock
        self._turns = itertools.count(1)
        self._served: dict[str, int] = {}

    def claim(self, room: Room) -> list[Message]:
        """Take messages in hand whose time has come, as many as there is room for.

        :returns: those that are ours now; nobody else sends them while their lease lasts.
        """
        with self._store.read() as session:
            lanes = set(session.scalars(_due_lanes_on(session), {"now": self._clock()}))
        self._served = {lane: turn for lane, turn in self._served.items() if lane in lanes}
        free = {provider: room(provider) for provider in {_provider_of(lane) for lane in lanes}}
        open_lanes = [lane for lane in lanes if free[_provider_of(lane)] > 0]
        if not open_lanes:
            return []
        order = sorted(open_lanes, key=lambda lane: (_priority_of(lane), self._served.get(lane, 0)))
        return self._store.write(lambda session: self._claim(session, order, dict(free)), self._owe_back)

    def oldest_due(self) -> datetime | None:
        """Since when the message is due that has waited longest; ``None`` when none is."""
        with self._store.read() as session:
            lanes = list(session.scalars(_due_lanes_on(session), {"now": self._clock()}))
            query = select(Message.due_at).where(Message.lane == bindparam("lane"))
            query = query.order_by(Message.due_at).limit(1)
            found = [session.scalar(query, {"lane": lane}) for lane in lanes[:MOST_LANES]]
        return min((moment for moment in found if moment is not None), default=None)

    def hand_back(self, message: Message) -> None:
        """Let others have a message that was claimed and not begun."""
        self._store.write(lambda session: _hand_back(session, message, self._clock()))

    def _owe_back(self, claimed: list[Message]) -> None:
        for message in claimed:
            self._owed.add(f"The handing back of message {message.id}", partial(self.hand_back, message))

    def _claim(self, session: Session, lanes: list[str], free: dict[str, int]) -> list[Message]:
        now = self._clock()
        taken: list[UUID] = []
        rivals = Counter(_rivals_of(lane) for lane in lanes)
        for lane in lanes:
            provider = _provider_of(lane)
            # What one lane leaves of its share falls to those after it.
            share = -(-free[provider] // rivals[_rivals_of(lane)])
            rivals[_rivals_of(lane)] -= 1
            wanted = {"lane": lane, "now": now, "count": share}
            found = list(session.scalars(NEXT_IN_LANE, wanted)) if share > 0 else []
            if found:
                self._served[lane] = next(self._turns)
            free[provider] -= len(found)
            taken += found
        return _take(session, taken, now, self._settings)


def _due_lanes() -> Select[Any]:
    # From lane to lane along the index: a DISTINCT would read every waiting message.
    here, following, within = (Message.__table__.alias() for _ in range(3))
    lanes = select(func.min(here.c.lane).label("lane")).cte("lanes", recursive=True)
    next_lane = select(func.min(following.c.lane)).where(following.c.lane > lanes.c.lane).scalar_subquery()
    lanes = lanes.union_all(select(next_lane).where(lanes.c.lane.is_not(None)))
    first_due = select(func.min(within.c.due_at)).where(within.c.lane == lanes.c.lane).scalar_subquery()
    return select(lanes.c.lane).where(lanes.c.lane.is_not(None), first_due <= bindparam("now", type_=_MOMENT))


def _next_in_lane() -> Select[Any]:
    return (
        select(Message.id)
        .where(Message.lane == bindparam("lane"), Message.due_at <= bindparam("now"))
        .order_by(Message.due_at, Message.id)
        .limit(bindparam("count", type_=Integer()))
        .with_for_update(skip_locked=True)
    )


def _grouped_lanes() -> Select[Any]:
    # MariaDB and MySQL go along the index by themselves, and read every row of the recursive form.
    messages = Message.__table__
    due_lanes = select(messages.c.lane).where(messages.c.lane.is_not(None)).group_by(messages.c.lane)
    return due_lanes.having(func.min(messages.c.due_at) <= bindparam("now", type_=_MOMENT))


def _due_lanes_on(session: Session) -> Select[Any]:
    is_mysql = session.get_bind().dialect.name in {"mysql", "mariadb"}
    return GROUPED_LANES if is_mysql else DUE_LANES


# Made once: to make such a statement costs more than the database needs for it (measured).
_MOMENT = Message.__table__.c.due_at.type
DUE_LANES = _due_lanes()
GROUPED_LANES = _grouped_lanes()
NEXT_IN_LANE = _next_in_lane()


def _take(session: Session, ids: list[UUID], now: datetime, settings: Settings) -> list[Message]:
    if not ids:
        return []
    session.execute(
        update(Message)
        .where(Message.id.in_(ids))
        .values(lane=None, claimed_at=now, due_at=now + settings.hand_lease, attempts=Message.attempts + 1),
        execution_options={"synchronize_session": False},
    )
    claimed = {message.id: message for message in session.scalars(select(Message).where(Message.id.in_(ids)))}
    # Where the commit fails, a rollback would empty them, and what was claimed is still to be known.
    session.expunge_all()
    return [claimed[message_id] for message_id in ids]


def _hand_back(session: Session, message: Message, now: datetime) -> None:
    ours = (
        (Message.id == message.id)
        & (Message.claimed_at == message.claimed_at)
        & (Message.round == message.round)
        & (Message.attempts == message.attempts)
    )
    session.execute(
        update(Message)
        .where(ours)
        .values(lane=lane_of(message), claimed_at=None, due_at=now, attempts=Message.attempts - 1),
        execution_options={"synchronize_session": False},
    )


def _priority_of(lane: str) -> str:
    return lane.split(":", 1)[0]


def _provider_of(lane: str) -> str:
    return lane.split(":", 2)[1]


def _rivals_of(lane: str) -> str:
    """The part of a lane's name that it shares with those that want the same room."""
    return ":".join(lane.split(":", 2)[:2])
