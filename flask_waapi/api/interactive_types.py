"""A body of each kind of interactive message, in our form and in Meta's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PICTURE = "https://example.com/picture.jpg"
_MENU = "https://example.com/menu"
_CATALOG = "367025965434465"
_ORDER = {
    "reference_id": "ORD-12345",
    "type": "digital-goods",
    "currency": "INR",
    "total_amount": {"value": 21000, "offset": 100},
    "order": {
        "status": "pending",
        "items": [{"name": "Tea", "amount": {"value": 21000, "offset": 100}, "quantity": 1}],
        "subtotal": {"value": 21000, "offset": 100},
    },
}
_SHIPPED = {"reference_id": "ORD-12345", "order": {"status": "shipped", "description": "On its way."}}


def _native(kind: str, body: str | None, action: Mapping[str, Any], **around: Any) -> dict[str, Any]:
    words = {} if body is None else {"body": {"text": body}}
    return {"type": kind, **around, **words, "action": dict(action)}


def _named(name: str, **parameters: Any) -> dict[str, Any]:
    return {"name": name, "parameters": parameters} if parameters else {"name": name}


INTERACTIVE_BODIES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "button": (
        {
            "header": {"image": {"link": _PICTURE}},
            "body": "A table for two at eight?",
            "footer": "Answer until six",
            "buttons": [{"id": "yes", "title": "Yes, please"}, {"id": "no", "title": "No"}],
        },
        _native(
            "button",
            "A table for two at eight?",
            {
                "buttons": [
                    {"type": "reply", "reply": {"id": "yes", "title": "Yes, please"}},
                    {"type": "reply", "reply": {"id": "no", "title": "No"}},
                ]
            },
            header={"type": "image", "image": {"link": _PICTURE}},
            footer={"text": "Answer until six"},
        ),
    ),
    "list": (
        {
            "body": "When?",
            "button": "Choose a time",
            "sections": [
                {"title": "Noon", "rows": [{"id": "12", "title": "12:00"}]},
                {"title": "Evening", "rows": [{"id": "18", "title": "18:00", "description": "Live music"}]},
            ],
        },
        _native(
            "list",
            "When?",
            {
                "button": "Choose a time",
                "sections": [
                    {"title": "Noon", "rows": [{"id": "12", "title": "12:00"}]},
                    {
                        "title": "Evening",
                        "rows": [{"id": "18", "title": "18:00", "description": "Live music"}],
                    },
                ],
            },
        ),
    ),
    "cta_url": (
        {"body": "Our menu of today", "display_text": "Open", "url": _MENU},
        _native("cta_url", "Our menu of today", _named("cta_url", display_text="Open", url=_MENU)),
    ),
    "location_request_message": (
        {"body": "Where shall we bring it?"},
        _native("location_request_message", "Where shall we bring it?", _named("send_location")),
    ),
    "request_contact_info": (
        {"body": "How can we call you?"},
        _native("request_contact_info", "How can we call you?", _named("request_contact_info")),
    ),
    "address_message": (
        {"body": "Where do you live?", "country": "IN", "values": {"name": "Jane Doe"}},
        _native(
            "address_message",
            "Where do you live?",
            _named("address_message", country="IN", values={"name": "Jane Doe"}),
        ),
    ),
    "flow": (
        {
            "body": "Book a table",
            "flow_id": "1234567890",
            "flow_cta": "Book",
            "flow_action": "navigate",
            "screen": "WELCOME",
            "data": {"guests": 2},
        },
        _native(
            "flow",
            "Book a table",
            _named(
                "flow",
                flow_message_version="3",
                flow_id="1234567890",
                flow_cta="Book",
                mode="published",
                flow_token="unused",  # noqa: S106 - no secret
                flow_action="navigate",
                flow_action_payload={"screen": "WELCOME", "data": {"guests": 2}},
            ),
        ),
    ),
    "product": (
        {"catalog_id": _CATALOG, "product_retailer_id": "tea-1", "body": "Fresh today"},
        _native("product", "Fresh today", {"catalog_id": _CATALOG, "product_retailer_id": "tea-1"}),
    ),
    "product_list": (
        {
            "header": "Our teas",
            "body": "Fresh today",
            "catalog_id": _CATALOG,
            "sections": [{"title": "Green", "product_retailer_ids": ["tea-1", "tea-2"]}],
        },
        _native(
            "product_list",
            "Fresh today",
            {
                "catalog_id": _CATALOG,
                "sections": [
                    {
                        "title": "Green",
                        "product_items": [
                            {"product_retailer_id": "tea-1"},
                            {"product_retailer_id": "tea-2"},
                        ],
                    }
                ],
            },
            header={"type": "text", "text": "Our teas"},
        ),
    ),
    "catalog_message": (
        {"body": "All we have", "thumbnail_product_retailer_id": "tea-1"},
        _native(
            "catalog_message",
            "All we have",
            _named("catalog_message", thumbnail_product_retailer_id="tea-1"),
        ),
    ),
    "carousel": (
        {
            "body": "Two of our teas",
            "cards": [
                {"image": {"link": _PICTURE}, "body": "Green", "display_text": "Open", "url": _MENU},
                {"image": {"link": _PICTURE}, "body": "Black", "display_text": "Open", "url": _MENU},
            ],
        },
        _native(
            "carousel",
            "Two of our teas",
            {
                "cards": [
                    {
                        "card_index": index,
                        "type": "cta_url",
                        "header": {"type": "image", "image": {"link": _PICTURE}},
                        "body": {"text": text},
                        "action": _named("cta_url", display_text="Open", url=_MENU),
                    }
                    for index, text in enumerate(("Green", "Black"))
                ]
            },
        ),
    ),
    "order_details": (
        {"body": "Your order", "parameters": _ORDER},
        _native("order_details", "Your order", _named("review_and_pay", **_ORDER)),
    ),
    "order_status": (
        {"body": "Your order is on its way", "parameters": _SHIPPED},
        _native("order_status", "Your order is on its way", _named("review_order", **_SHIPPED)),
    ),
    "voice_call": (
        {"body": "Any question? Call us.", "display_text": "Call now", "ttl_minutes": 100},
        _native(
            "voice_call",
            "Any question? Call us.",
            _named("voice_call", display_text="Call now", ttl_minutes=100),
        ),
    ),
    "call_permission_request": (
        {"body": "May we call you about your order?"},
        _native(
            "call_permission_request",
            "May we call you about your order?",
            _named("call_permission_request"),
        ),
    ),
}
"""By kind: a body without recipient and ``type``, and Meta's ``interactive`` object of the same message."""
