"""Who sends what a command has queued, in words: a command sends nothing itself."""

from __future__ import annotations

from ..settings import Settings
from ..work.engines import ENGINES


def who_sends(settings: Settings) -> str:
    """By whom waiting messages are sent."""
    if settings.dispatch == "celery":
        return "the Celery workers"
    if ENGINES[settings.dispatch].sends_here and settings.background_thread:
        return "the serving processes or `flask waapi worker`"
    return "`flask waapi worker`"
