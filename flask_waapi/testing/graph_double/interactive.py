"""What interactive messages must look like, by kind: the limits of the ``interactive`` object.

Carousels and what sells something have files of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .addresses import check_address_form
from .carousels import check_carousel
from .media import MediaShelf
from .parts import Part, check_unique
from .products import check_catalog, check_order, check_order_status, check_product, check_product_list

LONGEST_BODY = 1024
LONGEST_HEADER = LONGEST_FOOTER = 60
LONGEST_BUTTON = 20
LONGEST_BUTTON_ID = 256
MOST_BUTTONS = 3
MOST_ROWS = MOST_SECTIONS = 10
LONGEST_SECTION_TITLE = LONGEST_ROW_TITLE = 24
LONGEST_ROW_ID = 200
LONGEST_ROW_DESCRIPTION = 72
LONGEST_FLOW_BUTTON = 30
LONGEST_CALL_PAYLOAD = 512
MOST_CALL_MINUTES = 43_200

ANY_HEADER = ("text", "image", "video", "document")


@dataclass(frozen=True)
class Kind:
    """What may stand in an interactive message of a kind.

    :param headers: the types its header may have; none means that it has no header.
    """

    check_action: Callable[[Part], None]
    headers: tuple[str, ...] = ()
    needs_header: bool = False
    needs_body: bool = True
    has_footer: bool = True


def check_interactive(interactive: Part, shelf: MediaShelf) -> None:
    """Check the ``interactive`` object of a send.

    :raises GraphError: Meta would refuse it.
    """
    kinds = _kinds(shelf)
    kind = kinds[interactive.choice("type", *kinds)]
    members = ["type", "body", "action"]
    if kind.headers:
        members.append("header")
    if kind.has_footer:
        members.append("footer")
    interactive.only(*members)
    if kind.needs_header or "header" in interactive:
        _check_header(interactive.part("header"), kind.headers, shelf)
    if kind.needs_body or "body" in interactive:
        _check_words(interactive.part("body"), LONGEST_BODY)
    if "footer" in interactive:
        _check_words(interactive.part("footer"), LONGEST_FOOTER)
    kind.check_action(interactive.part("action"))


def _kinds(shelf: MediaShelf) -> Mapping[str, Kind]:
    return {
        "button": Kind(_check_reply_buttons, ANY_HEADER),
        "list": Kind(_check_list, ("text",)),
        "cta_url": Kind(_check_call_to_action, ANY_HEADER),
        "location_request_message": _request("send_location"),
        "request_contact_info": _request("request_contact_info"),
        "call_permission_request": Kind(_name_only("call_permission_request"), needs_body=False),
        "voice_call": Kind(_check_voice_call, ANY_HEADER),
        "flow": Kind(_check_flow, ANY_HEADER),
        "address_message": Kind(check_address_form, ANY_HEADER),
        "product": Kind(check_product, needs_body=False),
        "product_list": Kind(check_product_list, ("text",), needs_header=True),
        "catalog_message": Kind(check_catalog),
        "carousel": Kind(lambda action: check_carousel(action, shelf), has_footer=False),
        "order_details": Kind(check_order, ANY_HEADER),
        "order_status": Kind(check_order_status, ANY_HEADER),
    }


def _request(action: str) -> Kind:
    return Kind(_name_only(action), has_footer=False)


def _check_header(header: Part, types: tuple[str, ...], shelf: MediaShelf) -> None:
    kind = header.choice("type", *types)
    header.only("type", kind, "sub_text")
    header.optional_text("sub_text", LONGEST_HEADER)
    if kind == "text":
        header.text("text", LONGEST_HEADER)
    else:
        header.part(kind).medium(shelf, *(["filename"] if kind == "document" else []))


def _check_words(words: Part, longest: int) -> None:
    words.only("text")
    words.text("text", longest)


def _name_only(name: str) -> Callable[[Part], None]:
    def check(action: Part) -> None:
        action.only("name")
        action.choice("name", name)

    return check


def _check_reply_buttons(action: Part) -> None:
    action.only("buttons")
    replies = []
    for button in action.parts("buttons", 1, MOST_BUTTONS):
        button.only("type", "reply")
        button.choice("type", "reply")
        replies.append(button.part("reply"))
    for reply in replies:
        reply.only("id", "title")
        for name, longest in (("id", LONGEST_BUTTON_ID), ("title", LONGEST_BUTTON)):
            if reply.text(name, longest).strip() != reply.value[name]:
                raise reply.wrong(name, "neither begins nor ends with a space")
    check_unique("button id", [reply.value["id"] for reply in replies])
    check_unique("button title", [reply.value["title"] for reply in replies])


def _check_list(action: Part) -> None:
    action.only("button", "sections")
    action.text("button", LONGEST_BUTTON)
    sections = action.parts("sections", 1, MOST_SECTIONS)
    rows = []
    for section in sections:
        section.only("title", "rows")
        if len(sections) > 1 or "title" in section:
            section.text("title", LONGEST_SECTION_TITLE)
        rows += section.parts("rows", 1, MOST_ROWS)
    for row in rows:
        row.only("id", "title", "description")
        row.text("id", LONGEST_ROW_ID)
        row.text("title", LONGEST_ROW_TITLE)
        row.optional_text("description", LONGEST_ROW_DESCRIPTION)
    if len(rows) > MOST_ROWS:
        raise action.wrong("sections", f"has at most {MOST_ROWS} rows in all, not {len(rows)}")
    check_unique("row id", [row.value["id"] for row in rows])


def _check_call_to_action(action: Part) -> None:
    action.only("name", "parameters")
    action.choice("name", "cta_url")
    parameters = action.part("parameters")
    parameters.only("display_text", "url")
    parameters.text("display_text", LONGEST_BUTTON)
    parameters.web_address("url")


def _check_voice_call(action: Part) -> None:
    action.only("name", "parameters")
    action.choice("name", "voice_call")
    if "parameters" not in action:
        return
    parameters = action.part("parameters")
    parameters.only("display_text", "ttl_minutes", "payload")
    parameters.optional_text("display_text", LONGEST_BUTTON)
    parameters.optional_text("payload", LONGEST_CALL_PAYLOAD)
    if "ttl_minutes" in parameters:
        parameters.whole_number("ttl_minutes", 1, MOST_CALL_MINUTES)


def _check_flow(action: Part) -> None:
    action.only("name", "parameters")
    action.choice("name", "flow")
    flow = action.part("parameters")
    flow.only(
        "flow_message_version",
        "flow_id",
        "flow_name",
        "flow_cta",
        "mode",
        "flow_token",
        "flow_action",
        "flow_action_payload",
    )
    flow.choice("flow_message_version", "3")
    flow.text(flow.one_of("flow_id", "flow_name"))
    flow.text("flow_cta", LONGEST_FLOW_BUTTON)
    flow.optional_text("flow_token")
    if "mode" in flow:
        flow.choice("mode", "draft", "published")
    if "flow_action" in flow:
        flow.choice("flow_action", "navigate", "data_exchange")
    if "flow_action_payload" in flow:
        _check_first_screen(flow)


def _check_first_screen(flow: Part) -> None:
    if flow.value.get("flow_action", "navigate") != "navigate":
        raise flow.wrong("flow_action_payload", "stands beside the flow_action navigate only")
    payload = flow.part("flow_action_payload")
    payload.only("screen", "data")
    payload.text("screen")
    if "data" in payload and not payload.part("data").value:
        raise payload.wrong("data", "is an object with at least one member")
