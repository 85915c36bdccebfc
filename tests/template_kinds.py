"""Sends of every kind of template that the Graph double has: in the friendly form, and Meta's components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LINK = "https://shop.example/file"
END = "2030-01-01T00:00:00Z"
END_MILLISECONDS = 1_893_456_000_000

Object = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind.

    :param template: of the double. :param values: what fills it, in the friendly form.
    :param components: the same as Meta has it.
    :param text: what is kept as the text of the message.
    """

    template: str
    values: Object
    components: list[Object]
    text: str
    language: str = "en"

    @property
    def friendly(self) -> Object:
        """The body of a send, but for its recipient."""
        return {"template_name": self.template, "language": self.language, **self.values}

    @property
    def native(self) -> Object:
        """The same with Meta's own object."""
        template = {"name": self.template, "language": {"code": self.language}}
        return {"template": {**template, "components": self.components}}


def texts(*values: str) -> list[Object]:
    """Text parameters."""
    return [{"type": "text", "text": value} for value in values]


def named(**values: str) -> list[Object]:
    """Text parameters with names."""
    return [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]


def body(*values: str) -> Object:
    """The body with these texts."""
    return {"type": "body", "parameters": texts(*values)}


def header(kind: str, value: Object) -> Object:
    """A header that is no text."""
    return {"type": "header", "parameters": [{"type": kind, kind: value}]}


def button(index: int, kind: str, parameter: Object) -> Object:
    """A button."""
    return {"type": "button", "sub_type": kind, "index": str(index), "parameters": [parameter]}


def action(**members: Any) -> Object:
    """The parameter of a button that does something."""
    return {"type": "action", "action": members}


def sections(*products: list[str]) -> list[Object]:
    """Sections of products, as Meta has them."""
    return [
        {
            "title": f"Section {number}",
            "product_items": [{"product_retailer_id": product} for product in items],
        }
        for number, items in enumerate(products, start=1)
    ]


def friendly_sections(*products: list[str]) -> list[Object]:
    """The same in the friendly form."""
    return [
        {"title": f"Section {number}", "product_retailer_ids": items}
        for number, items in enumerate(products, start=1)
    ]


def card(index: int, *components: Object) -> Object:
    """One card, as Meta has it."""
    return {"card_index": index, "components": list(components)}


DISCOUNTS = ("10 %", "20 %", "30 %")

