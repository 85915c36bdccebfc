"""A template with its example values: what a form starts with, and what a preview shows.

Pure functions over a :class:`TemplateDefinition`. Where the network keeps no example, a placeholder gets
its own name as its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...content import (
    Button,
    Document,
    Header,
    HeaderProduct,
    Image,
    LimitedTimeOffer,
    Location,
    ProductSection,
    Variable,
    Video,
)
from ...plugins.provider import TemplateDefinition
from .rendering import CardDraft, TemplateDraft
from .text import (
    BUTTON_KINDS,
    MEDIA_HEADERS,
    TemplateText,
    is_named,
    needs_value,
    placeholders_of,
    read,
    substitute,
)

_MEDIUM_LINK = "https://example.com/media/"
_PRODUCT = "sku-1"

_OFFER = LimitedTimeOffer(1_893_456_000_000)
"""The first moment of 2030, UTC."""

Components = Sequence[Mapping[str, Any]]

NO_VALUES: Mapping[str, str] = {}

_MEDIA: dict[str, Callable[[str], Header]] = {
    "image": lambda link: Header(image=Image(link=link or f"{_MEDIUM_LINK}picture.jpg")),
    "video": lambda link: Header(video=Video(link=link or f"{_MEDIUM_LINK}film.mp4")),
    "document": lambda link: Header(document=Document(link=link or f"{_MEDIUM_LINK}file.pdf")),
    "location": lambda link: Header(
        location=Location(latitude=51.5007, longitude=-0.1246, name="Big Ben", address="London")
    ),
    "product": lambda link: Header(product=HeaderProduct("1234567890", _PRODUCT)),
}


def example_draft(definition: TemplateDefinition) -> TemplateDraft:
    """A draft of the template that :func:`~.rendering.fill` finds no fault with."""
    text, named = read(definition), is_named(definition)
    cards = zip(text.cards, _cards(definition.components), strict=False)
    return TemplateDraft(
        name=definition.name,
        language=definition.language,
        variables=_variables(text, named),
        header=_header(definition.components, text, named),
        buttons=tuple(_buttons(text.buttons)),
        limited_time_offer=_OFFER if text.offer_expires else None,
        cards=tuple(
            CardDraft(
                _variables(card, named), _header(components, card, named), tuple(_buttons(card.buttons))
            )
            for card, components in cards
        ),
    )


def illustrate(
    definition: TemplateDefinition,
    values: Mapping[str, str] = NO_VALUES,
    header_values: Mapping[str, str] = NO_VALUES,
) -> TemplateText:
    """The parts of the template, its placeholders filled.

    :param values: of the body's placeholders, by name; the example stands where there is none.
    :param header_values: of the header's, likewise.
    """
    text = read(definition)
    in_header = text.examples if is_named(definition) else _positional_header(definition.components, text)
    return replace(
        text,
        header=substitute(text.header, {**in_header, **header_values}),
        body=substitute(text.body, {**text.examples, **values}),
    )


def _variables(text: TemplateText, named: bool) -> dict[str, str] | list[str]:
    wanted = text.placeholders
    if named:
        wanted = tuple(dict.fromkeys(text.header_placeholders + text.placeholders))
    values = {name: text.examples.get(name) or name for name in wanted}
    return values if named else list(values.values())


def _cards(components: Components) -> list[Components]:
    """The components of each card."""
    for component in components:
        if str(component.get("type", "")).upper() == "CAROUSEL":
            return [card.get("components") or () for card in component.get("cards") or ()]
    return []


def _header(components: Components, text: TemplateText, named: bool) -> Header | None:
    member = MEDIA_HEADERS.get(text.header_format or "")
    if member is not None:
        link = _first(_example(components).get("header_handle"))
        return _MEDIA[member](link if link.startswith(("http://", "https://")) else "")
    if text.header_placeholders and not named:
        return Header(variable=Variable(_positional_header(components, text)[text.header_placeholders[0]]))
    return None


def _positional_header(components: Components, text: TemplateText) -> dict[str, str]:
    example = _first(_example(components).get("header_text"))
    return {name: example or name for name in text.header_placeholders}


def _example(components: Components) -> Mapping[str, Any]:
    """The example of the header, as the network keeps it."""
    for component in components:
        if str(component.get("type", "")).upper() == "HEADER":
            return component.get("example") or {}
    return {}


def _buttons(buttons: Sequence[Mapping[str, Any]]) -> list[Button]:
    filled = []
    for index, button in enumerate(buttons):
        kind = BUTTON_KINDS.get(str(button.get("type", "")).upper())
        if kind == "mpm":
            products = (ProductSection((_PRODUCT,), "All"),)
            filled.append(Button(index, kind, thumbnail_product_retailer_id=_PRODUCT, sections=products))
        elif kind is not None and needs_value(button):
            filled.append(Button(index, kind, _button_value(button)))
    return filled


def _button_value(button: Mapping[str, Any]) -> str:
    example = _first(button.get("example"))
    address = str(button.get("url") or "")
    start = address.partition("{{")[0]
    # The network keeps the whole address as the example; what is sent is its end alone.
    if placeholders_of(address) and example.startswith(start):
        example = example[len(start) :]
    return example or "123456"


def _first(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    return str(value or "")
