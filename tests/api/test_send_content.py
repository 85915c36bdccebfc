"""The endpoints for places, contact cards, reactions, interactive messages, and what is newer than us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from answers import data, error, pointers
from factories import API, RECIPIENT, TEXT_SEND, World, text_body
from flask_waapi import (
    Contact,
    ListMessage,
    Location,
    Name,
    Native,
    Phone,
    Reaction,
    ReplyButton,
    ReplyButtons,
    Row,
    Section,
)
from graph_world import GraphWorld, graph_world
from incoming import writes

USER_ID = "US.13491208655302741918"
WAMID = "wamid.HBgLMTIzNDU2Nzg5MBUCABIYFDNBMDIyMTFERTk4RjUzRTlBN0Q5AA=="

BUTTONS = {"type": "button", "body": "Right?", "buttons": [{"id": "yes", "title": "Yes"}]}
CARD = {"name": {"formatted_name": "Jane Doe", "first_name": "Jane"}, "phones": [{"phone": "+15550100"}]}


def path(family: str) -> str:
    return f"{API}/messages/{family}/send"


def body(**members: Any) -> dict[str, Any]:
    return {"to": RECIPIENT, **members}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphWorld]:
    with graph_world(tmp_path_factory.mktemp("content"), WAAPI_SERVICE_WINDOW="off") as world:
        yield world


SENDS: dict[str, tuple[str, dict[str, Any], str]] = {
    "location": ("location", {"latitude": 52.52, "longitude": 13.405, "name": "Berlin"}, "location"),
    "contacts": ("contacts", {"contacts": [CARD]}, "contacts"),
    "reaction": ("reaction", {"message_id": WAMID, "emoji": "👍"}, "reaction"),
    "buttons": ("interactive", BUTTONS, "interactive"),
    "raw": ("raw", {"raw": {"type": "text", "text": {"body": "Hello"}}}, "text"),
}


@pytest.mark.parametrize("case", SENDS)
def test_a_send_of_any_family_is_accepted_and_stored_under_its_type(recording: World, case: str) -> None:
    family, members, message_type = SENDS[case]

    sent = data(recording.post(path(family), body(**members)), 201)

    assert (sent["status"], sent["type"]) == ("sent", message_type)
    assert recording.message(sent["message_uuid"]).type == message_type


@pytest.mark.parametrize("case", SENDS)
def test_a_send_of_any_family_can_stand_in_a_batch(recording: World, case: str) -> None:
    family, members, _ = SENDS[case]
    named = {"type": family} if family not in {"interactive", "raw"} else {}

    answer = recording.post(f"{API}/messages/batch", {"messages": [body(**named, **members)]})

    assert [item["success"] for item in data(answer, 202)] == [True]
    recording.work()
    assert len(recording.script.sent) == 1


def test_our_form_makes_typed_contents(recording: World) -> None:
    sections = [{"rows": [{"id": "1", "title": "One", "description": "The first"}]}]
    for family, members in (
        ("interactive", BUTTONS),
        ("interactive", {"type": "list", "body": "Which?", "button": "Choose", "sections": sections}),
        ("location", {"latitude": 1, "longitude": -2.5}),
        ("reaction", {"message_id": WAMID, "emoji": ""}),
    ):
        data(recording.post(path(family), body(**members)), 201)

    assert [message.content for message in recording.script.sent] == [
        ReplyButtons("Right?", (ReplyButton("yes", "Yes"),)),
        ListMessage("Which?", "Choose", (Section((Row("1", "One", "The first"),)),)),
        Location(1, -2.5),
        Reaction(WAMID, ""),
    ]


def test_an_object_of_metas_is_handed_over_as_it_was_given(recording: World) -> None:
    text = {"body": "Hello", "member_of_tomorrow": [1, {"a": None}]}
    data(recording.post(TEXT_SEND, body(text=text, messaging_product="whatsapp")), 201)

    assert recording.script.sent[-1].content == Native("text", {"text": text})


def test_a_key_needs_the_permission_of_the_family(recording: World) -> None:
    media = recording.issue_key("media", permissions=["send_media"])
    for family in ("interactive", "location", "contacts", "reaction"):
        error(recording.post(path(family), body(), media), 403, "PERMISSION_DENIED")
    raw = {"raw": {"type": "image", "image": {"link": "https://example.com/a.png"}}}
    data(recording.post(path("raw"), body(**raw), media), 201)
    refused = recording.post(path("raw"), body(raw={"type": "text", "text": {"body": "x"}}), media)
    error(refused, 403, "PERMISSION_DENIED")


def test_the_way_out_takes_no_template_and_nothing_that_is_ours(recording: World) -> None:
    template = recording.post(path("raw"), body(raw={"type": "template", "template": {}}))
    ours = recording.post(path("raw"), body(raw={"type": "poll", "to": "+15550100", "context": {}}))

    assert pointers(template) == {"/raw/type"}
    assert pointers(ours) == {"/raw/to", "/raw/context"}


@pytest.mark.parametrize(
    "name", ["Template", "TEMPLATE", "template ", " template", "te\u0000mplate", "", "ä"]
)
def test_the_way_out_takes_no_other_spelling_of_a_type(recording: World, name: str) -> None:
    answer = recording.post_raw(
        path("raw"), json.dumps(body(raw={"type": name, "x": 1}), ensure_ascii=False).encode()
    )

    assert answer.status_code in {400, 422}
    assert recording.script.sent == []


def test_a_template_does_not_ride_along_with_another_type(recording: World) -> None:
    raw = {"type": "poll", "poll": {}, "template": {"name": "seasonal_offer", "language": {"code": "en"}}}

    assert pointers(recording.post(path("raw"), body(raw=raw))) == {"/raw/type"}


@pytest.mark.parametrize(
    ("confused", "permission"),
    [
        ({"type": "text", "template": {"name": "x", "language": {"code": "en"}}}, "send_text"),
        ({"type": "image", "interactive": {"type": "button"}}, "send_media"),
        ({"type": "button", "image": {"link": "https://example.com/a.png"}, "body": "x"}, "send_text"),
        ({"text": "x", "template_name": "order_confirmation", "language": "en"}, "send_text"),
        ({"raw": {"type": "image", "image": {"link": "https://example.com/a.png"}}}, "send_text"),
    ],
)
def test_a_message_of_a_batch_is_not_what_its_key_may_not_send(
    recording: World, confused: dict[str, Any], permission: str
) -> None:
    key = recording.issue_key("one", permissions=[permission])

    answer = recording.post(f"{API}/messages/batch", {"messages": [body(**confused)]}, key)

    assert [item["success"] for item in data(answer, 202)] == [False]
    assert recording.messages() == []


def test_a_medium_of_another_account_is_not_sent_in_an_object_of_metas(graph: GraphWorld) -> None:
    with graph.world.app.app_context():
        file = BytesIO(b"%PDF-1.7\n")
        theirs = graph.world.waapi.media.upload(file, filename="bill.pdf", account="another").media_id
    medium = {"id": theirs}
    for family, members, pointer in (
        ("media", {"type": "document", "document": medium}, "/document/id"),
        ("media", {"type": "document", "media_id": theirs}, "/media_id"),
        (
            "interactive",
            {**BUTTONS, "header": {"document": {"media_id": theirs}}},
            "/header/document/media_id",
        ),
        (
            "interactive",
            {
                "interactive": {
                    "type": "cta_url",
                    "header": {"type": "document", "document": medium},
                    "body": {"text": "x"},
                    "action": {
                        "name": "cta_url",
                        "parameters": {"display_text": "x", "url": "https://example.com/"},
                    },
                }
            },
            "/interactive/header/document/id",
        ),
        ("raw", {"raw": {"type": "document", "document": medium}}, "/raw/document/id"),
    ):
        answer = graph.send(family, members)
        assert pointers(answer) == {pointer}, answer.text


def test_a_test_key_marks_no_message_of_a_real_number_as_read(graph: GraphWorld) -> None:
    writes(graph.world, provider="main", provider_message_id=f"{WAMID}2")
    message = max(graph.world.messages(), key=lambda item: item.created_at)
    key = graph.world.issue_key("trial", mode="test", permissions=["send_text"])
    before = len(graph.double.requests)

    error(graph.world.post(f"{API}/messages/{message.id}/read", {}, key), 403, "PERMISSION_DENIED")

    assert len(graph.double.requests) == before


def test_a_type_of_tomorrow_reaches_the_provider(recording: World) -> None:
    raw = {"type": "poll", "poll": {"question": "Tea?"}, "poll_version": 2}
    sent = data(recording.post(path("raw"), body(raw=raw)), 201)

    assert sent["type"] == "poll"
    poll = recording.script.sent[-1].content
    assert poll == Native("poll", {"poll": {"question": "Tea?"}, "poll_version": 2})


def test_a_message_answers_another_by_our_id(recording: World) -> None:
    first = data(recording.post(TEXT_SEND, text_body()), 201)
    data(recording.post(TEXT_SEND, text_body(reply_to=first["message_uuid"])), 201)
    reaction = body(message_id=first["message_uuid"], emoji="👍")
    data(recording.post(path("reaction"), reaction), 201)

    assert recording.script.sent[1].options.reply_to == first["provider_message_id"]
    assert recording.script.sent[2].content == Reaction(first["provider_message_id"], "👍")


def test_a_message_answers_another_by_the_providers_id(recording: World) -> None:
    data(recording.post(TEXT_SEND, text_body(context={"message_id": WAMID})), 201)

    assert recording.script.sent[0].options.reply_to == WAMID


def test_a_message_cannot_answer_what_is_not_there(recording: World) -> None:
    unknown = "01890a5d-ac96-774b-bcce-b302099a8057"

    assert pointers(recording.post(TEXT_SEND, text_body(reply_to=unknown))) == {"/reply_to"}
    assert pointers(recording.post(path("reaction"), body(message_id=unknown, emoji="👍"))) == {"/message_id"}
    both = recording.post(TEXT_SEND, text_body(reply_to=WAMID, context={"message_id": WAMID}))
    assert pointers(both) == {"/context"}


@pytest.mark.parametrize("emoji", ["👍", "❤️", "1️⃣", "🇩🇪", "👩🏽‍🚀", "☺", ""])
def test_a_reaction_is_one_emoji_or_none(recording: World, emoji: str) -> None:
    assert recording.post(path("reaction"), body(message_id=WAMID, emoji=emoji)).status_code == 201


@pytest.mark.parametrize("emoji", ["👍👍", "ok", " ", "👍 ", "a👍", 1, None])
def test_a_reaction_is_nothing_else(recording: World, emoji: Any) -> None:
    answer = recording.post(path("reaction"), body(message_id=WAMID, emoji=emoji))

    assert pointers(answer) == {"/emoji"}


def test_a_user_id_and_a_group_can_be_written_to(graph: GraphWorld) -> None:
    for members in (
        {"to": USER_ID, "text": "Hello"},
        {"recipient": USER_ID, "text": "Hello"},
        {"to": "Y2FwaV9ncm91cDox", "recipient_type": "group", "text": "Hello"},
    ):
        data(graph.world.post(TEXT_SEND, members), 201)

    *_, first, second, third = [request.json for request in graph.double.requests if request.method == "POST"]
    assert first["recipient"] == second["recipient"] == USER_ID
    assert (third["to"], third["recipient_type"]) == ("Y2FwaV9ncm91cDox", "group")


@pytest.mark.parametrize("to", ["us.123", "US.", "US.1 2", "1234567890", "+0123456789"])
def test_what_is_neither_number_nor_user_id_is_refused(recording: World, to: str) -> None:
    answer = recording.post(TEXT_SEND, text_body(to=to))

    assert error(answer, 422, "VALIDATION_ERROR")["details"][0]["message"] == "Invalid phone number format"


def test_data_of_the_callers_own_go_behind_our_id(graph: GraphWorld) -> None:
    sent = data(graph.world.post(TEXT_SEND, text_body(biz_opaque_callback_data="cart 7")), 201)

    assert graph.double.requests[-1].json["biz_opaque_callback_data"] == f"{sent['message_uuid']} cart 7"
    longest = text_body(biz_opaque_callback_data="x" * 475)
    assert graph.world.post(TEXT_SEND, longest).status_code == 201
    longer = text_body(biz_opaque_callback_data="x" * 476)
    assert pointers(graph.world.post(TEXT_SEND, longer)) == {"/biz_opaque_callback_data"}


def test_a_received_message_is_marked_as_read(graph: GraphWorld) -> None:
    writes(graph.world, provider="main", provider_message_id=WAMID)
    message = next(item for item in graph.world.messages() if item.provider_message_id == WAMID)

    answer = graph.world.post(f"{API}/messages/{message.id}/read", {"typing": True})

    assert data(answer) == {"message_uuid": str(message.id), "read": True, "typing": True}
    sent = graph.double.requests[-1].json
    assert (sent["status"], sent["message_id"]) == ("read", WAMID)
    assert sent["typing_indicator"] == {"type": "text"}


def test_a_receipt_needs_no_body(recording: World) -> None:
    writes(recording)
    recording.script.sent.clear()

    answer = recording.post_raw(f"{API}/messages/{recording.message().id}/read", b"")

    # The recorder has no read receipts, which is said as such.
    error(answer, 422, "UNSUPPORTED_FEATURE")


def test_a_message_of_ours_is_not_marked_as_read(recording: World) -> None:
    sent = data(recording.post(TEXT_SEND, text_body()), 201)

    answer = recording.post(f"{API}/messages/{sent['message_uuid']}/read", {})

    error(answer, 409, "MESSAGE_NOT_RECEIVED")


def test_python_has_a_call_for_each_family(recording: World) -> None:
    waapi = recording.waapi
    with recording.app.app_context():
        calls = [
            waapi.send_interactive(RECIPIENT, ReplyButtons("Right?", (ReplyButton("yes", "Yes"),))),
            waapi.send_interactive(RECIPIENT, {"type": "tomorrow", "action": {"name": "x"}}),
            waapi.send_location(RECIPIENT, 52.5, 13.4, name="Berlin"),
            waapi.send_contacts(RECIPIENT, [Contact(Name("Jane Doe", "Jane"), (Phone("+15550100"),)), CARD]),
            waapi.send_reaction(RECIPIENT, WAMID, "👍"),
            waapi.send_raw(RECIPIENT, {"type": "poll", "poll": {}}),
        ]

    assert [call.status for call in calls] == ["sent"] * 6
    kinds = [message.content.message_type for message in recording.script.sent]
    assert kinds == ["interactive", "interactive", "location", "contacts", "reaction", "poll"]


WORDS: dict[str, tuple[str, dict[str, Any], str | None]] = {
    "a place": (
        "location",
        {"latitude": 1, "longitude": 2, "name": "Here", "address": "There"},
        "Here\nThere",
    ),
    "a place without a name": ("location", {"latitude": 1, "longitude": 2}, None),
    "cards": ("contacts", {"contacts": [CARD]}, "Jane Doe"),
    "a reaction": ("reaction", {"message_id": WAMID, "emoji": "👍"}, "👍"),
    "buttons": (
        "interactive",
        {**BUTTONS, "header": {"text": "Hello"}, "footer": "Bye"},
        "Hello\nRight?\nBye",
    ),
    "buttons of Meta's": (
        "interactive",
        {"interactive": {"type": "tomorrow", "body": {"text": "Right?"}, "footer": {"text": "Bye"}}},
        "Right?\nBye",
    ),
    "a text of Meta's": ("text", {"text": {"body": "Hello"}}, "Hello"),
}


@pytest.mark.parametrize("case", WORDS)
def test_what_the_recipient_reads_is_kept(recording: World, case: str) -> None:
    family, members, words = WORDS[case]

    assert data(recording.post(path(family), body(**members)), 201)["text"] == words
