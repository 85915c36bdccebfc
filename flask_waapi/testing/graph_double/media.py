"""Media uploaded to the double; large ones lie in files, so that memory holds none of them twice."""

from __future__ import annotations

import hashlib
import io
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import IO, Any, BinaryIO

from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import MultiPartParser
from werkzeug.http import parse_options_header

from .errors import GraphError, unknown_node

LARGEST_IN_MEMORY = 1024 * 1024
"""Bytes of a body, or of a medium, that is not written to a file."""

PIECE = 64 * 1024
"""Bytes that are read of a file at once."""


class Medium:
    """An uploaded file. :param file: belongs to it from here on."""

    def __init__(self, media_id: str, mime_type: str, file: IO[bytes]) -> None:
        self.id = media_id
        self.mime_type = mime_type
        self._lock = Lock()
        self._file = file
        self.sha256 = _digest(file)
        self.size = file.tell()

    @property
    def content(self) -> bytes:
        """The file, whole."""
        with self._lock:
            self._file.seek(0)
            return self._file.read()


@dataclass(frozen=True)
class _Form:
    product: str | None
    file: FileStorage | None


class MediaShelf:
    """All uploaded media."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._media: dict[str, Medium] = {}
        self._uploads = 0
        self._files: list[IO[bytes]] = []
        # A file that is only forgotten would warn that nobody has closed it.
        weakref.finalize(self, _close_all, self._files)

    def __contains__(self, media_id: object) -> bool:
        with self._lock:
            return media_id in self._media

    def upload(self, content_type: str, body: bytes | BinaryIO) -> dict[str, Any]:
        """Take the file of a multipart form.

        :raises GraphError: it is no such form, or lacks a part.
        """
        form = _read_form(content_type, io.BytesIO(body) if isinstance(body, bytes) else body, self._place)
        if form.product != "whatsapp":
            raise GraphError(100, "The parameter messaging_product is required.")
        if form.file is None:
            raise GraphError(100, "The parameter file is required.")
        with self._lock:
            self._uploads += 1
            media_id = str(920000000000000 + self._uploads)
        medium = Medium(media_id, form.file.mimetype or "text/plain", form.file.stream)
        with self._lock:
            self._media[media_id] = medium
        return {"id": media_id}

    def _place(self, *_sizes: Any, **_facts: Any) -> IO[bytes]:
        file = spool()
        self._files.append(file)
        return file

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
            "sha256": medium.sha256,
            "file_size": medium.size,
            "id": medium.id,
        }

    def delete(self, media_id: str) -> dict[str, Any]:
        """Forget a medium."""
        self.get(media_id)
        with self._lock:
            self._media.pop(media_id, None)
        return {"success": True}


def spool() -> BinaryIO:
    """A place for a body that may be large."""
    return tempfile.SpooledTemporaryFile(LARGEST_IN_MEMORY)  # type: ignore[return-value]


def _read_form(content_type: str, body: BinaryIO, place: Callable[..., IO[bytes]]) -> _Form:
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "").encode("ascii", "replace")
    if kind != "multipart/form-data" or not boundary:
        raise GraphError(100, "The body must be multipart/form-data.")
    try:
        fields, files = MultiPartParser(place).parse(body, boundary, None)
    except (ValueError, HTTPException):
        raise GraphError(100, "The body must be multipart/form-data.") from None
    return _Form(fields.get("messaging_product"), files.get("file"))


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def _close_all(files: list[IO[bytes]]) -> None:
    for file in files:
        file.close()
