"""Messages that people write, as the Cloud API provider reads them."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_payloads import (
    CUSTOMER,
    OUR_NUMBER,
    TOLD_AT,
    change,
    entry,
    envelope,
    number_value,
    read,
    read_list,
    written,
)
from flask_waapi import CallbackItem, InboundMessage, PreferenceUpdate
from flask_waapi.messaging.recipients import is_user_id

SENDER = f"+{CUSTOMER}"


def message_in(item: CallbackItem) -> InboundMessage:
    assert item.problem is None
    (message,) = item.events
    assert isinstance(message, InboundMessage)
    return message


def message_of(
    kind: str, payload: Any = None, contacts: list[Any] | None = None, **members: Any
) -> InboundMessage:
    """What the only event of one message says."""
    (item,) = read_list("messages", [written(kind, payload, **members)], contacts=contacts or [])
    return message_in(item)


def test_a_text_is_read_whole() -> None:
    contact = {"profile": {"name": "Kim"}, "wa_id": CUSTOMER}
    assert message_of("text", {"body": "Where is my order?"}, [contact]) == InboundMessage(
        provider_message_id="wamid.in",
        sender=SENDER,
        recipient=OUR_NUMBER,
        type="text",
        occurred_at=TOLD_AT,
        content={"text": {"body": "Where is my order?"}},
        text="Where is my order?",
        sender_name="Kim",
    )


MEDIUM = {"id": "1", "mime_type": "x/y", "sha256": "z"}
READABLE: list[tuple[str, Any, str | None]] = [
    ("image", MEDIUM | {"caption": "My receipt"}, "My receipt"),
    ("image", MEDIUM | {"url": "https://cdn.example/1"}, None),
    ("video", MEDIUM | {"caption": "Look"}, "Look"),
    ("document", MEDIUM | {"filename": "a.pdf", "caption": "The contract"}, "The contract"),
    ("document", MEDIUM | {"filename": "a.pdf"}, "a.pdf"),
    ("audio", MEDIUM | {"voice": True}, None),
    ("sticker", MEDIUM | {"animated": False}, None),
    ("location", {"latitude": 1.5, "longitude": 2, "name": "Shop", "address": "Main 1"}, "Shop, Main 1"),
    ("location", {"latitude": 1.5, "longitude": 2}, None),
    ("contacts", [{"name": {"formatted_name": "Ann"}}, {"name": {"formatted_name": "Bob"}}], "Ann, Bob"),
    ("contacts", [{"vcard": "BEGIN:VCARD"}], None),
    ("reaction", {"message_id": "wamid.9", "emoji": "👍"}, "👍"),
    ("reaction", {"message_id": "wamid.9"}, None),
    ("reaction", {"message_id": "wamid.9", "emoji": ""}, None),
    ("button", {"payload": "YES", "text": "Yes, please"}, "Yes, please"),
    ("interactive", {"type": "button_reply", "button_reply": {"id": "1", "title": "Blue"}}, "Blue"),
    ("interactive", {"type": "list_reply", "list_reply": {"id": "1", "title": "Row"}}, "Row"),
    (
        "interactive",
        {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": "{}"}},
        "Sent",
    ),
    (
        "interactive",
        {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}},
        "accept",
    ),
    ("interactive", {"type": "of_tomorrow", "of_tomorrow": 7}, None),
    ("interactive", None, None),
    ("order", {"catalog_id": "1", "text": "Two of these", "product_items": []}, "Two of these"),
    ("edit", {"original_message_id": "wamid.9", "message": written("text", {"body": "Better"})}, "Better"),
    ("edit", {"original_message_id": "wamid.9", "message": {"type": "edit", "edit": {}}}, None),
    ("revoke", {"original_message_id": "wamid.9"}, None),
    ("unsupported", {"type": "poll"}, None),
    ("unknown", None, None),
    ("request_welcome", None, None),
    ("hologram", {"depth": 3}, None),
]


@pytest.mark.parametrize(("kind", "payload", "text"), READABLE)
def test_a_message_of_any_type_is_handed_on_whole(kind: str, payload: Any, text: str | None) -> None:
    message = message_of(kind, payload, errors=[{"code": 131051}])
    expected: dict[str, Any] = {"errors": [{"code": 131051}]}
    assert message.content == expected | ({} if payload is None else {kind: payload})
    assert (message.type, message.text, message.sender) == (kind, text, SENDER)
    assert message.opens_window
    assert not message.is_echo


@pytest.mark.parametrize(
    ("kind", "members", "reply_to"),
    [
        ("text", {"context": {"from": "15555550100", "id": "wamid.9"}}, "wamid.9"),
        ("text", {"context": {"forwarded": True}}, None),
        ("text", {"context": None}, None),
        ("button", {}, None),
        ("reaction", {"reaction": {"message_id": "wamid.9"}}, "wamid.9"),
        ("edit", {"edit": {"original_message_id": "wamid.9"}}, "wamid.9"),
        ("revoke", {"revoke": {"original_message_id": "wamid.9"}}, "wamid.9"),
    ],
)
def test_a_message_names_the_one_that_it_answers_or_changes(
    kind: str, members: dict[str, Any], reply_to: str | None
) -> None:
    assert message_of(kind, **members).reply_to == reply_to


def system(**members: Any) -> InboundMessage:
    return message_of("system", {"body": "Kim has a new number", **members})


@pytest.mark.parametrize(
    "members",
    [
        {"type": "user_changed_number", "wa_id": "4915559999999"},
        {"type": "customer_changed_number", "new_wa_id": "4915559999999", "customer": CUSTOMER},
    ],
    ids=["new shape", "old shape"],
)
def test_a_new_number_is_told_with_the_former_one(members: dict[str, Any]) -> None:
    message = system(**members)
    assert (message.sender, message.former_sender) == ("+4915559999999", SENDER)
    assert message.text == "Kim has a new number"
    assert not message.opens_window


@pytest.mark.parametrize(
    "members",
    [
        {"type": "user_changed_number"},
        {"type": "user_changed_number", "wa_id": CUSTOMER},
        {"type": "customer_identity_changed", "customer": CUSTOMER},
        {"type": "user_changed_user_id", "user_id": "US.2"},
        {},
    ],
)
def test_other_system_messages_tell_of_no_former_number(members: dict[str, Any]) -> None:
    message = system(**members)
    assert (message.sender, message.former_sender) == (SENDER, None)
    assert not message.opens_window


def test_a_system_message_without_a_payload_is_read() -> None:
    assert message_of("system").sender == SENDER


def test_a_message_in_a_group_opens_no_window_to_its_writer() -> None:
    assert not message_of("text", {"body": "Hi all"}, group_id="group-1").opens_window


def test_somebody_without_a_number_is_known_by_their_id() -> None:
    item = written("text", {"body": "Hi"}, from_user_id="US.77")
    del item["from"]
    contacts = [{"profile": {"username": "kim77"}, "user_id": "US.77"}]
    (read_item,) = read_list("messages", [item], contacts=contacts)
    message = message_in(read_item)
    assert (message.sender, message.sender_name) == ("US.77", "kim77")


def test_somebody_told_by_number_and_id_is_known_by_both() -> None:
    message = message_of("text", {"body": "Hi"}, from_user_id="US.77")
    assert (message.sender, message.user_id) == (SENDER, "US.77")


def test_who_tells_of_a_new_number_has_the_id_of_the_old_one_no_more() -> None:
    payload = {"type": "user_changed_number", "wa_id": "15550001111"}
    message = message_of("system", payload, from_user_id="US.77")
    assert (message.sender, message.former_sender, message.user_id) == ("+15550001111", SENDER, None)


def test_the_longest_id_that_can_be_written_to_can_be_read() -> None:
    longest = "US.ENT." + "x" * 128
    item = written("text", {"body": "Hi"}, from_user_id=longest)
    del item["from"]
    (read_item,) = read_list("messages", [item])
    assert message_in(read_item).sender == longest
    assert is_user_id(longest)
    assert not is_user_id(longest + "x")


def test_a_sender_is_matched_to_the_contact_with_their_id_not_to_the_one_in_their_place() -> None:
    contacts = [
        None,
        {},
        {"wa_id": "2"},
        {"profile": None, "wa_id": "3"},
        *(
            {"profile": {"name": name}, "wa_id": number}
            for name, number in (("Bo", "49222222"), ("Al", "49111111"))
        ),
    ]
    messages = [
        written("text", {"body": "x"}, id=f"wamid.{number}") | {"from": number}
        for number in ("49111111", "49222222", "49333333")
    ]
    items = read_list("messages", messages, contacts=contacts)
    assert [message_in(item).sender_name for item in items] == ["Al", "Bo", None]


@pytest.mark.parametrize("contacts", [None, "x", [None], [{}], [{"wa_id": CUSTOMER}], [{"profile": 7}]])
def test_a_message_needs_no_contact(contacts: Any) -> None:
    (item,) = read_list("messages", [written("text", {"body": "x"})], contacts=contacts)
    assert message_in(item).sender_name is None


def test_where_our_number_is_not_told_its_id_stands_for_it() -> None:
    value = {"messages": [written("text", {"body": "x"})]}
    (item,) = read(envelope(entry(change("messages", value))))
    assert message_in(item).recipient == "106540352242922"


@pytest.mark.parametrize(
    "spoilt",
    [
        {"id": None},
        {"from": None},
        {"from": ""},
        {"from": {}},
        {"from": "x" * 136},
        {"type": None},
        {"type": []},
        {"timestamp": "soon"},
        {"timestamp": None},
    ],
    ids=repr,
)
def test_a_message_without_id_sender_type_or_time_is_broken(spoilt: dict[str, Any]) -> None:
    (item,) = read_list("messages", [written("text", {"body": "x"}) | spoilt])
    assert item.problem is not None
    assert item.raw == written("text", {"body": "x"}) | spoilt


@pytest.mark.parametrize("name", ["messages", "message_echoes", "user_preferences", "errors"])
def test_what_another_number_received_is_not_ours(name: str) -> None:
    (item,) = read_list(name, [written("text", {"body": "x"}, code=1)], phone_number_id="999")
    assert item.problem == "It is for the number 999, which is not this instance's."


@pytest.mark.parametrize("field", ["smb_message_echoes", "message_echoes"])
def test_an_echo_is_ours(field: str) -> None:
    echo = written("text", {"body": "From my phone"}, to=CUSTOMER) | {"from": "15555550100"}
    (item,) = read(envelope(entry(change(field, number_value(message_echoes=[echo])))))
    message = message_in(item)
    assert item.position == "entry[0].changes[0].value.message_echoes[0]"
    assert (message.sender, message.recipient) == (OUR_NUMBER, SENDER)
    assert message.is_echo
    assert not message.opens_window
    assert message.text == "From my phone"


def test_an_echo_to_nobody_is_broken() -> None:
    (item,) = read_list("message_echoes", [written("text", {"body": "x"})])
    assert item.problem is not None


# Preferences


def preference(**members: Any) -> dict[str, Any]:
    wish = {"wa_id": CUSTOMER, "category": "marketing_messages", "value": "stop", "timestamp": 1772366400}
    return wish | members


def test_a_preference_told_by_number_and_id_is_of_both() -> None:
    (item,) = read_list("user_preferences", [preference(user_id="US.77")])
    assert item.events == (PreferenceUpdate(SENDER, False, TOLD_AT, "US.77"),)


@pytest.mark.parametrize(("value", "wants"), [("stop", False), ("resume", True), ("signup", True)])
def test_a_preference_says_whether_marketing_is_wanted(value: str, wants: bool) -> None:
    (item,) = read_list("user_preferences", [preference(value=value)])
    assert item.events == (PreferenceUpdate(SENDER, wants, TOLD_AT),)


@pytest.mark.parametrize("members", [{"value": "perhaps"}, {"value": None}, {"category": "news"}])
def test_a_preference_of_a_new_kind_means_nothing_yet(members: dict[str, Any]) -> None:
    (item,) = read_list("user_preferences", [preference(**members)])
    assert (item.events, item.problem) == ((), None)


def test_a_preference_without_a_time_has_that_of_its_entry() -> None:
    (item,) = read_list("user_preferences", [preference(timestamp=None, wa_id=None, user_id="US.1")])
    assert item.events == (PreferenceUpdate("US.1", False, TOLD_AT),)


def test_a_preference_of_nobody_is_broken() -> None:
    (item,) = read_list("user_preferences", [preference(wa_id=None)])
    assert item.problem is not None
