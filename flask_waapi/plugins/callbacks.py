"""What a provider makes of a callback: items, each read on its own into events.

A callback is one request that may report many things. What the provider cannot read, or does not know, it
hands on as it came: it is kept where people see it, and read again when the provider has learnt to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Refusal:
    """Why a provider did not carry a message.

    :param code: the provider's own code, as a string.
    :param reason: its words, fit for the caller's eyes.
    """

    code: str
    reason: str


@dataclass(frozen=True)
class StatusUpdate:
    """One fact about a message that was sent before.

    :param status: ``sent``, ``delivered``, ``read``, ``played`` or ``failed``; another word is kept in the
        message's timeline and changes nothing.
    :param occurred_at: when it happened by the provider's clock, aware UTC.
    :param provider_message_id: the id that :class:`SendResult` gave.
    :param message_uuid: our own id, where the provider echoes it.
    :param refusal: why, when the status is ``failed``.
    :param details: what else was told, such as the price, as JSON values.
    :param participant: whom it concerns of those in a group; each of them is told of by itself.
    """

    status: str
    occurred_at: datetime
    provider_message_id: str
    message_uuid: UUID | None = None
    refusal: Refusal | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    participant: str | None = None


@dataclass(frozen=True)
class InboundMessage:
    """A message that somebody wrote to one of our numbers.

    :param provider_message_id: the provider's id of it; told twice, it is the same message.
    :param sender: who wrote it: E.164 with the plus sign, or the network's own id where it tells no number.
    :param recipient: our number, likewise.
    :param type: ``text``, ``image``, ``reaction`` ... in the network's terms.
    :param occurred_at: when it was written, aware UTC.
    :param content: what was told of it, whole, as JSON values.
    :param text: what a person reads of it, if anything.
    :param sender_name: what the sender is called.
    :param reply_to: the provider's id of the message that it answers, changes or reacts to.
    :param opens_window: whether it lets us write freely for the next 24 hours.
    :param is_echo: whether it is one of our own, sent from elsewhere with the same number; ``sender`` is
        then our number and ``recipient`` the other's.
    :param former_sender: the number that its sender had before, when it tells of a new one.
    :param user_id: the network's own id of the other, where their number is told as well.
    """

    provider_message_id: str
    sender: str
    recipient: str
    type: str
    occurred_at: datetime
    content: Mapping[str, Any]
    text: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    opens_window: bool = True
    is_echo: bool = False
    former_sender: str | None = None
    user_id: str | None = None


@dataclass(frozen=True)
class TemplateUpdate:
    """A template has changed; members that are ``None`` have not.

    :param reason: the provider's words on the status.
    :param is_partial: whether more has changed than is told, so that the templates must be read anew.
    """

    name: str
    language: str
    occurred_at: datetime
    status: str | None = None
    category: str | None = None
    quality: str | None = None
    reason: str | None = None
    is_partial: bool = False


@dataclass(frozen=True)
class AccountUpdate:
    """The state of the account, or of one of its numbers, has changed.

    :param subject: which side of it: ``quality:+1555...``, ``restriction``; the newest of a subject counts.
    :param summary: one sentence for people.
    :param severity: ``info``, ``warning`` or ``critical``.
    :param stops: what must not be sent while it lasts: ``template``, ``free_form``; empty where nothing is
        stopped, or not any more.
    :param until: when that ends by itself.
    :param details: what was told, whole, as JSON values.
    """

    subject: str
    summary: str
    occurred_at: datetime
    severity: str = "info"
    stops: frozenset[str] = frozenset()
    until: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PreferenceUpdate:
    """A recipient does not want marketing any more, or wants it again.

    :param recipient: E.164 with the plus sign, or the network's own id.
    :param user_id: that id, where the number is told as well.
    """

    recipient: str
    wants_marketing: bool
    occurred_at: datetime
    user_id: str | None = None


ProviderEvent = StatusUpdate | InboundMessage | TemplateUpdate | AccountUpdate | PreferenceUpdate


@dataclass(frozen=True)
class CallbackItem:
    """One thing that a callback reports.

    :param position: where it stands in the body, ``entry[0].changes[2].value.statuses[4]``.
    :param raw: it, as a JSON value.
    :param events: what it means; empty for a kind that the provider does not know, unless ``problem`` says
        that it is broken.
    :param problem: why it could not be read.
    """

    position: str
    raw: Any
    events: tuple[ProviderEvent, ...] = ()
    problem: str | None = None
