"""Reading the templates that can be sent, and what they read like with their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..access.permissions import Permission
from ..errors import (
    FeatureUnsupported,
    MalformedRequest,
    PayloadTooLarge,
    ProviderFailed,
    ProviderUnavailable,
    TemplateNotFound,
    UnsupportedMediaType,
    ValidationFailed,
)
from ..messaging.templates.previews import Preview, preview
from ..messaging.templates.text import read
from ..plugins.provider import TemplateDefinition
from . import answers, schemas
from .faults import load_partly
from .instances import instance_of
from .operation import Call, Reply, operation
from .template_requests import draft_of

_ERRORS = (FeatureUnsupported, ProviderFailed, ProviderUnavailable)


@operation(
    "GET",
    "/templates",
    permissions=(Permission.VIEW_TEMPLATES,),
    data=answers.TEMPLATE,
    many=True,
    errors=_ERRORS,
    tag="Templates",
)
def list_templates(call: Call) -> Reply:
    """List the templates, each language for itself."""
    services, instance = call.services, instance_of(call, "template")
    found = services.catalogue.list(instance, refresh=_may_ask(call, instance))
    return Reply([template_data(definition) for definition in found])


@operation(
    "GET",
    "/templates/<name>",
    permissions=(Permission.VIEW_TEMPLATES,),
    data=answers.TEMPLATE,
    many=True,
    errors=(TemplateNotFound, *_ERRORS),
    tag="Templates",
)
def get_template(call: Call, name: str) -> Reply:
    """Read one template in all its languages."""
    services, instance = call.services, instance_of(call, "template")
    found = services.catalogue.languages(instance, name, refresh=_may_ask(call, instance))
    return Reply([template_data(definition) for definition in found])


@operation(
    "POST",
    "/templates/<name>/preview",
    permissions=(Permission.VIEW_TEMPLATES,),
    request=schemas.TEMPLATE_PREVIEW,
    data=answers.PREVIEW,
    statuses={200: "What the recipient would read."},
    errors=(
        MalformedRequest,
        PayloadTooLarge,
        UnsupportedMediaType,
        ValidationFailed,
        TemplateNotFound,
        *_ERRORS,
    ),
    tag="Templates",
)
def preview_template(call: Call, name: str) -> Reply:
    """Show what a template reads like with its values.

    Takes the members of a template send that fill the template; nothing is sent or stored. What a send would
    refuse is refused here alike, but that the template need not be approved.
    """
    services, instance = call.services, instance_of(call, "template")
    language = _language(call.body)
    definition = services.catalogue.find(instance, name, language, refresh=_may_ask(call, instance))
    return Reply(preview_data(preview_of(definition, call.body)))


def _language(body: Any) -> str:
    members, faults = load_partly(schemas.TEMPLATE_PREVIEW, body)
    if "language" not in members:
        raise ValidationFailed(faults)
    language: str = members["language"]
    return language


def preview_of(definition: TemplateDefinition, values: Any) -> Preview:
    """A template with its values in place.

    :param values: the members of a template send that fill the template, as JSON has them.
    :raises ValidationFailed: they do not fit; all faults at once.
    """
    members, faults = load_partly(schemas.TEMPLATE_PREVIEW, values)
    named = {**members, "template_name": definition.name, "language": definition.language}
    touched = frozenset(fault.pointer.split("/")[1] for fault in faults if fault.pointer)
    shown = preview(definition, replace(draft_of(named), unsound=touched))
    if faults or shown.faults:
        raise ValidationFailed([*faults, *shown.faults])
    return shown


def preview_data(shown: Preview) -> Mapping[str, Any]:
    """A preview as the API shows it."""
    data: dict[str, Any] = answers.PREVIEW.dump(shown)
    return data


def _may_ask(call: Call, instance: str) -> bool:
    # A test key and a simulated run never reach a real provider, not even to ask for its templates.
    return not call.is_simulated or call.services.providers[instance].simulated


def template_data(definition: TemplateDefinition) -> dict[str, Any]:
    """A template as the API shows it."""
    text = read(definition)
    named = definition.parameter_format.upper() == "NAMED"
    names = (text.header_placeholders if named else ()) + text.placeholders
    data: dict[str, Any] = answers.TEMPLATE.dump(definition)
    return data | {"variables": list(dict.fromkeys(names))}


OPERATIONS = (list_templates, get_template, preview_template)
