"""Errors as the Graph API words them: code, HTTP status and the ``error`` object.

Codes and HTTP statuses follow the Cloud API documentation; a code that is not here is answered with
400, which is what Meta does for most.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .faults import ErrorAnswer

_KNOWN: dict[int, tuple[int, str]] = {
    0: (401, "The access token could not be used"),
    1: (400, "An unknown error occurred"),
    2: (503, "The service is temporarily unavailable"),
    3: (500, "The app does not have the capability to make this call"),
    4: (429, "Application request limit reached"),
    10: (403, "The app does not have permission for this action"),
    17: (429, "User request limit reached"),
    100: (400, "Invalid parameter"),
    104: (401, "An access token is required to request this resource"),
    190: (401, "The access token is invalid or has expired"),
    368: (403, "Temporarily blocked for policy violations"),
    803: (404, "The object does not exist"),
    2500: (400, "Unknown path components"),
    80007: (429, "Rate limit issues on the business account"),
    130429: (429, "Rate limit hit"),
    130472: (400, "The user's number is part of an experiment"),
    130497: (403, "The account may not message users in this country"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "The recipient cannot be the sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "The recipient is not in the allowed list"),
    131031: (403, "The account has been locked"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (429, "Spam rate limit hit"),
    131049: (400, "Not delivered to keep the ecosystem healthy"),
    131051: (400, "Unsupported message type"),
    131053: (400, "Media upload error"),
    131055: (400, "The method is not allowed on this endpoint"),
    131056: (429, "Pair rate limit hit"),
    131057: (500, "The account is in maintenance mode"),
    131062: (400, "A user id is no recipient of this message"),
    132000: (400, "The number of parameters does not match the template"),
    132001: (404, "The template does not exist in this language"),
    132005: (400, "The translated text is too long"),
    132012: (400, "The parameter format does not match the template"),
    132015: (400, "The template is paused"),
    132016: (400, "The template is disabled"),
    132018: (400, "The parameter text holds characters that are not allowed"),
    133000: (500, "Incomplete deregistration"),
    133004: (503, "The server is temporarily unavailable"),
    133010: (400, "The phone number is not registered"),
    133016: (429, "Too many registrations"),
    135000: (400, "Generic user error"),
    137000: (400, "The identity key hash does not match"),
}


class GraphError(Exception):
    """A request that is refused; the server turns it into the answer."""

    def __init__(self, code: int, details: str | None = None, *, subcode: int | None = None):
        super().__init__(code, details)
        self.answer = ErrorAnswer(code, details=details, subcode=subcode)


def unknown_node(node: str) -> GraphError:
    """The error for an id that does not exist, or that the token cannot see."""
    return GraphError(100, f"There is no object with the id {node!r} here.", subcode=33)


def title_of(code: int) -> str:
    """What Meta calls the error."""
    return _KNOWN.get(code, (400, "Error of the double"))[1]


def error_response(error: ErrorAnswer, trace_id: str) -> tuple[int, Mapping[str, str], dict[str, Any]]:
    """Status, further headers and JSON body of a refusal."""
    status, title = _KNOWN.get(error.code, (400, "Error of the double"))
    body: dict[str, Any] = {
        "message": f"(#{error.code}) {title}",
        "type": "OAuthException",
        "code": error.code,
    }
    if error.subcode is not None:
        body["error_subcode"] = error.subcode
    if error.details is not None:
        body["error_data"] = {"messaging_product": "whatsapp", "details": error.details}
    if error.is_transient is not None:
        body["is_transient"] = error.is_transient
    body["fbtrace_id"] = trace_id
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return error.http_status or status, headers, {"error": body}


def status_error(code: int) -> dict[str, Any]:
    """The error as a failed status lists it."""
    title = title_of(code)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": f"{title} (reported by the double)."},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }


def to_json(value: Any) -> bytes:
    """JSON as Meta writes it: ASCII only, and every slash escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode("ascii")
