"""What the provider test kit sends and looks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .. import Audio, Content, Document, Image, Sticker, Template, Text, Video

CANARY = "The canary sings at noon."
"""The words of the kit's messages, to be found again where they must not be."""

SAMPLE_CONTENTS: dict[type[Content], Content] = {
    Text: Text(CANARY),
    Image: Image(link="https://example.com/picture.jpg", caption=CANARY),
    Video: Video(link="https://example.com/film.mp4", caption=CANARY),
    Audio: Audio(link="https://example.com/sound.ogg"),
    Document: Document(link="https://example.com/paper.pdf", caption=CANARY, filename="paper.pdf"),
    Sticker: Sticker(link="https://example.com/sticker.webp"),
    Template: Template("hello_world", "en_US"),
}
"""One content of each type."""

AWKWARD_BODIES: dict[str, str] = {
    "longest body": "x" * 4096,
    "line breaks": "one\ntwo\r\nthree\u2028four",
    "control characters": "a\x00b\x1b[31mc",
    "emoji": "\N{FAMILY}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH JOINER}\N{WOMAN}",
    "right to left": "\N{RIGHT-TO-LEFT OVERRIDE}שלום",
    "format characters": "%s {0} {{1}} $x \\ \" ' <b>&amp;",
}
"""Texts that have broken gateways before."""

AWKWARD_RECIPIENTS: dict[str, str] = {
    "shortest number": "+1234567",
    "longest number": "+123456789012345",
}

GARBLED_SIGNATURES: dict[str, str] = {
    "empty": "",
    "no value": "sha256=",
    "not hexadecimal": "sha256=" + "z" * 64,
    "wrong": "sha256=" + "0" * 64,
    # hmac.compare_digest raises TypeError for strings that are not ASCII.
    "not ASCII": "sha256=" + "é" * 64,
    "no scheme": "0" * 64,
    "many parts": "=,=,=;=",
    "very long": "0" * 100_000,
}
"""Header values that must be refused, not crash."""

UNKNOWN_SETTINGS = ("setting_of_tomorrow", "setting_of_yesterday")
"""Names that no provider has a setting for."""

_SECRET_NAME = re.compile(r"token|secret|password|passphrase|credential|pepper|key|pin\b", re.IGNORECASE)
_SHORTEST_SECRET = 4


def secrets_in(settings: Mapping[str, Any]) -> Iterator[str]:
    """The strings in ``settings``, however deep, whose name says that they are secret."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from secrets_in(value)
        elif isinstance(value, str) and len(value) >= _SHORTEST_SECRET and _SECRET_NAME.search(str(name)):
            yield value
