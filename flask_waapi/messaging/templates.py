"""The catalogue: the templates of each provider instance, as it last listed them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..discretion import log_failure
from ..errors import FeatureUnsupported, ProviderFailed, ProviderUnavailable, TemplateNotFound
from ..identifiers import uuid7
from ..plugins.provider import Provider, ProviderError, Retryable, TemplateDefinition, UnsupportedFeature
from ..plugins.registry import Providers
from ..settings import Settings
from ..storage.models import StoredTemplate, TemplateSync
from ..storage.session import Store

APPROVED = "APPROVED"

LONGEST_NAME = 512
LONGEST_LANGUAGE = 16
"""Characters; Cloud API, template names, and what the columns hold."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SyncState:
    """When an instance's templates were last read. :param problem: why the last reading failed."""

    attempted_at: datetime
    succeeded_at: datetime | None
    problem: str | None


class Catalogue:
    """The templates of one app's provider instances."""

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

    def sync(self, provider: str) -> int:
        """Read all templates of an instance anew.

        :returns: how many there are.
        :raises FeatureUnsupported: the instance keeps no templates.
        :raises ProviderFailed: it refused, or its answer made no sense; the old list stays.
        :raises ProviderUnavailable: it cannot be reached; the old list stays.
        """
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
        fitting = [definition for definition in definitions if self._fits(provider, definition)]
        self._begin_state(provider)
        self._store.write(lambda session: self._replace(session, provider, fitting))
        return len(fitting)

    def keeps_templates(self, provider: str) -> bool:
        """Whether the instance is of a type that keeps templates at all."""
        return type(self._providers[provider]).list_templates is not Provider.list_templates

    def list(
        self, provider: str, *, only_approved: bool = False, refresh: bool = True
    ) -> Sequence[TemplateDefinition]:
        """An instance's templates, by name and language.

        :param refresh: whether the provider may be asked if it never was.
        :raises FeatureUnsupported: the instance keeps no templates.
        """
        if not self._was_read(provider) and refresh:
            if not self._may_sync(provider):
                raise self._never_read(provider)
            self.sync(provider)
        query = select(StoredTemplate).where(StoredTemplate.provider == provider)
        if only_approved:
            query = query.where(StoredTemplate.status == APPROVED)
        query = query.order_by(StoredTemplate.name, StoredTemplate.language)
        with self._store.read() as session:
            return [_definition(row) for row in session.scalars(query)]

    def count_approved(self, provider: str) -> int:
        """How many templates of an instance can be sent, as last read."""
        query = (
            select(func.count())
            .select_from(StoredTemplate)
            .where(StoredTemplate.provider == provider, StoredTemplate.status == APPROVED)
        )
        with self._store.read() as session:
            return session.scalar(query) or 0

    def languages(self, provider: str, name: str, *, refresh: bool = True) -> Sequence[TemplateDefinition]:
        """One template in each of its languages.

        :param refresh: as of :meth:`list`.
        :raises TemplateNotFound: the instance has no template of that name.
        """
        found = [item for item in self.list(provider, refresh=refresh) if item.name == name]
        if not found:
            raise TemplateNotFound(f"There is no template {name!r}.")
        return found

    def find(self, provider: str, name: str, language: str, *, refresh: bool) -> TemplateDefinition:
        """A template in one language.

        :param refresh: whether an unknown one may be asked of the provider, at most once in
            ``WAAPI_TEMPLATE_SYNC_INTERVAL``.
        :raises TemplateNotFound: there is none; the details name the languages there are.
        :raises FeatureUnsupported: the instance keeps no templates.
        """
        found = self._stored(provider, name)
        if language not in found and refresh:
            if self._may_sync(provider):
                self._sync_quietly(provider)
            # Anew in any case: another process may have read them meanwhile.
            found = self._stored(provider, name)
        if language in found:
            return found[language]
        if not self._was_read(provider):
            if refresh:
                raise self._never_read(provider)
            raise TemplateNotFound(
                f"The templates of the provider {provider!r} have not been read yet, and a simulated request"
                " does not ask for them: run `flask waapi templates sync`."
            )
        if found:
            raise TemplateNotFound(
                f"The template {name!r} does not exist in the language {language!r}.",
                details={"languages": sorted(found)},
            )
        raise TemplateNotFound(f"There is no template {name!r}.")

    def state(self, provider: str) -> SyncState | None:
        """When the instance's templates were last read; ``None`` for never."""
        with self._store.read() as session:
            row = session.get(TemplateSync, provider)
        return SyncState(row.attempted_at, row.succeeded_at, row.problem) if row else None

    def _stored(self, provider: str, name: str) -> dict[str, TemplateDefinition]:
        query = select(StoredTemplate).where(StoredTemplate.provider == provider, StoredTemplate.name == name)
        with self._store.read() as session:
            return {row.language: _definition(row) for row in session.scalars(query)}

    def _may_sync(self, provider: str) -> bool:
        state = self.state(provider)
        if state is None:
            return True
        return self._clock() - state.attempted_at >= self._settings.template_sync_interval

    def _was_read(self, provider: str) -> bool:
        state = self.state(provider)
        return state is not None and state.succeeded_at is not None

    def _never_read(self, provider: str) -> ProviderUnavailable:
        state = self.state(provider)
        problem = state.problem if state and state.problem else "They are being read now."
        return ProviderUnavailable(
            f"The templates of the provider {provider!r} could not be read yet: {problem}", retry_after=5
        )

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

    def _sync_quietly(self, provider: str) -> None:
        try:
            self.sync(provider)
        except (ProviderFailed, ProviderUnavailable) as error:
            logger.warning("Provider %s: %s", provider, error.message)

    def _begin_state(self, provider: str) -> None:
        # Readings at the same time must find a row to wait for each other on.
        if self.state(provider) is None:
            with suppress(IntegrityError), self._store.begin() as session:
                # As if it were long ago: a reading that has not ended forbids nobody to try.
                past = self._clock() - self._settings.template_sync_interval
                session.add(TemplateSync(provider=provider, attempted_at=past))

    def _replace(self, session: Session, provider: str, definitions: Sequence[TemplateDefinition]) -> None:
        now = self._clock()
        state = session.get_one(TemplateSync, provider, with_for_update=True)
        state.attempted_at, state.succeeded_at, state.problem = now, now, None
        session.execute(delete(StoredTemplate).where(StoredTemplate.provider == provider))
        session.add_all(
            StoredTemplate(
                id=uuid7(now),
                provider=provider,
                name=definition.name,
                language=definition.language,
                status=definition.status,
                category=definition.category,
                parameter_format=definition.parameter_format,
                components=[dict(component) for component in definition.components],
                provider_template_id=definition.provider_template_id,
            )
            for definition in {(item.name, item.language): item for item in definitions}.values()
        )

    def _note(self, provider: str, problem: str) -> None:
        self._begin_state(provider)
        with self._store.begin() as session:
            state = session.get_one(TemplateSync, provider, with_for_update=True)
            state.attempted_at, state.problem = self._clock(), problem


def _definition(row: StoredTemplate) -> TemplateDefinition:
    return TemplateDefinition(
        name=row.name,
        language=row.language,
        status=row.status,
        category=row.category,
        parameter_format=row.parameter_format,
        components=row.components,
        provider_template_id=row.provider_template_id,
    )
