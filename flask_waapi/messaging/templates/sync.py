"""Reading the lists of templates: when one is due, and how a new list replaces the old one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from ...discretion import log_failure
from ...errors import FeatureUnsupported, ProviderFailed, ProviderUnavailable
from ...identifiers import uuid7
from ...plugins.provider import TemplateDefinition
from ...plugins.provider_errors import ProviderError, Retryable, UnsupportedFeature
from ...plugins.registry import Providers
from ...settings import Settings
from ...storage.held_rows import hold
from ...storage.models import StoredTemplate, TemplateSync
from ...storage.session import Store

LIST_LAG = timedelta(seconds=60)
"""How far a list of templates may be behind what is reported, whose times are whole seconds."""

FIRST_READ_PAUSE = timedelta(seconds=5)
"""Between two attempts to read a list for the first time; what a caller is told to wait."""

STALE_PAUSE = timedelta(seconds=30)
"""Between two readings of a list because something is reported that only it can tell."""

REPORTED = frozenset({"status", "category", "quality"})
"""What a list tells, and a report may tell better."""

MADE = "name"
"""Under this column's name ``changed_at`` keeps when we have made the template ourselves."""

LONGEST_NAME = 512
LONGEST_LANGUAGE = 16
"""Characters; Cloud API, template names, and what the columns hold."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SyncState:
    """When an instance's templates were last read.

    :param succeeded_at: when the list was asked for that is known; ``None`` while there is none.
    :param problem: why the last reading failed.
    """

    attempted_at: datetime
    succeeded_at: datetime | None
    problem: str | None


@dataclass(frozen=True)
class DueReading:
    """A list that is to be read anew, which no other process has in hand.

    :param is_stale: something was reported that only the list can tell; otherwise it is of age.
    """

    provider: str
    is_stale: bool


def outranks_list(reported_at: datetime, asked_at: datetime) -> bool:
    """Whether a report is newer than what a list says.

    :param asked_at: when the list was asked for.
    """
    return reported_at >= asked_at - LIST_LAG


class TemplateReadings:
    """The readings of the lists of one app's provider instances."""

    def __init__(
        self,
        store: Store,
        providers: Providers,
        settings: Settings,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._providers = providers
        self._settings = settings
        self._clock = clock

    def sync(self, provider: str, also: Callable[[Session, int], None] | None = None) -> int:
        """Read all templates of an instance anew.

        :param also: writes into the transaction that keeps the list; it is told how many there are.
        :returns: how many there are.
        :raises FeatureUnsupported: the instance keeps no templates.
        :raises ProviderFailed: it refused, or its answer made no sense; the old list stays.
        :raises ProviderUnavailable: it cannot be reached; the old list stays.
        """
        began_at = self._clock()
        definitions = self._read(provider)

        def work(session: Session) -> None:
            self._replace(session, provider, definitions, began_at)
            if also is not None:
                also(session, len(definitions))

        self._store.write(work)
        return len(definitions)

    def sync_quietly(self, provider: str) -> ProviderFailed | ProviderUnavailable | None:
        """The same, with a line in the log for a reading that fails.

        :returns: why it has failed.
        :raises FeatureUnsupported: the instance keeps no templates.
        """
        try:
            self.sync(provider)
        except (ProviderFailed, ProviderUnavailable) as error:
            logger.warning("Provider %s: %s", provider, error.message)
            return error
        return None

    def state(self, provider: str) -> SyncState | None:
        """When the instance's templates were last read; ``None`` for never."""
        columns = (TemplateSync.attempted_at, TemplateSync.succeeded_at, TemplateSync.problem)
        with self._store.read() as session:
            row = session.execute(select(*columns).where(TemplateSync.provider == provider)).one_or_none()
        return SyncState(*row) if row else None

    def was_read(self, provider: str) -> bool:
        """Whether there is a list of the instance's templates."""
        state = self.state(provider)
        return state is not None and state.succeeded_at is not None

    def may_sync(self, provider: str) -> bool:
        """Whether a request may have the list read, which it may once in ``WAAPI_TEMPLATE_SYNC_INTERVAL``.

        While there is no list, nothing can be sent by it: then it may every five seconds, and at once where
        no attempt has ended yet.
        """
        state = self.state(provider)
        if state is None or (state.succeeded_at is None and state.problem is None):
            return True
        pause = self._settings.template_sync_interval
        if state.succeeded_at is None:
            pause = min(pause, FIRST_READ_PAUSE)
        return self._clock() - state.attempted_at >= pause

    def claim_due(self, in_hand: Mapping[str, int]) -> list[DueReading]:
        """The lists to be read anew now, each claimed so that one process alone asks for it.

        A list is due when its provider has reported what only the list can tell, and when its last reading
        is ``WAAPI_TEMPLATE_REFRESH_INTERVAL`` ago. One that was never read is left to who first asks for it.

        :param in_hand: the instances that this process is reading.
        """
        now, interval = self._clock(), self._settings.template_refresh_interval
        is_stale = TemplateSync.stale_at.is_not(None) & (TemplateSync.attempted_at <= now - STALE_PAUSE)
        is_due = or_(is_stale, TemplateSync.attempted_at <= now - interval) if interval else is_stale
        query = select(TemplateSync.provider, TemplateSync.attempted_at, TemplateSync.stale_at).where(is_due)
        with self._store.read() as session:
            found = session.execute(query).all()
        return [
            DueReading(row.provider, row.stale_at is not None)
            for row in found
            if row.provider in self._providers
            and row.provider not in in_hand
            and self._claim(row.provider, row.attempted_at)
        ]

    def refresh(self, due: DueReading) -> None:
        """Read a list that is due; what fails is told to the log, and tried again when it is due again."""
        try:
            if due.is_stale or not self._is_unchanged(due.provider):
                self.sync_quietly(due.provider)
        except FeatureUnsupported:
            forget = update(TemplateSync).where(TemplateSync.provider == due.provider).values(stale_at=None)
            self._store.write(lambda session: session.execute(forget))

    def _claim(self, provider: str, attempted_at: datetime) -> bool:
        claim = (
            update(TemplateSync)
            .where(TemplateSync.provider == provider, TemplateSync.attempted_at == attempted_at)
            .values(attempted_at=self._clock())
            .execution_options(synchronize_session=False)
        )
        result = self._store.write(lambda session: session.execute(claim))
        return bool(result.rowcount)  # type: ignore[attr-defined]

    def _is_unchanged(self, provider: str) -> bool:
        # A simulation has its templates here, where looking is free; only a changed file is news.
        if not self._providers[provider].simulated:
            return False
        try:
            listed = self._read(provider)
        except (ProviderFailed, ProviderUnavailable):
            return False
        query = select(StoredTemplate).where(StoredTemplate.provider == provider)
        with self._store.read() as session:
            known = {(row.name, row.language): definition_of(row) for row in session.scalars(query)}
        return known == {
            (item.name, item.language): replace(item, components=[dict(part) for part in item.components])
            for item in listed
        }

    def _read(self, provider: str) -> list[TemplateDefinition]:
        try:
            definitions = list(self._providers[provider].list_templates())
        except UnsupportedFeature as error:
            raise FeatureUnsupported(f"The provider {provider!r} keeps no templates.") from error
        except ProviderError as error:
            self._note(provider, error.message)
            refused = ProviderUnavailable if isinstance(error, Retryable) else ProviderFailed
            raise refused(f"The templates could not be read: {error.message}") from error
        except Exception as error:
            log_failure(logger, error, "Provider %s broke while listing its templates", provider)
            self._note(provider, f"The provider broke: {type(error).__name__}.")
            raise ProviderFailed("The templates could not be read: the provider broke.") from error
        return [definition for definition in definitions if self._fits(provider, definition)]

    def _fits(self, provider: str, definition: TemplateDefinition) -> bool:
        fits = len(definition.name) <= LONGEST_NAME and len(definition.language) <= LONGEST_LANGUAGE
        if not fits:
            logger.warning(
                "Provider %s lists the template %.64s (%.32s), which is left out: its name is too long",
                provider,
                definition.name,
                definition.language,
            )
        return fits

    def _replace(
        self,
        session: Session,
        provider: str,
        definitions: Sequence[TemplateDefinition],
        began_at: datetime,
    ) -> None:
        now = self._clock()
        state = hold_state(session, provider)
        if state.succeeded_at is not None and state.succeeded_at > began_at:
            # Another reading, which began later, was quicker.
            return
        state.attempted_at, state.succeeded_at, state.problem = now, began_at, None
        if state.stale_at is not None and state.stale_at <= began_at:
            state.stale_at = None
        ours = StoredTemplate.provider == provider
        known = {(row.name, row.language): row for row in session.scalars(select(StoredTemplate).where(ours))}
        session.execute(delete(StoredTemplate).where(ours))
        for row in known.values():
            session.expunge(row)
        listed = {(item.name, item.language): item for item in definitions}
        missed = {
            key: definition_of(row)
            for key, row in known.items()
            if key not in listed and _is_newly_made(row, began_at)
        }
        for key, definition in {**listed, **missed}.items():
            row = _row(provider, definition, known.get(key), began_at, now)
            if key in missed or _is_contradicted(row, definition, now):
                # A list that says so later too is right.
                state.stale_at = now
            session.add(row)

    def _note(self, provider: str, problem: str) -> None:
        def note(session: Session) -> None:
            state = hold_state(session, provider)
            state.attempted_at, state.problem = self._clock(), problem

        self._store.write(note)


def hold_state(session: Session, provider: str) -> TemplateSync:
    """What is known of an instance's readings, held against other readings until the transaction ends."""
    return hold(session, TemplateSync, {"provider": provider}, attempted_at=_NEVER)


def keep(session: Session, provider: str, definition: TemplateDefinition, now: datetime) -> None:
    """Put a template into the catalogue that was made or changed just now.

    The list is read again soon: one that was asked for before may be stored after.
    """
    mark_stale(session, provider, now)
    known = session.scalars(
        select(StoredTemplate).where(
            StoredTemplate.provider == provider,
            StoredTemplate.name == definition.name,
            StoredTemplate.language == definition.language,
        )
    ).one_or_none()
    row = _row(provider, definition, None, now, now)
    row.changed_at = {MADE: now.isoformat()}
    if known is not None:
        row.quality = row.quality or known.quality
        row.changed_at = known.changed_at
        session.delete(known)
        session.flush()
    session.add(row)


def mark_stale(session: Session, provider: str, now: datetime) -> None:
    """Have an instance's list read again; held against readings until the transaction ends."""
    hold_state(session, provider).stale_at = now


def definition_of(row: StoredTemplate) -> TemplateDefinition:
    """The template as it was listed."""
    return TemplateDefinition(
        name=row.name,
        language=row.language,
        status=row.status,
        category=row.category,
        parameter_format=row.parameter_format,
        components=row.components,
        provider_template_id=row.provider_template_id,
        quality=row.quality,
        reason=row.reason,
    )


def _row(
    provider: str,
    definition: TemplateDefinition,
    known: StoredTemplate | None,
    began_at: datetime,
    now: datetime,
) -> StoredTemplate:
    row = StoredTemplate(
        id=uuid7(now),
        provider=provider,
        name=definition.name,
        language=definition.language,
        status=definition.status,
        category=definition.category,
        parameter_format=definition.parameter_format,
        components=[dict(component) for component in definition.components],
        provider_template_id=definition.provider_template_id,
        quality=definition.quality,
        reason=definition.reason,
    )
    if known is None:
        return row
    row.changed_at = known.changed_at
    for aspect, moment in (known.changed_at or {}).items():
        if aspect in REPORTED and outranks_list(datetime.fromisoformat(moment), began_at):
            setattr(row, aspect, getattr(known, aspect))
    # Not every list tells these two.
    row.quality = row.quality or known.quality
    if row.status == known.status:
        row.reason = row.reason or known.reason
    return row


def _is_contradicted(row: StoredTemplate, definition: TemplateDefinition, now: datetime) -> bool:
    if (row.status, row.category) == (definition.status, definition.category) or not row.changed_at:
        return False
    # A report of tomorrow would have the list read until then.
    return max(map(datetime.fromisoformat, row.changed_at.values())) <= now


def _is_newly_made(row: StoredTemplate, began_at: datetime) -> bool:
    made_at = (row.changed_at or {}).get(MADE)
    return made_at is not None and outranks_list(datetime.fromisoformat(made_at), began_at)
