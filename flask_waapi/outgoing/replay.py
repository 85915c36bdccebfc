"""Deliveries made again on request: one, all since a moment, or one that only tries the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from ..errors import Fault, ValidationFailed
from ..identifiers import first_id
from ..storage.session import Store
from ..storage.webhook_models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from . import outbox
from .endpoints import find
from .log import DeliveryView, find_delivery, view_of
from .outbox import ALL_EVENTS, DISABLED, PENDING, REHEARSED, delivery_values
from .sample_events import FINGERPRINT, TEST, sample_event

MOST_REPLAYED = 10_000
"""Deliveries that one call sets on their way again."""

BATCH = 500
"""Events that are looked at in one transaction."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Replayed:
    """What a replay has set on its way.

    :param count: of deliveries.
    :param continue_from: the moment from which to replay what is left; ``None`` when that was all.
    """

    count: int
    continue_from: datetime | None = None


class Replays:
    """The replays of one app.

    :param wake: called when there is something new to deliver.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake

    def replay(self, account: str, delivery_id: UUID | str) -> DeliveryView:
        """Make a delivery again now, with as many attempts as a new one and the same ``webhook-id``.

        One that a process has in hand stays as it is.

        :raises NotFound: the account has no such delivery.
        :raises ValidationFailed: its endpoint is disabled, or it is a rehearsal.
        """

        def work(session: Session) -> DeliveryView:
            found = find_delivery(session, account, delivery_id)
            if found.state == REHEARSED:
                told = "The delivery is a rehearsal, and nothing of it is sent."
                raise ValidationFailed([Fault("/delivery", told, "a test event to the endpoint")])
            refuse_disabled(find(session, account, found.endpoint_id, lock=True))
            _set_pending(session, [found.id], self._clock())
            session.expire_all()
            return view_of(session, found.id)

        return self._write(work)

    def replay_since(self, account: str, endpoint_id: UUID | str, since: datetime) -> Replayed:
        """Make all deliveries since a moment again, of the events that the endpoint listens to.

        Those that were never made, since the endpoint was paused, disabled or not there yet, are made too.
        What is pending stays as it is. Tests are left out.

        :param since: when the events were recorded, aware; up to 10,000 deliveries from there.
        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: the endpoint is disabled, or the moment has no time zone.
        """
        if since.tzinfo is None:
            fault = Fault("/since", f"{since} has no time zone.", "2027-01-01T00:00:00Z")
            raise ValidationFailed([fault])
        count = 0
        # An id holds the moment of its making.
        after = first_id(since)
        while count < MOST_REPLAYED:
            replayed = self._write(partial(self._replay_some, account, endpoint_id, after))
            count += len(replayed)
            if len(replayed) < BATCH:
                return Replayed(count)
            after = replayed[-1]
        with self._store.read() as session:
            endpoint = find(session, account, endpoint_id)
            rest = session.execute(_replayable(endpoint, after).limit(1)).one_or_none()
        return Replayed(count, rest.created_at if rest else None)

    def send_test(self, account: str, endpoint_id: UUID | str, event_type: str = TEST) -> DeliveryView:
        """Send an event to one endpoint alone, whatever it listens to.

        :param event_type: of another type than ``test`` it carries sample data, marked as such.
        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: the endpoint is disabled, or there is no such type.
        """

        def work(session: Session) -> DeliveryView:
            endpoint = find(session, account, endpoint_id, lock=True)
            refuse_disabled(endpoint)
            now = self._clock()
            event = sample_event(event_type, account, now)
            return view_of(session, outbox.publish_to(session, event, endpoint, now))

        return self._write(work)

    def _write(self, work: Callable[[Session], Result]) -> Result:
        result = self._store.write(work)
        self._wake()
        return result

    def _replay_some(
        self, account: str, endpoint_id: UUID | str, after: UUID, session: Session
    ) -> Sequence[UUID]:
        """One batch; the ids of its events, in their order."""
        # Locked, two replays at once do not make the same delivery.
        endpoint = find(session, account, endpoint_id, lock=True)
        refuse_disabled(endpoint)
        now = self._clock()
        rows = session.execute(_replayable(endpoint, after).limit(BATCH)).all()
        made = [row.delivery for row in rows if row.delivery is not None]
        _set_pending(session, made, now)
        missing = [
            delivery_values(endpoint.id, row.id, row.message_id, now) for row in rows if row.delivery is None
        ]
        if missing:
            session.execute(insert(WebhookDelivery), missing)
        return [row.id for row in rows]


def _replayable(endpoint: WebhookEndpoint, after: UUID) -> Any:
    delivery_of_event = (WebhookDelivery.event_id == WebhookEvent.id) & (
        WebhookDelivery.endpoint_id == endpoint.id
    )
    query = (
        select(
            WebhookEvent.id,
            WebhookEvent.message_id,
            WebhookEvent.created_at,
            WebhookDelivery.id.label("delivery"),
        )
        .outerjoin(WebhookDelivery, delivery_of_event)
        .where(
            WebhookEvent.account == endpoint.account,
            WebhookEvent.id > after,
            WebhookEvent.type != TEST,
            or_(
                WebhookEvent.fingerprint.is_(None),
                WebhookEvent.fingerprint.not_like(f"{FINGERPRINT}%"),
            ),
            or_(WebhookDelivery.id.is_(None), WebhookDelivery.state != PENDING),
        )
        .order_by(WebhookEvent.id)
    )
    if ALL_EVENTS in endpoint.events:
        return query
    return query.where(WebhookEvent.type.in_(endpoint.events))


def _set_pending(session: Session, deliveries: Sequence[UUID], now: datetime) -> None:
    session.execute(
        update(WebhookDelivery)
        # What a process has in hand is on its way.
        .where(WebhookDelivery.id.in_(deliveries), WebhookDelivery.claimed_at.is_(None))
        .values(state=PENDING, due_at=now, attempts=0, updated_at=now),
        execution_options={"synchronize_session": False},
    )


def refuse_disabled(endpoint: WebhookEndpoint) -> None:
    """Let only endpoints pass to which something may be sent.

    :raises ValidationFailed: it is disabled.
    """
    if endpoint.state == DISABLED:
        told = f"The endpoint is disabled: {endpoint.state_reason}"
        raise ValidationFailed([Fault("/endpoint", told, "an endpoint that is active or paused: enable it")])
