"""Reading the templates that can be sent."""

from __future__ import annotations

from typing import Any

from ..access.permissions import Permission
from ..errors import FeatureUnsupported, ProviderFailed, ProviderUnavailable, TemplateNotFound
from ..messaging.rendering import read
from ..plugins.provider import TemplateDefinition
from . import schemas
from .operation import Call, Reply, operation

_ERRORS = (FeatureUnsupported, ProviderFailed, ProviderUnavailable)


@operation(
    "GET",
    "/templates",
    permission=Permission.VIEW_TEMPLATES,
    data=schemas.TEMPLATE,
    many=True,
    errors=_ERRORS,
    tag="Templates",
)
def list_templates(call: Call) -> Reply:
    """List the templates, each language for itself."""
    services = call.services
    found = services.catalogue.list(services.providers.default, refresh=_may_ask(call))
    return Reply([template_data(definition) for definition in found])


@operation(
    "GET",
    "/templates/<name>",
    permission=Permission.VIEW_TEMPLATES,
    data=schemas.TEMPLATE,
    many=True,
    errors=(TemplateNotFound, *_ERRORS),
    tag="Templates",
)
def get_template(call: Call, name: str) -> Reply:
    """Read one template in all its languages."""
    services = call.services
    found = services.catalogue.languages(services.providers.default, name, refresh=_may_ask(call))
    return Reply([template_data(definition) for definition in found])


def _may_ask(call: Call) -> bool:
    # A test key and a simulated run never reach a real provider, not even to ask for its templates.
    acting, providers = call.visit.acting, call.services.providers
    simulated = call.credential.mode == "test" or (acting is not None and acting.simulate)
    return not simulated or providers[providers.default].simulated


def template_data(definition: TemplateDefinition) -> dict[str, Any]:
    """A template as the API shows it."""
    text = read(definition)
    named = definition.parameter_format.upper() == "NAMED"
    names = (text.header_placeholders if named else ()) + text.placeholders
    data: dict[str, Any] = schemas.TEMPLATE.dump(definition)
    return data | {"variables": list(dict.fromkeys(names))}


OPERATIONS = (list_templates, get_template)
