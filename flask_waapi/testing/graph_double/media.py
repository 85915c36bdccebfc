"""Media uploaded to the double, kept in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from threading import Lock
from typing import Any

from .errors import GraphError, unknown_node


@dataclass(frozen=True)
class Medium:
    """An uploaded file."""

    id: str
    mime_type: str
    content: bytes


class MediaShelf:
    """All uploaded media."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._media: dict[str, Medium] = {}
        self._uploads = 0

    def __contains__(self, media_id: object) -> bool:
        with self._lock:
            return media_id in self._media

    def upload(self, content_type: str, body: bytes) -> dict[str, Any]:
        """Take the file of a multipart form.

        :raises GraphError: it is no such form, or lacks a part.
        """
        parts = _form_parts(content_type, body)
        product, file = parts.get("messaging_product"), parts.get("file")
        if product is None or _payload(product) != b"whatsapp":
            raise GraphError(100, "The parameter messaging_product is required.")
        if file is None:
            raise GraphError(100, "The parameter file is required.")
        with self._lock:
            self._uploads += 1
            media_id = str(920000000000000 + self._uploads)
            self._media[media_id] = Medium(media_id, file.get_content_type(), _payload(file))
        return {"id": media_id}

    def get(self, media_id: str) -> Medium:
        """The medium of that id.

        :raises GraphError: there is none.
        """
        with self._lock:
            medium = self._media.get(media_id)
        if medium is None:
            raise unknown_node(media_id)
        return medium

    def describe(self, media_id: str, address: str) -> dict[str, Any]:
        """What Meta tells of a medium. :param address: where its content is."""
        medium = self.get(media_id)
        return {
            "messaging_product": "whatsapp",
            "url": address,
            "mime_type": medium.mime_type,
            "sha256": hashlib.sha256(medium.content).hexdigest(),
            "file_size": len(medium.content),
            "id": medium.id,
        }

    def delete(self, media_id: str) -> dict[str, Any]:
        """Forget a medium."""
        self.get(media_id)
        with self._lock:
            self._media.pop(media_id, None)
        return {"success": True}


def _form_parts(content_type: str, body: bytes) -> Mapping[str, Message]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    if not form.is_multipart():
        raise GraphError(100, "The body must be multipart/form-data.")
    return {
        str(part.get_param("name", header="content-disposition")): part
        for part in form.get_payload()
        if isinstance(part, Message)
    }


def _payload(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
