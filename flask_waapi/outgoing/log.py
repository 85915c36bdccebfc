"""What was delivered, what waits, what was given up, and what the endpoints answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..errors import Fault, NotFound, ValidationFailed
from ..storage.session import Store
from ..storage.webhook_models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from .deliveries import FAILED, SUCCEEDED
from .endpoints import find
from .outbox import PENDING, REHEARSED
from .safe_http import is_success

STATES = (PENDING, SUCCEEDED, FAILED, REHEARSED)
"""Of a delivery."""

STANDARD_PAGE = 50
LARGEST_PAGE = 100


@dataclass(frozen=True)
class DeliveryView:
    """A delivery as the endpoint's owner sees it.

    :param event_id: what is sent as ``webhook-id``. :param occurred_at: when the event happened.
    :param attempts: those recorded since it was first sent or last replayed.
    :param state: one of :data:`STATES`; of one ``rehearsed`` nothing is sent.
    :param due_at: when it is tried next; while it is being tried, when that is given up. Of a rehearsal,
        when a real one would be tried next.
    """

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    message_uuid: UUID | None
    state: str
    attempts: int
    due_at: datetime | None
    occurred_at: datetime
    created_at: datetime


@dataclass(frozen=True)
class AttemptView:
    """One try.

    :param status: of the answer; ``None`` when there was none, and ``problem`` says why.
    :param answer: the first 4,000 characters of it.
    """

    id: UUID
    attempt: int
    attempted_at: datetime
    duration_ms: int
    status: int | None
    answer: str | None
    problem: str | None

    @property
    def succeeded(self) -> bool:
        """Whether the endpoint has taken the event."""
        return is_success(self.status, self.problem)


@dataclass(frozen=True)
class DeliveryPage:
    """Deliveries, those of the newest events first.

    :param next_cursor: where the next page begins; ``None`` on the last one.
    """

    deliveries: Sequence[DeliveryView]
    next_cursor: str | None


class DeliveryLog:
    """The log of all endpoints of one app."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(
        self,
        account: str,
        endpoint_id: UUID | str,
        *,
        state: str | None = None,
        limit: int = STANDARD_PAGE,
        cursor: str | None = None,
    ) -> DeliveryPage:
        """One page of an endpoint's deliveries.

        :param state: ``pending``, ``succeeded``, ``failed`` or ``rehearsed`` alone.
        :param limit: up to 100. :param cursor: ``next_cursor`` of the page before.
        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: the state, the limit or the cursor is not usable.
        """
        before = _check_page(state, limit, cursor)
        with self._store.read() as session:
            endpoint = find(session, account, endpoint_id)
            query = _DELIVERIES.where(WebhookDelivery.endpoint_id == endpoint.id)
            if state is not None:
                query = query.where(WebhookDelivery.state == state)
            if before is not None:
                query = query.where(WebhookDelivery.event_id < before)
            # Along the index that keeps an event from being delivered twice.
            query = query.order_by(WebhookDelivery.event_id.desc()).limit(limit + 1)
            found = [_view(row) for row in session.execute(query)]
        has_more = len(found) > limit
        found = found[:limit]
        return DeliveryPage(found, str(found[-1].event_id) if has_more else None)

    def get(self, account: str, delivery_id: UUID | str) -> DeliveryView:
        """One delivery.

        :raises NotFound: the account has no such delivery.
        """
        with self._store.read() as session:
            return view_of(session, find_delivery(session, account, delivery_id).id)

    def attempts(self, account: str, delivery_id: UUID | str) -> Sequence[AttemptView]:
        """The tries at a delivery, in their order, those from before a replay too.

        :raises NotFound: the account has no such delivery.
        """
        with self._store.read() as session:
            delivery = find_delivery(session, account, delivery_id)
            query = select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery.id)
            rows = session.scalars(query.order_by(WebhookAttempt.id)).all()
        return [
            AttemptView(
                row.id, row.attempt, row.attempted_at, row.duration_ms, row.status, row.answer, row.problem
            )
            for row in rows
        ]


def find_delivery(session: Session, account: str, delivery_id: UUID | str) -> WebhookDelivery:
    """The delivery to an endpoint of the account.

    :raises NotFound: the account has no such delivery.
    """
    unknown = NotFound(f"There is no webhook delivery {str(delivery_id)!r} in this account.")
    try:
        wanted = UUID(str(delivery_id))
    except ValueError:
        raise unknown from None
    delivery = session.scalars(
        select(WebhookDelivery)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookEndpoint.account == account, WebhookDelivery.id == wanted)
    ).one_or_none()
    if delivery is None:
        raise unknown
    return delivery


def view_of(session: Session, delivery_id: UUID) -> DeliveryView:
    """A delivery that is known to be there, as its owner sees it."""
    return _view(session.execute(_DELIVERIES.where(WebhookDelivery.id == delivery_id)).one())


_DELIVERIES = select(WebhookDelivery, WebhookEvent.type, WebhookEvent.occurred_at).join(
    WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id
)


def _view(row: Any) -> DeliveryView:
    delivery, event_type, occurred_at = row
    return DeliveryView(
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        event_type=event_type,
        message_uuid=delivery.message_id,
        state=delivery.state,
        attempts=delivery.attempts,
        due_at=delivery.due_at,
        occurred_at=occurred_at,
        created_at=delivery.created_at,
    )


def _check_page(state: str | None, limit: int, cursor: str | None) -> UUID | None:
    faults = []
    if state is not None and state not in STATES:
        faults.append(Fault("/state", f"{state!r} is not a state.", f"one of {', '.join(STATES)}"))
    if not 1 <= limit <= LARGEST_PAGE:
        faults.append(Fault("/limit", f"{limit} is not a limit.", f"1 to {LARGEST_PAGE}"))
    before = None
    if cursor is not None:
        try:
            before = UUID(cursor)
        except ValueError:
            faults.append(Fault("/cursor", "The cursor is not valid.", "next_cursor of the page before"))
    if faults:
        raise ValidationFailed(faults)
    return before
