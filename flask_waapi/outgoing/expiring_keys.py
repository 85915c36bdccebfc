"""API keys that are about to expire: their account is told once, a week before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ..access.secrets import masked
from ..plugins.events import AccountEvent
from ..storage.models import ApiKey, KeySecret
from ..storage.session import Store
from ..storage.webhook_models import WebhookEvent
from .moments import written
from .outbox import publish_once

NOTICE = timedelta(days=7)
"""How long before its end a key is told of."""


def tell_expiring(store: Store, clock: Callable[[], datetime], tell: Callable[[AccountEvent], None]) -> int:
    """Publish ``key.expiring`` for each key that works and expires within a week, if none was before.

    :param tell: called with each event after its commit.
    :returns: how many there were.
    """
    now = clock()
    with store.read() as session:
        events = [_event(row, now) for row in session.execute(_expiring(now))]
        known = {tuple(row) for row in session.execute(_known([event.fingerprint for event in events]))}
    new = [event for event in events if (event.account, event.fingerprint) not in known]
    return sum([_publish(store, event, now, tell) for event in new])


def _publish(store: Store, event: AccountEvent, now: datetime, tell: Callable[[AccountEvent], None]) -> bool:
    try:
        is_new = store.write(partial(publish_once, event=event, now=now))
    except IntegrityError:
        # Another process has just published it.
        return False
    if is_new:
        tell(event)
    return is_new


def _expiring(now: datetime) -> Any:
    last_four = (
        select(KeySecret.last_four)
        .where(KeySecret.key_id == ApiKey.id)
        .order_by(KeySecret.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("last_four")
    )
    return select(ApiKey, last_four).where(
        ApiKey.enabled, ApiKey.expires_at > now, ApiKey.expires_at <= now + NOTICE
    )


def _known(fingerprints: list[str | None]) -> Any:
    return select(WebhookEvent.account, WebhookEvent.fingerprint).where(
        WebhookEvent.fingerprint.in_(fingerprints)
    )


def _event(row: Any, now: datetime) -> AccountEvent:
    key, last_four = row
    expires_at = written(key.expires_at)
    return AccountEvent(
        type="key.expiring",
        occurred_at=now,
        data={
            "key_id": str(key.id),
            "name": key.name,
            "masked": masked(key.mode, last_four or ""),
            "expires_at": expires_at,
        },
        account=key.account,
        fingerprint=f"key.expiring:{key.id}:{expires_at}",
    )
