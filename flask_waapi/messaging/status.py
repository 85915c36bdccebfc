"""The status of a message: a fold over its events that ignores their order and repetition.

A message has the highest status that any event gave it. ``failed`` stands below ``delivered``: a handset's
receipt proves that the message arrived, whatever was reported before or after.
"""

from __future__ import annotations

from collections.abc import Iterable

QUEUED = "queued"
UNCONFIRMED = "unconfirmed"
SENT = "sent"
FAILED = "failed"
DELIVERED = "delivered"
READ = "read"
PLAYED = "played"

STATUSES = (QUEUED, UNCONFIRMED, SENT, FAILED, DELIVERED, READ, PLAYED)
"""From lowest to highest."""

MEANINGS = {
    QUEUED: "stored, not yet handed to a provider",
    UNCONFIRMED: "handed over, and the connection broke: it may have been sent",
    SENT: "accepted by the provider",
    FAILED: "not carried, or given up; the failure says why",
    DELIVERED: "arrived on the recipient's device",
    READ: "shown to the recipient",
    PLAYED: "a voice message the recipient has listened to",
}


def fold(statuses: Iterable[str]) -> str:
    """The status that events with these statuses add up to; ``queued`` for none.

    Statuses we do not know change nothing.
    """
    return max((status for status in statuses if status in STATUSES), key=rank, default=QUEUED)


def rank(status: str) -> int:
    """How far a status is; -1 for one we do not know."""
    return STATUSES.index(status) if status in STATUSES else -1
