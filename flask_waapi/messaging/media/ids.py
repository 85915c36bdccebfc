"""Ids of media in messages: those that come in become the account's, others' may not be sent."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ... import content as contents
from ...content import Content
from ...errors import Fault
from ...identifiers import uuid7
from ...storage.json_values import clean
from ...storage.media_models import StoredMedium
from ...storage.models import Message
from ...storage.session import Store

RECEIVED_KEPT = timedelta(days=7)
"""How long the content of a message that came in can be fetched; Cloud API, media."""

LONGEST_ID = 255
"""Characters; what the column holds."""

MEDIA_MEMBERS = ("image", "video", "audio", "voice", "document", "sticker")
"""Members of a message object that are media, in the Cloud API's words."""


def remember_received(session: Session, message: Message, now: datetime) -> None:
    """Make the media of a message that came in those of the message's account."""
    given = message.content or {}
    for name in MEDIA_MEMBERS:
        medium = given.get(name)
        media_id = medium.get("id") if isinstance(medium, Mapping) else None
        if not isinstance(medium, Mapping) or not isinstance(media_id, str):
            continue
        if not 1 <= len(media_id) <= LONGEST_ID or _is_known(session, message, media_id):
            continue
        session.add(
            StoredMedium(
                id=uuid7(now),
                account=message.account,
                provider=message.provider,
                media_id=media_id,
                message_id=message.id,
                mime_type=_text(medium.get("mime_type"), 128),
                sha256=_hexadecimal(medium.get("sha256")),
                filename=_text(medium.get("filename"), 255),
                created_at=now,
                expires_at=now + RECEIVED_KEPT,
            )
        )


def foreign_media(store: Store, account: str, provider: str, content: Content) -> list[Fault]:
    """A fault for each medium of a content that is known, and as another account's only.

    One that is not known at all may have been uploaded elsewhere, with the same number.

    :param provider: the instance that is to send it.
    """
    asked = dict(_media_ids(contents.to_json(content)))
    if not asked:
        return []
    query = select(StoredMedium.media_id, StoredMedium.account).where(
        StoredMedium.provider == provider, StoredMedium.media_id.in_(set(asked.values()))
    )
    owners: dict[str, set[str]] = {}
    with store.read() as session:
        for media_id, owner in session.execute(query):
            owners.setdefault(media_id, set()).add(owner)
    return [
        Fault(pointer, f"There is no medium {media_id!r}.", "the id of a medium that you have uploaded")
        for pointer, media_id in asked.items()
        if media_id in owners and account not in owners[media_id]
    ]


def _media_ids(value: Any, pointer: str = "", name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for member, inner in value.items():
            is_medium = member == "media_id" or (member == "id" and name in MEDIA_MEMBERS)
            below = pointer if member == "members" and not pointer else f"{pointer}/{member}"
            if is_medium and isinstance(inner, str):
                yield below, inner
            else:
                yield from _media_ids(inner, below, member)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _media_ids(inner, f"{pointer}/{index}", name)


def _is_known(session: Session, message: Message, media_id: str) -> bool:
    same = select(StoredMedium.id).where(
        StoredMedium.account == message.account,
        StoredMedium.provider == message.provider,
        StoredMedium.media_id == media_id,
    )
    return session.scalar(same) is not None


def _text(value: Any, length: int) -> str | None:
    return clean(value)[:length] if isinstance(value, str) else None


def _hexadecimal(checksum: Any) -> str | None:
    """A checksum in hex, which callbacks write as base64."""
    if not isinstance(checksum, str):
        return None
    if re.fullmatch(r"[0-9A-Fa-f]{64}", checksum):
        return checksum.lower()
    try:
        digest = base64.b64decode(checksum, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest.hex() if len(digest) == 32 else None
