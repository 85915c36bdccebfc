"""What Meta tells of the account and its numbers: quality, limits, alerts, reviews, names, security.

The members are those of Meta's reference of each webhook; the restrictions and bans of
``account_update`` are read in :mod:`waapi_cloud.restrictions`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_waapi import AccountUpdate, ProviderEvent

from .failures import presentable, read_graph_error
from .json_values import Unreadable, address, member, needed, text, text_at
from .restrictions import read_account_update
from .surroundings import Surroundings

_LONGEST_SUBJECT = 64


def read_account_change(field: str, value: dict[str, Any], around: Surroundings) -> tuple[ProviderEvent, ...]:
    """What a change tells of the account; nothing if it tells of something else.

    :raises Unreadable: it lacks what it is about, or the entry has no time.
    """
    if field == "account_update":
        return read_account_update(value, around)
    read = _READERS.get(field)
    if read is None:
        return ()
    subject, severity, summary = read(value)
    return (_update(subject, severity, summary, value, around),)


def read_account_error(item: dict[str, Any], around: Surroundings) -> tuple[ProviderEvent, ...]:
    """An error of the number itself, beside its messages or instead of them.

    :raises Unreadable: it has no code, is about another number, or nothing says when it was.
    """
    around.require_ours()
    error = read_graph_error(item)
    if error is None:
        raise Unreadable("It has no error code.")
    return (_update(f"error:{error.code}", "warning", error.refusal().reason, item, around),)


def _update(
    subject: str, severity: str, summary: str, details: dict[str, Any], around: Surroundings
) -> AccountUpdate:
    return AccountUpdate(
        subject=subject[:_LONGEST_SUBJECT],
        summary=presentable(summary),
        occurred_at=around.told_at(),
        severity=severity,
        details=details,
    )


_Told = tuple[str, str, str]
"""Subject, severity and summary."""


def _number(value: dict[str, Any]) -> str | None:
    shown = text_at(value, "display_phone_number")
    return None if shown is None else address("".join(filter(str.isdecimal, shown))) or shown


def _of_number(side: str, value: dict[str, Any]) -> tuple[str, str]:
    """A subject, and what to call the number in a sentence."""
    number = _number(value)
    return (side, "the number") if number is None else (f"{side}:{number}", number)


def _quality(value: dict[str, Any]) -> _Told:
    event = needed(value, "event")
    if event in {"FLAGGED", "UNFLAGGED"}:
        subject, number = _of_number("quality", value)
        if event == "FLAGGED":
            return subject, "warning", f"The quality of {number} is low; its messaging limit may be lowered."
        return subject, "info", f"The quality of {number} has recovered."
    if event == "THROUGHPUT_UPGRADE":
        subject, number = _of_number("throughput", value)
        return subject, "info", f"The throughput of {number} was raised."
    subject, number = _of_number("limit", value)
    limit = text_at(value, "max_daily_conversations_per_business") or text_at(value, "current_limit")
    shown = f": {limit}" if limit else ""
    severity = "warning" if event == "DOWNGRADE" else "info"
    return subject, severity, f"Meta tells the messaging limit of {number} ({event}){shown}."


def _capability(value: dict[str, Any]) -> _Told:
    names = {
        "max_daily_conversations_per_business": "conversations a day for the business",
        "max_daily_conversation_per_phone": "conversations a day for each number",
        "max_phone_numbers_per_business": "numbers for the business",
        "max_phone_numbers_per_waba": "numbers for the account",
    }
    limits = [f"{_limit(value[name])} {meaning}" for name, meaning in names.items() if text(value.get(name))]
    if not limits:
        raise Unreadable("It names no limit.")
    return "capability", "info", f"The account's limits are {', '.join(limits)}."


def _limit(value: Any) -> str:
    return "unlimited" if text(value) == "-1" else str(value)


def _alert(value: dict[str, Any]) -> _Told:
    # Older versions of the API have the members of the alert beside the entity.
    alert = member(value, "alert_info") or value
    kind = needed(alert, "alert_type")
    severities = {"CRITICAL": "critical", "WARNING": "warning", "INFORMATIONAL": "info"}
    subject = f"alert:{kind}"
    if text_at(value, "entity_type") == "PHONE_NUMBER":
        subject = f"{subject[: _LONGEST_SUBJECT - 24]}:{text_at(value, 'entity_id')}"
    description = text_at(alert, "alert_description") or f"Meta alerts to {kind}."
    return subject, severities.get(text_at(alert, "alert_severity") or "", "warning"), description


def _review(value: dict[str, Any]) -> _Told:
    decision = needed(value, "decision")
    return "review", _verdict(decision), f"Meta's review of the account has ended with {decision}."


def _name(value: dict[str, Any]) -> _Told:
    decision = needed(value, "decision")
    subject, number = _of_number("name", value)
    name = text_at(value, "requested_verified_name") or "asked for"
    reason = text_at(value, "rejection_reason")
    because = f" ({reason})" if reason and reason != "NONE" else ""
    summary = f"Meta's decision on the name {name!r} of {number} is {decision}{because}."
    return subject, _verdict(decision), summary


def _verdict(decision: str) -> str:
    return "info" if decision == "APPROVED" else "warning"


_SECURITY = {
    "PIN_CHANGED": "The two-step PIN of {} was changed.",
    "PIN_RESET_REQUEST": "Somebody has asked to reset the two-step PIN of {}.",
    "PIN_RESET_SUCCESS": "The two-step PIN of {} was reset.",
}


def _security(value: dict[str, Any]) -> _Told:
    event = needed(value, "event")
    subject, number = _of_number("security", value)
    sentence = _SECURITY.get(event)
    return (
        subject,
        "warning",
        sentence.format(number) if sentence else f"A security event of {number}: {event}.",
    )


_READERS: dict[str, Callable[[dict[str, Any]], _Told]] = {
    "phone_number_quality_update": _quality,
    "business_capability_update": _capability,
    "account_alerts": _alert,
    "account_review_update": _review,
    "phone_number_name_update": _name,
    "security": _security,
}
