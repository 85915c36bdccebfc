"""The state of the providers' accounts and numbers, as far as they have told of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...outgoing import outbox
from ...plugins.callbacks import AccountUpdate
from ...plugins.events import AccountEvent
from ...storage.held_rows import hold
from ...storage.inbound_models import ProviderState
from ...storage.json_values import clean
from ...storage.session import Store
from .source import Source

INFO = "info"
WARNING = "warning"
CRITICAL = "critical"
SEVERITIES = (INFO, WARNING, CRITICAL)
"""From harmless to what stops messages."""

LONGEST_SUBJECT = 64
LONGEST_SUMMARY = 2_000
"""Characters; what the columns hold."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def update_account(
    session: Session, source: Source, update: AccountUpdate, now: datetime
) -> list[AccountEvent]:
    """Note what the state of an account is; of each subject the newest report counts, whenever it comes.

    :returns: what is to be told after the commit; nothing where a newer report is known, or the same.
    """
    key = {"provider": source.provider, "subject": clean(update.subject)[:LONGEST_SUBJECT]}
    nothing = {"severity": INFO, "summary": "", "details": {}, "stops": []}
    state = hold(session, ProviderState, key, **nothing, occurred_at=_NEVER)
    reported = ProviderState(
        **key,
        severity=update.severity if update.severity in SEVERITIES else WARNING,
        summary=clean(update.summary)[:LONGEST_SUMMARY],
        details=clean(dict(update.details)),
        stops=sorted(clean(stopped) for stopped in update.stops),
        until=update.until,
        occurred_at=update.occurred_at,
    )
    if _weight(reported) <= _weight(state):
        return []
    for column in ("severity", "summary", "details", "stops", "until", "occurred_at"):
        setattr(state, column, getattr(reported, column))
    event = AccountEvent("account.updated", update.occurred_at, _described(reported))
    outbox.publish(session, event, now)
    return [event]


def account_states(store: Store, provider: str | None = None) -> Sequence[ProviderState]:
    """What providers have said of their accounts, newest first.

    :param provider: whose alone; without it, all there are.
    """
    query = select(ProviderState)
    if provider is not None:
        query = query.where(ProviderState.provider == provider)
    query = query.order_by(ProviderState.occurred_at.desc(), ProviderState.provider, ProviderState.subject)
    with store.read() as session:
        return session.scalars(query).all()


def is_over(state: ProviderState, now: datetime) -> bool:
    """Whether it has ended by itself."""
    return state.until is not None and state.until <= now


def notices(states: Iterable[ProviderState], now: datetime) -> list[ProviderState]:
    """The states that people should know of now, the gravest first."""
    grave = [state for state in states if state.severity != INFO and not is_over(state, now)]
    return sorted(grave, key=lambda state: -SEVERITIES.index(state.severity))


def _weight(state: ProviderState) -> tuple[Any, ...]:
    # Of two at the same moment the graver one counts; the rest only makes the choice the same everywhere.
    return (
        state.occurred_at,
        SEVERITIES.index(state.severity),
        state.stops,
        state.until or datetime.max.replace(tzinfo=UTC),
        state.summary,
        json.dumps(state.details, sort_keys=True),
    )


def _described(state: ProviderState) -> dict[str, Any]:
    until = state.until and state.until.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {
        "provider": state.provider,
        "subject": state.subject,
        "severity": state.severity,
        "summary": state.summary,
        "stops": state.stops,
        "until": until,
        "details": state.details,
    }
