"""A file, alone or in a form, read in pieces while it is sent, so that no medium is ever whole in memory."""

from __future__ import annotations

import io
import re
import secrets
import time
from collections.abc import Iterator, Mapping

from flask_waapi import MediaUpload

LONGEST_TRANSFER = 600.0
"""Seconds for the content of one medium, either way."""

_PIECE = 64 * 1024
_UNSAFE = {ord(character): f"%{ord(character):02X}" for character in '\r\n"\0\\'}


class FileBody:
    """One file as it is: a stream that knows its length.

    :raises OSError: by :meth:`read`, where the file is shorter than it is said to be, or the network takes
        longer than :data:`LONGEST_TRANSFER`.
    """

    def __init__(self, upload: MediaUpload) -> None:
        self.content_type = media_type(upload)
        self._file = upload.content
        self._left = self._length = upload.size
        self._end = time.monotonic() + LONGEST_TRANSFER

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(_PIECE):
            yield piece

    def read(self, size: int = _PIECE) -> bytes:
        """The next bytes, up to so many; none at the end."""
        if time.monotonic() > self._end:
            raise TimeoutError("The upload takes too long.")
        return self._read(_PIECE if size < 0 else size)

    def _read(self, size: int) -> bytes:
        piece = self._file.read(min(size, self._left))
        if not piece and self._left:
            raise OSError("The file is shorter than it was said to be.")
        self._left -= len(piece)
        return piece


class FormBody(FileBody):
    """``multipart/form-data`` of some fields and one file."""

    def __init__(self, fields: Mapping[str, str], upload: MediaUpload) -> None:
        super().__init__(upload)
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._head = io.BytesIO(_head(boundary, fields, upload))
        self._tail = io.BytesIO(f"\r\n--{boundary}--\r\n".encode("ascii"))
        self._length += len(self._head.getvalue()) + len(self._tail.getvalue())

    def _read(self, size: int) -> bytes:
        return self._head.read(size) or super()._read(size) or self._tail.read(size)


def _head(boundary: str, fields: Mapping[str, str], upload: MediaUpload) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    # As HTML has it for names that would end the header or the quotes; there a backslash stays, but to the
    # older rules (RFC 9110, quoted-pair) one before the closing quote keeps it from closing.
    filename = upload.filename.translate(_UNSAFE)
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        f"Content-Type: {media_type(upload)}\r\n\r\n"
    )
    return "".join(parts).encode("utf-8", "replace")


def media_type(upload: MediaUpload) -> str:
    """The upload's MIME type, fit for a header."""
    sound = re.fullmatch(r"[\w.+-]+/[\w.+-]+", upload.mime_type, re.ASCII)
    return upload.mime_type if sound else "application/octet-stream"
