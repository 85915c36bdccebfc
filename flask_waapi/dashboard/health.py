"""How providers, the background worker and webhooks are, as far as what is stored tells. Nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from ..messaging.account_events import OUTBOUND
from ..messaging.incoming.account_state import CRITICAL, INFO, is_over
from ..messaging.message_hours import last_look
from ..messaging.status import FAILED, QUEUED
from ..outgoing.endpoints import EndpointView
from ..outgoing.outbox import ACTIVE, DISABLED, PENDING
from ..services import Services
from ..storage.inbound_models import ProviderState
from ..storage.models import Message
from ..storage.webhook_models import WebhookDelivery
from .access import Viewer
from .instances import visible

GOOD, WARN, BAD, UNKNOWN = "good", "warn", "bad", "unknown"
WORDS = {GOOD: "well", WARN: "look at it", BAD: "trouble", UNKNOWN: "not known"}

SILENCE = timedelta(minutes=3)
"""How long the background may be silent before it is taken to stand still; it reports each minute."""

LONGEST_WAIT = timedelta(minutes=1)
"""How long what is due may wait before it is told."""

LAST_MESSAGES = 100
"""In how many of the account's last messages the last outcome of a provider is looked for."""

MOST_ENDPOINTS = 20


@dataclass(frozen=True)
class Health:
    """One thing and how it is.

    :param state: ``good``, ``warn``, ``bad`` or ``unknown``.
    :param told: why, in a sentence. :param at: the moment the sentence ends with, where it does.
    :param sender: who a provider's recipients see, as far as it says.
    :param page: of ours, where more is told.
    """

    name: str
    state: str
    told: str
    at: datetime | None = None
    page: str | None = None
    sender: str | None = None

    @property
    def word(self) -> str:
        """The state in a word."""
        return WORDS[self.state]


def check(
    services: Services, viewer: Viewer, sends: str | None, states: Sequence[ProviderState]
) -> list[Health]:
    """All of them: the background first, then the providers, then the webhooks.

    :param sends: the instance that the account sends from, which is told of in any case.
    :param states: what the providers have said of their accounts.
    """
    now = services.clock()
    endpoints = services.webhooks.endpoints.list(viewer.account)
    return [
        _background(services, now),
        *_providers(services, viewer, sends, [state for state in states if not is_over(state, now)]),
        *_webhooks(services, endpoints, now),
    ]


def _background(services: Services, now: datetime) -> Health:
    name = "Background worker"
    seen, waiting_since = last_look(services.store), services.queue.oldest_due()
    if seen is None:
        told = "No sign of life yet. Start the app with its background thread, or run flask waapi worker."
        return Health(name, BAD if waiting_since else UNKNOWN, told)
    if now - seen > SILENCE:
        told = "Nothing has worked in the background: retries, schedules and webhooks stand still. Last seen"
        return Health(name, BAD, told, seen)
    if waiting_since is not None and now - waiting_since > LONGEST_WAIT:
        return Health(name, WARN, "Messages wait to be sent; the first one has been due since", waiting_since)
    return Health(name, GOOD, "It works, and no message waits longer than it should. Last seen", seen)


def _providers(
    services: Services, viewer: Viewer, sends: str | None, states: Sequence[ProviderState]
) -> Iterator[Health]:
    last = _last_outcomes(services, viewer.account)
    for name in visible(services, viewer):
        used = last.get(name)
        if used is None and name not in {sends, *(state.provider for state in states)}:
            continue
        health = _provider(services, name, used, [state for state in states if state.provider == name])
        yield replace(health, sender=services.providers[name].sends_from)


def _provider(
    services: Services,
    name: str,
    used: tuple[str, str | None, datetime] | None,
    states: Sequence[ProviderState],
) -> Health:
    title = f"Provider {name}"
    reported = [state for state in states if state.severity != INFO]
    if reported:
        worst = next((state for state in reported if state.severity == CRITICAL), reported[0])
        told = f"{worst.summary.rstrip('.')}. Reported"
        return Health(title, BAD if worst.severity == CRITICAL else WARN, told, worst.occurred_at)
    sync = services.catalogue.state(name)
    if sync is not None and sync.problem:
        told = f"Its templates could not be read: {sync.problem.rstrip('.')}. Tried"
        return Health(title, WARN, told, sync.attempted_at, "templates")
    if used is None:
        return Health(title, UNKNOWN, "Nothing has been sent through it lately.")
    status, failure_code, at = used
    if status == FAILED or (status == QUEUED and failure_code):
        return Health(
            title, WARN, f"The last message failed with {failure_code or 'no code'}", at, "messages"
        )
    return Health(title, GOOD, f"The last message through it is {status}, since", at)


def _last_outcomes(services: Services, account: str) -> dict[str, tuple[str, str | None, datetime]]:
    query = (
        select(Message.provider, Message.status, Message.failure_code, Message.updated_at)
        .where(Message.account == account, Message.direction == OUTBOUND)
        .order_by(Message.id.desc())
        .limit(LAST_MESSAGES)
    )
    found: dict[str, tuple[str, str | None, datetime]] = {}
    with services.store.read() as session:
        for provider, status, failure_code, updated_at in session.execute(query):
            found.setdefault(provider, (status, failure_code, updated_at))
    return found


def _webhooks(services: Services, endpoints: Sequence[EndpointView], now: datetime) -> Iterator[Health]:
    name = "Webhooks"
    if not endpoints:
        return
    disabled = [endpoint for endpoint in endpoints if endpoint.state == DISABLED]
    failing = [endpoint for endpoint in endpoints if endpoint.state == ACTIVE and endpoint.failures]
    if disabled:
        told = f"{_count(disabled)} switched off, and hears of nothing: {disabled[0].url}"
        yield Health(name, BAD, told, None, "webhooks")
    if failing:
        told = f"{_count(failing)} failing: {failing[0].url}, since"
        yield Health(name, WARN, told, failing[0].failing_since, "webhooks")
    pending = _oldest_pending(services, endpoints)
    if pending is not None and now - pending > LONGEST_WAIT and not failing:
        yield Health(name, WARN, "Deliveries wait; the first one has been due since", pending, "webhooks")
    elif not disabled and not failing:
        yield Health(name, GOOD, f"{_count(endpoints)} heard, and no delivery is late.", None, "webhooks")


def _count(endpoints: Sequence[EndpointView]) -> str:
    return "1 endpoint is" if len(endpoints) == 1 else f"{len(endpoints)} endpoints are"


def _oldest_pending(services: Services, endpoints: Sequence[EndpointView]) -> datetime | None:
    found = []
    with services.store.read() as session:
        for endpoint in endpoints[:MOST_ENDPOINTS]:
            if endpoint.state != ACTIVE:
                continue
            query = (
                select(WebhookDelivery.due_at)
                .where(
                    WebhookDelivery.endpoint_id == endpoint.id,
                    WebhookDelivery.state == PENDING,
                    WebhookDelivery.due_at.is_not(None),
                )
                .order_by(WebhookDelivery.due_at)
                .limit(1)
            )
            found.append(session.scalar(query))
    return min((moment for moment in found if moment is not None), default=None)
