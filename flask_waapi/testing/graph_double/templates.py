"""The templates of the double's business account: listed in pages, created, edited, deleted."""

from __future__ import annotations

import base64
import binascii
import copy
import re
from collections.abc import Mapping
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from .errors import GraphError, unknown_node
from .samples import Template, sample_templates

_DEFAULT_FIELDS = ("id", "name", "language", "status", "category", "components")
_CATEGORIES = {"MARKETING", "UTILITY", "AUTHENTICATION"}
_LONGEST_PAGE = 1_000
_KEPT = ("message_send_ttl_seconds",)
_EDITABLE_MEMBERS = {"components", "category", "message_send_ttl_seconds", "parameter_format"}
_EDITABLE_STATUSES = {"APPROVED", "REJECTED", "PAUSED"}


class TemplateShelf:
    """All templates, in the order in which they were added.

    :param new_status: the status of a created template; Meta reviews first (``PENDING``).
    """

    def __init__(self, new_status: str) -> None:
        self._lock = Lock()
        self._templates: list[Template] = sample_templates()
        self._new_status = new_status
        self._created = 0

    def add(self, *templates: Mapping[str, Any]) -> None:
        """Put these on the shelf as they are."""
        with self._lock:
            self._templates.extend(copy.deepcopy(dict(template)) for template in templates)

    def clear(self) -> None:
        """Take every template off the shelf."""
        with self._lock:
            self._templates.clear()

    def all(self) -> list[Template]:
        """Copies of all templates."""
        with self._lock:
            return copy.deepcopy(self._templates)

    def find(self, name: str, language: str) -> Template | None:
        """The template of exactly that name and language."""
        with self._lock:
            for template in self._templates:
                if (template["name"], template["language"]) == (name, language):
                    return copy.deepcopy(template)
        return None

    def page(self, query: Mapping[str, str], address: str) -> dict[str, Any]:
        """One page of the list.

        :param query: ``fields``, ``limit``, ``after``; ``name`` (a part of it), ``status``,
            ``language`` and ``category`` choose.
        :param address: of the list, for the link to the next page.
        """
        chosen = [template for template in self.all() if _matches(template, query)]
        start, limit = _position(query.get("after")), _limit(query.get("limit"))
        shown = chosen[start : start + limit]
        page: dict[str, Any] = {"data": [_chosen(template, query) for template in shown]}
        if shown:
            end = start + len(shown)
            page["paging"] = {"cursors": {"before": _cursor(start), "after": _cursor(end)}}
            if end < len(chosen):
                following = {**query, "limit": str(limit), "after": _cursor(end)}
                page["paging"]["next"] = f"{address}?{urlencode(following)}"
        return page

    def create(self, body: Any) -> dict[str, Any]:
        """Add a template from Meta's creation body.

        :raises GraphError: a member is missing or wrong, or the template exists.
        """
        template = _checked(body)
        with self._lock:
            if any(
                (other["name"], other["language"]) == (template["name"], template["language"])
                for other in self._templates
            ):
                raise GraphError(100, "There is content in this language already.", subcode=2388024)
            self._created += 1
            template |= {
                "id": str(910000000000000 + self._created),
                "status": self._new_status,
            }
            self._templates.append(template)
        return {name: template[name] for name in ("id", "status", "category")}

    def describe(self, template_id: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """One template by its id, with the fields that ``query`` asks for; ``None`` if there is none."""
        for template in self.all():
            if template.get("id") == template_id:
                return _chosen(template, query)
        return None

    def edit(self, template_id: str, body: Any) -> dict[str, Any]:
        """Change a template by Meta's body of an edit; it has the status of a new one afterwards.

        :raises GraphError: there is none, it is not in a state to be changed, or the change is wrong.
        """
        with self._lock:
            for index, template in enumerate(self._templates):
                if template.get("id") == template_id:
                    self._templates[index] = _edited(template, body) | {"status": self._new_status}
                    return {"success": True}
        raise unknown_node(template_id)

    def delete(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Delete every language of ``name``, or only the one whose id is ``hsm_id``.

        :raises GraphError: there is none.
        """
        name, identifier = query.get("name"), query.get("hsm_id")
        if not name:
            raise GraphError(100, "The parameter name is required.")
        with self._lock:
            kept = [
                template
                for template in self._templates
                if template["name"] != name or identifier not in {None, template["id"]}
            ]
            if len(kept) == len(self._templates):
                raise GraphError(100, "The template was not found.", subcode=2593002)
            self._templates = kept
        return {"success": True}


def _chosen(template: Template, query: Mapping[str, str]) -> dict[str, Any]:
    fields = query["fields"].split(",") if query.get("fields") else _DEFAULT_FIELDS
    return {name: value for name, value in template.items() if name in fields or name == "id"}


def _matches(template: Template, query: Mapping[str, str]) -> bool:
    return query.get("name", "") in template["name"] and all(
        query.get(member) in {None, template[member]} for member in ("status", "language", "category")
    )


def _limit(value: str | None) -> int:
    if value is None:
        return 25
    if not re.fullmatch(r"[0-9]{1,6}", value) or int(value) == 0:
        raise GraphError(100, "The parameter limit must be a positive number.")
    return min(int(value), _LONGEST_PAGE)


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"template:{position}".encode()).decode().rstrip("=")


def _position(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        text = ""
    match = re.fullmatch(r"template:([0-9]{1,9})", text)
    if match is None:
        raise GraphError(100, "The parameter after is not a cursor of this list.")
    return int(match[1])


def _checked(body: Any) -> Template:
    if not isinstance(body, dict):
        raise GraphError(100, "The body must be a JSON object.")
    name, components = body.get("name"), body.get("components")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]{1,512}", name):
        raise GraphError(100, "The name must consist of small letters, digits and underscores.")
    if not isinstance(body.get("language"), str):
        raise GraphError(100, "The parameter language is required.")
    if body.get("category") not in _CATEGORIES:
        raise GraphError(100, "The parameter category must be one of Meta's three.")
    if not isinstance(components, list) or not any(
        isinstance(part, dict) and str(part.get("type")).upper() == "BODY" for part in components
    ):
        raise GraphError(100, "The parameter components must hold a BODY.")
    return {
        "name": name,
        "language": body["language"],
        "category": body["category"],
        "parameter_format": str(body.get("parameter_format", "POSITIONAL")).upper(),
        "components": components,
        **{member: body[member] for member in _KEPT if member in body},
    }


def _edited(template: Template, body: Any) -> Template:
    if not isinstance(body, dict) or not body.keys() & _EDITABLE_MEMBERS:
        raise GraphError(100, "There is nothing to change.")
    if template["status"] not in _EDITABLE_STATUSES:
        raise GraphError(100, f"A template that is {template['status']} cannot be changed.")
    if (
        template["status"] == "APPROVED"
        and body.get("category", template["category"]) != template["category"]
    ):
        raise GraphError(100, "The category of an approved template cannot be changed.")
    changes = {member: body[member] for member in _EDITABLE_MEMBERS if member in body}
    checked = _checked({**template, **changes})
    return {**template, **checked}
