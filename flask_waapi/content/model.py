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
    """A sound; it has no caption."""

    type: ClassVar[str] = "audio"


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
class Location:
    """A place, used in a template header; degrees, WGS 84."""

    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Variable:
    """One value for a placeholder.

    :param value: the text that stands in its place.
    :param name: the placeholder's name; ``None`` where placeholders go by position.
    """

    value: str
    name: str | None = None


@dataclass(frozen=True)
class Header:
    """What fills a template's header; exactly one member is set.

    :param variable: the value of a text header's one placeholder.
    """

    variable: Variable | None = None
    image: Image | None = None
    video: Video | None = None
    document: Document | None = None
    location: Location | None = None


@dataclass(frozen=True)
class Button:
    """What fills one of a template's buttons.

    :param index: position among the template's buttons, from 0.
    :param kind: ``url``, ``quick_reply`` or ``copy_code``.
    :param value: the address suffix, the payload sent back, or the code to copy.
    """

    index: int
    kind: str
    value: str


@dataclass(frozen=True)
class Template(Content):
    """A business-initiated message from an approved template.

    :param name: the template's name at the provider.
    :param language: its language code, ``en`` or ``pt_BR``.
    :param body: the values of the body's placeholders: those that go by position in the order of their
        numbers, named ones in the order of the template's text.
    """

    type: ClassVar[str] = "template"

    name: str
    language: str
    body: tuple[Variable, ...] = ()
    header: Header | None = None
    buttons: tuple[Button, ...] = ()


MEDIA_TYPES: dict[str, type[Media]] = {cls.type: cls for cls in (Image, Video, Audio, Document, Sticker)}
"""The media types by name."""

CONTENT_TYPES: dict[str, type[Content]] = {Text.type: Text, **MEDIA_TYPES, Template.type: Template}
"""All content types by name."""
