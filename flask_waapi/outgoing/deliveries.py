"""Deliveries that wait, and how a process takes them in hand: by a lease, fair to accounts and endpoints.

Events of one message reach an endpoint in their order, so of each message only the *head* is tried: the
delivery of its earliest event that is still pending. Those behind it are put off to when the head is due, so
that they never lie in the way of what can be delivered, however many they are.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.orm import Session

from ..settings import Settings
from ..storage.session import Store
from ..storage.webhook_models import WebhookDelivery, WebhookEndpoint
from .fairness import KEEPS_FAILING, MOST_IN_HAND, Receiver, Slots, Speeds, in_turn
from .outbox import ACTIVE, PENDING, REHEARSED

SUCCEEDED = "succeeded"
FAILED = "failed"
"""States of a delivery at its end."""

LEASE = timedelta(seconds=60)
"""How long a delivery stays with who has claimed it; four times what an attempt may take."""

MOST_VISITED = 2 * MOST_IN_HAND
"""Endpoints that are looked at in one transaction."""

LOOK = 100
"""Deliveries of an endpoint that are looked at in one go."""

MOST_LOOKS = 10
"""How often, at most, before another endpoint has its turn."""


@dataclass(frozen=True)
class ClaimedDelivery:
    """A delivery in hand.

    :param claimed_at: since when; a later claim by another ends ours.
    :param state: what the delivery is while we have it.
    """

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    claimed_at: datetime
    state: str = PENDING

    @property
    def group(self) -> str:
        """What it shares room with: its endpoint."""
        return self.endpoint_id.hex

    @property
    def is_rehearsed(self) -> bool:
        """Whether its endpoint only seems to answer."""
        return self.state == REHEARSED


class Deliveries:
    """The waiting deliveries of one app."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._turns = itertools.count(1)
        self._served: dict[UUID, int] = {}
        self._speeds = Speeds()
        self._receivers: dict[str, Receiver] = {}

    def claim(self, in_hand: Mapping[str, int]) -> Sequence[ClaimedDelivery]:
        """Take deliveries in hand whose time has come.

        :param in_hand: how many of each endpoint, by :attr:`ClaimedDelivery.group`, this process has already.
        :returns: those that are ours now; nobody else attempts them while their lease lasts.
        """
        with self._store.read() as session:
            due = [self._receiver(row) for row in session.execute(_DUE_ENDPOINTS, {"now": self._clock()})]
        # Whoever holds slots is counted though nothing more of it is due.
        held = {group: receiver for group, receiver in self._receivers.items() if group in in_hand}
        self._receivers = held | {receiver.id.hex: receiver for receiver in due}
        self._served = {receiver.id: self._served.get(receiver.id, 0) for receiver in due}
        slots = Slots()
        for group, count in in_hand.items():
            if group in self._receivers:
                slots.hold(self._receivers[group], count)
        order = in_turn((receiver for receiver in due if slots.room(receiver) > 0), self._served)
        free = MOST_IN_HAND - sum(in_hand.values())
        if not order or free <= 0:
            return []
        return self._store.write(lambda session: self._claim(session, order[:MOST_VISITED], slots, free))

    def note(self, claimed: ClaimedDelivery, took: timedelta | None) -> None:
        """Remember how long an endpoint took to answer; ``None`` where it was not asked."""
        if took is not None:
            self._speeds.note(claimed.endpoint_id, took)

    def hand_back(self, claimed: ClaimedDelivery) -> None:
        """Let others have a delivery that was claimed and not attempted."""
        values = {"claimed_at": None, "due_at": self._clock()}
        self._store.write(
            lambda session: session.execute(update(WebhookDelivery).where(_ours(claimed)), values)
        )

    def _receiver(self, row: Any) -> Receiver:
        keeps_failing = row.failures >= KEEPS_FAILING
        at_once = 1 if keeps_failing else self._settings.webhook_concurrency
        return Receiver(row.id, row.account, at_once, not keeps_failing and row.id in self._speeds)

    def _claim(
        self, session: Session, order: Sequence[Receiver], slots: Slots, free: int
    ) -> list[ClaimedDelivery]:
        now = self._clock()
        taken: list[ClaimedDelivery] = []
        rivals = Counter(receiver.account for receiver in order)
        for receiver in order:
            # What one endpoint leaves of its share falls to those after it.
            of_account = min(_part(free - len(taken), len(rivals)), slots.shared_room(receiver))
            share = min(slots.room(receiver), _part(of_account, rivals[receiver.account]))
            rivals -= Counter([receiver.account])
            if share <= 0:
                continue
            found = _claim_of(session, receiver.id, share, now)
            slots.hold(receiver, len(found))
            taken += found
            self._served[receiver.id] = next(self._turns)
        return taken


