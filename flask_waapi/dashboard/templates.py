"""The templates of the provider that sends: list, preview, and reading them anew."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from ..api.templates import template_data
from ..errors import FeatureUnsupported, TemplateNotFound, WaApiError
from ..messaging.examples import illustrate
from ..messaging.rendering import read
from ..messaging.templates import APPROVED
from ..plugins.provider import TemplateDefinition
from ..services import current_services
from .access import current_viewer
from .presentation import Presentation, page


def index() -> Response:
    """All templates that match the search."""
    catalogue, provider = current_services().catalogue, current_services().providers.default
    try:
        return _index(catalogue.list(provider))
    except WaApiError as error:
        return _index((), error)


def sync() -> ResponseReturnValue:
    """Read the templates anew from the provider."""
    catalogue, provider = current_services().catalogue, current_services().providers.default
    try:
        catalogue.sync(provider)
    except FeatureUnsupported as error:
        return _index((), error, error.status)
    except WaApiError as error:
        return _index(catalogue.list(provider), error, error.status)
    return redirect(Presentation.url("templates", done="synced"), 303)


def show(name: str, language: str) -> Response:
    """One template in one language, as its recipient would see it."""
    catalogue, provider = current_services().catalogue, current_services().providers.default
    languages = catalogue.languages(provider, name)
    found = next((item for item in languages if item.language == language), None)
    if found is None:
        raise TemplateNotFound(f"There is no template {name!r} in the language {language!r}.")
    return page(
        "template.html",
        current_viewer(),
        template=found,
        languages=[item.language for item in languages],
        preview=illustrate(found),
        examples=read(found).examples,
        data=template_data(found),
        is_approved=found.status == APPROVED,
    )


def _index(
    definitions: Sequence[TemplateDefinition], error: WaApiError | None = None, status: int = 200
) -> Response:
    services = current_services()
    searched = request.args.get("q", "").strip()
    wanted = request.args.get("status", "")
    shown = [
        definition
        for definition in definitions
        if searched.lower() in definition.name.lower() and wanted in {"", definition.status}
    ]
    return page(
        "templates.html",
        current_viewer(),
        status,
        templates=[(definition, read(definition)) for definition in shown],
        total=len(definitions),
        statuses=sorted({definition.status for definition in definitions}),
        searched=searched,
        wanted=wanted,
        provider=services.providers.default,
        state=services.catalogue.state(services.providers.default),
        error=error,
        is_unsupported=isinstance(error, FeatureUnsupported),
    )
