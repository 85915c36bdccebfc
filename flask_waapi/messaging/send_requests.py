"""A message as somebody asks for it, and on whose behalf."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from ..content import Content, MessageOptions
from ..errors import Fault
from .recipients import recipient_faults
from .templates.rendering import TemplateDraft

LONGEST_SCHEDULE = timedelta(days=366)
"""How far ahead a message may be scheduled."""

PAST_TOLERANCE = timedelta(minutes=1)
"""How far a caller's clock may be behind: a moment so little ago means now."""


@dataclass(frozen=True)
class SendRequest:
    """A message as it was asked for.

    :param content: what it says; ``None`` when its faults left nothing to go on with.
    :param reference: the caller's own word for it, up to 255 characters.
    :param send_at: when to send it, aware; ``None`` for now.
    :param expires_in: how long after that it may still be sent; ``None`` for as long as it takes.
    :param options: what it is sent with beside that.
    :param fallback: the template to send instead where ``content`` is free-form and may not be sent.
    :param provider: the instance to send it from; ``None`` for the sender's.
    :param faults: what the schema found wrong already; told together with what the gates find.
    :param content_pointer: JSON pointer to where the content's members stand in it.
    :param pointer: JSON pointer to where it stands in a batch.
    """

    to: str
    content: Content | TemplateDraft | None
    reference: str | None = None
    simulate: bool = False
    send_at: datetime | None = None
    expires_in: timedelta | None = None
    fallback: TemplateDraft | None = None
    provider: str | None = None
    options: MessageOptions = field(default_factory=MessageOptions)
    faults: tuple[Fault, ...] = ()
    content_pointer: str = ""
    pointer: str = ""


@dataclass(frozen=True)
class Sender:
    """On whose behalf a message is sent.

    :param key_id: the API key; ``None`` for the host's own code.
    :param simulated: whether nothing this sender sends may leave the machine.
    :param provider: the instance that its messages are sent from; ``None`` where that is not settled.
    :param request_id: of the request that brought it.
    :param secret_id: which secret of the key it came with, where that was one.
    """

    account: str
    key_id: UUID | None = None
    simulated: bool = False
    provider: str | None = None
    request_id: str | None = None
    secret_id: UUID | None = None


def recipient_faults_of(request: SendRequest) -> list[Fault]:
    """What is wrong with the recipient, unless the schema has told already."""
    if any(fault.pointer in {"", "/to"} for fault in request.faults):
        return []
    return recipient_faults(request.to, request.options.recipient_type)


def schedule_faults_of(request: SendRequest, now: datetime) -> list[Fault]:
    """What is wrong with the moment it is to be sent at."""
    if request.send_at is None or now - PAST_TOLERANCE <= request.send_at <= now + LONGEST_SCHEDULE:
        return []
    past = request.send_at < now
    message = "send_at lies in the past." if past else "send_at lies too far ahead."
    return [Fault("/send_at", message, f"a moment within the next {LONGEST_SCHEDULE.days} days")]
