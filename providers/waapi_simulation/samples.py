"""The templates an instance has when none are configured, in the shape Meta lists them."""

from __future__ import annotations

from typing import Any

_OTP_ADDRESS = "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp"


def _card(fruit: str) -> dict[str, Any]:
    return {
        "components": [
            {
                "type": "HEADER",
                "format": "IMAGE",
                "example": {"header_handle": [f"https://example.com/images/{fruit}.jpg"]},
            },
            {
                "type": "BODY",
                "text": f"Get {{{{discount}}}} off all {fruit}.",
                "example": {"body_text_named_params": [{"param_name": "discount", "example": "20 %"}]},
            },
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "More like this"},
                    {
                        "type": "URL",
                        "text": "Buy",
                        "url": "https://example.com/shop?promo={{1}}",
                        "example": ["https://example.com/shop?promo=summer"],
                    },
                ],
            },
        ]
    }


SAMPLES: list[dict[str, Any]] = [
    {
        "id": "1000000000000001",
        "name": "order_confirmation",
        "language": "en",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {
                "type": "BODY",
                "text": "Hi {{customer_name}}, thank you for your order {{order_id}}."
                " The total is {{total}}.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "customer_name", "example": "John Doe"},
                        {"param_name": "order_id", "example": "ORD-12345"},
                        {"param_name": "total", "example": "99.99"},
                    ]
                },
            }
        ],
    },
    {
        "id": "1000000000000002",
        "name": "shipping_update",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            {
                "type": "HEADER",
                "format": "TEXT",
                "text": "Order {{1}} is on its way",
                "example": {"header_text": ["ORD-12345"]},
            },
            {
                "type": "BODY",
                "text": "Hello {{1}}, your parcel arrives on {{2}}.",
                "example": {"body_text": [["John", "Monday"]]},
            },
            {"type": "FOOTER", "text": "Thank you for shopping with us"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "URL",
                        "text": "Track parcel",
                        "url": "https://example.com/track/{{1}}",
                        "example": ["https://example.com/track/ORD-12345"],
                    }
                ],
            },
        ],
    },
    {
        "id": "1000000000000003",
        "name": "seasonal_offer",
        "language": "en",
        "status": "APPROVED",
        "category": "MARKETING",
        "parameter_format": "NAMED",
        "components": [
            {
                "type": "HEADER",
                "format": "IMAGE",
                "example": {"header_handle": ["https://example.com/images/season.jpg"]},
            },
            {
                "type": "BODY",
                "text": "Hi {{first_name}}, our {{season}} sale has begun.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "first_name", "example": "John"},
                        {"param_name": "season", "example": "summer"},
                    ]
                },
            },
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Show me more"},
                    {"type": "QUICK_REPLY", "text": "Stop offers"},
                ],
            },
        ],
    },
    {
        "id": "1000000000000004",
        "name": "hello_world",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
            {"type": "BODY", "text": "Welcome! This message was sent to try things out."},
            {"type": "FOOTER", "text": "A sample template"},
        ],
    },
    {
        "id": "1000000000000005",
        "name": "appointment_reminder",
        "language": "en",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {
                "type": "BODY",
                "text": "Dear {{patient_name}}, we expect you on {{day}} at {{time}} o'clock.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "patient_name", "example": "Jane Roe"},
                        {"param_name": "day", "example": "Monday"},
                        {"param_name": "time", "example": "10"},
                    ]
                },
            }
        ],
    },
    {
        "id": "1000000000000006",
        "name": "appointment_reminder",
        "language": "de",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {
                "type": "BODY",
                "text": "Guten Tag {{patient_name}}, wir erwarten Sie am {{day}} um {{time}} Uhr.",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "patient_name", "example": "Erika Mustermann"},
                        {"param_name": "day", "example": "Montag"},
                        {"param_name": "time", "example": "10"},
                    ]
                },
            }
        ],
    },
    {
        "id": "1000000000000007",
        "name": "login_code",
        "language": "en",
        "status": "APPROVED",
        "category": "AUTHENTICATION",
        "parameter_format": "POSITIONAL",
        "components": [
            {
                "type": "BODY",
                "text": "*{{1}}* is your verification code. For your security, do not share this code.",
                "add_security_recommendation": True,
                "example": {"body_text": [["123456"]]},
            },
            {
                "type": "FOOTER",
                "text": "This code expires in 10 minutes.",
                "code_expiration_minutes": 10,
            },
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "URL",
                        "text": "Copy code",
                        "url": _OTP_ADDRESS + "{{1}}",
                        "example": [_OTP_ADDRESS + "123456"],
                    }
                ],
            },
        ],
    },
    {
        "id": "1000000000000008",
        "name": "paused_example",
        "language": "en",
        "status": "PAUSED",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "This template is paused: a send of it is refused."}],
    },
    {
        "id": "1000000000000009",
        "name": "summer_carousel",
        "language": "en",
        "status": "APPROVED",
        "category": "MARKETING",
        "parameter_format": "NAMED",
        "components": [
            {
                "type": "BODY",
                "text": "Hi {{first_name}}, these are our offers of the week.",
                "example": {"body_text_named_params": [{"param_name": "first_name", "example": "John"}]},
            },
            {"type": "CAROUSEL", "cards": [_card("lemons"), _card("melons")]},
        ],
    },
    {
        "id": "1000000000000010",
        "name": "ending_offer",
        "language": "en",
        "status": "APPROVED",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": [
            {
                "type": "LIMITED_TIME_OFFER",
                "limited_time_offer": {"text": "Ends soon!", "has_expiration": True},
            },
            {
                "type": "BODY",
                "text": "Good news, {{1}}: everything at half the price.",
                "example": {"body_text": [["John"]]},
            },
            {
                "type": "BUTTONS",
                "buttons": [{"type": "COPY_CODE", "text": "Copy code", "example": ["SAVE50"]}],
            },
        ],
    },
    {
        "id": "1000000000000011",
        "name": "best_sellers",
        "language": "en",
        "status": "APPROVED",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "For you"},
            {
                "type": "BODY",
                "text": "These are the best of {{1}}.",
                "example": {"body_text": [["June"]]},
            },
            {"type": "BUTTONS", "buttons": [{"type": "MPM", "text": "View items"}]},
        ],
    },
]
