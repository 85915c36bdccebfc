"""One request of each family of interactive messages that Meta publishes, in Meta's own form."""

from __future__ import annotations

from typing import Any

LINK = "https://shop.example/file"
WAMID = "wamid.HBgLMTIzNDU2Nzg5MBUCABEYEg=="
USER = "US.13491208655302741918"
GROUP = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"
UPLOADED = "920000000000001"
"""The medium that the double keeps."""

Request = tuple[str, dict[str, Any]]
"""The endpoint below ``messages/``, and the body."""


def _interactive(kind: str, action: Any, **members: Any) -> dict[str, Any]:
    members = {"body": {"text": "Here it is"}} | members
    return {"type": "interactive", "interactive": {"type": kind, **members, "action": action}}


def _named(name: str, **parameters: Any) -> dict[str, Any]:
    return {"name": name, "parameters": parameters}


def _flow(**parameters: Any) -> dict[str, Any]:
    payload = {"screen": "WELCOME", "data": {"first_name": "Ada", "steps": [1, 2]}}
    return _interactive(
        "flow",
        _named(
            "flow",
            flow_message_version="3",
            flow_token="token-1",
            flow_action="navigate",
            flow_action_payload=payload,
            **parameters,
        ),
        header={"type": "text", "text": "Sign up"},
        footer={"text": "It takes a minute"},
    )


def _cards(actions: list[Any]) -> dict[str, Any]:
    cards = [
        {
            "card_index": index,
            "type": "cta_url",
            "header": {"type": "image", "image": {"link": LINK}},
            "body": {"text": f"*Plant {index}*\n\nGreen."},
            "action": action,
        }
        for index, action in enumerate(actions)
    ]
    return _interactive("carousel", {"cards": cards})


_LIST = _interactive(
    "list",
    {
        "button": "Choose",
        "sections": [
            {
                "title": f"Section {number}",
                "rows": [
                    {"id": f"s{number}r1", "title": "First", "description": "The first"},
                    {"id": f"s{number}r2", "title": "Second", "description": "The second"},
                ],
            }
            for number in (1, 2)
        ],
    },
    header={"type": "text", "text": "Our choice"},
    footer={"text": "Until Sunday"},
)
_ORDER = {
    "reference_id": "order-1",
    "type": "digital-goods",
    "payment_type": "upi",
    "payment_configuration": "main",
    "currency": "INR",
    "total_amount": {"value": 1100, "offset": 100},
    "order": {
        "status": "pending",
        "items": [
            {
                "retailer_id": "SKU-1",
                "name": "Bread",
                "amount": {"value": 1500, "offset": 100},
                "sale_amount": {"value": 1000, "offset": 100},
                "quantity": 1,
            }
        ],
        "subtotal": {"value": 1000, "offset": 100},
        "tax": {"value": 100, "offset": 100, "description": "GST"},
        "shipping": {"value": 100, "offset": 100},
        "discount": {"value": 100, "offset": 100, "discount_program_name": "Friends"},
    },
}
_PIX = {
    "reference_id": "order-2",
    "type": "digital-goods",
    "payment_type": "br",
    "payment_settings": [
        {"type": "payment_link", "payment_link": {"uri": "https://shop.example/pay"}},
        {
            "type": "pix_dynamic_code",
            "pix_dynamic_code": {"code": "0002", "merchant_name": "Shop", "key": "1", "key_type": "CNPJ"},
        },
    ],
    "currency": "BRL",
    "total_amount": {"value": 50000, "offset": 100},
}
_SAVED = {"name": "Ada", "phone_number": "+915555550100", "in_pin_code": "411001", "city": "Pune"}

