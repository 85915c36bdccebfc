"""Messages that a message points to, by our id or by the provider's."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from ..content import Content, MessageOptions, Reaction
from ..errors import Fault
from ..storage.models import Message
from ..storage.session import Store

_OUR_ID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def resolve(
    store: Store, account: str, content: Content, options: MessageOptions, faults: list[Fault]
) -> tuple[Content, MessageOptions]:
    """Content and options with the provider's ids in place of ours.

    :param faults: takes up what is wrong: an id that the account has no message of, or a message that the
        provider has not taken yet.
    """
    if options.reply_to is not None:
        found = _provider_id(store, account, options.reply_to, "/reply_to", faults)
        options = replace(options, reply_to=found)
    if isinstance(content, Reaction):
        found = _provider_id(store, account, content.message_id, "/message_id", faults)
        content = replace(content, message_id=found)
    return content, options


def _provider_id(store: Store, account: str, given: str, pointer: str, faults: list[Fault]) -> str:
    if not re.fullmatch(_OUR_ID, given, re.ASCII):
        return given
    query = select(Message.provider_message_id).where(Message.account == account, Message.id == UUID(given))
    with store.read() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        faults.append(Fault(pointer, f"There is no message {given} in this account.", "a message_uuid"))
    elif row.provider_message_id is None:
        message = f"The message {given} has not been sent yet, so nothing can point to it."
        faults.append(Fault(pointer, message, "a message that a provider has accepted"))
    else:
        return str(row.provider_message_id)
    return given
