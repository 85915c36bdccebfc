"""A good message of every type, in our form and in Meta's."""

from __future__ import annotations

from typing import Any

LINK = "https://shop.example/file"
WAMID = "wamid.HBgLMTIzNDU2Nzg5MBUCABEYEg=="
FAMILIES = {
    **dict.fromkeys(("image", "video", "audio", "document", "sticker"), "media"),
    **{family: family for family in ("text", "location", "contacts", "reaction")},
}
"""By type: the endpoint below ``messages/``; of all others it is ``interactive``."""


def medium(kind: str, **members: Any) -> dict[str, Any]:
    return {kind: {"link": LINK} | members}


def native(kind: str, action: Any, **members: Any) -> dict[str, Any]:
    """Meta's form of an interactive message."""
    return {"interactive": {"type": kind, "body": {"text": "Hello"}, "action": action} | members}


def named(name: str, **parameters: Any) -> dict[str, Any]:
    return {"name": name, "parameters": parameters}


def buttons(count: int) -> list[dict[str, str]]:
    return [{"id": f"b{number}", "title": f"Button {number}"} for number in range(count)]


def replies(count: int, kind: str = "reply") -> list[dict[str, Any]]:
    return [{"type": kind, kind: button} for button in buttons(count)]


def rows(count: int, first: int = 0) -> list[dict[str, str]]:
    return [{"id": f"r{first + number}", "title": "Row", "description": "More"} for number in range(count)]


def row_sections(*counts: int) -> list[dict[str, Any]]:
    starts = [sum(counts[:index]) for index in range(len(counts))]
    return [
        {"title": "Rows", "rows": rows(count, start)} for count, start in zip(counts, starts, strict=True)
    ]


def product_sections(*counts: int) -> list[dict[str, Any]]:
    return [{"title": "New", "product_retailer_ids": ["SKU"] * count} for count in counts]


def item_sections(*counts: int) -> list[dict[str, Any]]:
    return [{"title": "New", "product_items": [{"product_retailer_id": "SKU"}] * count} for count in counts]


def card(**members: Any) -> dict[str, Any]:
    link = {"display_text": "Open", "url": LINK}
    return {"image": {"link": LINK}, "body": "Card"} | (members or link)


def meta_card(index: int, action: Any = None) -> dict[str, Any]:
    return {
        "card_index": index,
        "type": "cta_url",
        "header": {"type": "image"} | medium("image"),
        "body": {"text": "Card"},
        "action": action or named("cta_url", display_text="Open", url=LINK),
    }


def cards(count: int) -> list[dict[str, Any]]:
    return [card() for _ in range(count)]


def meta_cards(count: int) -> list[dict[str, Any]]:
    return [meta_card(index) for index in range(count)]


PERSON = {
    "name": {"formatted_name": "Ada Doe", "first_name": "Ada"},
    "addresses": [{"city": "Berlin", "country_code": "DE"}],
    "birthday": "1990-12-31",
}
TEXT_HEADER = {"type": "text", "text": "Title"}
HEADER_IMAGE = {"type": "image", "image": {"link": LINK}}
WORDS: dict[str, Any] = {"body": "Hello", "header": {"text": "Title"}, "footer": "Soon"}
META_WORDS: dict[str, Any] = {"header": TEXT_HEADER, "footer": {"text": "Soon"}}
FLOW: dict[str, Any] = {"flow_id": "1", "flow_cta": "Begin"}
CALL = {"display_text": "Call us", "ttl_minutes": 60}

BODIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": ({"text": "Hello"}, {"text": {"body": "Hello"}}),
    **{
        kind: ({"type": kind, "link": LINK, "caption": "Look"}, medium(kind, caption="Look"))
        for kind in ("image", "video", "document")
    },
    "audio": ({"type": "audio", "link": LINK}, medium("audio")),
    "sticker": ({"type": "sticker", "link": LINK}, medium("sticker")),
    "location": (
        {"latitude": 52.5, "longitude": 13.4},
        {"location": {"latitude": 52.5, "longitude": 13.4}},
    ),
    "contacts": ({"contacts": [PERSON]}, {"type": "contacts", "contacts": [PERSON]}),
    "reaction": (
        {"message_id": WAMID, "emoji": "\N{THUMBS UP SIGN}"},
        {"reaction": {"message_id": WAMID, "emoji": "\N{THUMBS UP SIGN}"}},
    ),
    "button": ({"buttons": buttons(2), **WORDS}, native("button", {"buttons": replies(2)}, **META_WORDS)),
    "list": (
        {"button": "Choose", "sections": row_sections(1, 1), **WORDS},
        native("list", {"button": "Choose", "sections": row_sections(1, 1)}, **META_WORDS),
    ),
    "cta_url": (
        {"display_text": "Open", "url": LINK, **WORDS},
        native("cta_url", named("cta_url", display_text="Open", url=LINK), **META_WORDS),
    ),
    "location_request_message": (
        {"body": "Hello"},
        native("location_request_message", {"name": "send_location"}),
    ),
    "request_contact_info": (
        {"body": "Hello"},
        native("request_contact_info", {"name": "request_contact_info"}),
    ),
    "call_permission_request": (
        {"body": "Hello"},
        native("call_permission_request", {"name": "call_permission_request"}),
    ),
    "voice_call": (CALL | WORDS, native("voice_call", named("voice_call", **CALL), **META_WORDS)),
    "flow": (
        FLOW | WORDS,
        native("flow", named("flow", flow_message_version="3", **FLOW), **META_WORDS),
    ),
    "address_message": (
        {"country": "IN", "values": {"city": "Pune"}, **WORDS},
        native(
            "address_message",
            named("address_message", country="IN", values={"city": "Pune"}),
            **META_WORDS,
        ),
    ),
    "product": (
        {"catalog_id": "1", "product_retailer_id": "SKU", "body": "Hello", "footer": "Soon"},
        native("product", {"catalog_id": "1", "product_retailer_id": "SKU"}, footer={"text": "Soon"}),
    ),
    "product_list": (
        {"catalog_id": "1", "sections": product_sections(1, 1), **WORDS, "header": "Title"},
        native("product_list", {"catalog_id": "1", "sections": item_sections(1, 1)}, **META_WORDS),
    ),
    "catalog_message": (
        {"body": "Hello", "footer": "Soon"},
        native("catalog_message", {"name": "catalog_message"}, footer={"text": "Soon"}),
    ),
    "carousel": ({"body": "Hello", "cards": cards(2)}, native("carousel", {"cards": meta_cards(2)})),
    "order_details": (
        {"parameters": {"reference_id": "1"}, **WORDS},
        native("order_details", named("review_and_pay", reference_id="1"), **META_WORDS),
    ),
    "order_status": (
        {"parameters": {"reference_id": "1"}, "body": "Hello", "footer": "Soon"},
        native("order_status", named("review_order", reference_id="1"), footer={"text": "Soon"}),
    ),
}
"""By type: a message in our form, and the same in Meta's."""
