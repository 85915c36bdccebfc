"""Which family of messages a body belongs to, who may send it, and who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..access.gate import denied
from ..access.key_views import Credential
from ..access.permissions import Permission
from ..content import INTERACTIVE_KINDS, MEDIA_TYPES
from ..errors import Fault, PermissionDenied
from ..messaging.send_requests import Sender, SendRequest
from .free_form_requests import (
    contacts_request,
    interactive_request,
    location_request,
    media_request,
    raw_request,
    reaction_request,
    text_request,
)
from .requests import ReadRequest
from .template_requests import template_request

READERS: Mapping[str, ReadRequest] = {
    "template": template_request,
    "text": text_request,
    "media": media_request,
    "interactive": interactive_request,
    "location": location_request,
    "contacts": contacts_request,
    "reaction": reaction_request,
    "raw": raw_request,
}
"""By family, which is the path below ``messages/`` too: what reads the body of a send."""

_FAMILY_BY_TYPE: Mapping[str, str] = {
    **dict.fromkeys(MEDIA_TYPES, "media"),
    **dict.fromkeys(INTERACTIVE_KINDS, "interactive"),
    **{family: family for family in READERS if family != "media"},
}
_FAMILY_BY_MEMBER: Mapping[str, str] = {
    "template_name": "template",
    **{name: family for name, family in _FAMILY_BY_TYPE.items() if name not in INTERACTIVE_KINDS},
}

ITEM_TYPES = tuple(_FAMILY_BY_TYPE)
"""What ``type`` can be in a batch."""

_WITHOUT_TYPE = {"template", "text", "raw"}
"""Families whose single send has no ``type`` in our own form."""


def permission_for(message_type: str) -> Permission:
    """What a key needs to send messages of a type."""
    if message_type == "template":
        return Permission.SEND_TEMPLATE
    return Permission.SEND_MEDIA if message_type in MEDIA_TYPES else Permission.SEND_TEXT


def read_send(family: str, body: Any, credential: Credential) -> SendRequest:
    """The message that the body of a single send asks for.

    :param credential: whose send it is.
    :raises PermissionDenied: it may not send what is in the body, whatever the endpoint.
    """
    if family == "raw":
        raw = body.get("raw") if isinstance(body, dict) else None
        needed = permission_for(str(raw.get("type")) if isinstance(raw, dict) else "raw")
        if needed not in credential.permissions:
            raise denied(credential, [needed])
    wanted = READERS[family](body)
    if denial := fallback_denied(credential, wanted):
        raise denial
    return wanted


def sender_as(credential: Credential, request_id: str) -> Sender:
    """On whose behalf a key sends."""
    return Sender(
        account=credential.account,
        key_id=credential.key_id,
        simulated=credential.mode == "test",
        provider=credential.provider,
        request_id=request_id,
        secret_id=credential.secret_id,
    )


def fallback_denied(credential: Credential, wanted: SendRequest) -> PermissionDenied | None:
    """The refusal of a fallback that is a template to a key that may not send templates."""
    if wanted.fallback is None or Permission.SEND_TEMPLATE in credential.permissions:
        return None
    refusal = denied(credential, [Permission.SEND_TEMPLATE])
    return PermissionDenied(
        f"{refusal.message.rstrip('.')}, which fallback_template needs.", details=refusal.details
    )


def item_request(item: Any, pointer: str) -> tuple[SendRequest, Permission | None]:
    """One message of a batch, and what a key needs to send it.

    :param item: the body of a single send; ``type`` may be left out where another member tells it.
    :param pointer: JSON pointer to the item.
    :returns: no permission where the item's type is not known.
    """
    if not isinstance(item, Mapping):
        fault = Fault("", "The message is not a JSON object.", "an object")
        return SendRequest("", None, faults=(fault,), pointer=pointer), None
    family = _family_of(item)
    if family is None:
        fault = Fault("/type", "The message has no known type.", f"one of {', '.join(ITEM_TYPES)}")
        to = item.get("to")
        recipient = to if isinstance(to, str) else ""
        return SendRequest(recipient, None, faults=(fault,), pointer=pointer), None
    members = item
    if family in _WITHOUT_TYPE:
        members = {name: value for name, value in item.items() if name != "type"}
    request = replace(READERS[family](members), pointer=pointer)
    return request, _permission(family, request, item)


def _family_of(item: Mapping[str, Any]) -> str | None:
    if "type" in item:
        given = item["type"]
        return _FAMILY_BY_TYPE.get(given) if isinstance(given, str) else None
    return next((family for member, family in _FAMILY_BY_MEMBER.items() if member in item), None)


def _permission(family: str, request: SendRequest, item: Mapping[str, Any]) -> Permission:
    if family == "raw":
        raw = item.get("raw")
        kind = raw.get("type") if isinstance(raw, Mapping) else None
        return permission_for(kind if isinstance(kind, str) else family)
    return Permission.SEND_MEDIA if family == "media" else permission_for(family)
