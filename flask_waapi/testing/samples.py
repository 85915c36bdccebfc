"""What the provider test kit sends and looks for."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .. import content as vocabulary
from ..content import Content

CANARY = "The canary sings at noon."
"""The words of the kit's messages, to be found again where they must not be."""

_BUTTON = vocabulary.ReplyButton("yes", "Yes")
_PICTURE = vocabulary.Image(link="https://example.com/picture.jpg")

SAMPLE_CONTENTS: dict[type[Content], Content] = {
    type(sample): sample
    for sample in (
        vocabulary.Text(CANARY),
        vocabulary.Image(link="https://example.com/picture.jpg", caption=CANARY),
        vocabulary.Video(link="https://example.com/film.mp4", caption=CANARY),
        vocabulary.Audio(link="https://example.com/sound.ogg"),
        vocabulary.Document(link="https://example.com/paper.pdf", caption=CANARY, filename="paper.pdf"),
        vocabulary.Sticker(link="https://example.com/sticker.webp"),
        vocabulary.Location(52.52, 13.405, "Berlin", "Alexanderplatz"),
        vocabulary.Contacts(
            (
                vocabulary.Contact(
                    vocabulary.Name("Jane Doe", first_name="Jane"), (vocabulary.Phone("+1234567890"),)
                ),
            )
        ),
        vocabulary.Reaction("wamid.HBgLMTIzNDU2Nzg5MBUCABIYFDNBMDIyMTFERTk4RjUzRTlBN0Q5AA==", "👍"),
        vocabulary.Template("hello_world", "en_US"),
        vocabulary.ReplyButtons(CANARY, (_BUTTON,)),
        vocabulary.ListMessage(CANARY, "Choose", (vocabulary.Section((vocabulary.Row("1", "One"),)),)),
        vocabulary.CallToAction(CANARY, "Open", "https://example.com/"),
        vocabulary.LocationRequest(CANARY),
        vocabulary.ContactInfoRequest(CANARY),
        vocabulary.AddressRequest(CANARY, "IN"),
        vocabulary.Flow(CANARY, "Begin", flow_id="1234567890"),
        vocabulary.Product("1234567890", "sku-1", CANARY),
        vocabulary.ProductList(
            "Our best", CANARY, "1234567890", (vocabulary.ProductSection(("sku-1",), "All"),)
        ),
        vocabulary.Catalog(CANARY),
        vocabulary.Carousel(CANARY, (vocabulary.CarouselCard(image=_PICTURE, buttons=(_BUTTON,)),) * 2),
        vocabulary.OrderDetails(CANARY, {"reference_id": "order-1", "type": "digital-goods"}),
        vocabulary.OrderStatus(CANARY, {"reference_id": "order-1", "order": {"status": "shipped"}}),
        vocabulary.VoiceCall(CANARY),
        vocabulary.CallPermissionRequest(CANARY),
        vocabulary.Native("text", {"text": {"body": CANARY}}),
    )
}
"""One content of each type."""

EXAMPLE_PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel."""

AWKWARD_BODIES: dict[str, str] = {
    "longest body": "x" * 4096,
    "line breaks": "one\ntwo\r\nthree\u2028four",
    "control characters": "a\x00b\x1b[31mc",
    "emoji": "\N{FAMILY}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH JOINER}\N{WOMAN}",
    "right to left": "\N{RIGHT-TO-LEFT OVERRIDE}שלום",
    "format characters": "%s {0} {{1}} $x \\ \" ' <b>&amp;",
}
"""Texts that have broken gateways before."""

AWKWARD_FILENAMES: dict[str, str] = {
    "plain": "picture.png",
    "other scripts": "صورة 图片.png",
    "quotes and line breaks": 'a"b\r\nX-Evil: 1.png',
    "ampersands": "a&file_type=b#c?d%00.png",
    "half a character": "a\udce9.png",
}
"""Names of files that have broken uploads before."""

AWKWARD_RECIPIENTS: dict[str, str] = {
    "shortest number": "+1234567",
    "longest number": "+123456789012345",
}

GARBLED_SIGNATURES: dict[str, Callable[[str], str]] = {
    "empty": lambda right: "",
    "a blank": lambda right: " ",
    "no value": lambda right: "sha256=",
    "not hexadecimal": lambda right: "sha256=" + "z" * 64,
    "wrong": lambda right: "sha256=" + "0" * 64,
    # hmac.compare_digest raises TypeError for strings that are not ASCII.
    "not ASCII": lambda right: "sha256=" + "é" * 64,
    "no scheme": lambda right: "0" * 64,
    "another scheme": lambda right: "sha1=" + "0" * 40,
    "many parts": lambda right: "=,=,=;=",
    "very long": lambda right: "0" * 100_000,
    "truncated": lambda right: right[:-1],
    "longer": lambda right: right + "0",
    "given twice": lambda right: f"{right}, {right}",
    "reversed": lambda right: right[::-1],
}
"""What can become of a right header value: each must be refused, not crash."""

AWKWARD_CALLBACKS: dict[str, bytes] = {
    "empty": b"",
    "not text": b"\xff\xfe\x00",
    "half an object": b'{"a": [1, ',
    "null": b"null",
    "a number": b"7",
    "no JSON number": b"[NaN, 1e999]",
    "a text": b'"text"',
    "an empty list": b"[]",
    "an empty object": b"{}",
    "a list of everything": b'[null, true, 7, -0.5, "", [], {}, [[]], {"": {}}]',
    "half a character": b'["\\ud800\\u0000"]',
    "a long number": b"[" + b"9" * 5_000 + b"]",
    "deeper than the stack": b"[" * 100_000,
}
"""Bodies that have broken gateways before."""

_MISFITS: tuple[Any, ...] = (None, True, -1, 1e300, "", "x", "\ud800\0", [], [None], {}, {"": None})


def spoilt(body: bytes) -> Iterator[bytes]:
    """A JSON document, again and again, each time with another of its values in the wrong shape."""
    try:
        document = json.loads(body)
    except ValueError:
        return
    for path in _paths(document):
        for misfit in _MISFITS:
            yield json.dumps(_with(document, path, misfit)).encode()


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    yield ()
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, inner in members:
        for path in _paths(inner):
            yield (name, *path)


def _with(value: Any, path: tuple[Any, ...], replacement: Any) -> Any:
    if not path:
        return replacement
    name, *rest = path
    copy = value.copy()
    copy[name] = _with(value[name], tuple(rest), replacement)
    return copy


def with_a_misfit_in_its_list(body: bytes, length: int) -> bytes | None:
    """A JSON document with ``null`` in the middle of a list of that length; ``None`` if there is none."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    for path in _paths(document):
        found = document
        for name in path:
            found = found[name]
        if isinstance(found, list) and len(found) == length:
            middle = length // 2
            return json.dumps(_with(document, path, [*found[:middle], None, *found[middle:]])).encode()
    return None


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
