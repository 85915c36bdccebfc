"""The statuses of sent messages, in the shapes of every version of the Graph API so far.

The members are those of Meta's reference of ``statuses``. From v24.0 ``conversation`` is left out and
``pricing`` has a ``type``; whatever is there is handed on.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_waapi import PreferenceUpdate, ProviderEvent, Refusal, StatusUpdate

from .failures import read_graph_error, whole_number
from .json_values import address, needed, objects, user_id_beside
from .surroundings import Surroundings, occurred_at

STOPPED_MARKETING = 131050
"""The error code that says that the recipient wants no marketing from us any more."""

_READ_ELSEWHERE = frozenset({"id", "status", "timestamp", "biz_opaque_callback_data"})
_NO_REASON = Refusal("unspecified", "WhatsApp reported a failure without a reason.")


def read_status(item: dict[str, Any], around: Surroundings) -> tuple[ProviderEvent, ...]:
    """One status; a failure that tells of a recipient's wish tells two things.

    :raises Unreadable: it has no id, no status or no time.
    """
    status = needed(item, "status")
    message_uuid, theirs = _callback_data(item.get("biz_opaque_callback_data"))
    participant = address(item.get("recipient_participant_id"), item.get("recipient_participant_user_id"))
    update = StatusUpdate(
        status=status,
        occurred_at=occurred_at(item),
        provider_message_id=needed(item, "id"),
        message_uuid=message_uuid,
        refusal=_refusal(item) if status == "failed" else None,
        details={name: value for name, value in item.items() if name not in _READ_ELSEWHERE} | theirs,
        participant=participant,
    )
    whom = "recipient" if participant is None else "recipient_participant"
    number, user_id = item.get(f"{whom}_id"), item.get(f"{whom}_user_id")
    recipient = address(number, user_id)
    if status == "failed" and recipient and around.is_ours and _has_stopped_marketing(item):
        beside = user_id_beside(number, user_id)
        return update, PreferenceUpdate(recipient, False, update.occurred_at, beside)
    return (update,)


def _has_stopped_marketing(item: dict[str, Any]) -> bool:
    codes = (whole_number(error.get("code")) for error in objects(item.get("errors")))
    return STOPPED_MARKETING in codes


def _refusal(item: dict[str, Any]) -> Refusal:
    for value in objects(item.get("errors")):
        error = read_graph_error(value)
        if error is not None:
            return error.refusal()
    return _NO_REASON


def _callback_data(value: Any) -> tuple[UUID | None, dict[str, Any]]:
    """Our id of the message, and what its sender wanted repeated behind it."""
    if not isinstance(value, str):
        return None, {}
    ours, _, theirs = value.partition(" ")
    try:
        message_uuid = UUID(ours)
    except ValueError:
        # Whoever shares the number with us may put words of its own there.
        return None, {}
    return message_uuid, {"biz_opaque_callback_data": theirs} if theirs else {}
