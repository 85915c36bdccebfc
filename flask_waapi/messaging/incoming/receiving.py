"""Messages that come in: each stored once, however often and by how many processes it is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ...errors import Fault, ValidationFailed
from ...identifiers import ordered_id, uuid7
from ...outgoing import outbox
from ...plugins.callbacks import InboundMessage
from ...plugins.events import AccountEvent
from ...plugins.registry import Providers
from ...settings import Settings
from ...storage.json_values import clean
from ...storage.models import Message, MessageEvent
from ...storage.session import Store
from ..account_events import INBOUND, OUTBOUND, received
from ..aliases import names_of
from ..media.ids import remember_received
from ..recipients import E164, LONGEST_RECIPIENT
from ..status import HANDED_OVER, RECEIVED
from .contacts import lock_contact, note_received, note_user_id
from .source import Source

LONGEST_TYPE = 24
LONGEST_WORDS = 255
LONGEST_SIMULATED_TEXT = 4096
"""Characters; but for the last, what the columns hold."""

SIMULATED_NUMBER = "+15559990000"
"""Our own number in the simulation; there is no area code 555, so it cannot be anyone's."""


def receive(session: Session, source: Source, update: InboundMessage, now: datetime) -> list[AccountEvent]:
    """Store a message that came in, and what it tells of its sender; told again, it changes nothing."""
    # Nothing in the table of messages keeps two out that are the same: whoever holds the person's row
    # first stores it, and who comes after finds it there.
    names = names_of(session, source.provider, update.recipient if update.is_echo else update.sender)
    contact = lock_contact(session, source.provider, names[0])
    if _is_known(session, source, update):
        return []
    note_user_id(session, contact, names, update.user_id)
    message = _message(session, source, update, names, now)
    session.add(message)
    session.flush()
    remember_received(session, message, now)
    session.add(
        MessageEvent(
            id=uuid7(now),
            message_id=message.id,
            fingerprint=RECEIVED,
            status=RECEIVED,
            occurred_at=update.occurred_at,
            recorded_at=now,
            round=1,
            provider_message_id=message.provider_message_id,
        )
    )
    event = received(message, update.occurred_at)
    outbox.publish(session, event, now)
    return [event] if update.is_echo else [event, *note_received(session, source, contact, update, now)]


class Receiving:
    """Messages that come in without a callback: the simulation has none.

    :param tell: called with each event after its commit.
    """

    def __init__(
        self,
        store: Store,
        providers: Providers,
        settings: Settings,
        clock: Callable[[], datetime],
        tell: Callable[[AccountEvent], None],
    ) -> None:
        self._store = store
        self._providers = providers
        self._settings = settings
        self._clock = clock
        self._tell = tell

    def simulate(
        self, sender: str, text: str, *, account: str | None = None, provider: str | None = None
    ) -> AccountEvent:
        """Let somebody write to us in the simulation.

        :param sender: who writes, E.164.
        :param account: whose the message is where none has written to the sender before; without one, as
            ``WAAPI_INBOUND_ACCOUNT`` says.
        :param provider: the simulated instance; without one, that at which simulated messages end.
        :returns: what was told of it.
        :raises ValidationFailed: the sender is no number, the text is empty or too long, or the provider is
            not a simulated one.
        """
        name = provider or self._providers.end_for(self._providers.default, simulated=True)[0]
        if faults := [*_faults(sender, text), *self._provider_faults(name)]:
            raise ValidationFailed(faults)
        now = self._clock()
        source = Source(name, simulated=True, account=account or self._settings.inbound_account)
        written = InboundMessage(
            provider_message_id=f"simulated-{uuid4()}",
            sender=sender,
            recipient=SIMULATED_NUMBER,
            type="text",
            occurred_at=now,
            content={"text": {"body": text}},
            text=text,
        )
        events = self._store.write(lambda session: receive(session, source, written, now))
        for event in events:
            self._tell(event)
        return events[0]

    def _provider_faults(self, name: str) -> list[Fault]:
        simulated = [known for known in self._providers.names() if self._providers[known].simulated]
        if name in simulated:
            return []
        problem = "is not simulated" if name in self._providers else "does not exist"
        expected = f"a simulated one: {', '.join(simulated)}"
        return [Fault("/provider", f"The provider {name!r} {problem}.", expected)]


def _message(
    session: Session, source: Source, update: InboundMessage, names: Sequence[str], now: datetime
) -> Message:
    return Message(
        # In the order in which they are told, also those of one callback.
        id=ordered_id(now),
        account=_account(session, source, update, names),
        direction=INBOUND,
        sender=_fitting(update.sender, LONGEST_RECIPIENT),
        sender_name=_fitting(update.sender_name, LONGEST_WORDS),
        reply_to=_fitting(update.reply_to, LONGEST_WORDS),
        is_echo=update.is_echo,
        recipient=_fitting(update.recipient, LONGEST_RECIPIENT),
        type=_fitting(update.type, LONGEST_TYPE),
        content=clean(dict(update.content)),
        rendered=_fitting(update.text),
        simulated=source.simulated,
        provider=source.provider,
        provider_message_id=_fitting(update.provider_message_id, LONGEST_WORDS),
        status=RECEIVED,
        priority=1,
        round=1,
        attempts=0,
        created_at=now,
        updated_at=now,
    )


def _account(session: Session, source: Source, update: InboundMessage, names: Sequence[str]) -> str:
    ours = select(Message.account).where(
        Message.provider == source.provider,
        Message.direction == OUTBOUND,
        # Else an account could draw a stranger's answers to itself by what it never sends.
        Message.status.in_(HANDED_OVER),
    )
    if update.reply_to is not None:
        answered = ours.where(Message.provider_message_id == _fitting(update.reply_to, LONGEST_WORDS))
        if (account := session.scalar(answered.limit(1))) is not None:
            return account
    if (account := _last_to_write(session, ours, names)) is not None:
        return account
    if update.former_sender is not None:
        former = names_of(session, source.provider, update.former_sender)
        return _last_to_write(session, ours, former) or source.account
    return source.account


def _last_to_write(session: Session, ours: Select[Any], names: Sequence[str]) -> str | None:
    # Name by name, each along an index that ends with the id.
    newest = ours.add_columns(Message.id).order_by(Message.id.desc()).limit(1)
    found = [session.execute(newest.where(Message.recipient == name)).one_or_none() for name in names]
    return max(((row.id, row.account) for row in found if row is not None), default=(None, None))[1]


def _is_known(session: Session, source: Source, update: InboundMessage) -> bool:
    same = select(Message.id).where(
        Message.provider == source.provider,
        Message.provider_message_id == _fitting(update.provider_message_id, LONGEST_WORDS),
        Message.direction == INBOUND,
    )
    return session.scalar(same.limit(1)) is not None


def _fitting(text: str | None, length: int | None = None) -> str | None:
    return None if text is None else clean(text)[:length]


def _faults(sender: str, text: str) -> list[Fault]:
    faults = []
    if not re.fullmatch(E164, sender, re.ASCII):
        faults.append(Fault("/sender", "Invalid phone number format", "E.164, such as +1234567890"))
    if not text.strip() or len(text) > LONGEST_SIMULATED_TEXT:
        expected = f"text of 1 to {LONGEST_SIMULATED_TEXT} characters, not only spaces"
        faults.append(Fault("/text", "The text is empty or too long.", expected))
    return faults
