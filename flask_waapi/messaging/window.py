"""What stands between a message and its recipient: the service window, an opt-out, a restriction.

All of it is what the providers have told; where they tell nothing, nothing is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ..errors import AccountRestricted, RecipientOptedOut, ServiceWindowClosed
from ..storage.inbound_models import Contact, ContactAlias, ProviderState
from ..storage.models import Message, MessageEvent
from ..storage.session import Store
from .account_events import INBOUND
from .aliases import names_of
from .status import RECEIVED

WINDOW = timedelta(hours=24)
"""How long we may write freely to somebody who has written to us."""

FREE_FORM = "free_form"
TEMPLATE = "template"
"""What a restriction can stop."""

READ_AT_ONCE = 1_000
"""How many contacts one query asks for, the largest batch of the API."""


class Known:
    """What is known of recipients and accounts, each read when it is first needed and then remembered.

    :param providers: whose contacts count.
    :param expected: numbers that will be asked for, read together with the first of them.
    """

    def __init__(self, store: Store, providers: Collection[str], expected: Iterable[str] = ()) -> None:
        self._store = store
        self._providers = set(providers)
        self._expected = set(expected)
        self._contacts: dict[str, list[Contact]] = {}
        self._states: dict[str, list[ProviderState]] = {}

    def contacts(self, number: str, providers: Collection[str]) -> list[Contact]:
        """A person, as these of the providers know them."""
        if number not in self._contacts:
            self._read_contacts(sorted(self._expected | {number}))
            self._expected = set()
        return [contact for contact in self._contacts[number] if contact.provider in providers]

    def states(self, provider: str) -> list[ProviderState]:
        """What an instance has said of its account."""
        if provider not in self._states:
            query = select(ProviderState).where(ProviderState.provider == provider)
            with self._store.read() as session:
                self._states[provider] = list(session.scalars(query.order_by(ProviderState.subject)))
        return self._states[provider]

    def told_to(self, account: str, number: str, providers: Collection[str]) -> datetime | None:
        """When a person last wrote to one of these instances, as far as that is an account's to know."""
        last = last_received(self.contacts(number, providers))
        if last is None:
            return None
        with self._store.read() as session:
            moments: list[datetime | None] = [
                session.scalar(_last_written(account, provider, name))
                for provider in providers
                for name in names_of(session, provider, number)
            ]
        own = [moment for moment in moments if moment is not None]
        return min(last, max(own)) if own else None

    def _read_contacts(self, numbers: list[str]) -> None:
        self._contacts |= {number: [] for number in numbers}
        with self._store.read() as session:
            for begin in range(0, len(numbers), READ_AT_ONCE):
                self._read_chunk(session, set(numbers[begin : begin + READ_AT_ONCE]))

    def _read_chunk(self, session: Session, numbers: set[str]) -> None:
        names: dict[tuple[str, str], set[str]] = defaultdict(set)
        aliases = select(ContactAlias).where(
            ContactAlias.provider.in_(self._providers), ContactAlias.name.in_(numbers)
        )
        for alias in session.scalars(aliases):
            names[alias.provider, alias.number].add(alias.name)
        query = select(Contact).where(
            Contact.provider.in_(self._providers),
            Contact.number.in_(numbers | {number for _, number in names}),
        )
        for contact in session.scalars(query):
            own = numbers & {contact.number}
            for name in own | names.get((contact.provider, contact.number), set()):
                self._contacts[name].append(contact)


def _last_written(account: str, provider: str, name: str) -> Select[Any]:
    return (
        select(MessageEvent.occurred_at)
        .join(Message, Message.id == MessageEvent.message_id)
        .where(
            Message.account == account,
            Message.sender == name,
            Message.provider == provider,
            Message.direction == INBOUND,
            Message.is_echo.is_(False),
            MessageEvent.fingerprint == RECEIVED,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )


def last_received(contacts: Iterable[Contact]) -> datetime | None:
    """When somebody last wrote to any of the instances; ``None`` for never."""
    moments = (contact.last_received_at for contact in contacts)
    return max((moment for moment in moments if moment is not None), default=None)


def is_open(last_received_at: datetime | None, moment: datetime) -> bool:
    """Whether the service window is open at a moment, as far as is known now."""
    return last_received_at is not None and moment < last_received_at + WINDOW


def closed(last_received_at: datetime | None, to: str, *, simulated: bool) -> ServiceWindowClosed:
    """The refusal of a free-form message outside the service window.

    :param last_received_at: when its recipient last wrote to the account, which is told.
    """
    message = (
        "The recipient has not written within the 24 hours before the message would be sent: send a template,"
        " or name a fallback_template."
    )
    if simulated:
        message += f' In the simulation somebody writes by: flask waapi messages receive {to} "Hello"'
    told = None if last_received_at is None else last_received_at.astimezone(UTC).isoformat()
    return ServiceWindowClosed(message, details={"last_received_at": told and told.replace("+00:00", "Z")})


def refuse_opted_out(contacts: Iterable[Contact]) -> None:
    """Refuse marketing to somebody who wants none.

    :raises RecipientOptedOut: any of the contacts says so.
    """
    if any(contact.marketing_stopped for contact in contacts):
        raise RecipientOptedOut(
            "The recipient has stopped marketing messages: send no template of the category MARKETING until"
            " they allow them again."
        )


def refuse_restricted(states: Iterable[ProviderState], kind: str, moment: datetime) -> None:
    """Refuse what the account may not send.

    :param kind: :data:`FREE_FORM` or :data:`TEMPLATE`.
    :raises AccountRestricted: one of the states stops it at that moment.
    """
    for state in states:
        if kind in state.stops and (state.until is None or moment < state.until):
            until = state.until and state.until.astimezone(UTC).isoformat().replace("+00:00", "Z")
            raise AccountRestricted(
                f"The provider {state.provider!r} lets the account send no such messages: {state.summary}",
                details={"provider": state.provider, "subject": state.subject, "until": until},
            )
