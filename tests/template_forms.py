"""Templates to make: in our own form, and with Meta's components."""

from __future__ import annotations

from typing import Any

HANDLE = "4::aW1hZ2UvcG5n"


def form(**members: Any) -> dict[str, Any]:
    """A template in our form; a member that is ``None`` is left out."""
    values = {"name": "order_news", "language": "en", "category": "UTILITY", "body": "Hello."} | members
    return {name: value for name, value in values.items() if value is not None}


def whole(*components: Any, **members: Any) -> dict[str, Any]:
    """A template with Meta's components."""
    return form(body=None, components=list(components), **members)


def body(text: str = "Hello.", **members: Any) -> dict[str, Any]:
    return {"type": "BODY", "text": text, **members}


def buttons(*given: Any) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(given)}


def reply(text: str = "Yes") -> dict[str, Any]:
    return {"type": "QUICK_REPLY", "text": text}


def link(url: str = "https://example.com/", **members: Any) -> dict[str, Any]:
    return {"type": "URL", "text": "Open", "url": url, **members}


def card(text: str = "A card", **members: Any) -> dict[str, Any]:
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [HANDLE]}}
    return {"components": [header, body(text), buttons(reply())], **members}


def carousel(*cards: Any) -> dict[str, Any]:
    return {"type": "CAROUSEL", "cards": list(cards)}


def offer(text: str = "Ends soon") -> dict[str, Any]:
    return {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": text, "has_expiration": True}}


def otp(**members: Any) -> dict[str, Any]:
    return {"type": "OTP", "otp_type": "COPY_CODE", **members}


def password(*parts: Any, **members: Any) -> dict[str, Any]:
    components = parts or ({"type": "BODY", "add_security_recommendation": True}, buttons(otp()))
    return whole(*components, category="AUTHENTICATION", **members)


def app(**members: Any) -> dict[str, Any]:
    return {"package_name": "com.example", "signature_hash": "K8a/AINcGX7", **members}
