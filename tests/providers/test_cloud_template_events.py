"""What Meta tells of templates, as the Cloud API provider reads it."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_payloads import TOLD_AT, change, entry, envelope, events_of, read, read_change
from flask_waapi import TemplateUpdate

TEMPLATE = {
    "message_template_id": 900000000000001,
    "message_template_name": "order_confirmation",
    "message_template_language": "en_US",
}


def update_of(field: str, **members: Any) -> TemplateUpdate:
    (update,) = events_of(field, TEMPLATE | members)
    assert isinstance(update, TemplateUpdate)
    assert (update.name, update.language) == ("order_confirmation", "en_US")
    assert update.occurred_at == TOLD_AT
    return update


@pytest.mark.parametrize(
    ("event", "status", "is_partial"),
    [
        ("APPROVED", "APPROVED", False),
        ("REJECTED", "REJECTED", False),
        ("PAUSED", "PAUSED", False),
        ("DISABLED", "DISABLED", False),
        ("PENDING_DELETION", "PENDING_DELETION", False),
        ("REINSTATED", "APPROVED", False),
        ("FLAGGED", None, True),
        ("UNARCHIVED", None, True),
        ("OF_TOMORROW", "OF_TOMORROW", False),
    ],
)
def test_a_status_is_passed_on_unless_its_word_is_an_event_only(
    event: str, status: str | None, is_partial: bool
) -> None:
    update = update_of("message_template_status_update", event=event, reason="NONE")
    assert (update.status, update.is_partial, update.reason) == (status, is_partial, None)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"reason": None}, None),
        ({"reason": "INVALID_FORMAT"}, "INVALID_FORMAT"),
        (
            {"other_info": {"title": "FIRST_PAUSE", "description": "Paused for three hours."}},
            "FIRST_PAUSE: Paused for three hours.",
        ),
        (
            {"reason": "SCAM", "rejection_info": {"reason": "Looks bad", "recommendation": "Do better"}},
            "SCAM: Looks bad: Do better",
        ),
        ({"disable_info": {"disable_date": "March 3"}}, "Disabled from March 3."),
        ({"disable_info": 7, "other_info": [], "rejection_info": "x"}, None),
    ],
)
def test_the_reason_is_gathered_from_where_meta_puts_it(members: dict[str, Any], reason: str | None) -> None:
    assert update_of("message_template_status_update", event="PAUSED", **members).reason == reason


def test_a_status_may_bring_the_category() -> None:
    update = update_of(
        "message_template_status_update", event="APPROVED", message_template_category="MARKETING"
    )
    assert update.category == "MARKETING"


def test_a_quality_is_the_new_one() -> None:
    update = update_of(
        "message_template_quality_update", previous_quality_score="GREEN", new_quality_score="RED"
    )
    assert (update.quality, update.status, update.is_partial) == ("RED", None, False)


def test_changed_components_must_be_read_anew() -> None:
    update = update_of("message_template_components_update", message_template_element="Hello {{1}}")
    assert (update.is_partial, update.status) == (True, None)


def test_a_changed_category_is_the_new_one() -> None:
    update = update_of("template_category_update", previous_category="UTILITY", new_category="MARKETING")
    assert (update.category, update.reason) == ("MARKETING", None)


def test_an_announced_category_is_not_the_category_yet() -> None:
    update = update_of("template_category_update", new_category="UTILITY", correct_category="MARKETING")
    assert update.category is None
    assert update.reason == "Meta will change the category to MARKETING within 24 hours."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_template_status_update", TEMPLATE),
        ("message_template_status_update", {"event": "APPROVED"}),
        ("message_template_status_update", TEMPLATE | {"event": ["APPROVED"]}),
        ("message_template_quality_update", TEMPLATE | {"message_template_language": None}),
        ("message_template_quality_update", TEMPLATE),
        ("template_category_update", TEMPLATE),
    ],
)
def test_a_change_without_template_or_news_is_broken(field: str, value: Any) -> None:
    assert read_change(field, value).problem is not None


def test_a_change_of_another_accounts_template_is_not_ours() -> None:
    news = change("message_template_components_update", TEMPLATE)
    other, ours, unnamed = read(envelope(entry(news, id="1"), entry(news), entry(news, id=None)))
    assert other.problem == "It is about the account 1, which is not this instance's."
    assert ours.problem is unnamed.problem is None


def test_a_change_without_a_time_is_broken() -> None:
    news = change("message_template_components_update", TEMPLATE)
    (item,) = read(envelope(entry(news, time=None)))
    assert item.problem == "It does not say when it happened."
