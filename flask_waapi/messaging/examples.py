"""A template with its example values: what a form starts with, and what a preview shows.

Pure functions over a :class:`TemplateDefinition`. Where the network keeps no example, a placeholder gets
its own name as its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..content import Button, Document, Header, Image, Location, Variable, Video
from ..plugins.provider import TemplateDefinition
from .rendering import (
    BUTTON_KINDS,
    MEDIA_HEADERS,
    TemplateDraft,
    TemplateText,
    needs_value,
    placeholders_of,
    read,
    substitute,
)

_MEDIUM_LINK = "https://example.com/media/"

_MEDIA: dict[str, Callable[[str], Header]] = {
    "image": lambda link: Header(image=Image(link=link or f"{_MEDIUM_LINK}picture.jpg")),
    "video": lambda link: Header(video=Video(link=link or f"{_MEDIUM_LINK}film.mp4")),
    "document": lambda link: Header(document=Document(link=link or f"{_MEDIUM_LINK}file.pdf")),
    "location": lambda link: Header(
        location=Location(latitude=51.5007, longitude=-0.1246, name="Big Ben", address="London")
    ),
}


def example_draft(definition: TemplateDefinition) -> TemplateDraft:
    """A draft of the template that :func:`~.rendering.fill` finds no fault with."""
    text = read(definition)
    named = definition.parameter_format.upper() == "NAMED"
    wanted = text.placeholders
    if named:
        wanted = tuple(dict.fromkeys(text.header_placeholders + text.placeholders))
    values = {name: text.examples.get(name) or name for name in wanted}
    return TemplateDraft(
        name=definition.name,
        language=definition.language,
        variables=values if named else list(values.values()),
        header=_header(definition, text, named),
        buttons=tuple(_buttons(text.buttons)),
    )


def illustrate(definition: TemplateDefinition) -> TemplateText:
    """The parts of the template, its placeholders filled with the example values."""
    text = read(definition)
    named = definition.parameter_format.upper() == "NAMED"
    in_header = text.examples if named else _positional_header(definition, text)
    return replace(text, header=substitute(text.header, in_header), body=substitute(text.body, text.examples))


def _header(definition: TemplateDefinition, text: TemplateText, named: bool) -> Header | None:
    member = MEDIA_HEADERS.get(text.header_format or "")
    if member is not None:
        link = _first(_example(definition).get("header_handle"))
        return _MEDIA[member](link if link.startswith(("http://", "https://")) else "")
    if text.header_placeholders and not named:
        return Header(variable=Variable(_positional_header(definition, text)[text.header_placeholders[0]]))
    return None


def _positional_header(definition: TemplateDefinition, text: TemplateText) -> dict[str, str]:
    example = _first(_example(definition).get("header_text"))
    return {name: example or name for name in text.header_placeholders}


def _example(definition: TemplateDefinition) -> Mapping[str, Any]:
    """The example of the header, as the network keeps it."""
    for component in definition.components:
        if str(component.get("type", "")).upper() == "HEADER":
            return component.get("example") or {}
    return {}


def _buttons(buttons: Sequence[Mapping[str, Any]]) -> list[Button]:
    filled = []
    for index, button in enumerate(buttons):
        kind = BUTTON_KINDS.get(str(button.get("type", "")).upper())
        if kind is not None and (kind == "copy_code" or needs_value(button)):
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
