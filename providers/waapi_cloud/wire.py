"""Contents in the words of Meta: pure functions from our dataclasses to the JSON of a send.

The shapes are those of the Cloud API's message object, ``POST /<phone_number_id>/messages``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask_waapi import (
    Audio,
    Contacts,
    Content,
    Document,
    Image,
    Interactive,
    Location,
    Native,
    OutboundMessage,
    Reaction,
    Sticker,
    Template,
    Text,
    UnsupportedFeature,
    Video,
)

from .wire_interactive import interactive_object
from .wire_template import template_object
from .wire_values import (
    JsonObject,
    captioned_object,
    document_object,
    location_object,
    media_object,
    present,
)

USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]+")
"""A business-scoped user id, by which people who hide their number are reached."""


def message_body(message: OutboundMessage) -> JsonObject:
    """The whole body of the send.

    Our uuid travels in ``biz_opaque_callback_data``, which Meta repeats in every status; it is the
    only way to recognise a message whose answer got lost, since the call has no idempotency key. What
    the caller wants repeated follows it.

    :raises UnsupportedFeature: the content, or a part of it, has no counterpart here.
    :raises Rejected: a value can have no JSON form.
    """
    content, options = message.content, message.options
    marketing = options.marketing
    return {
        "messaging_product": "whatsapp",
        "recipient_type": options.recipient_type,
        **_recipient(message),
        "type": content.message_type,
        **_members(content),
        **present(
            context=options.reply_to and {"message_id": options.reply_to},
            recipient_identity_key_hash=options.identity_key_hash,
            product_policy=marketing and marketing.product_policy,
            message_activity_sharing=marketing and marketing.message_activity_sharing,
        ),
        "biz_opaque_callback_data": " ".join(filter(None, (str(message.uuid), options.callback_data))),
    }


def _recipient(message: OutboundMessage) -> JsonObject:
    if USER_ID.fullmatch(message.to):
        return {"recipient": message.to}
    # Meta takes many spellings of a number and answers with digits: one spelling, theirs.
    return {"to": message.to.removeprefix("+")}


def _members(content: Content) -> JsonObject:
    if isinstance(content, Native):
        return dict(content.members)
    if isinstance(content, Interactive):
        return {content.type: interactive_object(content)}
    build = _BUILDERS.get(type(content))
    if build is None:
        raise UnsupportedFeature(f"The Cloud API provider cannot send the type {content.type!r}.")
    return {content.type: build(content)}


def text_object(text: Text) -> JsonObject:
    """The ``text`` object."""
    return {"preview_url": text.preview_url, "body": text.body}


def audio_object(audio: Audio) -> JsonObject:
    """The ``audio`` object; ``voice`` only where it is one."""
    return media_object(audio) | present(voice=audio.voice or None)


def reaction_object(reaction: Reaction) -> JsonObject:
    """The ``reaction`` object."""
    return {"message_id": reaction.message_id, "emoji": reaction.emoji}


def contacts_list(contacts: Contacts) -> list[JsonObject]:
    """The ``contacts`` list; members that are not set are left out."""
    return [asdict(contact, dict_factory=_without_gaps) for contact in contacts.contacts]


def _without_gaps(members: list[tuple[str, Any]]) -> JsonObject:
    return {name: value for name, value in members if value is not None and value != ()}


_BUILDERS: dict[type[Content], Callable[[Any], Any]] = {
    Text: text_object,
    Image: captioned_object,
    Video: captioned_object,
    Audio: audio_object,
    Document: document_object,
    Sticker: media_object,
    Location: location_object,
    Contacts: contacts_list,
    Reaction: reaction_object,
    Template: template_object,
}
