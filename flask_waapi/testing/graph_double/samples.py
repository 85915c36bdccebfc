"""The templates that a new double has, in the shape in which Meta lists them."""

from __future__ import annotations

from typing import Any

from .rich_samples import rich_templates

Template = dict[str, Any]


def sample_templates() -> list[Template]:
    """Fresh copies; one of each kind that needs other components in a send."""
    return [
        {
            "id": "900000000000001",
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
            "id": "900000000000002",
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
                    "text": "Hello {{1}}, your parcel arrives on {{2}}. See you soon!",
                    "example": {"body_text": [["John", "Friday"]]},
                },
                {"type": "FOOTER", "text": "Reply STOP to get no more updates."},
                {
                    "type": "BUTTONS",
                    "buttons": [
                        {
                            "type": "URL",
                            "text": "Track it",
                            "url": "https://shop.example/track/{{1}}",
                            "example": ["https://shop.example/track/ORD-12345"],
                        }
                    ],
                },
            ],
        },
        {
            "id": "900000000000003",
            "name": "seasonal_offer",
            "language": "en",
            "status": "APPROVED",
            "category": "MARKETING",
            "parameter_format": "POSITIONAL",
            "components": [
                {
                    "type": "HEADER",
                    "format": "IMAGE",
                    "example": {"header_handle": ["https://shop.example/offer.jpg"]},
                },
                {
                    "type": "BODY",
                    "text": "Hi {{1}}, our seasonal offer is here: {{2}} off until Sunday.",
                    "example": {"body_text": [["John", "20 %"]]},
                },
                {
                    "type": "BUTTONS",
                    "buttons": [
                        {"type": "QUICK_REPLY", "text": "Tell me more"},
                        {"type": "QUICK_REPLY", "text": "Not interested"},
                    ],
                },
            ],
        },
        {
            "id": "900000000000004",
            "name": "hello_world",
            "language": "en_US",
            "status": "APPROVED",
            "category": "UTILITY",
            "parameter_format": "POSITIONAL",
            "components": [
                {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
                {"type": "BODY", "text": "This message shows that sending works."},
                {"type": "FOOTER", "text": "Sample message"},
            ],
        },
        {
            "id": "900000000000005",
            "name": "paused_example",
            "language": "en",
            "status": "PAUSED",
            "category": "MARKETING",
            "parameter_format": "POSITIONAL",
            "components": [{"type": "BODY", "text": "This template is paused for low quality."}],
        },
        {
            "id": "900000000000006",
            "name": "login_code",
            "language": "en_US",
            "status": "APPROVED",
            "category": "AUTHENTICATION",
            "parameter_format": "POSITIONAL",
            "components": [
                {
                    "type": "BODY",
                    "text": "*{{1}}* is your code. Do not share it.",
                    "add_security_recommendation": True,
                    "example": {"body_text": [["123456"]]},
                },
                {
                    "type": "FOOTER",
                    "text": "The code is valid for 10 minutes.",
                    "code_expiration_minutes": 10,
                },
                {
                    "type": "BUTTONS",
                    "buttons": [
                        {
                            "type": "URL",
                            "text": "Copy code",
                            "url": "https://shop.example/code?otp={{1}}",
                            "example": ["https://shop.example/code?otp=123456"],
                        }
                    ],
                },
            ],
        },
        *rich_templates(),
    ]
