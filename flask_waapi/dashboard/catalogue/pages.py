"""The templates of each provider instance: list, preview, and reading them anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ...api.envelope import json_response
from ...api.templates import template_data
from ...errors import FeatureUnsupported, NotFound, TemplateNotFound, WaApiError
from ...messaging.templates import trail
from ...messaging.templates.catalogue import APPROVED
from ...messaging.templates.examples import illustrate
from ...messaging.templates.text import is_named, read
from ...messaging.templates.trail import Author
from ...plugins.provider import TemplateDefinition
from ...services import Services, current_services
from ..access import Viewer, current_viewer
from ..instances import first_shown, visible
from ..presentation import Presentation, page

FILTERS = ("status", "category", "language")

ACTIONS: Mapping[str, str] = {
    trail.CREATE: "made",
    trail.EDIT: "changed",
    trail.DELETE: "deleted",
    trail.SYNC: "read anew",
}
"""What the audit trail's actions are, in words."""

LONGEST_VALUE = 1_024
"""Characters of a value that the preview shows."""


def index() -> Response:
    """All templates that match the search."""
    services = current_services()
    provider = chosen_provider(services)
    try:
        return _index(services, provider, services.catalogue.list(provider))
    except WaApiError as error:
        return _index(services, provider, (), error)


def sync() -> ResponseReturnValue:
    """Read the templates anew from the provider."""
    services = current_services()
    catalogue, provider = services.catalogue, chosen_provider(services)
    try:
        services.template_changes.sync(provider, author_of(current_viewer()))
    except FeatureUnsupported as error:
        return _index(services, provider, (), error, error.status)
    except WaApiError as error:
        return _index(services, provider, catalogue.list(provider), error, error.status)
    return redirect(templates_url(services, provider, "templates", done="synced"), 303)


def show(name: str, language: str) -> Response:
    """One template in one language, as its recipient would see it."""
    services, viewer = current_services(), current_viewer()
    provider = chosen_provider(services)
    found, languages = find(services, provider, name, language)
    data = template_data(found)
    return page(
        "template.html",
        viewer,
        languages=languages,
        examples=read(found).examples,
        data=data,
        components=json.dumps(data["components"], indent=2, ensure_ascii=False),
        is_approved=found.status == APPROVED,
        reported=services.catalogue.reported(provider, name, language),
        instance=instance_of(services, provider),
        providers=visible(services, viewer),
        provider=provider,
        may_change=services.providers[provider].makes_templates,
        trail=trail.of_template(services.store, viewer.account, provider, name, language),
        actions=ACTIONS,
        **_preview_values(found),
    )


def preview(name: str, language: str) -> Response:
    """The bubble of a template with the reader's values, for the script."""
    services = current_services()
    found, _ = find(services, chosen_provider(services), name, language)
    shown = render_template(
        "waapi/_template_preview.html", waapi=Presentation(current_viewer()), **_preview_values(found)
    )
    return json_response({"html": shown}, 200)


def find(
    services: Services, provider: str, name: str, language: str
) -> tuple[TemplateDefinition, Sequence[str]]:
    """A template, and the languages that there are of it.

    :raises TemplateNotFound: there is none.
    """
    languages = services.catalogue.languages(provider, name)
    found = next((item for item in languages if item.language == language), None)
    if found is None:
        raise TemplateNotFound(f"There is no template {name!r} in the language {language!r}.")
    return found, [item.language for item in languages]


def author_of(viewer: Viewer) -> Author:
    """The viewer as one who changes templates."""
    return Author(viewer.account, viewer.actor)


def chosen_provider(services: Services) -> str:
    """The instance that the request names; without a word the one that the account sends from.

    :raises NotFound: there is no such instance, or it is not the viewer's to see.
    """
    viewer = current_viewer()
    given = request.values.get("provider") or first_shown(services, viewer)
    if given is None:
        raise NotFound("This account has been given no provider.")
    if given not in visible(services, viewer):
        raise NotFound(f"There is no provider {given!r}.")
    return given


def templates_url(services: Services, provider: str, endpoint: str, **values: object) -> str:
    """The address of a page about an instance's templates."""
    return Presentation.url(endpoint, provider=instance_of(services, provider), **values)


def instance_of(services: Services, provider: str) -> str | None:
    """How the pages' addresses name an instance."""
    # The first one goes without saying, so that its addresses stay when there is another one some day.
    return None if provider == first_shown(services, current_viewer()) else provider


def _preview_values(found: TemplateDefinition) -> Mapping[str, Any]:
    text, named = read(found), is_named(found)
    body, header = _given("value", text.placeholders), _given("header", text.header_placeholders)
    if named:
        # One name is one value, in the header as in the body.
        header = {name: value for name, value in body.items() if name in text.header_placeholders} | header
    return {
        "template": found,
        "preview": illustrate(found, body, header),
        "variables": [
            *(
                ("header", name, header.get(name, ""), text.examples.get(name, "") if named else "")
                for name in text.header_placeholders
                if not (named and name in text.placeholders)
            ),
            *(("value", name, body.get(name, ""), text.examples.get(name, "")) for name in text.placeholders),
        ],
    }


def _given(prefix: str, names: Sequence[str]) -> dict[str, str]:
    typed = {name: request.args.get(f"{prefix}-{name}", "").strip() for name in names}
    return {name: value[:LONGEST_VALUE] for name, value in typed.items() if value}


def _index(
    services: Services,
    provider: str,
    definitions: Sequence[TemplateDefinition],
    error: WaApiError | None = None,
    status: int = 200,
) -> Response:
    viewer, changes = current_viewer(), services.catalogue.changes(provider)
    searched = request.args.get("q", "").strip()
    wanted = {name: request.args.get(name, "") for name in FILTERS}
    shown = [
        definition
        for definition in definitions
        if searched.lower() in definition.name.lower()
        and all(value in {"", getattr(definition, name)} for name, value in wanted.items())
    ]
    return page(
        "templates.html",
        viewer,
        status,
        templates=[
            (definition, read(definition), changes.get((definition.name, definition.language)))
            for definition in shown
        ],
        total=len(definitions),
        choices={name: sorted({getattr(item, name) for item in definitions}) for name in FILTERS},
        searched=searched,
        wanted=wanted,
        provider=provider,
        instance=instance_of(services, provider),
        providers=visible(services, viewer),
        may_change=services.providers[provider].makes_templates,
        state=services.catalogue.state(provider),
        trail=trail.of_instance(services.store, viewer.account, provider),
        actions=ACTIONS,
        error=error,
        is_unsupported=isinstance(error, FeatureUnsupported),
    )
