"""Small files of each type that WhatsApp takes, and of some that it does not."""

from __future__ import annotations

import io
import zipfile

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def _zip(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return file.getvalue()


def _ole(*streams: str) -> bytes:
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0")
    entries = (f"{name}\0".encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *streams))
    return header + b"".join(entries)


def _iso(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\2\0isommp42" + b"\0\0\0\x08mdat"


def _webp(flags: int) -> bytes:
    return b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0" + bytes([flags]) + bytes(9)


JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
MP4 = _iso(b"isom")
STICKER = _webp(0)
ANIMATED_STICKER = _webp(2)
OPUS = b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead\1\1" + bytes(20)

TAKEN: dict[str, tuple[str, str, bytes]] = {
    "jpeg": ("image", "image/jpeg", JPEG),
    "png": ("image", "image/png", PNG),
    "mp4": ("video", "video/mp4", MP4),
    "3gpp": ("video", "video/3gpp", _iso(b"3gp5")),
    "m4a": ("audio", "audio/mp4", _iso(b"M4A ")),
    "aac": ("audio", "audio/aac", b"\xff\xf1\x50\x80" + bytes(20)),
    "amr": ("audio", "audio/amr", b"#!AMR\n\x3c" + bytes(20)),
    "mp3 with tags": ("audio", "audio/mpeg", b"ID3\4\0" + bytes(20)),
    "bare mp3": ("audio", "audio/mpeg", b"\xff\xfb\x90\x64" + bytes(20)),
    "opus": ("audio", "audio/ogg", OPUS),
    "pdf": ("document", "application/pdf", PDF),
    "doc": ("document", "application/msword", _ole("1Table", "WordDocument")),
    "xls": ("document", "application/vnd.ms-excel", _ole("Workbook")),
    "old xls": ("document", "application/vnd.ms-excel", _ole("Book")),
    "ppt": ("document", "application/vnd.ms-powerpoint", _ole("PowerPoint Document")),
    "docx": ("document", WORD, _zip("[Content_Types].xml", "word/document.xml")),
    "xlsx": ("document", SHEET, _zip("xl/workbook.xml", "[Content_Types].xml")),
    "pptx": ("document", SLIDES, _zip("[Content_Types].xml", "ppt/presentation.xml")),
    "text": ("document", "text/plain", "Grüße\r\n".encode()),
    "webp": ("sticker", "image/webp", STICKER),
    "animated webp": ("sticker", "image/webp", ANIMATED_STICKER),
}
"""Kind, MIME type and content, by name."""

REFUSED: dict[str, tuple[str | None, bytes]] = {
    "gif": ("image/gif", b"GIF89a" + bytes(20)),
    "heic": ("image/heic", _iso(b"heic")),
    "quicktime": ("video/quicktime", _iso(b"qt  ")),
    "ogg without opus": ("application/ogg", b"OggS\0\2" + bytes(20) + b"\1vorbis"),
    "wav": ("audio/wav", b"RIFF\x24\0\0\0WAVEfmt "),
    "zip": ("application/zip", _zip("readme.txt")),
    "zip that names a folder of Word": ("application/zip", _zip("word/document.xml")),
    "zip cut short": ("application/zip", _zip("[Content_Types].xml", "word/document.xml")[:40]),
    "other ole": ("application/x-ole-storage", _ole("Contents")),
    "program": ("application/vnd.microsoft.portable-executable", b"MZ\x90\0" + bytes(20)),
    "noise": (None, b"\x01\x02\x03\xfe"),
    "latin-1": (None, "Grüße".encode("latin-1")),
    "utf-16": (None, "Hello".encode("utf-16")),
    "text with NUL": (None, b"Hello\0"),
    "half a character": (None, "ü".encode()[:1]),
}
"""What it is called, ``None`` where that is not known, and content, by name."""
