"""The overview: four counters, the last messages, and what to do next."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Response

from ..api.envelope import json_response
from ..errors import WaApiError
from ..messaging import history
from ..messaging.history import HistoryFilter
from ..services import Services, current_services
from .access import current_viewer
from .presentation import page

RECENT_MESSAGES = 8

COUNTERS = (
    ("total_keys", "Total Keys", "keys generated for this account"),
    ("active_keys", "Active Keys", "enabled and valid now"),
    ("calls_today", "Calls Today", "API requests in the last 24 hours"),
    ("templates_configured", "Templates Configured", "templates available for sending"),
)
"""Name, label and meaning of each."""


def show() -> Response:
    """The page."""
    services, viewer = current_services(), current_viewer()
    _read_templates_once(services)
    recent = history.page(services.store, viewer.account, HistoryFilter(), limit=RECENT_MESSAGES)
    default = services.providers.default
    return page(
        "overview.html",
        viewer,
        counters=COUNTERS,
        values=_count(services, viewer.account),
        messages=recent.messages,
        provider=default,
        is_simulated=services.providers[default].simulated,
    )


def counters() -> Response:
    """The counters alone, for the script that keeps them fresh."""
    return json_response(_count(current_services(), current_viewer().account), 200)


def _count(services: Services, account: str) -> dict[str, Any]:
    counted = services.request_log.counters(account)
    return {
        "total_keys": counted.total_keys,
        "active_keys": counted.active_keys,
        "calls_today": counted.calls_today,
        "templates_configured": services.catalogue.count_approved(services.providers.default),
    }


def _read_templates_once(services: Services) -> None:
    # Templates that were never read would be counted as none; a failed reading is noted, not repeated.
    with suppress(WaApiError):
        services.catalogue.list(services.providers.default)
