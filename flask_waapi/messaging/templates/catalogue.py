"""The catalogue: the templates of each provider instance, as it last listed them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from ...errors import ProviderFailed, ProviderUnavailable, TemplateNotFound
from ...plugins.provider import Provider, TemplateDefinition
from ...plugins.registry import Providers
from ...settings import Settings
from ...storage.json_values import clean
from ...storage.models import StoredTemplate
from ...storage.session import Store
from .sync import FIRST_READ_PAUSE, SyncState, TemplateReadings, definition_of

APPROVED = "APPROVED"
"""The status of a template that can be sent."""


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
        self.readings = TemplateReadings(store, providers, settings, clock)
        """What keeps the catalogue up to date."""

    def sync(self, provider: str) -> int:
        """Read all templates of an instance anew; as :meth:`TemplateReadings.sync`."""
        return self.readings.sync(provider)

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
        if refresh:
            self.read_once(provider)
        query = select(StoredTemplate).where(StoredTemplate.provider == provider)
        if only_approved:
            query = query.where(StoredTemplate.status == APPROVED)
        query = query.order_by(StoredTemplate.name, StoredTemplate.language)
        with self._store.read() as session:
            return [definition_of(row) for row in session.scalars(query)]

    def read_once(self, provider: str) -> None:
        """Have an instance's templates read if they never were.

        :raises FeatureUnsupported: the instance keeps no templates.
        :raises ProviderFailed: the provider refused, or its answer made no sense.
        :raises ProviderUnavailable: it cannot be reached, or the last attempt has failed a moment ago.
        """
        if self.readings.was_read(provider):
            return
        if not self.readings.may_sync(provider):
            raise self._never_read(provider)
        self.sync(provider)

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

        :param refresh: whether an unknown one may be asked of the provider, as often as
            :meth:`TemplateReadings.may_sync` says.
        :raises TemplateNotFound: there is none; the details name the languages there are.
        :raises ProviderFailed: no list was ever read, and the provider has refused just now.
        :raises ProviderUnavailable: no list was ever read, and none can be at the moment.
        :raises FeatureUnsupported: the instance keeps no templates.
        """
        found, failed = self._stored(provider, name), None
        if language not in found and refresh:
            if self.readings.may_sync(provider):
                failed = self.readings.sync_quietly(provider)
            # Anew in any case: another process may have read them meanwhile.
            found = self._stored(provider, name)
        if language in found:
            return found[language]
        if not self.readings.was_read(provider):
            if isinstance(failed, ProviderFailed):
                raise failed
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

    def changes(self, provider: str) -> Mapping[tuple[str, str], datetime]:
        """When the provider has last reported a change of a template, by its name and language."""
        query = select(StoredTemplate.name, StoredTemplate.language, StoredTemplate.changed_at).where(
            StoredTemplate.provider == provider, StoredTemplate.changed_at.is_not(None)
        )
        with self._store.read() as session:
            return {
                (row.name, row.language): max(map(datetime.fromisoformat, row.changed_at.values()))
                for row in session.execute(query)
                if row.changed_at
            }

    def reported(self, provider: str, name: str, language: str) -> Mapping[str, datetime]:
        """When the provider has last reported each side of a template: its status, category, quality ..."""
        query = select(StoredTemplate.changed_at).where(
            StoredTemplate.provider == provider,
            StoredTemplate.name == name,
            StoredTemplate.language == language,
        )
        with self._store.read() as session:
            told = session.scalars(query).first() or {}
        return {aspect: datetime.fromisoformat(moment) for aspect, moment in told.items()}

    def state(self, provider: str) -> SyncState | None:
        """When the instance's templates were last read; ``None`` for never."""
        return self.readings.state(provider)

    def _stored(self, provider: str, name: str) -> dict[str, TemplateDefinition]:
        if clean(name) != name:
            # No database could hold it.
            return {}
        query = select(StoredTemplate).where(StoredTemplate.provider == provider, StoredTemplate.name == name)
        with self._store.read() as session:
            return {row.language: definition_of(row) for row in session.scalars(query)}

    def _never_read(self, provider: str) -> ProviderUnavailable:
        state = self.state(provider)
        problem = state.problem if state and state.problem else "They are being read now."
        return ProviderUnavailable(
            f"The templates of the provider {provider!r} could not be read yet: {problem}",
            retry_after=int(FIRST_READ_PAUSE.total_seconds()),
        )
