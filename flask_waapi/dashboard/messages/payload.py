"""A stored message as the request that would send it again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cattrs import BaseValidationError

from ...api.families import READERS
from ...content import Content, Media, Native, Template, Text, Variable
from ...content.options import INDIVIDUAL
from ...content.stored import from_json, options_from_json, to_json
from ...errors import NotFound
from ...messaging import history
from ...messaging.account_events import INBOUND
from ...messaging.templates.rendering import CardDraft, TemplateDraft
from ...services import Services
from ...storage.models import Message
from ..playground.samples import template_members
from .search import as_uuid


@dataclass(frozen=True)
class Payload:
    """A request of the API.

    :param operation: its name. :param body: what is sent, as JSON values. :param key_id: of the key that did.
    """

    operation: str
    body: dict[str, Any]
    key_id: UUID | None

    @property
    def text(self) -> str:
        """The body as a person reads it."""
        return json.dumps(self.body, indent=2, ensure_ascii=False)

    @property
    def choices(self) -> Mapping[str, str]:
        """What is chosen in the playground to send it."""
        template = f"{self.body.get('template_name')}/{self.body.get('language')}"
        return {"operation": self.operation, "template": template, "key": str(self.key_id)}


def stored_payload(services: Services, account: str, message_uuid: str | None) -> Payload | None:
    """The payload of a message that is named by its id, so that no number stands in an address.

    :raises NotFound: the account has no such message, or it cannot be sent again.
    """
    if message_uuid is None:
        return None
    wanted = as_uuid(message_uuid)
    payload = payload_of(history.get(services.store, account, wanted)) if wanted is not None else None
    if payload is None:
        raise NotFound(f"There is no message {message_uuid} that could be sent again in this account.")
    return payload


def payload_of(message: Message) -> Payload | None:
    """The request that would send a message again; ``None`` of one that came in."""
    if message.direction == INBOUND or message.is_echo:
        return None
    try:
        content = from_json(message.type, message.content)
    except (KeyError, BaseValidationError):
        # Stored by a version that knew other types.
        return None
    family, members = _members(content)
    return Payload(f"send_{family}", {**_addressed(message), **members, **_beside(message)}, message.key_id)


def _members(content: Content) -> tuple[str, dict[str, Any]]:
    match content:
        case Native():
            if content.kind in READERS:
                return content.kind, dict(content.members)
            return "raw", {"raw": {"type": content.kind, **content.members}}
        case Text():
            preview = {"preview_url": True} if content.preview_url else {}
            return "text", {"text": content.body, **preview}
        case Template():
            return "template", template_members(_draft(content))
        case Media():
            return "media", {"type": content.type, **to_json(content)}
    values = to_json(content)
    if "kind" in values:
        values = {"type": values.pop("kind"), **values}
    return content.type, values


def _draft(template: Template) -> TemplateDraft:
    return TemplateDraft(
        template.name,
        template.language,
        _variables(template.body),
        template.header,
        template.buttons,
        template.limited_time_offer,
        tuple(CardDraft(_variables(card.body), card.header, card.buttons) for card in template.cards),
    )


def _variables(given: Sequence[Variable]) -> Any:
    if given and all(variable.name is not None for variable in given):
        return {variable.name: variable.value for variable in given}
    return [variable.value for variable in given]


def _addressed(message: Message) -> dict[str, Any]:
    recipient_type = options_from_json(message.options).recipient_type
    beside = {} if recipient_type == INDIVIDUAL else {"recipient_type": recipient_type}
    return {"to": message.recipient, **beside}


def _beside(message: Message) -> dict[str, Any]:
    reply_to = options_from_json(message.options).reply_to
    beside = {"reply_to": reply_to, "reference": message.reference}
    return {name: value for name, value in beside.items() if value is not None}