INTERACTIVE: dict[str, Request] = {
    "reply buttons": (
        "interactive",
        _interactive(
            "button",
            {
                "buttons": [
                    {"type": "reply", "reply": {"id": "change", "title": "Change"}},
                    {"type": "reply", "reply": {"id": "cancel", "title": "Cancel"}},
                ]
            },
            header={"type": "image", "image": {"id": UPLOADED}},
            footer={"text": "Until Sunday"},
        ),
    ),
    "reply buttons below a document": (
        "interactive",
        _interactive(
            "button",
            {"buttons": [{"type": "reply", "reply": {"id": "ok", "title": "Fine"}}]},
            header={"type": "document", "document": {"link": LINK, "filename": "terms.pdf"}},
        ),
    ),
    "list": ("interactive", _LIST),
    "reply by list": (
        "interactive",
        {"context": {"message_id": WAMID}, "interactive": _LIST["interactive"]},
    ),
    "link": (
        "interactive",
        _interactive(
            "cta_url",
            _named("cta_url", display_text="See dates", url="https://shop.example/dates?x=1#y"),
            header={"type": "text", "text": "Dates"},
            footer={"text": "They may change"},
        ),
    ),
    "link below a film": (
        "interactive",
        _interactive(
            "cta_url",
            _named("cta_url", display_text="See it", url=LINK),
            header={"type": "video", "video": {"link": LINK}},
        ),
    ),
    "location request": (
        "interactive",
        _interactive("location_request_message", {"name": "send_location"}),
    ),
    "contact request": (
        "interactive",
        _interactive("request_contact_info", {"name": "request_contact_info"}),
    ),
    "address in India": (
        "interactive",
        _interactive("address_message", _named("address_message", country="IN")),
    ),
    "address with what is known": (
        "interactive",
        _interactive(
            "address_message",
            _named(
                "address_message",
                country="IN",
                saved_addresses=[{"id": "address-1", "value": _SAVED}],
                values=_SAVED | {"in_pin_code": "000000"},
                validation_errors={"in_pin_code": "We do not deliver there."},
            ),
            header={"type": "text", "text": "Where to?"},
            footer={"text": "We keep it safe"},
        ),
    ),
    "address in Singapore": (
        "interactive",
        _interactive(
            "address_message",
            _named("address_message", country="SG", values={"sg_post_code": "018956", "unit_number": "7"}),
        ),
    ),
    "draft flow by id": ("interactive", _flow(flow_id="1", flow_cta="Not shown in a draft", mode="draft")),
    "draft flow by name": (
        "interactive",
        _flow(flow_name="a", flow_cta="Not shown in a draft", mode="draft"),
    ),
    "draft flow with Meta's longest button": (
        "interactive",
        _flow(flow_id="1", flow_cta="Not shown when a draft.", mode="draft"),
    ),
    "published flow by id": ("interactive", _flow(flow_id="1", flow_cta="Open it!")),
    "published flow by name": ("interactive", _flow(flow_name="a", flow_cta="Open it!")),
    "flow that asks its endpoint": (
        "interactive",
        _interactive(
            "flow",
            _named(
                "flow",
                flow_message_version="3",
                flow_id="1",
                flow_cta="Open it!",
                flow_token="token-1",
                flow_action="data_exchange",
            ),
        ),
    ),
    "product": (
        "interactive",
        _interactive(
            "product",
            {"catalog_id": "367025965434465", "product_retailer_id": "SKU-1"},
            footer={"text": "While it lasts"},
        ),
    ),
    "products": (
        "interactive",
        _interactive(
            "product_list",
            {
                "catalog_id": "146265584024623",
                "sections": [
                    {
                        "title": f"Section {number}",
                        "product_items": [
                            {"product_retailer_id": f"SKU-{number}{place}"} for place in (1, 2)
                        ],
                    }
                    for number in (1, 2)
                ],
            },
            header={"type": "text", "text": "Ours"},
            footer={"text": "While they last"},
        ),
    ),
    "catalog": (
        "interactive",
        _interactive(
            "catalog_message",
            _named("catalog_message", thumbnail_product_retailer_id="2lc20305pt"),
            footer={"text": "The best"},
        ),
    ),
    "cards with links": (
        "interactive",
        _cards([_named("cta_url", display_text="Buy", url=LINK) for _ in range(3)]),
    ),
    "cards with replies": (
        "interactive",
        _cards(
            [
                {
                    "buttons": [
                        {"type": "quick_reply", "quick_reply": {"id": f"more-{index}", "title": "More"}},
                        {"type": "quick_reply", "quick_reply": {"id": f"keep-{index}", "title": "Keep"}},
                    ]
                }
                for index in range(2)
            ]
        ),
    ),
    "order": (
        "interactive",
        _interactive(
            "order_details",
            _named("review_and_pay", **_ORDER),
            header={"type": "image", "image": {"link": LINK}},
            footer={"text": "Thank you"},
        ),
    ),
    "order without items": ("interactive", _interactive("order_details", _named("review_and_pay", **_PIX))),
    "news of an order": (
        "interactive",
        _interactive(
            "order_status",
            _named(
                "review_order", reference_id="order-1", order={"status": "processing", "description": "Soon"}
            ),
        ),
    ),
    "call": (
        "interactive",
        _interactive(
            "voice_call",
            _named("voice_call", display_text="Call on WhatsApp", ttl_minutes=100, payload="from the shop"),
        ),
    ),
    "call permission": (
        "interactive",
        _interactive("call_permission_request", {"name": "call_permission_request"}),
    ),
}
"""By what it is."""
