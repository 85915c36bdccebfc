"""Who made, changed, deleted or read anew which templates: what the audit trail holds of that.

Templates belong to a provider instance, which several accounts may share. What was done is kept with the
account that it was done from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from ...access import audit
from ...access.key_fields import account_faults
from ...errors import ValidationFailed
from ...plugins.provider import TemplateDefinition
from ...storage.models import AuditEntry
from ...storage.session import Store

CREATE, EDIT, DELETE, SYNC = ACTIONS = (
    "template.create",
    "template.edit",
    "template.delete",
    "template.sync",
)

_SUBJECTS = UUID("5b1c1d0e-6c1f-5d0a-9a53-2f8f7f6f4b1e")


@dataclass(frozen=True)
class Author:
    """Who changes templates.

    :param account: from which it is done. :param actor: a user of the dashboard, ``cli`` or ``python``.
    """

    account: str
    actor: str

    def check(self) -> None:
        """Refuse an account that nobody can have, before anything is asked of a provider.

        :raises ValidationFailed: it is none.
        """
        if faults := account_faults(self.account):
            raise ValidationFailed(faults)


def note_change(
    session: Session, author: Author, action: str, provider: str, template: TemplateDefinition, now: datetime
) -> None:
    """Write into the transaction what was done to a template.

    :param template: as it is since, or was at the end.
    """
    details = {
        "provider": provider,
        "language": template.language,
        "category": template.category,
        "status": template.status,
    }
    _note(session, author, action, (provider, template.name, template.language), details, now)


def note_sync(session: Session, author: Author, provider: str, count: int, now: datetime) -> None:
    """Write into the transaction that the templates of an instance were read anew. :param count: of them."""
    _note(session, author, SYNC, (provider,), {"provider": provider, "templates": count}, now)


def of_template(store: Store, account: str, provider: str, name: str, language: str) -> Sequence[AuditEntry]:
    """What was done from an account to a template in one language, newest first; a deletion ends nothing."""
    return audit.of_subject(store, account, _subject(provider, name, language))


def of_instance(store: Store, account: str, provider: str, *, limit: int = 20) -> Sequence[AuditEntry]:
    """The last changes from an account to the templates of an instance, and readings, newest first."""
    found = audit.of_actions(store, account, ACTIONS)
    return [entry for entry in found if entry.details["provider"] == provider][:limit]


def _note(
    session: Session,
    author: Author,
    action: str,
    subject: Sequence[str],
    details: Mapping[str, Any],
    now: datetime,
) -> None:
    name = subject[1] if len(subject) > 1 else subject[0]
    change = audit.Change(author.account, action, _subject(*subject), name, dict(details))
    audit.record(session, change, actor=author.actor, now=now)


def _subject(*names: str) -> UUID:
    # The provider's own ids change with a new making, and not every provider has such.
    return uuid5(_SUBJECTS, json.dumps(names))
