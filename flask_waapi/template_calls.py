"""Templates from Python: ``waapi.templates``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from .api.templates import preview_of
from .call_options import ACTOR, DEFAULT_ACCOUNT
from .errors import NotFound, TemplateNotFound
from .messaging.media.opening import opened
from .messaging.templates.previews import Preview
from .messaging.templates.trail import Author
from .plugins.provider import TemplateDefinition
from .services import Services, current_services


class TemplateCalls:
    """The templates of the provider instances; needs an app context.

    Each call takes the name of an instance as ``provider``; without it the default one is meant. One that
    does not exist raises :class:`NotFound`. What changes something is kept in the audit trail of ``account``.
    """

    def list(
        self, *, provider: str | None = None, only_approved: bool = False
    ) -> Sequence[TemplateDefinition]:
        """The templates as last read, by name and language.

        :raises FeatureUnsupported: the instance keeps no templates.
        """
        services, instance = _instance(provider)
        return services.catalogue.list(instance, only_approved=only_approved)

    def get(self, name: str, language: str, *, provider: str | None = None) -> TemplateDefinition:
        """One template in one language, as last read.

        :raises TemplateNotFound: there is none; the details name the languages there are.
        :raises FeatureUnsupported: the instance keeps no templates.
        """
        services, instance = _instance(provider)
        found = services.catalogue.languages(instance, name)
        for template in found:
            if template.language == language:
                return template
        raise TemplateNotFound(
            f"The template {name!r} does not exist in the language {language!r}.",
            details={"languages": [template.language for template in found]},
        )

    def preview(
        self,
        name: str,
        language: str,
        variables: Mapping[str, Any] | Sequence[Any] = (),
        *,
        provider: str | None = None,
        **members: Any,
    ) -> Preview:
        """What a template reads like with its values; nothing is sent.

        :param variables: by placeholder name, or in the order of the placeholders.
        :param members: ``header``, ``buttons``, ``limited_time_offer`` and ``cards``, as the API takes them.
        :raises TemplateNotFound: there is none.
        :raises ValidationFailed: the values do not fit; all faults at once.
        """
        template = self.get(name, language, provider=provider)
        given = variables if isinstance(variables, Mapping) else list(variables)
        return preview_of(template, {"language": language, "variables": given, **members})

    def sync(self, *, provider: str | None = None, account: str = DEFAULT_ACCOUNT) -> int:
        """Read all templates anew.

        :returns: how many there are.
        :raises FeatureUnsupported: the instance keeps no templates.
        :raises ProviderFailed: it refused; the old list stays.
        :raises ProviderUnavailable: it cannot be reached; the old list stays.
        """
        services, instance = _instance(provider)
        return services.template_changes.sync(instance, Author(account, ACTOR))

    def create(
        self,
        name: str,
        language: str,
        category: str,
        *,
        provider: str | None = None,
        account: str = DEFAULT_ACCOUNT,
        **members: Any,
    ) -> TemplateDefinition:
        """Make a template, which the provider reviews.

        :param category: ``MARKETING``, ``UTILITY`` or ``AUTHENTICATION``.
        :param members: ``body``, ``header``, ``footer``, ``buttons`` and ``examples``, or ``components`` as
            Meta takes them; ``parameter_format``; ``ttl`` in seconds. See ``docs/templates.md``.
        :returns: as the provider has taken it; its status and category are for the provider to say.
        :raises ValidationFailed: it is beyond a limit; all faults at once.
        :raises FeatureUnsupported: the instance makes no templates.
        :raises TemplateRejected: the provider refused it.
        :raises ProviderFailed: our credentials are refused, or nobody knows what has come of it.
        :raises ProviderUnavailable: the provider cannot be reached; there is no new template.
        """
        services, instance = _instance(provider)
        values = {"name": name, "language": language, "category": category, **members}
        return services.template_changes.create(instance, values, Author(account, ACTOR))

    def edit(
        self,
        name: str,
        language: str,
        *,
        provider: str | None = None,
        account: str = DEFAULT_ACCOUNT,
        **members: Any,
    ) -> TemplateDefinition:
        """Change a template; its components are replaced as a whole.

        :param members: those of :meth:`create`, and ``category``, which an approved template keeps.
        :returns: as it is since.
        :raises TemplateNotFound: there is none.
        :raises WaApiError: as :meth:`create` does.
        """
        services, instance = _instance(provider)
        return services.template_changes.edit(instance, name, language, members, Author(account, ACTOR))

    def upload_example(
        self,
        file: str | Path | BinaryIO,
        *,
        filename: str | None = None,
        format: str | None = None,  # noqa: A002 - the name of the header's member
        provider: str | None = None,
    ) -> str:
        """Upload the example of a media header; it is read in pieces.

        :param file: a path, or a file open for reading bytes that can be read again from its beginning.
        :param filename: what the provider calls it; without it the file's own name.
        :param format: ``IMAGE``, ``VIDEO``, ``DOCUMENT`` or ``GIF``; without it the file says.
        :returns: its handle, for the header: ``{"format": "IMAGE", "example": handle}``.
        :raises ValidationFailed: it is empty, or no example of such a header by its content.
        :raises PayloadTooLarge: it is larger than such a medium may be.
        :raises FeatureUnsupported: the instance takes no examples.
        :raises TemplateRejected: the provider refused it.
        :raises ProviderFailed: our credentials are refused, or the provider broke.
        :raises ProviderUnavailable: the provider cannot be reached; nothing was uploaded.
        """
        services, instance = _instance(provider)
        with opened(file, filename) as measured:
            return services.template_changes.upload_example(instance, measured, format)

    def delete(
        self,
        name: str,
        language: str | None = None,
        *,
        provider: str | None = None,
        account: str = DEFAULT_ACCOUNT,
    ) -> int:
        """Delete a template for good.

        :param language: the one to delete; all without it.
        :returns: how many languages were deleted.
        :raises TemplateNotFound: there is none.
        :raises WaApiError: as :meth:`create` does.
        """
        services, instance = _instance(provider)
        return services.template_changes.delete(instance, name, language, Author(account, ACTOR))


def _instance(given: str | None) -> tuple[Services, str]:
    services = current_services()
    name = given or services.providers.default
    if name not in services.providers:
        raise NotFound(f"There is no provider {name!r}; there are: {', '.join(services.providers.names())}.")
    return services, name
