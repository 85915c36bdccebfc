"""People as the provider instances know them: when they last wrote, and whether they want marketing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...outgoing import outbox
from ...plugins.callbacks import InboundMessage, PreferenceUpdate
from ...plugins.events import AccountEvent
from ...storage.held_rows import hold
from ...storage.inbound_models import Contact
from ...storage.models import Message
from ..account_events import OUTBOUND
from ..aliases import fitting, know_as, names_of
from ..status import FAILED, HANDED_OVER
from .source import Source


def update_preference(
    session: Session, source: Source, update: PreferenceUpdate, now: datetime
) -> list[AccountEvent]:
    """Note whether a recipient wants marketing; the newest of such reports counts, whenever it comes."""
    names = names_of(session, source.provider, update.recipient)
    contact = lock_contact(session, source.provider, names[0])
    note_user_id(session, contact, names, update.user_id)
    stopped = not update.wants_marketing
    return _set_marketing(
        session, source, contact, names, stopped=stopped, occurred_at=update.occurred_at, now=now
    )


def lock_contact(session: Session, provider: str, number: str) -> Contact:
    """What is known of a person, held against others until the transaction ends; made if need be.

    :param number: the name under which they are noted.
    """
    return hold(session, Contact, {"provider": provider, "number": number})


def note_user_id(session: Session, contact: Contact, names: list[str], user_id: str | None) -> None:
    """Note by which id the network knows a locked contact, if it tells.

    :param names: those of the contact; takes up the id.
    """
    if user_id is not None and (name := fitting(user_id)) not in names:
        know_as(session, contact.provider, name, contact.number)
        names.append(name)


def note_received(
    session: Session, source: Source, contact: Contact, update: InboundMessage, now: datetime
) -> list[AccountEvent]:
    """Note what a message tells of the person who wrote it, a locked contact."""
    # A provider's clock that is ahead must not hold the window open for longer.
    moment = min(update.occurred_at, now)
    is_newest = contact.last_received_at is None or moment >= contact.last_received_at
    if update.sender_name and (is_newest or contact.name is None):
        contact.name = update.sender_name
    if update.opens_window and is_newest:
        contact.last_received_at = moment
    if update.former_sender is None:
        return []
    names = names_of(session, source.provider, update.former_sender)
    former = session.get(Contact, (source.provider, names[0]))
    if former is None or not former.marketing_stopped or former.marketing_changed_at is None:
        return []
    names += names_of(session, source.provider, contact.number)
    stopped_at = former.marketing_changed_at
    return _set_marketing(session, source, contact, names, stopped=True, occurred_at=stopped_at, now=now)


def _set_marketing(
    session: Session,
    source: Source,
    contact: Contact,
    names: Sequence[str],
    *,
    stopped: bool,
    occurred_at: datetime,
    now: datetime,
) -> list[AccountEvent]:
    known_at = contact.marketing_changed_at
    # Of two that contradict each other at the same moment the wish to be left alone counts.
    if known_at is not None and (occurred_at, stopped) <= (known_at, contact.marketing_stopped):
        return []
    contact.marketing_changed_at = occurred_at
    if contact.marketing_stopped == stopped:
        return []
    contact.marketing_stopped = stopped
    told = {
        "number": contact.number,
        "marketing": "stopped" if stopped else "allowed",
        "provider": contact.provider,
    }
    changes = [
        AccountEvent("contact.updated", occurred_at, told, account)
        for account in _acquainted(session, source, names)
    ]
    for change in changes:
        outbox.publish(session, change, now)
    return changes


def _acquainted(session: Session, source: Source, names: Sequence[str]) -> list[str]:
    # Whoever else shares the number with them must not learn of a person from their wishes.
    query = select(Message.account).where(
        Message.provider == source.provider,
        Message.recipient.in_(names),
        Message.direction == OUTBOUND,
        Message.status.in_([*HANDED_OVER, FAILED]),
    )
    return sorted(session.scalars(query.distinct())) or [source.account]
