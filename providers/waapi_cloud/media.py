"""Media that Meta keeps for us: uploaded, described, fetched, deleted."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask_waapi import (
    MediaDownload,
    MediaFacts,
    MediaUpload,
    Misconfigured,
    Rejected,
    Retryable,
)

from .client import Fetched, GraphClient
from .failures import NO_SUCH_NODE, whole_number
from .form import LONGEST_TRANSFER, FormBody, media_type
from .settings import CloudSettings

LARGEST_MEDIUM = 100 * 1024 * 1024
"""Bytes; Cloud API, the largest that may be uploaded."""

MOST_REDIRECTS = 3

_META_HOSTS = (".fbsbx.com", ".facebook.com", ".whatsapp.net")


class CloudMedia:
    """The media of one phone number; an id is good for the number that uploaded it or received it."""

    def __init__(self, client: GraphClient, settings: CloudSettings) -> None:
        self._client = client
        self._settings = settings
        self._ours = {"phone_number_id": settings.phone_number_id}

    def upload(self, upload: MediaUpload) -> str:
        """Hand a medium over; its id."""
        fields = {"messaging_product": "whatsapp", "type": media_type(upload)}
        path = f"{self._settings.phone_number_id}/media"
        media_id = self._client.upload(path, FormBody(fields, upload)).get("id")
        if not isinstance(media_id, str) or not media_id:
            raise Retryable("The Cloud API answered the upload without an id.")
        return media_id

    def describe(self, media_id: str) -> MediaFacts:
        """What Meta tells of a medium."""
        return _facts(media_id, self._read(media_id))

    def download(self, media_id: str) -> MediaDownload:
        """Fetch the content of a medium; its checksum is compared when the last piece has come."""
        told = self._read(media_id)
        facts = _facts(media_id, told)
        fetched = self._open(told.get("url"))
        if max(fetched.length or 0, facts.size or 0) > LARGEST_MEDIUM:
            fetched.close()
            raise Rejected(f"The medium is larger than {LARGEST_MEDIUM:,} bytes.")
        return MediaDownload(facts, _Chunks(fetched, facts))

    def delete(self, media_id: str) -> None:
        """Let Meta forget a medium."""
        self._ask(self._client.delete, media_id)

    def _read(self, media_id: str) -> dict[str, Any]:
        return self._ask(self._client.read, media_id)

    def _ask(self, call: Callable[[str, Mapping[str, str]], dict[str, Any]], media_id: str) -> dict[str, Any]:
        try:
            return call(_node(media_id), self._ours)
        except Misconfigured as error:
            # Of other nodes the same answer says that a setting names what is not there.
            if error.code == NO_SUCH_NODE:
                raise Rejected(error.message, code=error.code) from error
            raise

    def _open(self, url: Any) -> Fetched:
        for hop in range(MOST_REDIRECTS + 1):
            if not isinstance(url, str) or not self._is_trusted(url):
                raise Misconfigured(
                    "The content of the medium lies at an address that is neither Meta's nor base_url's:"
                    " nothing was fetched."
                )
            # The address was made for the token; where it leads on from there, it is not needed.
            fetched = self._client.fetch(url, with_token=hop == 0)
            if fetched.status == 200:
                return fetched
            if fetched.location is None:
                raise self._client.refusal(fetched)
            fetched.close()
            url = urljoin(url, fetched.location)
        raise Retryable("The content of the medium is redirected without end.")

    def _is_trusted(self, url: str) -> bool:
        # Parsers disagree on which host a backslash leaves; urlsplit drops tabs and line breaks.
        if not re.fullmatch(r"[!-~]+", url) or "\\" in url or "@" in urlsplit(url).netloc:
            return False
        parts, ours = urlsplit(url), urlsplit(self._settings.base_url)
        if (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc):
            return True
        host = parts.hostname or ""
        return parts.scheme == "https" and parts.netloc == host and host.endswith(_META_HOSTS)


class _Chunks(Iterator[bytes]):
    """The body of an answer in pieces; ends the connection with the last, or when closed."""

    def __init__(self, fetched: Fetched, facts: MediaFacts) -> None:
        self._fetched = fetched
        self._facts = facts
        self._digest = hashlib.sha256()
        self._length = 0
        self._end = time.monotonic() + LONGEST_TRANSFER
        self._is_over = False

    def __next__(self) -> bytes:
        if self._is_over:
            raise StopIteration
        try:
            piece = self._read()
        except BaseException:
            self.close()
            raise
        if piece:
            return piece
        self.close()
        raise StopIteration

    def close(self) -> None:
        """End the connection."""
        self._is_over = True
        self._fetched.close()

    def _read(self) -> bytes:
        piece = self._fetched.read()
        self._length += len(piece)
        self._digest.update(piece)
        if self._length > LARGEST_MEDIUM or time.monotonic() > self._end:
            raise Retryable("The content of the medium is too large, or takes too long.")
        if not piece:
            self._check()
        return piece

    def _check(self) -> None:
        facts = self._facts
        if facts.size not in {None, self._length}:
            raise Retryable("The content of the medium broke off.")
        if facts.sha256 not in {None, self._digest.hexdigest()}:
            raise Retryable("The content of the medium is not what its checksum says.")


def _node(media_id: str) -> str:
    # Anything else would lead to another node or edge.
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", media_id, re.ASCII):
        raise Rejected(f"There is no medium {media_id[:64]!r}: ids are letters, digits, - and _.")
    return media_id


def _facts(media_id: str, told: dict[str, Any]) -> MediaFacts:
    mime_type = told.get("mime_type")
    return MediaFacts(
        media_id=media_id,
        mime_type=mime_type if isinstance(mime_type, str) else "application/octet-stream",
        size=whole_number(told.get("file_size")),
        sha256=_hexadecimal(told.get("sha256")),
    )


def _hexadecimal(checksum: Any) -> str | None:
    """A checksum that Meta writes as hex in one place and as base64 in another."""
    if not isinstance(checksum, str):
        return None
    if re.fullmatch(r"[0-9A-Fa-f]{64}", checksum):
        return checksum.lower()
    try:
        digest = base64.b64decode(checksum, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest.hex() if len(digest) == hashlib.sha256().digest_size else None
