"""Sample templates whose sends need more than text: offers, carousels, products, codes, flows."""

from __future__ import annotations

from typing import Any


def rich_templates() -> list[dict[str, Any]]:
    """Fresh copies; one of each kind."""
    return [
        _template(11, "order_location", _header("LOCATION"), _body("Your order {{1}} is here.", "ORD-1")),
        _template(12, "order_invoice", _header("DOCUMENT"), _body("The bill of {{1}} for you.", "May")),
        _template(13, "product_film", _header("VIDEO"), _body("See how {{1}} works.", "it")),
        _template(
            14,
            "payment_due",
            _body("Please pay {{1}} until {{2}}. Thank you!", "9.99 EUR", "Friday"),
        ),
        _template(
            15,
            "coupon_code",
            _body("Hi {{1}}, here is your coupon. Enjoy!", "John"),
            _buttons(
                {"type": "QUICK_REPLY", "text": "No more offers"},
                {"type": "COPY_CODE", "text": "Copy code", "example": ["SAVE20"]},
            ),
            category="MARKETING",
        ),
        _template(
            16,
            "sign_up",
            _body("Would you like to sign up?"),
            _buttons(
                {
                    "type": "FLOW",
                    "text": "Sign up",
                    "flow_id": 930000000000001,
                    "flow_action": "NAVIGATE",
                    "navigate_screen": "WELCOME",
                }
            ),
        ),
        _template(
            17,
            "our_catalog",
            _body("Look at our catalog, {{1}}.", "John"),
            _buttons({"type": "CATALOG", "text": "View catalog"}),
            category="MARKETING",
        ),
        _template(
            18,
            "best_sellers",
            {"type": "HEADER", "format": "TEXT", "text": "For you"},
            _body("These are the best of {{1}}.", "June"),
            _buttons({"type": "MPM", "text": "View items"}),
            category="MARKETING",
        ),
        _template(
            19,
            "one_product",
            _header("PRODUCT"),
            _body("Back in stock, {{1}}!", "John"),
            _buttons({"type": "SPM", "text": "View"}),
            category="MARKETING",
        ),
        _template(
            20,
            "ending_offer",
            _header("IMAGE"),
            {
                "type": "LIMITED_TIME_OFFER",
                "limited_time_offer": {"text": "Ends soon!", "has_expiration": True},
            },
            _body("Good news, {{1}}: half the price.", "John"),
            _buttons(
                {"type": "COPY_CODE", "text": "Copy code", "example": ["SAVE50"]},
                {
                    "type": "URL",
                    "text": "Shop",
                    "url": "https://shop.example/offers?code={{1}}",
                    "example": ["https://shop.example/offers?code=n3mtql"],
                },
            ),
            category="MARKETING",
        ),
        _template(
            21,
            "summer_carousel",
            _body("Summer is here, {{1}}!", "John"),
            {"type": "CAROUSEL", "cards": [_card("Get {{1}} off all lemons.") for _ in range(3)]},
            category="MARKETING",
        ),
        _template(
            22,
            "product_carousel",
            _body("Chosen for you."),
            {
                "type": "CAROUSEL",
                "cards": [
                    {
                        "components": [
                            _header("PRODUCT"),
                            _buttons({"type": "SPM", "text": "View"}),
                        ]
                    }
                    for _ in range(2)
                ],
            },
            category="MARKETING",
        ),
        _template(
            23,
            "one_time_password",
            {
                "type": "BODY",
                "text": "*{{1}}* is your verification code.",
                "add_security_recommendation": False,
                "example": {"body_text": [["123456"]]},
            },
            _buttons({"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}),
            category="AUTHENTICATION",
        ),
        {
            **_template(
                24,
                "named_header",
                {
                    "type": "HEADER",
                    "format": "TEXT",
                    "text": "Order {{order_id}}",
                    "example": {"header_text_named_params": [{"param_name": "order_id", "example": "ORD-1"}]},
                },
                {
                    "type": "BODY",
                    "text": "Hi {{name}}, it is on its way.",
                    "example": {"body_text_named_params": [{"param_name": "name", "example": "John"}]},
                },
            ),
            "parameter_format": "NAMED",
        },
    ]


def _template(
    number: int, name: str, *components: dict[str, Any], category: str = "UTILITY"
) -> dict[str, Any]:
    return {
        "id": str(900000000000000 + number),
        "name": name,
        "language": "en",
        "status": "APPROVED",
        "category": category,
        "parameter_format": "POSITIONAL",
        "components": list(components),
    }


def _header(kind: str) -> dict[str, Any]:
    header: dict[str, Any] = {"type": "HEADER", "format": kind}
    if kind in {"IMAGE", "VIDEO", "DOCUMENT"}:
        header["example"] = {"header_handle": ["https://shop.example/example"]}
    return header


def _body(text: str, *examples: str) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "BODY", "text": text}
    return {**body, "example": {"body_text": [list(examples)]}} if examples else body


def _buttons(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(buttons)}


def _card(text: str) -> dict[str, Any]:
    return {
        "components": [
            _header("IMAGE"),
            _body(text, "20 %"),
            _buttons(
                {"type": "QUICK_REPLY", "text": "More like this"},
                {
                    "type": "URL",
                    "text": "Buy",
                    "url": "https://shop.example/shop?promo={{1}}",
                    "example": ["https://shop.example/shop?promo=summer"],
                },
            ),
        ]
    }