def _part(count: int, rivals: int) -> int:
    return -(-count // rivals)


def _ours(claimed: ClaimedDelivery) -> Any:
    return (
        (WebhookDelivery.id == claimed.id)
        & (WebhookDelivery.claimed_at == claimed.claimed_at)
        & (WebhookDelivery.state == claimed.state)
    )


def lock_claimed(session: Session, claimed: ClaimedDelivery) -> WebhookDelivery | None:
    """The delivery, held until the transaction ends; ``None`` when it is no longer ours."""
    return session.scalars(select(WebhookDelivery).where(_ours(claimed)).with_for_update()).one_or_none()


def _due_endpoints() -> Any:
    # One step into the index for each endpoint, on MariaDB too, however much is due there.
    first_due = (
        select(WebhookDelivery.due_at)
        .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, WebhookDelivery.state == PENDING)
        .order_by(WebhookDelivery.due_at)
        .limit(1)
        .scalar_subquery()
    )
    is_due = first_due <= bindparam("now", type_=_MOMENT)
    endpoints = select(WebhookEndpoint.id, WebhookEndpoint.account, WebhookEndpoint.failures)
    return endpoints.where(WebhookEndpoint.state == ACTIVE, is_due)


def _look() -> Any:
    return (
        select(WebhookDelivery.id, WebhookDelivery.event_id, WebhookDelivery.message_id)
        .where(
            WebhookDelivery.endpoint_id == bindparam("endpoint"),
            WebhookDelivery.state == PENDING,
            WebhookDelivery.due_at <= bindparam("now"),
        )
        .order_by(WebhookDelivery.due_at)
        .limit(bindparam("count", type_=Integer()))
        .with_for_update(skip_locked=True)
    )


# Made once: to make such a statement costs more than the database needs for it.
_MOMENT = WebhookDelivery.__table__.c.due_at.type
_DUE_ENDPOINTS = _due_endpoints()
_LOOK = _look()


def _claim_of(session: Session, endpoint_id: UUID, wanted: int, now: datetime) -> list[ClaimedDelivery]:
    taken: list[ClaimedDelivery] = []
    for _ in range(MOST_LOOKS):
        seen = session.execute(_LOOK, {"endpoint": endpoint_id, "now": now, "count": LOOK}).all()
        heads = _heads(session, endpoint_id, {row.message_id for row in seen} - {None})
        ready = _ready(seen, heads, now)[: wanted - len(taken)]
        claimed = _take(session, ready, now)
        put_off = _put_off(session, seen, heads, {item.id for item in claimed}, now)
        taken += claimed
        if len(taken) >= wanted or len(seen) < LOOK or not (claimed or put_off):
            break
    return taken


def _heads(session: Session, endpoint_id: UUID, messages: Iterable[UUID]) -> dict[UUID, Any]:
    """The delivery that is next of each message."""
    query = (
        select(WebhookDelivery.id, WebhookDelivery.message_id, WebhookDelivery.due_at)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.message_id.in_(messages),
            WebhookDelivery.state == PENDING,
        )
        .order_by(WebhookDelivery.event_id.desc())
    )
    # The earliest comes last, and stays.
    return {row.message_id: row for row in session.execute(query)} if messages else {}


def _ready(seen: Iterable[Any], heads: Mapping[UUID, Any], now: datetime) -> list[UUID]:
    """What can be delivered now: what is of no message, and the heads of the messages seen."""
    ready: dict[UUID, None] = {}
    for row in seen:
        head = heads.get(row.message_id)
        if head is None:
            ready[row.id] = None
        elif head.due_at <= now:
            ready[head.id] = None
    return list(ready)


def _take(session: Session, ids: Sequence[UUID], now: datetime) -> list[ClaimedDelivery]:
    if not ids:
        return []
    # A head need not be among those we hold already.
    query = (
        select(WebhookDelivery.id, WebhookDelivery.endpoint_id, WebhookDelivery.event_id)
        .where(WebhookDelivery.id.in_(ids), WebhookDelivery.state == PENDING, WebhookDelivery.due_at <= now)
        .with_for_update(skip_locked=True)
    )
    free = {row.id: row for row in session.execute(query)}
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(free))
        .values(claimed_at=now, due_at=now + LEASE, updated_at=now),
        execution_options={"synchronize_session": False},
    )
    held = [free[delivery_id] for delivery_id in ids if delivery_id in free]
    return [ClaimedDelivery(row.id, row.endpoint_id, row.event_id, now) for row in held]


def _put_off(
    session: Session,
    seen: Iterable[Any],
    heads: Mapping[UUID, Any],
    claimed: set[UUID],
    now: datetime,
) -> int:
    """Let those seen that are behind a head wait until that is due."""
    later = []
    for row in seen:
        head = heads.get(row.message_id)
        if head is None or head.id == row.id:
            continue
        due_at = now + LEASE if head.id in claimed else head.due_at
        if due_at > now:
            later.append({"delivery": row.id, "later": due_at})
    if later:
        session.connection().execute(_LATER, later)
    return len(later)


_LATER = (
    update(WebhookDelivery)
    .where(WebhookDelivery.id == bindparam("delivery"))
    .values(due_at=bindparam("later"))
)
