"""Every content becomes a body that Meta takes, and survives the database: properties and shapes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_world import message, unhurried
from contents import CONTENTS, MEDIA_ID, json_values, options, tokens
from flask_waapi import (
    Audio,
    CallPermissionRequest,
    CallToAction,
    Carousel,
    CarouselCard,
    Catalog,
    Contact,
    ContactInfoRequest,
    Contacts,
    Content,
    Document,
    Flow,
    Image,
    Interactive,
    InteractiveHeader,
    ListMessage,
    Location,
    LocationRequest,
    Marketing,
    MessageOptions,
    Name,
    Native,
    Phone,
    Product,
    ProductList,
    ProductSection,
    Reaction,
    ReplyButton,
    ReplyButtons,
    Row,
    Section,
    Template,
    Text,
    UnsupportedFeature,
    Video,
    VoiceCall,
)
from flask_waapi.content import (
    CONTENT_TYPES,
    from_json,
    options_from_json,
    options_to_json,
    to_json,
)
from flask_waapi.testing.graph_double.media import MediaShelf
from flask_waapi.testing.graph_double.messages import MessageRules
from flask_waapi.testing.graph_double.templates import TemplateShelf
from waapi_cloud.wire import message_body

LINK = "https://shop.example/file"
USER = "US.13491208655302741918"
GROUP = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"

every_type = pytest.mark.parametrize("content_type", CONTENTS, ids=lambda found: found.__name__)


def documented_rules() -> MessageRules:
    """The double's rules, with its templates and the one medium of our contents."""
    shelf = MediaShelf()
    form = (
        b'--x\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\npixels\r\n--x--\r\n"
    )
    assert shelf.upload("multipart/form-data; boundary=x", form) == {"id": MEDIA_ID}
    return MessageRules("15555550100", TemplateShelf("APPROVED"), shelf)


RULES = documented_rules()


def body_of(content: Content, to: str = "+1234567890", **members: Any) -> dict[str, Any]:
    """The body of a send, as it is after its way through JSON."""
    given = replace(message(content, to), options=MessageOptions(**members))
    body: dict[str, Any] = json.loads(json.dumps(message_body(given), allow_nan=False))
    return body


def test_every_content_has_a_strategy() -> None:
    assert set(CONTENTS) == set(CONTENT_TYPES)


@every_type
@given(data=st.data())
@unhurried
def test_any_valid_content_becomes_a_body_that_meta_takes(
    content_type: type[Content], data: st.DataObject
) -> None:
    content = data.draw(CONTENTS[content_type])
    assert RULES.recipient(body_of(content)).id == "1234567890"


@every_type
@given(data=st.data())
@unhurried
def test_any_valid_content_comes_back_from_the_database_as_it_was(
    content_type: type[Content], data: st.DataObject
) -> None:
    content = data.draw(CONTENTS[content_type])
    stored = json.loads(json.dumps(to_json(content), allow_nan=False))
    assert from_json(content.message_type, stored) == content


@given(options())
@unhurried
def test_any_options_go_with_a_send(given_options: MessageOptions) -> None:
    body = message_body(replace(message(), options=given_options))
    assert RULES.recipient(json.loads(json.dumps(body))).id == "1234567890"


@given(options())
@unhurried
def test_any_options_come_back_from_the_database_as_they_were(given_options: MessageOptions) -> None:
    stored = json.loads(json.dumps(options_to_json(given_options)))
    assert options_from_json(stored) == given_options


@given(tokens(), st.dictionaries(tokens(), json_values(), max_size=4))
@unhurried
def test_a_native_message_reaches_meta_unchanged(kind: str, members: dict[str, Any]) -> None:
    body = body_of(Native(kind, members))
    ours = {"messaging_product", "recipient_type", "to", "type", "biz_opaque_callback_data"}
    assert {name: value for name, value in body.items() if name not in ours} == {
        name: value for name, value in members.items() if name not in ours
    }


