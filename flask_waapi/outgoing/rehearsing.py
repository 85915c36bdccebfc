"""Rehearsals: an event to an endpoint whose answer is chosen, to see what would come of it.

All is as with a real delivery, the signature, the record and the schedule, up to the connection: that is
replaced by the chosen answer, so nothing reaches the network. Its delivery has a state of its own, which no
sender looks for: it waits in no line, and the next attempt is made by hand or never. The endpoint stays as it
is, whatever it seems to have answered.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..errors import Fault, ValidationFailed
from ..settings import Settings
from ..storage.session import Store
from ..storage.webhook_models import WebhookDelivery, WebhookEndpoint
from . import disabling, outbox, secrets
from .deliver import Deliverer
from .deliveries import LEASE, ClaimedDelivery
from .endpoints import EndpointView, find
from .log import AttemptView, DeliveryView, find_delivery, view_of
from .outbox import PAUSED, REHEARSED
from .recording import why_disable
from .replay import refuse_disabled
from .safe_http import TOO_SLOW, TOTAL, UNREACHABLE, Answer
from .sample_events import TEST, sample_event

ASKED_WAIT = timedelta(minutes=10)
"""What the rehearsed 429 asks for by its ``Retry-After``."""


@dataclass(frozen=True)
class RehearsedAnswer:
    """An answer to choose. :param told: what it is, in words."""

    told: str
    answer: Answer


def _status(status: int, retry_after: timedelta | None = None) -> Answer:
    return Answer(status, "", retry_after, None, timedelta(0))


ANSWERS: Mapping[str, RehearsedAnswer] = {
    "200": RehearsedAnswer("200: takes the event", _status(200)),
    "500": RehearsedAnswer("500: breaks", _status(500)),
    "429": RehearsedAnswer("429 with Retry-After: 600: asks to wait ten minutes", _status(429, ASKED_WAIT)),
    "410": RehearsedAnswer("410: wants no more events", _status(410)),
    "timeout": RehearsedAnswer(
        f"Timeout: no answer within {TOTAL.seconds} seconds", Answer(None, "", None, TOO_SLOW, TOTAL)
    ),
    "redirect": RehearsedAnswer("302: redirects, which is never followed", _status(302)),
    "refused": RehearsedAnswer(
        "Refused connection", Answer(None, "", None, UNREACHABLE, timedelta(0), "rehearsed: refused")
    ),
}
"""The answers to choose from, by their names."""


class Rehearsals:
    """The rehearsals of one app.

    :param jitter: draws the factor by which a wait is stretched.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Callable[[], datetime],
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._jitter = jitter

    def begin(
        self, account: str, endpoint_id: UUID | str, answer: str, event_type: str = TEST
    ) -> DeliveryView:
        """Let an event go to an endpoint that seems to give an answer; the first attempt is made at once.

        :param answer: one of :data:`ANSWERS`.
        :raises NotFound: the account has no such endpoint.
        :raises ValidationFailed: there is no such answer or type of events, or to the endpoint as it is now
            no attempt would be made.
        """
        chosen = _chosen(answer)

        def work(session: Session) -> ClaimedDelivery:
            now = self._clock()
            endpoint = find(session, account, endpoint_id, lock=True)
            self._refuse_idle(session, endpoint, now)
            event = sample_event(event_type, account, now)
            delivery = session.get_one(
                WebhookDelivery, outbox.publish_to(session, event, endpoint, now, REHEARSED)
            )
            return _take(delivery, now)

        return self._attempt(work, chosen)

    def go_on(self, account: str, delivery_id: UUID | str, answer: str) -> DeliveryView:
        """Make the next attempt of a rehearsal now, as if its time had come.

        :param answer: one of :data:`ANSWERS`, for this attempt.
        :raises NotFound: the account has no such delivery.
        :raises ValidationFailed: there is no such answer, the delivery is no rehearsal, or no attempt of it
            would follow.
        """
        chosen = _chosen(answer)

        def work(session: Session) -> ClaimedDelivery:
            now = self._clock()
            found = find_delivery(session, account, delivery_id)
            self._refuse_idle(session, find(session, account, found.endpoint_id, lock=True), now)
            query = select(WebhookDelivery).where(WebhookDelivery.id == found.id).with_for_update()
            delivery = session.scalars(query.execution_options(populate_existing=True)).one()
            _refuse_ended(delivery, now)
            return _take(delivery, now)

        return self._attempt(work, chosen)

    def why_disable(self, endpoint: EndpointView, attempts: Sequence[AttemptView]) -> str | None:
        """Why the endpoint, as it is now, would be switched off by the last attempt of a rehearsal.

        :param attempts: in their order.
        :returns: ``None`` when it would stay on.
        """
        if not attempts or attempts[-1].succeeded:
            return None
        last = attempts[-1]
        failing_since = endpoint.failing_since or last.attempted_at
        return why_disable(
            last.status, failing_since, self._settings.webhook_disable_after, last.attempted_at
        )

    def _attempt(self, work: Callable[[Session], ClaimedDelivery], answer: Answer) -> DeliveryView:
        claimed = self._store.write(work)
        deliverer = Deliverer(
            self._store,
            self._settings,
            self._clock,
            tell=lambda event: None,
            transport=lambda url, body, headers: answer,
            jitter=self._jitter,
        )
        deliverer.attempt(claimed)
        with self._store.read() as session:
            return view_of(session, claimed.id)

    def _refuse_idle(self, session: Session, endpoint: WebhookEndpoint, now: datetime) -> None:
        refuse_disabled(endpoint)
        if endpoint.state == PAUSED:
            told = "The endpoint is paused: its deliveries wait, and no attempt is made."
            raise ValidationFailed([Fault("/endpoint", told, "an endpoint that is active: resume it")])
        if not secrets.derive(secrets.find(session, endpoint.id, now), self._settings.peppers):
            expected = "an endpoint whose secret can be derived"
            raise ValidationFailed([Fault("/endpoint", disabling.UNSIGNABLE, expected)])


def _chosen(answer: str) -> Answer:
    if answer not in ANSWERS:
        told = f"There is no answer {answer!r} to rehearse."
        raise ValidationFailed([Fault("/answer", told, f"one of {', '.join(ANSWERS)}")])
    return ANSWERS[answer].answer


def _refuse_ended(delivery: WebhookDelivery, now: datetime) -> None:
    if delivery.state != REHEARSED:
        told = "The delivery is a real one: its attempts are made when they are due."
        raise ValidationFailed([Fault("/delivery", told, "a rehearsal")])
    if delivery.claimed_at is not None and delivery.claimed_at + LEASE > now:
        told = "An attempt of this rehearsal is being made."
        raise ValidationFailed([Fault("/delivery", told, "a rehearsal whose last attempt has ended")])
    if delivery.attempts and delivery.due_at is None:
        told = "The rehearsal has come to its end: no attempt would follow."
        raise ValidationFailed([Fault("/delivery", told, "another rehearsal")])


def _take(delivery: WebhookDelivery, now: datetime) -> ClaimedDelivery:
    delivery.claimed_at = now
    return ClaimedDelivery(delivery.id, delivery.endpoint_id, delivery.event_id, now, REHEARSED)
