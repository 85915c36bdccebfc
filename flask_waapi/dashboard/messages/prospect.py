"""What will become of a message that has not come to its end, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ...messaging.delivery.overdue import is_sent_again
from ...messaging.status import QUEUED, UNCONFIRMED
from ...settings import Settings
from ...storage.models import Message

Kind = Literal["scheduled", "waiting", "in hand", "give up", "resend"]


@dataclass(frozen=True)
class Prospect:
    """The next thing that happens to a message unless a report or a person comes first.

    ``scheduled``: it is sent for the first time. ``waiting``: it is tried again. ``in hand``: the lease of
    the process that sends it ends. ``give up`` and ``resend``: what is done about its unknown outcome.

    :param at: when; ``None`` where it is as soon as possible.
    :param attempt: which try that will be, or is.
    """

    kind: Kind
    at: datetime | None
    attempt: int


def prospect_of(message: Message, settings: Settings, now: datetime) -> Prospect | None:
    """What comes next; ``None`` where the provider or nobody has it."""
    if message.claimed_at is not None:
        return Prospect("in hand", message.due_at, message.attempts)
    if message.status == QUEUED and message.due_at is not None:
        at = message.due_at if message.due_at > now else None
        return Prospect("waiting" if message.attempts else "scheduled", at, message.attempts + 1)
    if message.status == UNCONFIRMED and message.due_at is not None:
        kind: Kind = "resend" if is_sent_again(message, settings) else "give up"
        return Prospect(kind, message.due_at, message.attempts + 1)
    return None