def test_options_that_say_nothing_are_not_stored() -> None:
    assert options_to_json(MessageOptions()) is None
    assert options_from_json(None) == MessageOptions()


def test_a_user_id_is_a_recipient() -> None:
    body = body_of(Text("Hello"), USER)
    assert body["recipient"] == USER
    assert "to" not in body
    assert RULES.recipient(body).is_user_id


def test_a_group_is_a_recipient() -> None:
    body = body_of(Text("Hello"), GROUP, recipient_type="group")
    assert (body["to"], body["recipient_type"]) == (GROUP, "group")
    assert RULES.recipient(body).is_group


def test_marketing_options_stand_beside_the_template() -> None:
    template = Template("hello_world", "en_US")
    body = body_of(template, marketing=Marketing("STRICT", message_activity_sharing=False))
    assert (body["product_policy"], body["message_activity_sharing"]) == ("STRICT", False)
    assert {"product_policy", "message_activity_sharing"}.isdisjoint(body_of(template, marketing=Marketing()))


PERSON = Contact(Name("Ada Doe", "Ada"), phones=(Phone("+49 555 0100", "WORK", "495550100"),))

SHAPES: dict[str, tuple[Content, str, Any]] = {
    "voice note": (Audio(link=LINK, voice=True), "audio", {"link": LINK, "voice": True}),
    "location": (
        Location(52.52, 13.405, "Depot", "Some street 1"),
        "location",
        {"latitude": 52.52, "longitude": 13.405, "name": "Depot", "address": "Some street 1"},
    ),
    "contacts": (
        Contacts((PERSON,)),
        "contacts",
        [
            {
                "name": {"formatted_name": "Ada Doe", "first_name": "Ada"},
                "phones": [{"phone": "+49 555 0100", "type": "WORK", "wa_id": "495550100"}],
            }
        ],
    ),
    "reaction": (
        Reaction("wamid.x", "\N{THUMBS UP SIGN}"),
        "reaction",
        {"message_id": "wamid.x", "emoji": "\N{THUMBS UP SIGN}"},
    ),
    "no reaction any more": (Reaction("wamid.x", ""), "reaction", {"message_id": "wamid.x", "emoji": ""}),
}


@pytest.mark.parametrize(("content", "name", "expected"), SHAPES.values(), ids=list(SHAPES))
def test_a_content_has_the_documented_shape(content: Content, name: str, expected: Any) -> None:
    body = body_of(content)
    assert (body["type"], body[name]) == (name, expected)


HEADERS: dict[str, tuple[InteractiveHeader, dict[str, Any]]] = {
    "text": (InteractiveHeader(text="Hi"), {"type": "text", "text": "Hi"}),
    "image": (InteractiveHeader(image=Image(link=LINK)), {"type": "image", "image": {"link": LINK}}),
    "video": (InteractiveHeader(video=Video(media_id="7")), {"type": "video", "video": {"id": "7"}}),
    "document": (
        InteractiveHeader(document=Document(link=LINK, filename="a.pdf")),
        {"type": "document", "document": {"link": LINK, "filename": "a.pdf"}},
    ),
}


@pytest.mark.parametrize(("header", "expected"), HEADERS.values(), ids=list(HEADERS))
def test_a_header_has_one_text_or_medium(header: InteractiveHeader, expected: dict[str, Any]) -> None:
    content = ReplyButtons("Which?", (ReplyButton("1", "This"),), header, "Soon")
    interactive = body_of(content)["interactive"]
    assert (interactive["header"], interactive["footer"]) == (expected, {"text": "Soon"})


def named(action: str, **parameters: Any) -> dict[str, Any]:
    return {"name": action, "parameters": parameters}


def card(index: int, action: dict[str, Any], **members: Any) -> dict[str, Any]:
    header = {"type": "image", "image": {"link": LINK}}
    return {"card_index": index, "type": "cta_url", "header": header, "action": action} | members