KINDS: dict[str, Kind] = {
    "named": Kind(
        "order_confirmation",
        {"variables": {"customer_name": "John", "order_id": "ORD-1", "total": "9.99"}},
        [{"type": "body", "parameters": named(customer_name="John", order_id="ORD-1", total="9.99")}],
        "Hi John, thank you for your order ORD-1. The total is 9.99.",
    ),
    "named header": Kind(
        "named_header",
        {"variables": {"order_id": "ORD-1", "name": "John"}},
        [
            {"type": "header", "parameters": named(order_id="ORD-1")},
            {"type": "body", "parameters": named(name="John")},
        ],
        "Order ORD-1\nHi John, it is on its way.",
    ),
    "text header and address": Kind(
        "shipping_update",
        {
            "variables": ["John", "Friday"],
            "header": {"text": "ORD-1"},
            "buttons": [{"index": 0, "type": "url", "value": "ORD-1"}],
        },
        [
            {"type": "header", "parameters": texts("ORD-1")},
            body("John", "Friday"),
            button(0, "url", {"type": "text", "text": "ORD-1"}),
        ],
        "Order ORD-1 is on its way\nHello John, your parcel arrives on Friday. See you soon!\n"
        "Reply STOP to get no more updates.",
        "en_US",
    ),
    "image and quick replies": Kind(
        "seasonal_offer",
        {
            "variables": ["John", "20 %"],
            "header": {"image": {"link": LINK}},
            "buttons": [
                {"index": 0, "type": "quick_reply", "value": "more"},
                {"index": 1, "type": "quick_reply", "value": "stop"},
            ],
        },
        [
            header("image", {"link": LINK}),
            body("John", "20 %"),
            button(0, "quick_reply", {"type": "payload", "payload": "more"}),
            button(1, "quick_reply", {"type": "payload", "payload": "stop"}),
        ],
        "Hi John, our seasonal offer is here: 20 % off until Sunday.",
    ),
    "video": Kind(
        "product_film",
        {"variables": ["it"], "header": {"video": {"link": LINK}}},
        [header("video", {"link": LINK}), body("it")],
        "See how it works.",
    ),
    "document": Kind(
        "order_invoice",
        {"variables": ["May"], "header": {"document": {"link": LINK, "filename": "bill.pdf"}}},
        [header("document", {"link": LINK, "filename": "bill.pdf"}), body("May")],
        "The bill of May for you.",
    ),
    "location": Kind(
        "order_location",
        {
            "variables": ["ORD-1"],
            "header": {"location": {"latitude": 52.5, "longitude": 13.4, "name": "Depot", "address": "A 1"}},
        },
        [
            header("location", {"latitude": 52.5, "longitude": 13.4, "name": "Depot", "address": "A 1"}),
            body("ORD-1"),
        ],
        "Your order ORD-1 is here.",
    ),
    "money and a moment": Kind(
        "payment_due",
        {
            "variables": [
                {"currency": {"fallback_value": "9.99 EUR", "code": "EUR", "amount_1000": 9990}},
                {"date_time": {"fallback_value": "Friday"}},
            ]
        },
        [
            {
                "type": "body",
                "parameters": [
                    {
                        "type": "currency",
                        "currency": {"fallback_value": "9.99 EUR", "code": "EUR", "amount_1000": 9990},
                    },
                    {"type": "date_time", "date_time": {"fallback_value": "Friday"}},
                ],
            }
        ],
        "Please pay 9.99 EUR until Friday. Thank you!",
    ),
    "coupon": Kind(
        "coupon_code",
        {"variables": ["John"], "buttons": [{"index": 1, "type": "copy_code", "value": "SAVE20"}]},
        [body("John"), button(1, "copy_code", {"type": "coupon_code", "coupon_code": "SAVE20"})],
        "Hi John, here is your coupon. Enjoy!",
    ),
    "flow": Kind(
        "sign_up",
        {
            "buttons": [
                {"index": 0, "type": "flow", "flow_token": "t-1", "flow_action_data": {"plan": ["a", 1]}}
            ]
        },
        [button(0, "flow", action(flow_token="t-1", flow_action_data={"plan": ["a", 1]}))],
        "Would you like to sign up?",
    ),
    "flow by itself": Kind(
        "sign_up", {}, [button(0, "flow", action(flow_token="unused"))], "Would you like to sign up?"
    ),
    "catalog": Kind(
        "our_catalog",
        {
            "variables": ["John"],
            "buttons": [{"index": 0, "type": "catalog", "thumbnail_product_retailer_id": "sku-1"}],
        },
        [body("John"), button(0, "catalog", action(thumbnail_product_retailer_id="sku-1"))],
        "Look at our catalog, John.",
    ),
    "catalog by itself": Kind(
        "our_catalog", {"variables": ["John"]}, [body("John")], "Look at our catalog, John."
    ),
    "several products": Kind(
        "best_sellers",
        {
            "variables": ["June"],
            "buttons": [
                {
                    "index": 0,
                    "type": "mpm",
                    "thumbnail_product_retailer_id": "sku-1",
                    "sections": friendly_sections(["sku-1", "sku-2"], ["sku-3"]),
                }
            ],
        },
        [
            body("June"),
            button(
                0,
                "mpm",
                action(
                    thumbnail_product_retailer_id="sku-1", sections=sections(["sku-1", "sku-2"], ["sku-3"])
                ),
            ),
        ],
        "For you\nThese are the best of June.",
    ),
    "one product": Kind(
        "one_product",
        {
            "variables": ["John"],
            "header": {"product": {"catalog_id": "1", "product_retailer_id": "sku-1"}},
        },
        [header("product", {"catalog_id": "1", "product_retailer_id": "sku-1"}), body("John")],
        "Back in stock, John!",
    ),
    "offer that ends": Kind(
        "ending_offer",
        {
            "variables": ["John"],
            "header": {"image": {"link": LINK}},
            "limited_time_offer": {"expiration": END},
            "buttons": [
                {"index": 0, "type": "copy_code", "value": "SAVE50"},
                {"index": 1, "type": "url", "value": "n3mtql"},
            ],
        },
        [
            header("image", {"link": LINK}),
            {
                "type": "limited_time_offer",
                "parameters": [
                    {
                        "type": "limited_time_offer",
                        "limited_time_offer": {"expiration_time_ms": END_MILLISECONDS},
                    }
                ],
            },
            body("John"),
            button(0, "copy_code", {"type": "coupon_code", "coupon_code": "SAVE50"}),
            button(1, "url", {"type": "text", "text": "n3mtql"}),
        ],
        "Ends soon!\nGood news, John: half the price.",
    ),
    "carousel": Kind(
        "summer_carousel",
        {
            "variables": ["John"],
            "cards": [
                {
                    "variables": [discount],
                    "header": {"image": {"link": LINK}},
                    "buttons": [
                        {"index": 0, "type": "quick_reply", "value": "more"},
                        {"index": 1, "type": "url", "value": "summer"},
                    ],
                }
                for discount in DISCOUNTS
            ],
        },
        [
            body("John"),
            {
                "type": "carousel",
                "cards": [
                    card(
                        index,
                        header("image", {"link": LINK}),
                        body(discount),
                        button(0, "quick_reply", {"type": "payload", "payload": "more"}),
                        button(1, "url", {"type": "text", "text": "summer"}),
                    )
                    for index, discount in enumerate(DISCOUNTS)
                ],
            },
        ],
        "Summer is here, John!\n1. Get 10 % off all lemons.\n2. Get 20 % off all lemons.\n"
        "3. Get 30 % off all lemons.",
    ),
    "carousel of products": Kind(
        "product_carousel",
        {
            "cards": [
                {"header": {"product": {"catalog_id": "1", "product_retailer_id": product}}}
                for product in ("sku-1", "sku-2")
            ]
        },
        [
            {
                "type": "carousel",
                "cards": [
                    card(index, header("product", {"catalog_id": "1", "product_retailer_id": product}))
                    for index, product in enumerate(("sku-1", "sku-2"))
                ],
            }
        ],
        "Chosen for you.",
    ),
    "one-time password": Kind(
        "one_time_password",
        {"variables": ["123456"]},
        [body("123456"), button(0, "url", {"type": "text", "text": "123456"})],
        "*123456* is your verification code.",
    ),
}
"""By what is special about it."""
