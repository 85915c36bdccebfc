"""What a provider reports, applied: each kind of event by its own room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ...plugins.callbacks import (
    AccountUpdate,
    InboundMessage,
    PreferenceUpdate,
    ProviderEvent,
    StatusUpdate,
    TemplateUpdate,
)
from ...plugins.events import AccountEvent
from ..templates.updates import update_template
from .account_state import update_account
from .contacts import update_preference
from .receiving import receive
from .reports import report_status
from .source import Source

Apply = Callable[[Session, Source, Any, datetime], list[AccountEvent]]
"""Applies an event within a transaction; returns what is to be told after the commit."""

_APPLY: dict[type, Apply] = {
    StatusUpdate: report_status,
    InboundMessage: receive,
    TemplateUpdate: update_template,
    AccountUpdate: update_account,
    PreferenceUpdate: update_preference,
}


def apply(session: Session, source: Source, event: ProviderEvent, now: datetime) -> list[AccountEvent]:
    """Apply one event; applied again, it changes nothing.

    :returns: what it changed, to be told after the commit.
    :raises Unmatched: it is about a message that is not one of ours.
    """
    return _APPLY[type(event)](session, source, event, now)
