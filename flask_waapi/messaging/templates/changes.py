"""Making, changing and deleting templates at their provider; what came of it is in the catalogue at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete
from sqlalchemy.orm import Session

from ...discretion import log_failure
from ...errors import (
    FeatureUnsupported,
    ProviderFailed,
    ProviderUnavailable,
    TemplateNotFound,
    TemplateRejected,
    WaApiError,
)
from ...plugins.media import MediaUpload
from ...plugins.provider import TemplateDefinition
from ...plugins.provider_errors import OutcomeUnknown, ProviderError, Rejected, Retryable, UnsupportedFeature
from ...plugins.registry import Providers
from ...storage.models import StoredTemplate
from ...storage.session import Store
from ..asking import ask, facts_of
from ..media.store import MediaFile
from .catalogue import Catalogue
from .example_files import check_example, presentable_name
from .form import read_edit, read_new
from .sync import keep, mark_stale
from .trail import CREATE, DELETE, EDIT, Author, note_change, note_sync

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class TemplateChanges:
    """Changes of the templates of one app's provider instances.

    Each is asked of the provider once, outside any transaction, and never again by itself.
    """

    def __init__(
        self,
        store: Store,
        providers: Providers,
        catalogue: Catalogue,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._providers = providers
        self._catalogue = catalogue
        self._clock = clock

    def sync(self, provider: str, author: Author) -> int:
        """Read all templates of an instance anew because somebody has asked for it.

        :returns: how many there are.
        :raises WaApiError: as :meth:`.sync.TemplateReadings.sync` does.
        """
        author.check()
        return self._catalogue.readings.sync(
            provider, lambda session, count: note_sync(session, author, provider, count, self._clock())
        )

    def create(self, provider: str, values: Mapping[str, Any], author: Author) -> TemplateDefinition:
        """Make a template.

        :param provider: the instance's name.
        :param values: the members of :data:`.form.MEMBERS`.
        :returns: as the provider has taken it: mostly ``PENDING``, perhaps in another category.
        :raises ValidationFailed: it is beyond a limit; all faults at once.
        :raises FeatureUnsupported: the instance makes no templates.
        :raises TemplateRejected: the provider refused it.
        :raises ProviderFailed: our credentials are refused, or nobody knows what has come of it.
        :raises ProviderUnavailable: the provider cannot be reached; there is no new template.
        """
        author.check()
        change = read_new(values)
        instance = self._providers[provider]
        made = self._ask(provider, lambda: instance.create_template(change))
        self._keep(provider, made, author, CREATE)
        return made

    def edit(
        self, provider: str, name: str, language: str, values: Mapping[str, Any], author: Author
    ) -> TemplateDefinition:
        """Change a template; one that was approved is reviewed again.

        :param values: the members of :data:`.form.MEMBERS` but the name and the language.
        :returns: as it is since.
        :raises TemplateNotFound: the catalogue has no such template.
        :raises WaApiError: as :meth:`create` does.
        """
        author.check()
        template = self._catalogue.find(provider, name, language, refresh=True)
        change = read_edit(values, template)
        instance = self._providers[provider]
        edited = self._ask(provider, lambda: instance.edit_template(template, change))
        self._keep(provider, edited, author, EDIT)
        return edited

    def delete(self, provider: str, name: str, language: str | None, author: Author) -> int:
        """Delete a template for good.

        :param language: the one to delete; all without it.
        :returns: how many languages were deleted.
        :raises TemplateNotFound: the catalogue has no such template.
        :raises WaApiError: as :meth:`create` does.
        """
        author.check()
        languages = self._catalogue.languages(provider, name)
        doomed = [item for item in languages if language in {None, item.language}]
        if not doomed:
            raise TemplateNotFound(
                f"The template {name!r} does not exist in the language {language!r}.",
                details={"languages": [item.language for item in languages]},
            )
        instance, one = self._providers[provider], doomed[0] if language is not None else None
        self._ask(provider, lambda: instance.delete_template(name, one))
        forget = delete(StoredTemplate).where(
            StoredTemplate.provider == provider,
            StoredTemplate.name == name,
            StoredTemplate.language.in_([item.language for item in doomed]),
        )

        def apply(session: Session, now: datetime) -> None:
            mark_stale(session, provider, now)
            session.execute(forget)
            for item in doomed:
                note_change(session, author, DELETE, provider, item, now)

        self._write(apply)
        return len(doomed)

    def upload_example(self, provider: str, file: MediaFile, header_format: str | None = None) -> str:
        """Hand over a file as the example of a media header.

        :param header_format: ``IMAGE``, ``VIDEO``, ``DOCUMENT`` or ``GIF``; without it any of them.
        :returns: its handle, for the ``example`` of the header.
        :raises ValidationFailed: it is empty, or no example of such a header by its content.
        :raises PayloadTooLarge: it is larger than such a medium may be.
        :raises FeatureUnsupported: the instance takes no examples.
        :raises TemplateRejected: the provider refused it.
        :raises ProviderFailed: our credentials are refused, or the provider broke.
        :raises ProviderUnavailable: the provider cannot be reached; nothing was uploaded.
        """
        mime_type = check_example(file, header_format)
        file.content.seek(0)
        name = presentable_name(file.filename, mime_type)
        upload = MediaUpload(file.content, file.size, mime_type, name)
        return ask(
            self._providers,
            provider,
            lambda instance: instance.upload_template_example(upload),
            "The example was not uploaded",
            refused=_example_refused,
        )

    def _keep(self, provider: str, template: TemplateDefinition, author: Author, action: str) -> None:
        def apply(session: Session, now: datetime) -> None:
            keep(session, provider, template, now)
            note_change(session, author, action, provider, template, now)

        self._write(apply)

    def _ask(self, provider: str, call: Callable[[], Result]) -> Result:
        try:
            return call()
        except ProviderError as error:
            if isinstance(error, OutcomeUnknown | Retryable):
                # The list will tell, also of a connection that broke after all.
                self._write(lambda session, now: mark_stale(session, provider, now))
            raise _refusal(error) from error
        except Exception as error:
            log_failure(logger, error, "Provider %s broke while changing a template", provider)
            self._write(lambda session, now: mark_stale(session, provider, now))
            raise ProviderFailed(
                "The provider broke: look with `flask waapi templates sync` whether the change was made."
            ) from error

    def _write(self, apply: Callable[[Session, datetime], None]) -> None:
        now = self._clock()
        self._store.write(lambda session: apply(session, now))


def _example_refused(provider: str, error: Rejected) -> WaApiError:
    problem = f"The provider refused the example: {error.message}"
    return TemplateRejected(problem, details=facts_of(provider, error))


def _refusal(error: ProviderError) -> WaApiError:
    match error:
        case UnsupportedFeature():
            return FeatureUnsupported(error.message)
        case Retryable():
            seconds = int(error.retry_after.total_seconds()) + 1 if error.retry_after else None
            message = f"The provider takes no change of templates now: {error.message}"
            return ProviderUnavailable(message, retry_after=seconds)
        case Rejected():
            details = {"provider_code": error.code, "reason": error.message}
            return TemplateRejected(f"The provider refused the template: {error.message}", details=details)
        case OutcomeUnknown():
            return ProviderFailed(
                f"Nobody knows what has come of the change: {error.message}"
                " Look with `flask waapi templates sync` before you repeat it."
            )
        case _:
            return ProviderFailed(f"The provider refused us: {error.message}")
