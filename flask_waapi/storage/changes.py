"""Which messages a transaction has made or changed, told after its commit to whoever counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from sqlalchemy.orm import Session

_CHANGED = "flask_waapi_changed"

Changed = Iterable[tuple[str, UUID]]
"""Accounts, and ids of messages of theirs."""

Listener = Callable[[Changed], None]
"""Told of them; takes next to no time and raises nothing."""


def note_change(session: Session, account: str, message_id: UUID) -> None:
    """Have it told after the commit that the message was made or changed."""
    session.info.setdefault(_CHANGED, set()).add((account, message_id))


def changed_by(session: Session) -> Changed:
    """What has been noted in the session."""
    noted: set[tuple[str, UUID]] = session.info.get(_CHANGED, set())
    return noted
