"""Messages that people wrote to the number, and those that its owner wrote from the phone.

The members are those of Meta's reference of ``messages``, which adds types over time: one that is not
known is handed on like any other, whole.
"""

from __future__ import annotations

from typing import Any

from flask_waapi import InboundMessage, ProviderEvent

from .inbound_text import readable_text
from .json_values import Unreadable, address, needed, text_at, user_id_beside
from .surroundings import Surroundings, occurred_at

_READ_ELSEWHERE = frozenset({"id", "from", "to", "timestamp", "type"})
_NEW_NUMBER = frozenset({"user_changed_number", "customer_changed_number"})
_CHANGES_ANOTHER = frozenset({"edit", "revoke"})


def read_message(item: dict[str, Any], around: Surroundings) -> tuple[ProviderEvent, ...]:
    """A message to the number.

    :raises Unreadable: it has no id, type, sender or time, or is for another number.
    """
    around.require_ours()
    sender, former_sender = _sender(item)
    if sender is None:
        raise Unreadable("It does not say who wrote it.")
    kind = needed(item, "type")
    message = InboundMessage(
        provider_message_id=needed(item, "id"),
        sender=sender,
        recipient=around.our_number,
        type=kind,
        occurred_at=occurred_at(item),
        content=_content(item),
        text=readable_text(item),
        sender_name=around.name_of(item.get("from"), item.get("from_user_id")),
        reply_to=_reply_to(item),
        # WhatsApp itself tells of system events; what is written in a group opens no chat with its writer.
        opens_window=kind != "system" and not item.get("group_id"),
        former_sender=former_sender,
        # Whoever has a new number gets a new id with it.
        user_id=None if former_sender else user_id_beside(item.get("from"), item.get("from_user_id")),
    )
    return (message,)


def read_echo(item: dict[str, Any], around: Surroundings) -> tuple[ProviderEvent, ...]:
    """A message that was sent with the number from the phone's app.

    :raises Unreadable: it has no id, type, recipient or time, or is from another number.
    """
    around.require_ours()
    recipient = address(item.get("to"), item.get("to_user_id"))
    if recipient is None:
        raise Unreadable("It does not say whom it was written to.")
    message = InboundMessage(
        provider_message_id=needed(item, "id"),
        sender=around.our_number,
        recipient=recipient,
        type=needed(item, "type"),
        occurred_at=occurred_at(item),
        content=_content(item),
        text=readable_text(item),
        reply_to=_reply_to(item),
        opens_window=False,
        is_echo=True,
        user_id=user_id_beside(item.get("to"), item.get("to_user_id")),
    )
    return (message,)


def _content(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in _READ_ELSEWHERE}


def _reply_to(item: dict[str, Any]) -> str | None:
    kind = item.get("type")
    if kind == "reaction":
        return text_at(item, "reaction", "message_id")
    if kind in _CHANGES_ANOTHER:
        return text_at(item, kind, "original_message_id")
    return text_at(item, "context", "id")


def _sender(item: dict[str, Any]) -> tuple[str | None, str | None]:
    """Who wrote it, and by which number they were known before, if they tell of a new one."""
    sender = address(item.get("from"), item.get("from_user_id"))
    system = item.get("system")
    if item.get("type") != "system" or text_at(system, "type") not in _NEW_NUMBER:
        return sender, None
    former = sender or address(text_at(system, "customer"))
    # Older versions of the API have the number under another name.
    new = address(text_at(system, "wa_id"), text_at(system, "new_wa_id"))
    return (former, None) if new is None else (new, former if former != new else None)