ACTIONS: dict[str, tuple[Interactive, dict[str, Any]]] = {
    "button": (
        ReplyButtons("Which?", (ReplyButton("1", "This"), ReplyButton("2", "That"))),
        {
            "buttons": [
                {"type": "reply", "reply": {"id": "1", "title": "This"}},
                {"type": "reply", "reply": {"id": "2", "title": "That"}},
            ]
        },
    ),
    "list": (
        ListMessage("Which?", "Choose", (Section((Row("1", "This", "The best"), Row("2", "That")), "All"),)),
        {
            "button": "Choose",
            "sections": [
                {
                    "title": "All",
                    "rows": [
                        {"id": "1", "title": "This", "description": "The best"},
                        {"id": "2", "title": "That"},
                    ],
                }
            ],
        },
    ),
    "cta_url": (CallToAction("Look", "Open", LINK), named("cta_url", display_text="Open", url=LINK)),
    "location_request_message": (LocationRequest("Where?"), {"name": "send_location"}),
    "request_contact_info": (ContactInfoRequest("Who?"), {"name": "request_contact_info"}),
    "call_permission_request": (CallPermissionRequest(), {"name": "call_permission_request"}),
    "voice_call": (
        VoiceCall("Talk", "Call us", 60),
        named("voice_call", display_text="Call us", ttl_minutes=60),
    ),
    "flow": (
        Flow("Sign up", "Begin", flow_name="signup", flow_action="navigate", screen="A", data={"a": 1}),
        named(
            "flow",
            flow_message_version="3",
            flow_name="signup",
            flow_cta="Begin",
            mode="published",
            flow_token="unused",
            flow_action="navigate",
            flow_action_payload={"screen": "A", "data": {"a": 1}},
        ),
    ),
    "product": (Product("7", "SKU-1"), {"catalog_id": "7", "product_retailer_id": "SKU-1"}),
    "product_list": (
        ProductList("Ours", "Look", "7", (ProductSection(("SKU-1", "SKU-2"), "New"),)),
        {
            "catalog_id": "7",
            "sections": [
                {
                    "title": "New",
                    "product_items": [{"product_retailer_id": "SKU-1"}, {"product_retailer_id": "SKU-2"}],
                }
            ],
        },
    ),
    "catalog_message": (
        Catalog("Look", "SKU-1"),
        named("catalog_message", thumbnail_product_retailer_id="SKU-1"),
    ),
    "carousel": (
        Carousel(
            "Look",
            (
                CarouselCard(image=Image(link=LINK), body="One", display_text="Open", url=LINK),
                CarouselCard(image=Image(link=LINK), display_text="Open", url=LINK),
            ),
        ),
        {
            "cards": [
                card(0, named("cta_url", display_text="Open", url=LINK), body={"text": "One"}),
                card(1, named("cta_url", display_text="Open", url=LINK)),
            ]
        },
    ),
}


@pytest.mark.parametrize(("content", "expected"), ACTIONS.values(), ids=list(ACTIONS))
def test_an_interactive_message_has_the_documented_action(
    content: Interactive, expected: dict[str, Any]
) -> None:
    interactive = body_of(content)["interactive"]
    assert (interactive["type"], interactive["action"]) == (content.kind, expected)


def test_a_card_with_replies_has_quick_replies() -> None:
    buttons = (ReplyButton("1", "This"), ReplyButton("2", "That"))
    cards = (CarouselCard(video=Video(link=LINK), buttons=buttons),) * 2
    first = body_of(Carousel("Look", cards))["interactive"]["action"]["cards"][0]
    assert first["header"] == {"type": "video", "video": {"link": LINK}}
    assert first["action"] == {
        "buttons": [
            {"type": "quick_reply", "quick_reply": {"id": "1", "title": "This"}},
            {"type": "quick_reply", "quick_reply": {"id": "2", "title": "That"}},
        ]
    }


def test_an_unknown_kind_is_refused_not_dropped() -> None:
    class Survey(Interactive):
        kind = "survey"

    with pytest.raises(UnsupportedFeature):
        message_body(message(Survey()))
