"""The statuses of sent messages, as the Cloud API provider reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cloud_payloads import CUSTOMER, SECONDS, TOLD_AT, read_list, status
from cloud_world import MESSAGE_UUID
from flask_waapi import PreferenceUpdate, Refusal, StatusUpdate


def update_of(**members: Any) -> StatusUpdate:
    """What the only event of one status says."""
    (item,) = read_list("statuses", [status(**members)])
    assert item.problem is None
    (update,) = item.events
    assert isinstance(update, StatusUpdate)
    return update


@pytest.mark.parametrize(
    "word", ["sent", "delivered", "read", "played", "failed", "deleted", "warning", "teleported"]
)
def test_a_status_is_read_whatever_its_word(word: str) -> None:
    update = update_of(status=word, biz_opaque_callback_data=str(MESSAGE_UUID))
    assert (update.status, update.occurred_at) == (word, TOLD_AT)
    assert (update.provider_message_id, update.message_uuid) == ("wamid.1", MESSAGE_UUID)
    assert (update.refusal is not None) == (word == "failed")


NEW_SHAPE = {"pricing": {"billable": False, "pricing_model": "PMP", "type": "regular", "category": "utility"}}
OLD_SHAPE = {
    "conversation": {"id": "c1", "expiration_timestamp": "1772452800", "origin": {"type": "utility"}},
    "pricing": {"billable": True, "pricing_model": "CBP", "category": "utility"},
}


@pytest.mark.parametrize("shape", [NEW_SHAPE, OLD_SHAPE], ids=["without conversation", "with conversation"])
def test_what_else_a_status_tells_is_among_its_details(shape: dict[str, Any]) -> None:
    update = update_of(**shape, recipient_user_id="US.1", biz_opaque_callback_data="ours")
    assert update.details == {"recipient_id": CUSTOMER, "recipient_user_id": "US.1", **shape}


@pytest.mark.parametrize(
    ("told", "participant"),
    [
        ({}, None),
        ({"recipient_participant_id": "4915112345678"}, "+4915112345678"),
        ({"recipient_participant_user_id": "US.1"}, "US.1"),
    ],
)
def test_a_status_in_a_group_names_whom_it_concerns(told: dict[str, str], participant: str | None) -> None:
    assert update_of(recipient_type="group", **told).participant == participant


def test_a_participant_of_a_group_who_has_stopped_marketing_is_told_of() -> None:
    failed = status(status="failed", recipient_participant_id="4915112345678", errors=[{"code": 131050}])
    (item,) = read_list("statuses", [failed])
    assert item.events[1] == PreferenceUpdate("+4915112345678", False, TOLD_AT)


def test_a_failed_status_carries_the_first_error_with_its_details() -> None:
    errors = [
        {
            "code": 131026,
            "title": "Message undeliverable",
            "message": "Message undeliverable",
            "error_data": {"details": "The recipient has an old version."},
        },
        {"code": 1, "title": "Another"},
    ]
    update = update_of(status="failed", errors=errors)
    assert update.refusal == Refusal("131026", "Message undeliverable: The recipient has an old version.")
    assert update.details["errors"] == errors


@pytest.mark.parametrize("errors", [None, [], "131026", [None], [{}], [{"title": "No code"}]])
def test_a_failure_without_a_readable_error_is_still_a_failure(errors: Any) -> None:
    update = update_of(status="failed", errors=errors)
    assert update.status == "failed"
    assert update.refusal is not None


def test_a_failure_without_words_gets_those_of_the_table() -> None:
    assert update_of(status="failed", errors=[{"code": "131047"}]).refusal == Refusal(
        "131047", "More than 24 hours have passed since the recipient last wrote."
    )


def test_a_recipient_who_has_stopped_marketing_is_told_of_beside_the_failure() -> None:
    (item,) = read_list("statuses", [status(status="failed", errors=[{"code": 131050}])])
    update, preference = item.events
    assert isinstance(update, StatusUpdate)
    assert preference == PreferenceUpdate(f"+{CUSTOMER}", False, TOLD_AT)


@pytest.mark.parametrize("whom", ["recipient", "recipient_participant"])
def test_who_has_stopped_marketing_is_told_by_number_and_id(whom: str) -> None:
    told = {f"{whom}_id": CUSTOMER, f"{whom}_user_id": "US.77"}
    (item,) = read_list("statuses", [status(status="failed", errors=[{"code": 131050}]) | told])
    assert item.events[1] == PreferenceUpdate(f"+{CUSTOMER}", False, TOLD_AT, "US.77")


def test_a_recipient_without_a_number_is_named_by_their_id() -> None:
    failed = status(status="failed", errors=[{"code": 131050}], recipient_user_id="US.77")
    del failed["recipient_id"]
    (item,) = read_list("statuses", [failed])
    assert item.events[1] == PreferenceUpdate("US.77", False, TOLD_AT)


@pytest.mark.parametrize("timestamp", [str(SECONDS), SECONDS, SECONDS * 1000, f"{SECONDS}000"])
def test_a_timestamp_may_be_a_string_or_a_number_of_seconds_or_milliseconds(timestamp: Any) -> None:
    assert update_of(timestamp=timestamp).occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("data", [None, "", "order-7", 7, ["x"], str(MESSAGE_UUID) + "0"])
def test_callback_data_that_is_not_ours_names_no_message(data: Any) -> None:
    assert update_of(biz_opaque_callback_data=data).message_uuid is None


UNREADABLE_TIMES: list[Any] = [None, "", "soon", True, [], -1, 0, 1e300, "9" * 30, 10**17]


@pytest.mark.parametrize(
    "spoilt",
    [
        *({"timestamp": value} for value in UNREADABLE_TIMES),
        {"id": None},
        {"id": ""},
        {"id": ["wamid.1"]},
        {"status": None},
        {"status": {"is": "sent"}},
    ],
    ids=repr,
)
def test_a_status_without_id_word_or_time_is_broken(spoilt: dict[str, Any]) -> None:
    (item,) = read_list("statuses", [status(**spoilt)])
    assert item.problem is not None
    assert item.events == ()


def test_a_status_of_another_number_is_read_since_it_matches_nothing_of_ours() -> None:
    failed = status(status="failed", errors=[{"code": 131050}])
    (item,) = read_list("statuses", [failed], phone_number_id="999")
    assert [type(event) for event in item.events] == [StatusUpdate]


def test_data_of_the_senders_own_are_among_the_details() -> None:
    update = update_of(biz_opaque_callback_data=f"{MESSAGE_UUID} cart 7")
    assert update.message_uuid == MESSAGE_UUID
    assert update.details["biz_opaque_callback_data"] == "cart 7"
