"""Making, changing and deleting the templates of a business account.

Nothing here asks twice: what breaks off after Meta was told leaves the outcome unknown.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask_waapi import OutcomeUnknown, ProviderError, Rejected, TemplateChange, TemplateDefinition

from .client import GraphClient
from .templates import read_template

_THIRTY_DAYS = timedelta(days=30)


def create_template(
    client: GraphClient, business_account_id: str, change: TemplateChange
) -> TemplateDefinition:
    """Make a template, which Meta reviews.

    :raises ProviderError: it was refused; or ``OutcomeUnknown``, where no answer tells its id.
    """
    body = {"name": change.name, "language": change.language, **_members(change, change.category)}
    answer = client.send(f"{business_account_id}/message_templates", body)
    identifier = answer.get("id")
    if not identifier:
        raise OutcomeUnknown("The Cloud API answered without the id of a template.")
    return TemplateDefinition(
        name=change.name,
        language=change.language,
        status=str(answer.get("status") or "PENDING"),
        # Meta may put it into another category than was asked for.
        category=str(answer.get("category") or change.category),
        parameter_format=change.parameter_format or "POSITIONAL",
        components=change.components or (),
        provider_template_id=str(identifier),
    )


def edit_template(
    client: GraphClient, template: TemplateDefinition, change: TemplateChange
) -> TemplateDefinition:
    """Change a template, and read what has become of it.

    :raises ProviderError: it was refused; or ``OutcomeUnknown``, where the answer tells nothing.
    """
    identifier = _id_of(template)
    answer = client.send(identifier, _members(change, change.category or template.category))
    if answer.get("success") is not True:
        raise OutcomeUnknown("The Cloud API does not say whether the template was changed.")
    try:
        found = read_template(client, identifier)
    except ProviderError:
        # The change is made, whatever hinders the look at it: Meta reviews it now.
        found = None
    return found or replace(
        template,
        status="PENDING",
        category=change.category or template.category,
        parameter_format=change.parameter_format or template.parameter_format,
        components=template.components if change.components is None else change.components,
    )


def delete_template(
    client: GraphClient, business_account_id: str, name: str, template: TemplateDefinition | None
) -> None:
    """Delete one language of a template, or all without ``template``.

    :raises ProviderError: it was refused, or Meta cannot be reached.
    """
    parameters = {"name": name}
    if template is not None:
        parameters["hsm_id"] = _id_of(template)
    answer = client.delete(f"{business_account_id}/message_templates", parameters)
    if answer.get("success") is not True:
        raise OutcomeUnknown("The Cloud API does not say whether the template was deleted.")


def _members(change: TemplateChange, category: str | None) -> dict[str, Any]:
    members: dict[str, Any] = {}
    if change.category is not None:
        members["category"] = change.category
    if change.parameter_format is not None:
        members["parameter_format"] = change.parameter_format
    if change.components is not None:
        members["components"] = list(change.components)
    if change.ttl is not None:
        members["message_send_ttl_seconds"] = _ttl(change.ttl, category)
    return members


def _ttl(ttl: timedelta, category: str | None) -> int:
    # Thirty days are beyond the range of these two, and have a word of their own.
    if ttl == _THIRTY_DAYS and category != "MARKETING":
        return -1
    return int(ttl.total_seconds())


def _id_of(template: TemplateDefinition) -> str:
    identifier = template.provider_template_id
    if identifier is None or not (identifier.isascii() and identifier.isdecimal()):
        raise Rejected(f"The id of the template {template.name!r} is not known: read the templates anew.")
    return identifier
