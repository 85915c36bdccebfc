"""What a customer decides about an endpoint, and what may be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..errors import Fault
from ..plugins.events import EVENT_TYPES
from ..settings import Settings
from .outbox import ALL_EVENTS
from .safe_http import check_url

LONGEST_DESCRIPTION = 1_000
"""Characters."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_KNOWN = ", ".join([*EVENT_TYPES, ALL_EVENTS])


def check_fields(settings: Settings, *, url: Any, events: Any, description: Any) -> list[Fault]:
    """Everything wrong with the fields of an endpoint; empty when nothing is."""
    return [*_url_faults(settings, url), *_event_faults(events), *_description_faults(description)]


def normalised(events: Sequence[str]) -> list[str]:
    """Checked events as they are stored: each once, in the order of their documentation; or ``*`` alone."""
    return [ALL_EVENTS] if ALL_EVENTS in events else [name for name in EVENT_TYPES if name in events]


def _url_faults(settings: Settings, url: Any) -> list[Fault]:
    expected = "https://host/path, at a public address"
    if not isinstance(url, str):
        return [Fault("/url", "The URL is not text.", expected)]
    problems = check_url(
        url, allow_http=settings.webhook_allow_http, allow_loopback=settings.webhook_allow_loopback
    )
    return [Fault("/url", f"The URL cannot be used: {problem}.", expected) for problem in problems]


def _event_faults(events: Any) -> list[Fault]:
    expected = f"one or more of {_KNOWN}"
    if isinstance(events, str) or not isinstance(events, Sequence):
        return [Fault("/events", "The events are not a list.", expected)]
    if not events:
        return [Fault("/events", "There are no events.", expected)]
    return [
        Fault(f"/events/{index}", f"{name!r} is not an event.", f"one of {_KNOWN}")
        for index, name in enumerate(events)
        if not isinstance(name, str) or (name not in EVENT_TYPES and name != ALL_EVENTS)
    ]


def _description_faults(description: Any) -> list[Fault]:
    is_usable = isinstance(description, str) and len(description) <= LONGEST_DESCRIPTION
    # No driver takes a lone surrogate, which is what the command line makes of bytes that are not UTF-8.
    if is_usable and not _UNSTORABLE.search(description):
        return []
    expected = f"up to {LONGEST_DESCRIPTION:,} characters"
    return [Fault("/description", "The description is not usable.", expected)]
