"""The overview: four counters, plots, what fails and why, what is left of the quota, and how all is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template, request

from ..access.key_views import KeyView
from ..access.request_hours import Calls
from ..api.envelope import json_response
from ..errors import WaApiError
from ..messaging import history, message_hours
from ..messaging.history import HistoryFilter
from ..messaging.incoming.account_state import account_states, is_over, notices
from ..messaging.message_hours import Messages
from ..messaging.status import DELIVERED, FAILED, PLAYED, READ, SENT
from ..services import Services, current_services
from ..storage.inbound_models import ProviderState
from . import health, usage
from .access import Viewer, current_viewer
from .charts import share
from .error_codes import ERROR_CODES, ErrorCode
from .instances import sending, visible
from .presentation import Presentation, page

RECENT_MESSAGES = 8
MOST_ERRORS = 5
MOST_KEYS = 5

COUNTERS = (
    ("total_keys", "Total Keys", "keys generated for this account"),
    ("active_keys", "Active Keys", "enabled and valid now"),
    ("calls_today", "Calls Today", "API requests in the last 24 hours"),
    ("templates_configured", "Templates Configured", "templates available for sending"),
)
"""Name, label and meaning of each."""

FUNNEL = (
    ("sent", "good", frozenset({SENT, DELIVERED, READ, PLAYED})),
    ("delivered", "good", frozenset({DELIVERED, READ, PLAYED})),
    ("read", "good", frozenset({READ, PLAYED})),
    ("failed", "bad", frozenset({FAILED})),
)
"""What is told of the messages, and the statuses that say so: what was read was delivered and sent too."""


@dataclass(frozen=True)
class Step:
    """A step of the funnel. :param share: per cent of all messages."""

    label: str
    tone: str
    count: int
    share: float


@dataclass(frozen=True)
class Trouble:
    """A code that calls or messages ended with, and how many. :param told: what is known of it."""

    code: str
    calls: int
    messages: int
    told: ErrorCode | None


def show() -> Response:
    """The page."""
    services, viewer = current_services(), current_viewer()
    sends, now = sending(services, viewer), services.clock()
    services.request_log.flush()
    _count_messages(services)
    _read_templates_once(services, sends)
    with services.store.reads_together():
        values = _count(services, viewer.account, sends)
        recent = history.page(services.store, viewer.account, HistoryFilter(), limit=RECENT_MESSAGES)
        states = _states(services, viewer)
        shown = _live(services, viewer, sends, states)
    return page(
        "overview.html",
        viewer,
        counters=COUNTERS,
        values=values,
        messages=recent.messages,
        provider=sends,
        is_simulated=sends is not None and services.providers[sends].simulated,
        never_leaves=all(services.providers[name].simulated for name in visible(services, viewer)),
        notices=notices(states, now),
        states=[(state, is_over(state, now)) for state in states],
        **shown,
    )


def counters() -> Response:
    """The counters alone, for the script that keeps them fresh."""
    services, viewer = current_services(), current_viewer()
    sends = sending(services, viewer)
    services.request_log.flush()
    with services.store.reads_together():
        values = _count(services, viewer.account, sends)
    return json_response(values, 200)


def live() -> Response:
    """The plots and what stands beside them, for the script that keeps them fresh."""
    services, viewer = current_services(), current_viewer()
    sends = sending(services, viewer)
    services.request_log.flush()
    _count_messages(services)
    with services.store.reads_together():
        values = _live(services, viewer, sends, _states(services, viewer))
    shown = render_template("waapi/_overview_live.html", waapi=Presentation(viewer), **values)
    return json_response({"html": shown}, 200)


def _states(services: Services, viewer: Viewer) -> list[ProviderState]:
    return [state for state in account_states(services.store) if viewer.may_see(state.provider)]


def _live(
    services: Services, viewer: Viewer, sends: str | None, states: Sequence[ProviderState]
) -> dict[str, Any]:
    """What ``_overview_live.html`` shows; of this process's calls those that have been written."""
    account, now = viewer.account, services.clock()
    period = usage.period_of(request.args.get("period"))
    calls = usage.read(services.store, account, period, now)
    messages = message_hours.by_status(services.store, account, period.start(now))
    keys = services.keys.list(account)
    return {
        "period": period,
        "periods": usage.PERIODS.values(),
        "by_outcome": usage.by_outcome(calls, period, now),
        "by_key": usage.by_key(calls, period, now, {key.id: key.name for key in keys}),
        "average_ms": usage.average_ms(calls),
        "funnel": funnel(messages),
        "all_messages": sum(part.messages for part in messages),
        "troubles": troubles(calls, messages),
        "quotas": most_used(keys),
        "health": health.check(services, viewer, sends, states),
    }


def funnel(messages: Sequence[Messages]) -> list[Step]:
    """The steps of the messages of a time."""
    whole = sum(part.messages for part in messages)
    counts = {
        label: sum(part.messages for part in messages if part.status in statuses)
        for label, _, statuses in FUNNEL
    }
    return [Step(label, tone, counts[label], share(counts[label], whole)) for label, tone, _ in FUNNEL]


def troubles(calls: Sequence[Calls], messages: Sequence[Messages]) -> list[Trouble]:
    """The codes that most calls and messages ended with."""
    refused: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for call in calls:
        if call.error_code:
            refused[call.error_code] += call.calls
    for part in messages:
        if part.failure_code and part.status == FAILED:
            failed[part.failure_code] += part.messages
    # A send that fails is a call and a message: it counts once.
    most = sorted({*refused, *failed}, key=lambda code: (-max(refused[code], failed[code]), code))
    return [Trouble(code, refused[code], failed[code], ERROR_CODES.get(code)) for code in most[:MOST_ERRORS]]


def most_used(keys: Sequence[KeyView]) -> list[KeyView]:
    """The keys that have used the largest parts of their day's quota."""
    used = [key for key in keys if key.used_today]
    return sorted(used, key=lambda key: key.used_today / key.daily_limit, reverse=True)[:MOST_KEYS]


def _count(services: Services, account: str, sends: str | None) -> dict[str, Any]:
    counted = services.request_log.counters(account)
    return {
        "total_keys": counted.total_keys,
        "active_keys": counted.active_keys,
        "calls_today": counted.calls_today,
        "templates_configured": 0 if sends is None else services.catalogue.count_approved(sends),
    }


def _read_templates_once(services: Services, sends: str | None) -> None:
    if sends is None:
        return
    # Templates that were never read would be counted as none; but nobody waits for a provider that is
    # away whenever they look.
    state = services.catalogue.state(sends)
    interval = services.settings.template_sync_interval
    if state is None or services.clock() - state.attempted_at >= interval:
        with suppress(WaApiError):
            services.catalogue.read_once(sends)


def _count_messages(services: Services) -> None:
    if not services.settings.background_thread:
        # Elsewhere the thread does it; the page can be shown without.
        with suppress(WaApiError):
            services.message_hours.count_marked()
