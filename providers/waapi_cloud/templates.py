"""The templates of a business account, page by page."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask_waapi import Retryable, TemplateDefinition

from .client import GraphClient

# Some of these fields Meta leaves out unless asked for.
FIELDS = "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason"
PAGE_SIZE = 100
MOST_PAGES = 10_000


def read_templates(
    client: GraphClient, business_account_id: str, logger: logging.Logger
) -> list[TemplateDefinition]:
    """Every template of the account in every language, whatever its status.

    The list ends where an answer has no ``paging.next``, not at a short page. That link itself is
    never dialled: only its position is taken over, so that the token goes to ``base_url`` alone,
    and a proxy there serves every page.

    :raises ProviderError: a page could not be read; there is no half list.
    """
    templates: list[TemplateDefinition] = []
    parameters = {"fields": FIELDS, "limit": str(PAGE_SIZE)}
    for _ in range(MOST_PAGES):
        page = client.read(f"{business_account_id}/message_templates", parameters)
        items = page.get("data")
        if not isinstance(items, list):
            raise Retryable("The Cloud API answered without a list of templates.")
        for item in items:
            template = _definition(item)
            if template is None:
                logger.warning("A template without name or language was left out of the list.")
            else:
                templates.append(template)
        position = _next_position(page.get("paging"))
        if position is None:
            return templates
        if position == parameters.get("after"):
            break
        parameters = {**parameters, "after": position}
    raise Retryable("The Cloud API's list of templates does not end.")


def read_template(client: GraphClient, template_id: str) -> TemplateDefinition | None:
    """One template by its id; ``None`` where Meta's answer tells neither name nor language.

    :raises ProviderError: it could not be read.
    """
    return _definition(client.read(template_id, {"fields": FIELDS}))


def _definition(item: Any) -> TemplateDefinition | None:
    if not isinstance(item, dict):
        return None
    name, language = item.get("name"), item.get("language")
    if not isinstance(name, str) or not isinstance(language, str):
        return None
    components = item.get("components")
    identifier = item.get("id")
    return TemplateDefinition(
        name=name,
        language=language,
        # Meta adds values over time: any is passed on as it is.
        status=str(item.get("status") or "UNKNOWN"),
        category=str(item.get("category") or "UNKNOWN"),
        parameter_format=str(item.get("parameter_format") or "POSITIONAL"),
        components=[part for part in components if isinstance(part, dict)]
        if isinstance(components, list)
        else [],
        provider_template_id=None if identifier is None else str(identifier),
        quality=_quality(item.get("quality_score")),
        reason=_reason(item.get("rejected_reason")),
    )


def _quality(score: Any) -> str | None:
    value = score.get("score") if isinstance(score, dict) else None
    return value if isinstance(value, str) else None


def _reason(value: Any) -> str | None:
    return value if isinstance(value, str) and value not in {"", "NONE"} else None


def _next_position(paging: Any) -> str | None:
    """The cursor of the next page, ``None`` on the last one.

    :raises Retryable: there is a next page without a cursor.
    """
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if isinstance(after, str) and after:
        return after
    try:
        return parse_qs(urlsplit(str(paging["next"])).query)["after"][0]
    except (ValueError, KeyError):
        raise Retryable("The Cloud API names a next page without a position.") from None
