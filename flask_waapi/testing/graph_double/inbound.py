"""Messages that people write to the double's number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from .recipients import is_user_id
from .routes import Account
from .statuses import value_of


def inbound_item(
    sender: str, wamid: str, kind: str, payload: Any, sent_at: datetime, members: dict[str, Any]
) -> dict[str, Any]:
    """One message.

    :param sender: a number, or the user id of somebody who hides it.
    :param payload: what stands under the name of its type; ``None`` leaves it out.
    :param members: others, such as ``context``.
    """
    item = {
        **({"from_user_id": sender} if is_user_id(sender) else {"from": re.sub(r"\D", "", sender)}),
        "id": wamid,
        "timestamp": str(int(sent_at.timestamp())),
        "type": kind,
    }
    if payload is None:
        return item | members
    return item | {kind: payload} | members


def inbound_value(account: Account, items: Sequence[Any], name: str) -> dict[str, Any]:
    """The value of a change with these messages, and a contact for each of their senders.

    :param name: what every sender is called.
    """
    found = [item.get("from", item.get("from_user_id")) for item in items if isinstance(item, dict)]
    senders = dict.fromkeys(sender for sender in found if isinstance(sender, str))
    contacts = [
        {"profile": {"name": name}, "user_id" if is_user_id(sender) else "wa_id": sender}
        for sender in senders
    ]
    return value_of(account, contacts=contacts, messages=items)
