"""The status of a message: a fold over its events that ignores their order and repetition.

Within a round a message has the highest status that any event gave it. ``failed`` stands below
``delivered``: a handset's receipt proves that the message arrived, whatever was reported before or after. A
message that is retried by hand begins a new round, in which the former failure counts no more; a receipt
always counts.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

QUEUED = "queued"
UNCONFIRMED = "unconfirmed"
SENT = "sent"
FAILED = "failed"
CANCELED = "canceled"
DELIVERED = "delivered"
READ = "read"
PLAYED = "played"

STATUSES = (QUEUED, UNCONFIRMED, SENT, FAILED, CANCELED, DELIVERED, READ, PLAYED)
"""Of what we send, from lowest to highest."""

HANDED_OVER = (UNCONFIRMED, SENT, DELIVERED, READ, PLAYED)
"""Of what a provider has been given and, as far as is known, has carried."""

RECEIVED = "received"
"""Of what has come in: no step of the fold, since nothing can become of it."""

MEANINGS = {
    QUEUED: "stored, not yet handed to a provider",
    UNCONFIRMED: "handed over, and the connection broke: it may have been sent",
    SENT: "accepted by the provider",
    FAILED: "not carried, or given up; the failure says why",
    CANCELED: "taken back before it was handed to a provider",
    DELIVERED: "arrived on the recipient's device",
    READ: "shown to the recipient",
    PLAYED: "a voice message the recipient has listened to",
    RECEIVED: "written to us",
}


class Fact(NamedTuple):
    """What an event says of a message's status.

    :param attempt: of the round, where it came of our own attempt to send.
    :param is_guess: a failure that nobody knows of: it was given up for want of news.
    """

    round: int
    status: str
    attempt: int | None = None
    is_guess: bool = False


def fold(facts: Collection[Fact]) -> str:
    """The status that events add up to; ``queued`` for none.

    An attempt that failed counts no more once another attempt of the round has sent the message, nor does a
    guess once anything tells that it was sent. Statuses we do not know change nothing.
    """
    latest = max((fact.round for fact in facts), default=1)
    sent_by = {fact.attempt for fact in facts if (fact.round, fact.status) == (latest, SENT)}

    def is_superseded(fact: Fact) -> bool:
        others = sent_by if fact.is_guess else sent_by - {fact.attempt, None}
        return fact.status == FAILED and bool(others) and (fact.is_guess or fact.attempt is not None)

    def counts(fact: Fact) -> bool:
        if fact.status not in STATUSES:
            return False
        if rank(fact.status) >= rank(DELIVERED):
            return True
        return fact.round == latest and not is_superseded(fact)

    return max((fact.status for fact in facts if counts(fact)), key=rank, default=QUEUED)


def rank(status: str) -> int:
    """How far a status is; -1 for one we do not know."""
    return STATUSES.index(status) if status in STATUSES else -1


def is_settled(status: str) -> bool:
    """Whether there is nothing left for us to do: the provider has it, or nobody will."""
    return rank(status) >= rank(SENT)
