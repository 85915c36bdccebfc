"""What the payload of each endpoint starts with, made from what the account really has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ...api.envelope import timestamp
from ...api.message_types import MESSAGE_TYPES, RECIPIENT
from ...content import Button, Header
from ...messaging import history
from ...messaging.history import HistoryFilter
from ...messaging.templates.examples import example_draft
from ...messaging.templates.rendering import CardDraft, TemplateDraft
from ...plugins.provider import TemplateDefinition
from ...services import Services

REFERENCE = "playground"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_MESSAGE = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Choice:
    """What has been chosen. :param template: ``None`` where the provider keeps no templates."""

    services: Services
    account: str
    template: TemplateDefinition | None


def sample(operation_name: str, choice: Choice) -> str:
    """The JSON to begin with; for an endpoint without a body, its parameters."""
    maker = _MAKERS.get(operation_name)
    return json.dumps(maker(choice) if maker else {}, indent=2, ensure_ascii=False)


def _template(choice: Choice) -> dict[str, Any]:
    if choice.template is None:
        variables = {"customer_name": "John Doe", "order_id": "ORD-12345", "total": "99.99"}
        return {
            "to": RECIPIENT,
            "template_name": "order_confirmation",
            "language": "en",
            "variables": variables,
            "reference": REFERENCE,
        }
    return {"to": RECIPIENT, **template_members(example_draft(choice.template)), "reference": REFERENCE}


def template_members(draft: TemplateDraft) -> dict[str, Any]:
    """The members of a template send in our own form."""
    body: dict[str, Any] = {"template_name": draft.name, "language": draft.language, **_values(draft)}
    if draft.limited_time_offer is not None:
        milliseconds = timedelta(milliseconds=draft.limited_time_offer.expiration_time_ms)
        body["limited_time_offer"] = {"expiration": timestamp(_EPOCH + milliseconds)}
    if draft.cards:
        body["cards"] = [_values(card) for card in draft.cards]
    return body


def _values(draft: TemplateDraft | CardDraft) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if draft.variables:
        values["variables"] = draft.variables
    if draft.header is not None:
        values["header"] = _header(draft.header)
    if draft.buttons:
        values["buttons"] = [_button(button) for button in draft.buttons]
    return values


def _button(button: Button) -> dict[str, Any]:
    filled = {name: value for name, value in asdict(button).items() if value not in (None, "", ())}
    return {"index": filled.pop("index"), "type": filled.pop("kind"), **filled}


def _header(header: Header) -> dict[str, Any]:
    if header.variable is not None:
        return {"text": header.variable.value}
    filled = {name: value for name, value in asdict(header).items() if value is not None}
    return {
        name: {member: given for member, given in value.items() if given is not None}
        for name, value in filled.items()
    }


def _text(choice: Choice) -> dict[str, Any]:
    return {"to": RECIPIENT, "text": "Hello from the playground", "reference": REFERENCE}


def _media(choice: Choice) -> dict[str, Any]:
    return {
        "to": RECIPIENT,
        "type": "image",
        "link": "https://example.com/picture.jpg",
        "caption": "A picture from the playground",
        "reference": REFERENCE,
    }


def _of_type(name: str) -> Callable[[Choice], dict[str, Any]]:
    body = next(described.body for described in MESSAGE_TYPES if described.name == name)
    return lambda choice: {"to": RECIPIENT, **body, "reference": REFERENCE}


def _message(choice: Choice) -> dict[str, Any]:
    last = history.page(choice.services.store, choice.account, HistoryFilter(), limit=1).messages
    return {"message_uuid": str(last[0].id) if last else _NO_MESSAGE}


def _history(choice: Choice) -> dict[str, Any]:
    return {"limit": 5}


def _template_name(choice: Choice) -> dict[str, Any]:
    return {"name": choice.template.name if choice.template else "order_confirmation"}


_MAKERS: Mapping[str, Callable[[Choice], dict[str, Any]]] = {
    "send_template": _template,
    "send_text": _text,
    "send_media": _media,
    "send_interactive": _of_type("button"),
    "send_location": _of_type("location"),
    "send_contacts": _of_type("contacts"),
    "send_reaction": _of_type("reaction"),
    "send_raw": _of_type("raw"),
    "get_message": _message,
    "list_events": _message,
    "list_messages": _history,
    "get_template": _template_name,
}
"""By the operation's name; one that is not here begins with no parameters."""
