"""Which media WhatsApp takes, how large, and what a file is by its content.

Neither a file's name nor what its sender declares says what it is: both are only words of the sender.
Sizes and types: Cloud API, supported media types.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE

LARGEST_MEDIUM = 100 * MEGABYTE
"""Bytes; no kind may be larger."""

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


@dataclass(frozen=True)
class MediaKind:
    """What WhatsApp takes as one type of message.

    :param largest: bytes. :param largest_animated: bytes of a moving one, where that differs.
    """

    name: str
    mime_types: tuple[str, ...]
    largest: int
    largest_animated: int | None = None


KINDS: Mapping[str, MediaKind] = {
    kind.name: kind
    for kind in (
        MediaKind("image", ("image/jpeg", "image/png"), 5 * MEGABYTE),
        MediaKind("video", ("video/mp4", "video/3gpp"), 16 * MEGABYTE),
        MediaKind(
            "audio",
            ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"),
            16 * MEGABYTE,
        ),
        MediaKind(
            "document",
            (
                "application/pdf",
                "application/msword",
                _WORD,
                "application/vnd.ms-excel",
                _SHEET,
                "application/vnd.ms-powerpoint",
                _SLIDES,
                "text/plain",
            ),
            LARGEST_MEDIUM,
        ),
        MediaKind("sticker", ("image/webp",), 100 * KILOBYTE, 500 * KILOBYTE),
    )
}
"""By name. A type belongs to one kind only."""


@dataclass(frozen=True)
class Recognised:
    """What a file is.

    :param mime_types: what it may be taken for, the likeliest first: a film without pictures is a sound.
    :param is_animated: of a picture, whether it moves.
    """

    mime_types: tuple[str, ...]
    is_animated: bool = False


_PIECE = 64 * KILOBYTE
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"#!AMR\n", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    # What is known and not taken is called by its name.
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"\x1f\x8b", "application/gzip"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
)


def recognise(file: BinaryIO) -> Recognised | None:
    """What a file is by its content, ``None`` where that is not known.

    :param file: read from its beginning; where it stands afterwards is left open.
    """
    file.seek(0)
    head = file.read(64)
    for signature, mime_type in _SIGNATURES:
        if head.startswith(signature):
            return Recognised((mime_type,))
    for starts, read in _FAMILIES:
        if head.startswith(starts):
            return read(head, file)
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if sound := _bare_sound(head):
        return Recognised((sound,))
    return Recognised(("text/plain",)) if _is_text(file) else None


def kind_of(recognised: Recognised) -> MediaKind | None:
    """The kind a file is sent as where nobody has said."""
    for mime_type in recognised.mime_types:
        for kind in KINDS.values():
            if mime_type in kind.mime_types:
                return kind
    return None


def mime_type_as(kind: MediaKind, recognised: Recognised) -> str | None:
    """What the file is as one of this kind; ``None`` where it cannot be."""
    return next((mime_type for mime_type in recognised.mime_types if mime_type in kind.mime_types), None)


def _iso_media(head: bytes) -> Recognised:
    brand = head[8:12]
    if brand in {b"M4A ", b"M4B ", b"M4P "}:
        return Recognised(("audio/mp4",))
    if brand[:3] in {b"3gp", b"3gr", b"3gs", b"3ge", b"3gg"}:
        return Recognised(("video/3gpp",))
    if brand in {b"heic", b"heix", b"hevc", b"mif1", b"msf1"}:
        return Recognised(("image/heic",))
    if brand in {b"avif", b"avis"}:
        return Recognised(("image/avif",))
    if brand == b"qt  ":
        return Recognised(("video/quicktime",))
    return Recognised(("video/mp4", "audio/mp4"))


def _bare_sound(head: bytes) -> str | None:
    """A sound that begins with its first frame."""
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    # MPEG audio, layer III: sync, a version that exists, a bit rate and a sampling rate that do.
    is_frame = head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08
    has_rates = head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C
    return "audio/mpeg" if is_frame and has_rates else None


def _ogg(head: bytes, file: BinaryIO) -> Recognised:
    return Recognised(("audio/ogg",) if b"OpusHead" in head else ("application/ogg",))


def _riff(head: bytes, file: BinaryIO) -> Recognised | None:
    if head[8:12] == b"WEBP":
        # The flags of the extended form; the other forms are one still picture.
        is_animated = head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 0x02)
        return Recognised(("image/webp",), is_animated)
    return Recognised(("audio/wav" if head[8:12] == b"WAVE" else "application/x-riff",))


_OLE_STREAMS = (
    ("WordDocument", "application/msword"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
)
_OLE_ENTRY = 128
"""Bytes of a directory entry, which begins with its name; all else is a multiple of it."""


def _ole(head: bytes, file: BinaryIO) -> Recognised:
    names = {(name + "\0").encode("utf-16-le"): mime_type for name, mime_type in _OLE_STREAMS}
    found = set()
    file.seek(0)
    while piece := file.read(_PIECE):
        for name, mime_type in names.items():
            position = piece.find(name)
            while position >= 0:
                if position % _OLE_ENTRY == 0:
                    found.add(mime_type)
                position = piece.find(name, position + 1)
    # A text may hold tables of its own, but no table a text: the outermost comes first.
    ranked = [mime_type for mime_type in names.values() if mime_type in found]
    return Recognised(tuple(ranked[:1]) or ("application/x-ole-storage",))


_OFFICE_FOLDERS = {b"word/": _WORD, b"xl/": _SHEET, b"ppt/": _SLIDES}
_END_OF_DIRECTORY = struct.Struct("<4s4H2LH")
_DIRECTORY_ENTRY = struct.Struct("<4s24x3H12x")
"""Signature, then lengths of name, extra field and comment, then what does not matter; 46 bytes."""
_LARGEST_DIRECTORY = 4 * MEGABYTE


def _zip(head: bytes, file: BinaryIO) -> Recognised:
    names = list(_names_in_zip(file))
    if b"[Content_Types].xml" in names:
        for folder, mime_type in _OFFICE_FOLDERS.items():
            if any(name.startswith(folder) for name in names):
                return Recognised((mime_type,))
    return Recognised(("application/zip",))


def _names_in_zip(file: BinaryIO) -> Iterator[bytes]:
    # The standard library would read a directory of any size that the file claims.
    size = file.seek(0, 2)
    start = max(0, size - _PIECE - _END_OF_DIRECTORY.size)
    file.seek(start)
    tail = file.read()
    position = tail.rfind(b"PK\5\6")
    if position < 0 or len(tail) - position < _END_OF_DIRECTORY.size:
        return
    *_, length, offset, _comment = _END_OF_DIRECTORY.unpack_from(tail, position)
    if length > _LARGEST_DIRECTORY or offset + length > size:
        return
    file.seek(offset)
    directory = file.read(length)
    position = 0
    while position + _DIRECTORY_ENTRY.size <= len(directory):
        signature, name_length, extra, comment = _DIRECTORY_ENTRY.unpack_from(directory, position)
        if signature != b"PK\1\2":
            return
        position += _DIRECTORY_ENTRY.size
        yield directory[position : position + name_length]
        position += name_length + extra + comment


_FAMILIES: tuple[tuple[bytes, Callable[[bytes, BinaryIO], Recognised | None]], ...] = (
    (b"OggS", _ogg),
    (b"RIFF", _riff),
    (b"PK\3\4", _zip),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _ole),
)

_CONTROLS = bytes(set(range(32)) - {*b"\t\n\r\f\x1b"}) + b"\x7f"


def _is_text(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            if piece.translate(None, _CONTROLS) != piece:
                return False
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
