"""Changes of templates that their provider reports between two readings of its list.

Reports come in any order, repeatedly and to several processes: of each aspect of a template the newest one
counts. Between a report and a list :func:`.template_sync.outranks_list` decides, whichever is stored first.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...outgoing import outbox
from ...plugins.callbacks import TemplateUpdate
from ...plugins.events import AccountEvent
from ...storage.json_values import clean
from ...storage.models import StoredTemplate
from ..incoming.source import Source
from .catalogue import APPROVED
from .sync import hold_state, outranks_list

LONGEST_WORD = 32
LONGEST_REASON = 2_000
"""Characters; what the columns hold."""


def update_template(
    session: Session, source: Source, update: TemplateUpdate, now: datetime
) -> list[AccountEvent]:
    """Change a template of the catalogue as its provider reports.

    What the report alone cannot tell marks the catalogue as stale, so that the list is read anew.

    :returns: what is to be told after the commit; nothing where nothing has changed.
    """
    # A reading holds this row too, so that it cannot replace the list meanwhile.
    sync = hold_state(session, source.provider)
    if sync.succeeded_at is not None and not outranks_list(update.occurred_at, sync.succeeded_at):
        return []
    template = session.execute(
        select(StoredTemplate)
        .where(
            StoredTemplate.provider == source.provider,
            StoredTemplate.name == clean(update.name),
            StoredTemplate.language == clean(update.language),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if template is None:
        sync.stale_at = now
        return []
    change = _Change(template, update)
    if change.leaves_doubt:
        sync.stale_at = now
    if not change.changed:
        return []
    event = AccountEvent(
        type="template.updated",
        occurred_at=update.occurred_at,
        data={
            "provider": template.provider,
            "name": template.name,
            "language": template.language,
            "status": template.status,
            "category": template.category,
            "quality": template.quality,
            "reason": template.reason,
            "changed": change.changed,
        },
    )
    outbox.publish(session, event, now)
    return [event]


class _Change:
    """What a report changes of a template, done.

    :attr:`changed` names the aspects; :attr:`leaves_doubt` is whether only the list can tell the rest.
    """

    def __init__(self, template: StoredTemplate, update: TemplateUpdate) -> None:
        self.changed: list[str] = []
        self.leaves_doubt = False
        self._template = template
        self._at = update.occurred_at
        self._known = {
            aspect: datetime.fromisoformat(moment) for aspect, moment in (template.changed_at or {}).items()
        }
        self._apply(update)
        template.changed_at = {
            aspect: moment.astimezone(UTC).isoformat() for aspect, moment in self._known.items()
        } or None

    def _apply(self, update: TemplateUpdate) -> None:
        reason = clean(update.reason or "")[:LONGEST_REASON] or None
        if update.status is not None:
            self.leaves_doubt = len(update.status) > LONGEST_WORD
            self._set_status(clean(update.status)[:LONGEST_WORD], reason)
        elif reason is not None:
            self._set_lone_reason(reason)
        for aspect, value in (("category", update.category), ("quality", update.quality)):
            if value is not None:
                self._set_word(aspect, clean(value)[:LONGEST_WORD])
        if update.is_partial and self._is_newer("components"):
            self.leaves_doubt = True
            self._note("components")
            self.changed.append("components")

    def _set_status(self, status: str, reason: str | None) -> None:
        template = self._template
        is_tie = self._known.get("status") == self._at
        if is_tie and status != template.status:
            self.leaves_doubt = True
        counts = self._is_newer("status") or (
            # Of two at the same moment it is safer to believe the one that stops messages.
            is_tie and (status != APPROVED, status) > (template.status != APPROVED, template.status)
        )
        is_same = is_tie and status == template.status and (reason or "") > (template.reason or "")
        if counts:
            self._set("status", status)
        if self._is_newer("reason") or (self._known["reason"] == self._at and (counts or is_same)):
            self._set("reason", reason)

    def _set_lone_reason(self, reason: str) -> None:
        is_tie = self._known.get("reason") == self._at
        has_come_with_status = self._known.get("status") == self._at
        if self._is_newer("reason") or (
            is_tie and not has_come_with_status and reason > (self._template.reason or "")
        ):
            self._set("reason", reason)

    def _set_word(self, aspect: str, value: str) -> None:
        current = getattr(self._template, aspect) or ""
        is_tie = self._known.get(aspect) == self._at
        if is_tie and value != current:
            self.leaves_doubt = True
        if self._is_newer(aspect) or (is_tie and value > current):
            self._set(aspect, value)

    def _set(self, aspect: str, value: str | None) -> None:
        self._note(aspect)
        if getattr(self._template, aspect) != value:
            setattr(self._template, aspect, value)
            self.changed.append(aspect)

    def _is_newer(self, aspect: str) -> bool:
        known_at = self._known.get(aspect)
        return known_at is None or self._at > known_at

    def _note(self, aspect: str) -> None:
        self._known[aspect] = self._at
