"""What a template says, and what it leaves open.

Pure functions over the components of a :class:`TemplateDefinition`, which may have any shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...plugins.provider import TemplateDefinition

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}", re.ASCII)

AUTHENTICATION = "AUTHENTICATION"
"""The category of templates that tell a one-time password."""

MEDIA_HEADERS = {
    "IMAGE": "image",
    "VIDEO": "video",
    "DOCUMENT": "document",
    "LOCATION": "location",
    "PRODUCT": "product",
}
"""Formats of a header that is no text, and the member of :class:`Header` that fills each."""

BUTTON_KINDS = {
    "URL": "url",
    "QUICK_REPLY": "quick_reply",
    "COPY_CODE": "copy_code",
    "OTP": "url",
    "FLOW": "flow",
    "CATALOG": "catalog",
    "MPM": "mpm",
}
"""Template button types that take a value, and what the button is called on sending."""


@dataclass(frozen=True)
class TemplateText:
    """The parts of a template, or of one of its cards, that a person or a form needs.

    :param header_format: ``TEXT``, ``IMAGE`` ...; ``None`` without a header.
    :param placeholders: names of the body's placeholders, in their order, each once.
    :param buttons: the template's buttons, whole.
    :param offer: the words of a limited-time offer; ``None`` where it is none.
    :param offer_expires: whether the offer shows its end.
    """

    header_format: str | None
    header: str
    header_placeholders: tuple[str, ...]
    body: str
    placeholders: tuple[str, ...]
    footer: str
    buttons: tuple[Mapping[str, Any], ...]
    examples: Mapping[str, str] = field(default_factory=dict)
    offer: str | None = None
    offer_expires: bool = False
    cards: tuple[TemplateText, ...] = ()


def read(definition: TemplateDefinition) -> TemplateText:
    """The parts of a template."""
    is_password = definition.category.upper() == AUTHENTICATION
    # The network writes the words of such a body itself, and does not list them everywhere.
    return _read(definition.components, "{{1}}" if is_password else "")


def is_named(definition: TemplateDefinition) -> bool:
    """Whether the template's placeholders go by name."""
    return definition.parameter_format.upper() == "NAMED"


def _read(components: Any, standard_body: str = "") -> TemplateText:
    parts = {str(part.get("type", "")).upper(): part for part in _objects(components)}
    header, body = parts.get("HEADER", {}), parts.get("BODY", {})
    header_text = str(header.get("text") or "")
    body_text = str(body.get("text") or (standard_body if body else ""))
    placeholders = placeholders_of(body_text)
    offer = parts.get("LIMITED_TIME_OFFER", {}).get("limited_time_offer")
    offer = offer if isinstance(offer, Mapping) else None
    return TemplateText(
        header_format=str(header.get("format", "TEXT")).upper() if header else None,
        header=header_text,
        header_placeholders=placeholders_of(header_text),
        body=body_text,
        placeholders=placeholders,
        footer=str(parts.get("FOOTER", {}).get("text") or ""),
        buttons=tuple(parts.get("BUTTONS", {}).get("buttons") or ()),
        examples=_examples(header, body, placeholders),
        offer=None if offer is None else str(offer.get("text") or ""),
        offer_expires=offer is not None and bool(offer.get("has_expiration")),
        cards=tuple(
            _read(card.get("components")) for card in _objects(parts.get("CAROUSEL", {}).get("cards"))
        ),
    )


def _objects(values: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(values, Sequence):
        yield from (value for value in values if isinstance(value, Mapping))


def placeholders_of(text: str) -> tuple[str, ...]:
    """The names of a text's placeholders, in their order, each once."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def in_order(placeholders: tuple[str, ...]) -> Sequence[str]:
    """The placeholders in the order in which their values are handed over."""
    # The first value handed over is that of {{1}}, wherever the text has it.
    if all(name.isdecimal() for name in placeholders):
        return sorted(placeholders, key=int)
    return placeholders


def substitute(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders' values; placeholders without one stay."""
    # A function, so that a value such as \1 or {{2}} stays what it is.
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def needs_value(button: Mapping[str, Any]) -> bool:
    """Whether a template's button cannot be sent without a value."""
    kind = str(button.get("type", "")).upper()
    is_open = kind == "URL" and bool(placeholders_of(str(button.get("url", ""))))
    return is_open or kind in {"OTP", "COPY_CODE", "MPM"}


def takes_value(button: Mapping[str, Any]) -> bool:
    """Whether a template's button can be sent with a value."""
    kind = str(button.get("type", "")).upper()
    return needs_value(button) or kind in {"QUICK_REPLY", "FLOW", "CATALOG"}


def _examples(
    header: Mapping[str, Any], body: Mapping[str, Any], placeholders: Sequence[str]
) -> dict[str, str]:
    examples: dict[str, str] = {}
    for part, key in ((header, "header_text_named_params"), (body, "body_text_named_params")):
        for example in (part.get("example") or {}).get(key) or ():
            examples[str(example.get("param_name"))] = str(example.get("example"))
    for row in ((body.get("example") or {}).get("body_text") or ())[:1]:
        examples.update(zip(placeholders, map(str, row), strict=False))
    return examples
