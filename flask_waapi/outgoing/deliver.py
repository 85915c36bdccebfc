"""Send a claimed delivery to its endpoint, and record what came of it.

No transaction is open while the endpoint is called. Where a process dies in between, the lease ends and the
delivery is attempted again: at least once, always with the same ``webhook-id``.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..discretion import log_failure
from ..plugins.events import AccountEvent
from ..settings import Settings
from ..storage.owed import Owed
from ..storage.session import Store
from ..storage.webhook_models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from . import disabling, secrets
from .deliveries import ClaimedDelivery, Deliveries
from .outbox import ACTIVE
from .recording import Outcome, record
from .safe_http import Answer, post
from .schedule import JITTER
from .signing import sign

Transport = Callable[[str, bytes, Mapping[str, str]], Answer]
"""Posts a body with headers to a URL; whatever the other side does, there is an answer."""

RECORD_TRIES = 2
"""How often an outcome is tried to be recorded before its recording is left to the background."""

NOT_SENT = "The webhook could not be sent."

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Parcel:
    url: str
    body: bytes
    keys: Sequence[bytes]


def transport_of(settings: Settings) -> Transport:
    """What posts to the addresses that the settings allow."""
    return partial(
        post, allow_http=settings.webhook_allow_http, allow_loopback=settings.webhook_allow_loopback
    )


class Deliverer:
    """Delivers the webhooks of one app.

    :param tell: called with each ``endpoint.disabled`` after its commit.
    :param transport: :func:`transport_of` the settings, where none is given.
    :param jitter: draws the factor by which a wait is stretched.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        clock: Callable[[], datetime],
        tell: Callable[[AccountEvent], None],
        transport: Transport | None = None,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._transport = transport or transport_of(settings)
        self._jitter = jitter
        self._waiting = Deliveries(store, settings, clock)
        self._user_agent = f"flask-waapi/{version('flask-waapi')}"
        self._owed = Owed()

    def attempt(self, claimed: ClaimedDelivery) -> timedelta | None:
        """Make one attempt at a claimed delivery.

        :returns: how long the endpoint took; ``None`` when it was not asked.
        :raises WaApiError: the database is away, and nothing was sent.
        """
        parcel = self._parcel(claimed)
        if parcel is None:
            # Paused, disabled or deleted since it was claimed.
            self._waiting.hand_back(claimed)
            return None
        if not parcel.keys:
            if claimed.is_rehearsed:
                self._waiting.hand_back(claimed)
            else:
                self._disable_unsignable(claimed)
            return None
        attempted_at = self._clock()
        answer = self._send(claimed, parcel, attempted_at)
        outcome = Outcome(claimed, attempted_at, answer, self._jitter(*JITTER))
        for _ in range(RECORD_TRIES):
            try:
                self._record(outcome)
            except Exception as error:
                log_failure(
                    logger, error, "The outcome of webhook delivery %s could not be recorded", claimed.id
                )
            else:
                break
        else:
            self._owed.add(f"The outcome of webhook delivery {claimed.id}", partial(self._record, outcome))
        return answer.duration

    def record_late(self) -> int:
        """Record the outcomes that could not be recorded at once.

        One that the database refuses for another reason than its being away is given up: when its lease
        ends, the delivery is attempted again.

        :returns: how many were dealt with.
        :raises WaApiError: the database is still away.
        """
        return self._owed.settle()

    def give_up(self) -> int:
        """Give up what is pending at disabled endpoints, such as what was published while one was disabled.

        :returns: how many deliveries; a bounded number of them.
        """
        return self._store.write(lambda session: disabling.give_up_pending(session, self._clock()))

    def _parcel(self, claimed: ClaimedDelivery) -> _Parcel | None:
        query = (
            select(WebhookEndpoint.url, WebhookEvent.body)
            .join(WebhookDelivery, WebhookDelivery.endpoint_id == WebhookEndpoint.id)
            .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
            .where(
                WebhookEndpoint.state == ACTIVE,
                WebhookDelivery.id == claimed.id,
                WebhookDelivery.claimed_at == claimed.claimed_at,
                WebhookDelivery.state == claimed.state,
            )
        )
        with self._store.read() as session:
            row = session.execute(query).one_or_none()
            found = secrets.find(session, claimed.endpoint_id, self._clock())
        if row is None:
            return None
        return _Parcel(row.url, row.body.encode(), secrets.derive(found, self._settings.peppers))

    def _send(self, claimed: ClaimedDelivery, parcel: _Parcel, attempted_at: datetime) -> Answer:
        try:
            headers = sign(parcel.keys, str(claimed.event_id), attempted_at, parcel.body)
            own = {"content-type": "application/json", "user-agent": self._user_agent}
            answer = self._transport(parcel.url, parcel.body, headers | own)
        except Exception as error:
            # A fault of ours counts as an attempt, or it would be repeated with each lease.
            log_failure(logger, error, "Webhook delivery %s could not be sent", claimed.id)
            return Answer(None, "", None, NOT_SENT, timedelta(0))
        if answer.reason is not None:
            logger.info(
                "Webhook delivery %s to endpoint %s: %s", claimed.id, claimed.endpoint_id, answer.reason
            )
        return answer

    def _record(self, outcome: Outcome) -> None:
        disable_after = self._settings.webhook_disable_after
        event = self._store.write(lambda session: record(session, outcome, disable_after, self._clock()))
        self._announce(event)

    def _disable_unsignable(self, claimed: ClaimedDelivery) -> None:
        def disable(session: Session) -> AccountEvent | None:
            now = self._clock()
            endpoint = disabling.lock_endpoint(session, claimed.endpoint_id)
            if endpoint is None or endpoint.state != ACTIVE:
                return None
            # Its secret may have been rotated since.
            if secrets.derive(secrets.find(session, endpoint.id, now), self._settings.peppers):
                return None
            return disabling.disable(session, endpoint, disabling.UNSIGNABLE, now)

        event = self._store.write(disable)
        self._announce(event)
        if event is None:
            self._waiting.hand_back(claimed)

    def _announce(self, event: AccountEvent | None) -> None:
        if event is None:
            return
        logger.warning("Webhook endpoint %s is disabled: %s", event.data["endpoint_id"], event.data["reason"])
        self._tell(event)
        while self.give_up():
            pass
