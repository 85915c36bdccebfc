"""Examples for templates, which the double takes as Meta's Resumable Upload API does.

What is refused, and that the session's id brings a signature in its query, is Meta's; Meta does not document
the codes of these refusals.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from .errors import GraphError, unknown_node
from .journal import RecordedRequest
from .media import PIECE

FILE_TYPES = ("application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4")
SESSION = "upload:"
"""How the id of a session begins."""


@dataclass(frozen=True)
class Example:
    """A file that was taken. :param sha256: of its content, lower-case hex."""

    handle: str
    file_name: str
    file_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class _Session:
    signature: str
    name: str
    type: str
    length: int


class ExampleShelf:
    """The sessions of one Meta app, and the examples that came of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: dict[str, _Session] = {}
        self._examples: dict[str, Example] = {}

    def all(self) -> tuple[Example, ...]:
        """Every example, in the order in which they were taken."""
        with self._lock:
            return tuple(self._examples.values())

    def open(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Open a session for a file.

        :param query: ``file_name``, ``file_length`` in bytes and ``file_type``.
        :raises GraphError: one is missing or wrong.
        """
        if not query.get("file_name"):
            raise GraphError(100, "The parameter file_name is required.")
        length = query.get("file_length", "")
        if not re.fullmatch(r"[1-9][0-9]{0,11}", length):
            raise GraphError(100, "The parameter file_length must be a number of bytes.")
        if query.get("file_type") not in FILE_TYPES:
            raise GraphError(100, f"The parameter file_type must be one of {', '.join(FILE_TYPES)}.")
        with self._lock:
            number = f"attachment:{len(self._sessions) + 1:08}?file_length={length}"
            node = SESSION + base64.urlsafe_b64encode(number.encode()).decode()
            signature = f"AR{hashlib.sha256(node.encode()).hexdigest()[:17]}"
            self._sessions[node] = _Session(signature, query["file_name"], query["file_type"], int(length))
        return {"id": f"{node}?sig={signature}"}

    def take(self, node: str, request: RecordedRequest) -> dict[str, Any]:
        """Take the file of a session, whole.

        :raises GraphError: there is no such session, or the file is not what was announced.
        """
        with self._lock:
            session = self._sessions.get(node)
        if session is None or request.query.get("sig") != session.signature:
            raise unknown_node(node)
        if request.headers.get("file_offset") != "0":
            raise GraphError(100, "The header file_offset must be 0: nothing of the file is here yet.")
        digest, size = _measure(request)
        if size != session.length:
            raise GraphError(100, f"Partial request: {size} bytes came of {session.length}.")
        handle = f"4::{base64.b64encode(session.type.encode()).decode()}:{digest[:32]}"
        with self._lock:
            self._examples[handle] = Example(handle, session.name, session.type, size, digest)
        return {"h": handle}


def _measure(request: RecordedRequest) -> tuple[str, int]:
    if request.file is None:
        return hashlib.sha256(request.body).hexdigest(), len(request.body)
    digest, size = hashlib.sha256(), 0
    while piece := request.file.read(PIECE):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size
