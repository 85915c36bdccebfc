"""One template send of each family of examples that Meta publishes, in Meta's own form.

They fill the sample templates of the Graph double.
"""

from __future__ import annotations

from typing import Any

from native_interactives import LINK, UPLOADED

PLACE = {"latitude": 37.758056, "longitude": -122.425332, "name": "The shop", "address": "Some street 1"}


def _template(name: str, *components: Any, language: str = "en", **members: Any) -> dict[str, Any]:
    template: dict[str, Any] = {"name": name, "language": {"code": language}}
    if components:
        template["components"] = list(components)
    return {"recipient_type": "individual", "type": "template", "template": template} | members


def _text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


def _header(kind: str, value: Any) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": kind, kind: value}]}


def _body(*parameters: Any) -> dict[str, Any]:
    return {"type": "body", "parameters": list(parameters)}


def _button(sub_type: str, index: str | int, *parameters: Any) -> dict[str, Any]:
    return {"type": "button", "sub_type": sub_type, "index": index, "parameters": list(parameters)}


def _payload(value: str) -> dict[str, str]:
    return {"type": "payload", "payload": value}


def _action(**members: Any) -> dict[str, Any]:
    return {"type": "action", "action": members}


_AMOUNT = {
    "type": "currency",
    "currency": {"fallback_value": "$100.99", "code": "USD", "amount_1000": 100990},
}
_MOMENT = {
    "type": "date_time",
    "date_time": {
        "fallback_value": "February 25, 1977",
        "day_of_week": 5,
        "year": 1977,
        "month": 2,
        "day_of_month": 25,
        "hour": 15,
        "minute": 33,
        "calendar": "GREGORIAN",
    },
}
_NAMED = [
    {"type": "text", "parameter_name": name, "text": value}
    for name, value in {"customer_name": "Ada", "order_id": "ORD-1", "total": "9.99"}.items()
]
_OFFER = [
    _header("image", {"link": LINK}),
    _body(_text("Ada"), _text("20 %")),
]


def _card(index: int) -> dict[str, Any]:
    return {
        "card_index": index,
        "components": [
            _header("image", {"id": UPLOADED}),
            _body(_text("20 %")),
            _button("quick_reply", "0", _payload(f"more-{index}")),
            _button("url", "1", _text(f"card-{index}")),
        ],
    }


TEMPLATES: dict[str, dict[str, Any]] = {
    "without variables": _template("hello_world", language="en_US"),
    "with a policy": {
        "type": "template",
        "template": {
            "name": "hello_world",
            "language": {"code": "en_US", "policy": "deterministic"},
        },
    },
    "with names": _template("order_confirmation", _body(*_NAMED)),
    "with a text header and an address": _template(
        "shipping_update",
        {"type": "header", "parameters": [_text("ORD-1")]},
        _body(_text("Ada"), _text("Friday")),
        _button("url", "0", _text("ORD-1")),
        language="en_US",
    ),
    "with an image": _template("seasonal_offer", *_OFFER),
    "with an image by id": _template(
        "seasonal_offer", _header("image", {"id": UPLOADED}), _body(_text("Ada"), _text("20 %"))
    ),
    "with quick replies": _template(
        "seasonal_offer",
        *_OFFER,
        _button("quick_reply", "0", _payload("bW9yZQ==")),
        _button("quick_reply", "1", _payload("bm90aGluZw==")),
    ),
    "with numbers for positions": _template(
        "seasonal_offer",
        *_OFFER,
        _button("QUICK_REPLY", 0, _payload("more")),
        _button("QUICK_REPLY", 1, _payload("nothing")),
    ),
    "with an amount and a moment": _template("payment_due", _body(_AMOUNT, _MOMENT)),
    "with a document": _template(
        "order_invoice", _header("document", {"link": LINK, "filename": "bill.pdf"}), _body(_text("May"))
    ),
    "with a film": _template("product_film", _header("video", {"link": LINK}), _body(_text("it"))),
    "with a place": _template("order_location", _header("location", PLACE), _body(_text("ORD-1"))),
    "with a product": _template(
        "one_product",
        _header("product", {"catalog_id": "1", "product_retailer_id": "SKU-1"}),
        _body(_text("Ada")),
    ),
    "with a coupon": _template(
        "coupon_code",
        _body(_text("Ada")),
        _button("copy_code", "1", {"type": "coupon_code", "coupon_code": "SAVE20"}),
    ),
    "with a flow": _template(
        "sign_up",
        _button("flow", "0", _action(flow_token="token-1", flow_action_data={"first_name": "Ada"})),
    ),
    "with a catalog": _template(
        "our_catalog",
        _body(_text("Ada")),
        _button("CATALOG", 0, _action(thumbnail_product_retailer_id="2lc20305pt")),
    ),
    "with several products": _template(
        "best_sellers",
        _body(_text("June")),
        _button(
            "mpm",
            "0",
            _action(
                thumbnail_product_retailer_id="SKU-1",
                sections=[
                    {"title": "New", "product_items": [{"product_retailer_id": "SKU-1"}]},
                    {"title": "Old", "product_items": [{"product_retailer_id": "SKU-2"}]},
                ],
            ),
        ),
    ),
    "with an offer that ends": _template(
        "ending_offer",
        _header("image", {"link": LINK}),
        {
            "type": "limited_time_offer",
            "parameters": [
                {
                    "type": "limited_time_offer",
                    "limited_time_offer": {"expiration_time_ms": 4_102_444_800_000},
                }
            ],
        },
        _body(_text("Ada")),
        _button("copy_code", "0", {"type": "coupon_code", "coupon_code": "SAVE50"}),
        _button("url", "1", _text("n3mtql")),
    ),
    "with cards": _template(
        "summer_carousel",
        _body(_text("Ada")),
        {"type": "carousel", "cards": [_card(index) for index in range(3)]},
    ),
    "with cards of products": _template(
        "product_carousel",
        {
            "type": "carousel",
            "cards": [
                {
                    "card_index": index,
                    "components": [
                        _header("product", {"catalog_id": "1", "product_retailer_id": f"SKU-{index}"})
                    ],
                }
                for index in range(2)
            ],
        },
    ),
    "with a code": _template(
        "one_time_password", _body(_text("J$FpnYnP")), _button("url", "0", _text("J$FpnYnP"))
    ),
}
"""By what is special about it."""

MARKETING: dict[str, dict[str, Any]] = {
    "with a fallback": _template(
        "seasonal_offer", *_OFFER, product_policy="CLOUD_API_FALLBACK", message_activity_sharing=True
    ),
    "strictly": _template("seasonal_offer", *_OFFER, product_policy="STRICT", message_activity_sharing=False),
}
"""Sends by the marketing endpoint."""
