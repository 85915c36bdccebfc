"""What recipients say of marketing messages: the items of ``user_preferences``."""

from __future__ import annotations

from typing import Any

from flask_waapi import PreferenceUpdate, ProviderEvent

from .json_values import Unreadable, address, moment, text_at, user_id_beside
from .surroundings import Surroundings

_WANTS_MARKETING = {"stop": False, "resume": True, "signup": True}


def read_preference(item: dict[str, Any], around: Surroundings) -> tuple[ProviderEvent, ...]:
    """A recipient's wish; none for a category or a word that is not known.

    :raises Unreadable: it names nobody or no time, or was said to another number.
    """
    around.require_ours()
    wants_marketing = _WANTS_MARKETING.get(text_at(item, "value") or "")
    if text_at(item, "category") != "marketing_messages" or wants_marketing is None:
        return ()
    recipient = address(item.get("wa_id"), item.get("user_id"))
    if recipient is None:
        raise Unreadable("It does not say whose preference it is.")
    told_at = moment(item.get("timestamp")) or around.told_at()
    user_id = user_id_beside(item.get("wa_id"), item.get("user_id"))
    return (PreferenceUpdate(recipient, wants_marketing, told_at, user_id),)
