"""Making, changing and deleting a template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ...api.envelope import json_response
from ...errors import ValidationFailed, WaApiError
from ...messaging.templates.example_files import EXAMPLE_MIME_TYPES
from ...messaging.templates.examples import illustrate
from ...messaging.templates.form import sketch
from ...messaging.templates.rules import CATEGORIES, LONGEST_BODY, LONGEST_FOOTER, LONGEST_HEADER
from ...messaging.templates.text import AUTHENTICATION, TemplateText
from ...plugins.provider import TemplateDefinition
from ...services import Services, current_services
from ..access import current_viewer
from ..instances import visible
from ..presentation import Presentation, page
from .example_field import EXAMPLE_FILE, no_file, with_example
from .fields import BUTTONS, FIRST_ROWS, HEADERS, TemplateForm, at_fields, form_of, typed, values_of
from .pages import author_of, chosen_provider, find, instance_of, templates_url

LOOK = "look"
UPLOAD = "upload"
"""What the form asks for beside being taken: to look at it as it is, and to upload its example alone."""

LIMITS = {"header": LONGEST_HEADER, "body": LONGEST_BODY, "footer": LONGEST_FOOTER}


def new() -> Response:
    """The form of a new template."""
    services = current_services()
    return _page(services, chosen_provider(services), TemplateForm())


def create() -> ResponseReturnValue:
    """Make the template at the provider."""
    services = current_services()
    provider = chosen_provider(services)

    def send(form: TemplateForm) -> TemplateDefinition:
        return services.template_changes.create(provider, values_of(form), author_of(current_viewer()))

    return _handed_in(services, provider, typed(request.form), None, send)


def edit(name: str, language: str) -> Response:
    """The form of a template that there is."""
    services = current_services()
    provider = chosen_provider(services)
    found, _ = find(services, provider, name, language)
    return _page(services, provider, form_of(found), found)


def update(name: str, language: str) -> ResponseReturnValue:
    """Change the template at the provider."""
    services = current_services()
    provider = chosen_provider(services)
    found, _ = find(services, provider, name, language)
    form = replace(typed(request.form), name=found.name, language=found.language)

    def send(form: TemplateForm) -> TemplateDefinition:
        values = values_of(form)
        del values["name"], values["language"]
        author = author_of(current_viewer())
        return services.template_changes.edit(provider, name, language, values, author)

    return _handed_in(services, provider, form, found, send)


def confirm_delete(name: str, language: str) -> Response:
    """Ask before a template is deleted."""
    services = current_services()
    return _delete_page(services, chosen_provider(services), name, language)


def delete(name: str, language: str) -> ResponseReturnValue:
    """Delete the template at the provider, in one language or in all."""
    services = current_services()
    provider = chosen_provider(services)
    find(services, provider, name, language)
    if request.form.get("name", "").strip() != name:
        return _delete_page(
            services, provider, name, language, given=request.form.get("name", ""), status=422
        )
    one = None if request.form.get("languages") == "all" else language
    try:
        services.template_changes.delete(provider, name, one, author_of(current_viewer()))
    except WaApiError as error:
        return _delete_page(services, provider, name, language, error=error, status=error.status)
    return redirect(templates_url(services, provider, "templates", done="template_deleted"), 303)


def look() -> Response:
    """What has been typed so far as a bubble, for the script."""
    shown = render_template(
        "waapi/_template_preview.html",
        waapi=Presentation(current_viewer()),
        template=None,
        preview=_sketched(typed(request.form)),
    )
    return json_response({"html": shown}, 200)


def _handed_in(
    services: Services,
    provider: str,
    form: TemplateForm,
    template: TemplateDefinition | None,
    send: Callable[[TemplateForm], TemplateDefinition],
) -> ResponseReturnValue:
    """What becomes of a form: its file is uploaded first, since the browser brings it only once."""
    action = request.form.get("action")
    try:
        form = with_example(services, provider, form, request.files.get(EXAMPLE_FILE))
        if action == UPLOAD and not form.has_uploaded:
            raise no_file()
        if action in {LOOK, UPLOAD} or (form.has_uploaded and form.components):
            return _page(services, provider, form, template)
        made = send(form)
    except ValidationFailed as error:
        form = replace(form, faults=at_fields(error.faults))
        return _page(services, provider, form, template, status=error.status)
    except WaApiError as error:
        return _page(services, provider, form, template, error=error, status=error.status)
    done = "template_changed" if template else "template_created"
    address = templates_url(services, provider, "template", name=made.name, language=made.language, done=done)
    return redirect(address, 303)


def _sketched(form: TemplateForm) -> TemplateText:
    try:
        return illustrate(sketch(values_of(form)))
    except ValidationFailed:
        # What cannot be read is told when the form is sent; until then the rest is shown.
        category = "UTILITY" if form.category == AUTHENTICATION else form.category
        return illustrate(sketch(values_of(replace(form, category=category, examples="", components=""))))


def _page(
    services: Services,
    provider: str,
    form: TemplateForm,
    template: TemplateDefinition | None = None,
    *,
    error: WaApiError | None = None,
    status: int = 200,
) -> Response:
    return page(
        "template_edit.html",
        current_viewer(),
        status,
        form=form,
        template=template,
        preview=_sketched(form),
        error=error,
        categories=CATEGORIES,
        headers=HEADERS,
        buttons=BUTTONS,
        limits=LIMITS,
        first_rows=FIRST_ROWS,
        provider=provider,
        providers=visible(services, current_viewer()),
        instance=instance_of(services, provider),
        is_supported=services.providers[provider].makes_templates,
        takes_examples=services.providers[provider].takes_template_examples,
        example_field=EXAMPLE_FILE,
        example_types=EXAMPLE_MIME_TYPES,
    )


def _delete_page(
    services: Services, provider: str, name: str, language: str, status: int = 200, **values: Any
) -> Response:
    found, languages = find(services, provider, name, language)
    return page(
        "template_delete.html",
        current_viewer(),
        status,
        template=found,
        languages=languages,
        provider=provider,
        instance=instance_of(services, provider),
        **values,
    )
