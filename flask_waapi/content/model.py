"""What a message says: one frozen dataclass per message type.

The vocabulary of the whole house. The API builds these from a request, messaging stores them, providers
translate them into their own wire format. A content object is complete and provider-neutral: whatever
needs the template catalogue has already been worked in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Content:
    """Base of all contents; ``type`` is the name used in the API, the database and at Meta."""

    type: ClassVar[str]

    @property
    def message_type(self) -> str:
        """The type of the message it makes; that of :class:`Native` is its own to say."""
        return self.type


@dataclass(frozen=True)
class Text(Content):
    """Free text.

    :param body: 1 to 4096 characters (Cloud API, text object).
    :param preview_url: show a preview of the first http(s) address in the body.
    """

    type: ClassVar[str] = "text"

    body: str
    preview_url: bool = False


@dataclass(frozen=True)
class Media(Content):
    """Base of the media types; exactly one of ``link`` and ``media_id`` is set.

    :param link: public http(s) address that the provider fetches.
    :param media_id: id of a medium uploaded to the provider before.
    """

    link: str | None = None
    media_id: str | None = None


@dataclass(frozen=True)
class Image(Media):
    """A picture. :param caption: at most 1024 characters."""

    type: ClassVar[str] = "image"

    caption: str | None = None


@dataclass(frozen=True)
class Video(Media):
    """A film. :param caption: at most 1024 characters."""

    type: ClassVar[str] = "video"

    caption: str | None = None


@dataclass(frozen=True)
class Audio(Media):
    """A sound; it has no caption.

    :param voice: show it as a voice note (OGG with the Opus codec).
    """

    type: ClassVar[str] = "audio"

    voice: bool = False


@dataclass(frozen=True)
class Document(Media):
    """A file.

    :param caption: at most 1024 characters.
    :param filename: the name the recipient sees; its ending chooses the icon.
    """

    type: ClassVar[str] = "document"

    caption: str | None = None
    filename: str | None = None


@dataclass(frozen=True)
class Sticker(Media):
    """A sticker; it has no caption."""

    type: ClassVar[str] = "sticker"


@dataclass(frozen=True)
class Location(Content):
    """A place; degrees, WGS 84.

    :param address: shown only where there is a name.
    """

    type: ClassVar[str] = "location"

    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Reaction(Content):
    """An emoji on a message of the conversation.

    :param message_id: the provider's id of the message.
    :param emoji: one emoji; ``""`` takes the reaction back.
    """

    type: ClassVar[str] = "reaction"

    message_id: str
    emoji: str


MEDIA_TYPES: dict[str, type[Media]] = {cls.type: cls for cls in (Image, Video, Audio, Document, Sticker)}
"""The media types by name."""
