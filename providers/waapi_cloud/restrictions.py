"""The ``account_update`` webhook: bans, restrictions, and what else befalls an account.

What stops sending has one subject, ``restriction``, so that what Meta says last counts: a ban takes a
restriction's place, and ``REINSTATE`` ends both.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_waapi import AccountUpdate, ProviderEvent

from .failures import presentable
from .json_values import moment, needed, objects, text_at
from .surroundings import Surroundings

SUBJECT = "restriction"

EVERYTHING = frozenset({"template", "free_form"})

_STOPS = {
    # What the business begins is a template; what a customer begins is answered freely.
    "RESTRICTED_BIZ_INITIATED_MESSAGING": frozenset({"template"}),
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": frozenset({"free_form"}),
}
_INFORMATION = frozenset(
    {
        "ACCOUNT_RECONNECTED",
        "AD_ACCOUNT_LINKED",
        "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
        "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
        "MM_LITE_TERMS_SIGNED",
        "PARTNER_ADDED",
        "PARTNER_APP_INSTALLED",
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        "VOLUME_BASED_PRICING_TIER_UPDATE",
    }
)
_WARNINGS = frozenset({"ACCOUNT_OFFBOARDED", "PARTNER_APP_UNINSTALLED", "PARTNER_REMOVED"})
_LONGEST_SUBJECT = 64


def read_account_update(value: dict[str, Any], around: Surroundings) -> tuple[ProviderEvent, ...]:
    """What befell the account; nothing for an event or a state that is not known.

    :raises Unreadable: it names no event, or the entry has no time.
    """
    restrictions = list(objects(value.get("restriction_info")))
    if restrictions:
        return (_restrictions(restrictions, value, around),)
    if value.get("ban_info"):
        return _ban(value, around)
    event = needed(value, "event")
    if event == "ACCOUNT_DELETED":
        update = _update(SUBJECT, "The account was deleted.", "critical", value, around, EVERYTHING)
    elif event == "ACCOUNT_VIOLATION":
        kind = text_at(value, "violation_info", "violation_type") or "no type told"
        update = _update("violation", f"Meta reports a violation: {kind}.", "warning", value, around)
    elif event in _INFORMATION | _WARNINGS:
        severity = "warning" if event in _WARNINGS else "info"
        update = _update(f"account:{event}", f"Meta reports {event}.", severity, value, around)
    else:
        return ()
    return (update,)


def _restrictions(
    restrictions: list[dict[str, Any]], value: dict[str, Any], around: Surroundings
) -> AccountUpdate:
    kinds = [text_at(restriction, "restriction_type") or "unnamed" for restriction in restrictions]
    stopping = [item for item, kind in zip(restrictions, kinds, strict=True) if kind in _STOPS]
    stops = frozenset[str]().union(*(_STOPS.get(kind, frozenset()) for kind in kinds))
    until = _latest_end(stopping or restrictions)
    # A restriction of something else must not seem to end one that stops messages.
    subject = SUBJECT if stops else f"{SUBJECT}:{kinds[0]}"
    ending = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    summary = f"Meta has restricted the account{ending}: {', '.join(kinds)}."
    return _update(subject, summary, "critical" if stops else "warning", value, around, stops, until)


def _latest_end(restrictions: list[dict[str, Any]]) -> datetime | None:
    ends = [moment(restriction.get("expiration")) for restriction in restrictions]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _ban(value: dict[str, Any], around: Surroundings) -> tuple[ProviderEvent, ...]:
    date = text_at(value, "ban_info", "waba_ban_date")
    match text_at(value, "ban_info", "waba_ban_state"):
        case "DISABLE":
            summary = f"Meta has disabled the account{f' ({date})' if date else ''}."
            return (_update(SUBJECT, summary, "critical", value, around, EVERYTHING),)
        case "REINSTATE":
            return (_update(SUBJECT, "Meta has reinstated the account.", "info", value, around),)
        case "SCHEDULE_FOR_DISABLE":
            # Until that day the account sends as before.
            summary = f"Meta will disable the account{f' on {date}' if date else ''}."
            until = _day(date)
            return (_update("scheduled_ban", summary, "critical", value, around, until=until),)
    return ()


def _day(text: str | None) -> datetime | None:
    try:
        return datetime.strptime(text or "", "%B %d, %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _update(
    subject: str,
    summary: str,
    severity: str,
    value: dict[str, Any],
    around: Surroundings,
    stops: frozenset[str] = frozenset(),
    until: datetime | None = None,
) -> AccountUpdate:
    return AccountUpdate(
        subject=subject[:_LONGEST_SUBJECT],
        summary=presentable(summary),
        occurred_at=around.told_at(),
        severity=severity,
        stops=stops,
        until=until,
        details=value,
    )
