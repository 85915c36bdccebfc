"""What Meta tells of templates: status, quality, category and changed components.

The members are those of Meta's reference of the ``message_template_*`` and ``template_category_update``
webhooks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_waapi import ProviderEvent, TemplateUpdate

from .failures import presentable
from .json_values import needed, text_at
from .surroundings import Surroundings

_MEANT = {"REINSTATED": "APPROVED"}
_NOT_A_STATE = frozenset({"FLAGGED", "UNARCHIVED"})
"""Events that leave the status to the list of templates: a flagged one, say, may still be sent."""

_Changes = dict[str, Any]


def read_template_change(
    field: str, value: dict[str, Any], around: Surroundings
) -> tuple[ProviderEvent, ...]:
    """What a change tells of a template; nothing if it tells of something else.

    :raises Unreadable: it does not name the template, or the entry has no time.
    """
    read = _READERS.get(field)
    if read is None:
        return ()
    name, language = needed(value, "message_template_name"), needed(value, "message_template_language")
    return (TemplateUpdate(name, language, around.told_at(), **read(value)),)


def _status(value: dict[str, Any]) -> _Changes:
    event = needed(value, "event")
    return {
        "status": None if event in _NOT_A_STATE else _MEANT.get(event, event),
        "category": text_at(value, "message_template_category"),
        "reason": _reason(value),
        "is_partial": event in _NOT_A_STATE,
    }


def _reason(value: dict[str, Any]) -> str | None:
    parts = [
        text_at(value, "reason"),
        text_at(value, "rejection_info", "reason"),
        text_at(value, "rejection_info", "recommendation"),
        text_at(value, "other_info", "title"),
        text_at(value, "other_info", "description"),
    ]
    disabled = text_at(value, "disable_info", "disable_date")
    if disabled is not None:
        parts.append(f"Disabled from {disabled}.")
    told = dict.fromkeys(part for part in parts if part and part != "NONE")
    return presentable(": ".join(told)) or None


def _quality(value: dict[str, Any]) -> _Changes:
    return {"quality": needed(value, "new_quality_score")}


def _components(value: dict[str, Any]) -> _Changes:
    # The change names texts and buttons, and neither headers with media nor variables.
    return {"is_partial": True}


def _category(value: dict[str, Any]) -> _Changes:
    announced = text_at(value, "correct_category")
    if announced is not None:
        return {"reason": presentable(f"Meta will change the category to {announced} within 24 hours.")}
    return {"category": needed(value, "new_category")}


_READERS: dict[str, Callable[[dict[str, Any]], _Changes]] = {
    "message_template_status_update": _status,
    "message_template_quality_update": _quality,
    "message_template_components_update": _components,
    "template_category_update": _category,
}
