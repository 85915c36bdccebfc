"""One request of each family of examples that Meta publishes for sending, in Meta's own form.

The values are ours; which members stand where is Meta's: the examples of the OpenAPI description of the
business messaging API (v23.0) and of the Cloud API's guides.
"""

from __future__ import annotations

from native_interactives import GROUP, INTERACTIVE, LINK, UPLOADED, USER, WAMID, Request


def _media() -> dict[str, Request]:
    found: dict[str, Request] = {}
    for kind, members in {
        "audio": {},
        "document": {"caption": "The bill", "filename": "bill.pdf"},
        "image": {"caption": "The shop"},
        "sticker": {},
        "video": {"caption": "The film"},
    }.items():
        for source in ({"id": UPLOADED}, {"link": LINK}):
            body = {"recipient_type": "individual", "type": kind, kind: {**source, **members}}
            found[f"{kind} by {next(iter(source))}"] = ("media", body)
            reply = ("media", body | {"context": {"message_id": WAMID}})
            found[f"reply by {kind} by {next(iter(source))}"] = reply
    return found | {
        "voice note": ("media", {"type": "audio", "audio": {"id": UPLOADED, "voice": True}}),
        "document without a caption": ("media", {"type": "document", "document": {"link": LINK}}),
    }


_CARD = {
    "addresses": [
        {
            "street": "Some street 1",
            "city": "Springfield",
            "state": "CA",
            "zip": "90001",
            "country": "United States",
            "country_code": "us",
            "type": "HOME",
        },
        {"street": "Other street 2", "city": "Springfield", "type": "Office"},
    ],
    "birthday": "1990-12-31",
    "emails": [
        {"email": "ada@shop.example", "type": "WORK"},
        {"email": "ada@home.example", "type": "Work (old)"},
    ],
    "name": {
        "formatted_name": "Dr Ada B. Doe Jr",
        "first_name": "Ada",
        "last_name": "Doe",
        "middle_name": "B.",
        "prefix": "Dr",
        "suffix": "Jr",
    },
    "org": {"company": "Shop", "department": "Sales", "title": "Manager"},
    "phones": [
        {"phone": "+1 (555) 555-0101", "type": "HOME"},
        {"phone": "+1 (555) 555-0102", "type": "Landline", "wa_id": "15555550102"},
    ],
    "urls": [{"url": "https://shop.example", "type": "WORK"}],
}
_PLACE = {"latitude": 37.758056, "longitude": -122.425332, "name": "The shop", "address": "Some street 1"}
FREE_FORM: dict[str, Request] = {
    "text": (
        "text",
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "type": "text",
            "text": {"preview_url": False, "body": "Hello"},
        },
    ),
    "text with a preview and no type": (
        "text",
        {"messaging_product": "whatsapp", "text": {"preview_url": True, "body": "See https://shop.example"}},
    ),
    "text to a user id": ("text", {"recipient": USER, "type": "text", "text": {"body": "Hi"}}),
    "text to a group": (
        "text",
        {
            "to": GROUP,
            "recipient_type": "group",
            "type": "text",
            "text": {"preview_url": True, "body": "Hi all"},
        },
    ),
    "text for an identity": (
        "text",
        {"type": "text", "text": {"body": "Hi"}, "recipient_identity_key_hash": "DF2lS5v2W6x="},
    ),
    "reply by text": (
        "text",
        {
            "recipient_type": "individual",
            "context": {"message_id": WAMID},
            "type": "text",
            "text": {"preview_url": False, "body": "Yes"},
        },
    ),
    **_media(),
    "location": ("location", {"type": "location", "location": _PLACE}),
    "reply by location": (
        "location",
        {"context": {"message_id": WAMID}, "type": "location", "location": _PLACE},
    ),
    "contacts": ("contacts", {"type": "contacts", "contacts": [_CARD]}),
    "reply by contacts": (
        "contacts",
        {"context": {"message_id": WAMID}, "type": "contacts", "contacts": [_CARD]},
    ),
    "reaction": (
        "reaction",
        {
            "recipient_type": "individual",
            "type": "reaction",
            "reaction": {"message_id": WAMID, "emoji": "\N{GRINNING FACE}"},
        },
    ),
    "no reaction any more": (
        "reaction",
        {"type": "reaction", "reaction": {"message_id": WAMID, "emoji": ""}},
    ),
    **INTERACTIVE,
    "pin": (
        "raw",
        {
            "to": GROUP,
            "recipient_type": "group",
            "raw": {"type": "pin", "pin": {"type": "pin", "message_id": WAMID, "expiration_days": 7}},
        },
    ),
    "unpin": (
        "raw",
        {
            "to": GROUP,
            "recipient_type": "group",
            "raw": {"type": "pin", "pin": {"type": "unpin", "message_id": WAMID}},
        },
    ),
}
"""What needs an open service window, by what it is."""
