"""What an attempt leaves in the database: its own row, the delivery's next step, the endpoint's health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..identifiers import ordered_id
from ..plugins.events import AccountEvent
from ..storage.webhook_models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from . import disabling
from .deliveries import FAILED, SUCCEEDED, ClaimedDelivery, lock_claimed
from .outbox import PENDING, REHEARSED
from .safe_http import UNREACHABLE, Answer
from .schedule import wait_after

MOST_ANSWER = 4_000
"""Characters of an endpoint's answer that are kept."""

GONE_STATUS = 410
"""Standard Webhooks 1.0: an endpoint that answers it wants no more."""


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt.

    :param stretch: the factor for the wait until the next one.
    """

    claimed: ClaimedDelivery
    attempted_at: datetime
    answer: Answer
    stretch: float


def record(
    session: Session, outcome: Outcome, disable_after: timedelta, now: datetime
) -> AccountEvent | None:
    """Record an outcome, unless the delivery is no longer in our hand.

    A rehearsal leaves the same rows, but for the endpoint's: that is as healthy as before.

    :param disable_after: how long an endpoint may fail without any success.
    :returns: that the endpoint was disabled, if it was; to be told after the commit.
    """
    claimed, answer = outcome.claimed, outcome.answer
    endpoint = None
    if not claimed.is_rehearsed and (not answer.succeeded or _is_failing(session, claimed)):
        # Healthy endpoints are not locked, so that their deliveries do not wait for one another.
        endpoint = disabling.lock_endpoint(session, claimed.endpoint_id)
    delivery = lock_claimed(session, claimed)
    if delivery is None:
        return None
    delivery.attempts += 1
    # Not the time of the answer, which would tell how long it took not to reach an address.
    delivery.claimed_at, delivery.updated_at = None, outcome.attempted_at
    session.add(_attempt(delivery, outcome))
    if answer.succeeded:
        _end(session, delivery, SUCCEEDED, now)
        if endpoint is not None:
            endpoint.failures, endpoint.failing_since = 0, None
        return None
    retry_in = wait_after(delivery.attempts, outcome.stretch, answer.retry_after)
    if retry_in is None:
        _end(session, delivery, FAILED, now)
    else:
        delivery.due_at = now + retry_in
    return _note_failure(session, endpoint, outcome, disable_after, now) if endpoint is not None else None


def _is_failing(session: Session, claimed: ClaimedDelivery) -> bool:
    query = select(WebhookEndpoint.failures).where(WebhookEndpoint.id == claimed.endpoint_id)
    return bool(session.scalar(query))


def _attempt(delivery: WebhookDelivery, outcome: Outcome) -> WebhookAttempt:
    answer = outcome.answer
    # How long it took not to reach an address tells whether something is there.
    duration = timedelta(0) if answer.problem == UNREACHABLE else answer.duration
    return WebhookAttempt(
        id=ordered_id(outcome.attempted_at),
        delivery_id=delivery.id,
        attempt=delivery.attempts,
        attempted_at=outcome.attempted_at,
        duration_ms=round(duration.total_seconds() * 1_000),
        status=answer.status,
        answer=answer.body[:MOST_ANSWER] or None,
        problem=answer.problem,
    )


def _end(session: Session, delivery: WebhookDelivery, state: str, now: datetime) -> None:
    delivery.due_at = None
    if delivery.state == REHEARSED:
        return
    delivery.state = state
    if delivery.message_id is None:
        return
    session.flush()
    following = session.scalars(
        select(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == delivery.endpoint_id,
            WebhookDelivery.message_id == delivery.message_id,
            WebhookDelivery.state == PENDING,
        )
        .order_by(WebhookDelivery.event_id)
        .limit(1)
        .with_for_update()
    ).one_or_none()
    # One that has failed before waits for its own time.
    if following is not None and following.claimed_at is None and following.attempts == 0:
        following.due_at = now


def _note_failure(
    session: Session,
    endpoint: WebhookEndpoint,
    outcome: Outcome,
    disable_after: timedelta,
    now: datetime,
) -> AccountEvent | None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or outcome.attempted_at
    reason = why_disable(outcome.answer.status, endpoint.failing_since, disable_after, now)
    return None if reason is None else disabling.disable(session, endpoint, reason, now)


def why_disable(
    status: int | None, failing_since: datetime, disable_after: timedelta, now: datetime
) -> str | None:
    """Why an endpoint is switched off whose attempt has failed; ``None`` when it stays on.

    :param status: of its answer, if there was one.
    :param failing_since: when the first of its failures in a row was, this one included.
    """
    if status == GONE_STATUS:
        return disabling.GONE
    if now - failing_since >= disable_after:
        return disabling.kept_failing(failing_since)
    return None
