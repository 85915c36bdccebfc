"""Media on their way to a provider and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class MediaUpload:
    """A medium on its way to the provider.

    :param content: read once, from its current position, in pieces.
    :param size: bytes.
    :param mime_type: as its content shows.
    """

    content: BinaryIO
    size: int
    mime_type: str
    filename: str


@dataclass(frozen=True)
class MediaFacts:
    """What a provider tells of a medium that it keeps.

    :param size: bytes. :param sha256: of the content, lower-case hex.
    """

    media_id: str
    mime_type: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class MediaDownload:
    """The content of a medium, as it comes in.

    :param chunks: read once; ends the connection when closed or exhausted. Raises
        :class:`flask_waapi.ProviderError` where the content breaks off or is not what its checksum says.
    """

    facts: MediaFacts
    chunks: Iterator[bytes]

    def close(self) -> None:
        """End the connection where the content is not read to its end."""
        close = getattr(self.chunks, "close", None)
        if close is not None:
            close()
