"""What Meta tells of the account and its numbers, as the Cloud API provider reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud_payloads import (
    SECONDS,
    TOLD_AT,
    change,
    entry,
    envelope,
    events_of,
    number_value,
    read,
    read_change,
    read_list,
    status,
)
from flask_waapi import AccountUpdate

NUMBER = {"display_phone_number": "1 555-555-0100"}
BOTH: set[str] = {"template", "free_form"}


def update_of(field: str, value: dict[str, Any]) -> AccountUpdate:
    (update,) = events_of(field, value)
    assert isinstance(update, AccountUpdate)
    assert update.occurred_at == TOLD_AT
    assert update.details == value
    assert update.summary.endswith(".")
    return update


def account_update(event: str = "ACCOUNT_RESTRICTION", **members: Any) -> AccountUpdate:
    return update_of("account_update", {"event": event, **members})


def restriction(name: str, expiration: Any = None) -> dict[str, Any]:
    return {"restriction_type": f"RESTRICTED_{name}_MESSAGING", "expiration": expiration}


# Restrictions and bans


@pytest.mark.parametrize(
    ("names", "stops"),
    [
        (["BIZ_INITIATED"], {"template"}),
        (["CUSTOMER_INITIATED"], {"free_form"}),
        (["BIZ_INITIATED", "CUSTOMER_INITIATED"], BOTH),
        (["OF_TOMORROW", "BIZ_INITIATED"], {"template"}),
    ],
)
def test_restrictions_stop_what_they_name(names: list[str], stops: set[str]) -> None:
    update = account_update(restriction_info=[restriction(name) for name in names])
    assert (update.subject, update.severity) == ("restriction", "critical")
    assert update.stops == stops


@pytest.mark.parametrize(
    ("expirations", "hours"),
    [
        ([SECONDS + 3600], 1),
        ([str(SECONDS + 3600), SECONDS + 7200], 2),
        ([SECONDS + 3600, None], None),
        (["soon"], None),
        ([], None),
    ],
)
def test_restrictions_end_with_the_last_of_them(expirations: list[Any], hours: int | None) -> None:
    limits = [restriction("BIZ_INITIATED", expiration) for expiration in expirations]
    update = account_update(restriction_info=limits or [restriction("BIZ_INITIATED")])
    assert update.until == (None if hours is None else TOLD_AT + timedelta(hours=hours))


def test_a_restriction_of_something_else_stops_nothing_and_ends_nothing() -> None:
    update = account_update(restriction_info=[{"restriction_type": "RESTRICTED_ADD_PHONE_NUMBER_ACTION"}])
    assert update.stops == frozenset()
    assert update.subject == "restriction:RESTRICTED_ADD_PHONE_NUMBER_ACTION"


def test_a_disabled_account_stops_everything_until_it_is_reinstated() -> None:
    disabled = account_update("DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"})
    reinstated = account_update("DISABLED_UPDATE", ban_info={"waba_ban_state": "REINSTATE"})
    assert disabled.stops == BOTH
    assert (disabled.severity, disabled.until) == ("critical", None)
    assert (reinstated.stops, reinstated.severity) == (frozenset(), "info")
    assert disabled.subject == reinstated.subject == "restriction"


@pytest.mark.parametrize(
    ("date", "until"), [("April 17, 2026", datetime(2026, 4, 17, tzinfo=UTC)), ("soon", None), (None, None)]
)
def test_a_ban_to_come_stops_nothing_yet(date: str | None, until: datetime | None) -> None:
    ban = {"waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": date}
    update = account_update("DISABLED_UPDATE", ban_info=ban)
    assert (update.subject, update.severity, update.stops) == ("scheduled_ban", "critical", frozenset())
    assert update.until == until


def test_a_deleted_account_stops_everything() -> None:
    assert account_update("ACCOUNT_DELETED").stops == BOTH


def test_a_violation_is_a_warning() -> None:
    update = account_update("ACCOUNT_VIOLATION", violation_info={"violation_type": "SCAM"})
    assert (update.subject, update.severity) == ("violation", "warning")
    assert update.summary == "Meta reports a violation: SCAM."


@pytest.mark.parametrize(
    ("event", "severity"),
    [("PARTNER_ADDED", "info"), ("MM_LITE_TERMS_SIGNED", "info"), ("PARTNER_REMOVED", "warning")],
)
def test_other_known_events_of_the_account_are_told(event: str, severity: str) -> None:
    update = account_update(event)
    assert (update.subject, update.severity) == (f"account:{event}", severity)


@pytest.mark.parametrize(
    "value", [{"event": "OF_TOMORROW"}, {"event": "X", "ban_info": {"waba_ban_state": "OF_TOMORROW"}}]
)
def test_an_unknown_event_of_the_account_means_nothing_yet(value: dict[str, Any]) -> None:
    assert events_of("account_update", value) == ()


def test_a_restriction_of_another_account_does_not_stop_ours() -> None:
    news = change("account_update", {"event": "ACCOUNT_DELETED"})
    (item,) = read(envelope(entry(news, id="1")))
    assert item.problem == "It is about the account 1, which is not this instance's."


# Numbers and limits


@pytest.mark.parametrize(
    ("event", "subject", "severity"),
    [
        ("FLAGGED", "quality:+15555550100", "warning"),
        ("UNFLAGGED", "quality:+15555550100", "info"),
        ("THROUGHPUT_UPGRADE", "throughput:+15555550100", "info"),
        ("ONBOARDING", "limit:+15555550100", "info"),
        ("UPGRADE", "limit:+15555550100", "info"),
        ("DOWNGRADE", "limit:+15555550100", "warning"),
    ],
)
def test_each_side_of_a_number_has_its_own_subject(event: str, subject: str, severity: str) -> None:
    update = update_of("phone_number_quality_update", NUMBER | {"event": event})
    assert (update.subject, update.severity) == (subject, severity)


@pytest.mark.parametrize("member", ["current_limit", "max_daily_conversations_per_business"])
def test_a_messaging_limit_is_told_whichever_member_has_it(member: str) -> None:
    update = update_of("phone_number_quality_update", NUMBER | {"event": "UPGRADE", member: "TIER_10K"})
    assert "TIER_10K" in update.summary


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_daily_conversations_per_business": 2000}, "2000 conversations a day"),
        ({"max_daily_conversations_per_business": "TIER_10K"}, "TIER_10K conversations a day"),
        ({"max_daily_conversation_per_phone": -1}, "unlimited conversations a day"),
        ({"max_phone_numbers_per_waba": 20}, "20 numbers for the account"),
    ],
)
def test_the_limits_of_the_account_are_told(limits: dict[str, Any], words: str) -> None:
    update = update_of("business_capability_update", limits)
    assert update.subject == "capability"
    assert words in update.summary


ALERT = {
    "alert_severity": "CRITICAL",
    "alert_status": "ACTIVE",
    "alert_type": "OBA_REJECTED",
    "alert_description": "The application was rejected.",
}


@pytest.mark.parametrize(
    "value", [{"entity_type": "BUSINESS", "alert_info": ALERT}, {"entity_type": "BUSINESS", **ALERT}]
)
def test_an_alert_is_read_in_both_its_shapes(value: dict[str, Any]) -> None:
    update = update_of("account_alerts", value)
    assert (update.subject, update.severity) == ("alert:OBA_REJECTED", "critical")
    assert update.summary == "The application was rejected."


@pytest.mark.parametrize(
    ("told", "severity"),
    [("WARNING", "warning"), ("INFORMATIONAL", "info"), ("NEW", "warning"), (7, "warning")],
)
def test_the_severity_of_an_alert_is_a_warning_unless_told_otherwise(told: Any, severity: str) -> None:
    value = {"alert_info": ALERT | {"alert_severity": told, "alert_description": None}}
    update = update_of("account_alerts", value)
    assert (update.severity, update.summary) == (severity, "Meta alerts to OBA_REJECTED.")


def test_alerts_of_two_numbers_are_two_matters() -> None:
    values = [{"entity_type": "PHONE_NUMBER", "entity_id": number, "alert_info": ALERT} for number in (1, 2)]
    subjects = {update_of("account_alerts", value).subject for value in values}
    assert subjects == {"alert:OBA_REJECTED:1", "alert:OBA_REJECTED:2"}


@pytest.mark.parametrize(("decision", "severity"), [("APPROVED", "info"), ("REJECTED", "warning")])
def test_a_decision_is_told(decision: str, severity: str) -> None:
    review = update_of("account_review_update", {"decision": decision})
    name = update_of(
        "phone_number_name_update",
        NUMBER | {"decision": decision, "requested_verified_name": "Shop", "rejection_reason": "NONE"},
    )
    assert (review.subject, review.severity) == ("review", severity)
    assert (name.subject, name.severity) == ("name:+15555550100", severity)
    assert name.summary == f"Meta's decision on the name 'Shop' of +15555550100 is {decision}."


@pytest.mark.parametrize("event", ["PIN_CHANGED", "PIN_RESET_REQUEST", "OF_TOMORROW"])
def test_a_security_event_is_a_warning(event: str) -> None:
    update = update_of("security", NUMBER | {"event": event, "requester": "1"})
    assert (update.subject, update.severity) == ("security:+15555550100", "warning")
    assert "+15555550100" in update.summary


def test_a_number_that_is_not_told_is_left_out_of_the_subject() -> None:
    assert update_of("security", {"event": "PIN_CHANGED"}).subject == "security"


def test_a_subject_keeps_within_64_characters() -> None:
    alert = {"entity_type": "PHONE_NUMBER", "entity_id": "7", "alert_info": {"alert_type": "X" * 100}}
    subject = update_of("account_alerts", alert).subject
    assert len(subject) <= 64
    assert subject.endswith(":7")


@pytest.mark.parametrize(
    "field",
    [
        "account_update",
        "account_alerts",
        "account_review_update",
        "business_capability_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
    ],
)
@pytest.mark.parametrize("value", [{}, {"event": None, "decision": [], "alert_info": 7}])
def test_news_that_says_nothing_is_broken(field: str, value: dict[str, Any]) -> None:
    assert read_change(field, value).problem is not None


# Errors of the number


ERROR = {"code": 130429, "title": "Rate limit hit", "error_data": {"details": "Slow down"}}


def test_an_error_that_stands_alone_is_a_warning() -> None:
    (item,) = read_list("errors", [ERROR])
    assert item.position == "entry[0].changes[0].value.errors[0]"
    assert item.events == (
        AccountUpdate(
            "error:130429", "Rate limit hit: Slow down", TOLD_AT, severity="warning", details=ERROR
        ),
    )


def test_an_error_without_a_time_has_that_of_what_stands_beside_it() -> None:
    value = number_value(errors=[ERROR], statuses=[status(), status(timestamp=SECONDS + 60), None])
    (error, *_) = read(envelope(entry(change("messages", value), time=None)))
    assert error.events[0].occurred_at == TOLD_AT + timedelta(seconds=60)


def test_an_error_without_a_code_is_broken() -> None:
    (item,) = read_list("errors", [{"title": "Something"}])
    assert item.problem == "It has no error code."
