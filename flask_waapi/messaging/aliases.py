"""The names of a person: what we write to, and what a provider instance calls them.

WhatsApp writes some numbers otherwise than they are dialled, such as Brazil's with its ninth digit, and knows
people by user ids too. What is known of somebody is noted under one of their names, to which the others lead.
Only the provider says so: no caller of ours can give a name to anybody.
"""

from __future__ import annotations

import re

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ..content import GROUP
from ..storage.held_rows import hold
from ..storage.inbound_models import Contact, ContactAlias
from ..storage.json_values import clean
from ..storage.models import Message
from .recipients import LONGEST_RECIPIENT, is_person


def names_of(session: Session, provider: str, name: str) -> list[str]:
    """Every name of a person, first the one under which they are noted.

    :param name: any of them.
    """
    name = fitting(name)
    noted = select(ContactAlias.number).where(ContactAlias.provider == provider, ContactAlias.name == name)
    query = select(ContactAlias.number, ContactAlias.name).where(
        ContactAlias.provider == provider,
        ContactAlias.number == func.coalesce(noted.scalar_subquery(), name),
    )
    found = session.execute(query.order_by(ContactAlias.name)).all()
    return [found[0].number, *(row.name for row in found)] if found else [name]


def know_recipient(session: Session, message: Message, recipient_id: str | None) -> None:
    """Note what a provider calls the recipient of a message that it has accepted."""
    if recipient_id is None or (message.options or {}).get("recipient_type") == GROUP:
        return
    told = f"+{recipient_id}" if re.fullmatch("[0-9]+", recipient_id) else recipient_id
    if told != message.recipient and is_person(told):
        know_as(session, message.provider, message.recipient, told)


def know_as(session: Session, provider: str, name: str, number: str) -> None:
    """Note that two names are the same person's; known already, it changes nothing.

    What was noted under the first is noted under the second from now on.
    """
    name, number = fitting(name), fitting(number)
    query = select(ContactAlias.name, ContactAlias.number).where(
        ContactAlias.provider == provider, ContactAlias.name.in_([name, number])
    )
    known = {row.name: row.number for row in session.execute(query)}
    number, former = known.get(number, number), known.get(name, name)
    if number in {name, former}:
        return
    hold(session, ContactAlias, {"provider": provider, "name": name}, number=number).number = number
    # No name leads to another that leads on.
    session.execute(
        update(ContactAlias)
        .where(ContactAlias.provider == provider, ContactAlias.number == name)
        .values(number=number)
    )
    _take_over(session, provider, former, number, is_kept=former != name)


def fitting(name: str) -> str:
    """A name as it is stored."""
    cleaned: str = clean(name)
    return cleaned[:LONGEST_RECIPIENT]


def _take_over(session: Session, provider: str, former: str, number: str, *, is_kept: bool) -> None:
    if session.get(Contact, (provider, former)) is None:
        return
    # In this order, since whoever receives a message holds the latter from the start.
    contact = hold(session, Contact, {"provider": provider, "number": number})
    old = session.get(Contact, (provider, former), with_for_update=True, populate_existing=True)
    if old is None:
        return
    contact.name = contact.name or old.name
    moments = [moment for moment in (contact.last_received_at, old.last_received_at) if moment is not None]
    contact.last_received_at = max(moments, default=None)
    if old.marketing_changed_at is not None and (
        contact.marketing_changed_at is None
        or (old.marketing_changed_at, old.marketing_stopped)
        > (contact.marketing_changed_at, contact.marketing_stopped)
    ):
        contact.marketing_changed_at = old.marketing_changed_at
        contact.marketing_stopped = old.marketing_stopped
    if not is_kept:
        session.delete(old)
