"""What a template reads like with its values in place, without anything being sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...content import Button, Template, TemplateCard
from ...errors import Fault
from ...plugins.provider import TemplateDefinition
from .rendering import TemplateDraft, fill
from .text import TemplateText, in_order, placeholders_of, read, substitute


@dataclass(frozen=True)
class PreviewButton:
    """A button as the recipient sees it.

    :param type: as the provider writes it: ``URL``, ``QUICK_REPLY`` ...
    :param value: what it opens, dials, copies or sends back, as far as that is known.
    """

    type: str
    text: str | None
    value: str | None


@dataclass(frozen=True)
class PreviewPart:
    """The parts of a template, or of one of its cards.

    :param header_format: ``TEXT``, ``IMAGE`` ...; ``None`` without a header.
    :param header: the words of a text header.
    """

    header_format: str | None
    header: str | None
    body: str
    footer: str | None
    buttons: tuple[PreviewButton, ...]


@dataclass(frozen=True)
class Preview(PreviewPart):
    """A template with its values in place.

    :param text: all of it, as it would be kept with the message.
    :param faults: what does not fit; the values in question may be missing from the rest.
    """

    name: str
    language: str
    text: str
    cards: tuple[PreviewPart, ...]
    faults: tuple[Fault, ...]


def preview(definition: TemplateDefinition, draft: TemplateDraft) -> Preview:
    """Put the draft's values into the template and look at it."""
    filled, text = fill(definition, draft), read(definition)
    return Preview(
        **vars(_part(text, filled.content)),
        name=definition.name,
        language=definition.language,
        text=filled.text,
        cards=tuple(
            _part(card, content) for card, content in zip(text.cards, filled.content.cards, strict=False)
        ),
        faults=filled.faults,
    )


def _part(text: TemplateText, content: Template | TemplateCard) -> PreviewPart:
    given = [variable.value for variable in content.body]
    values = dict(zip(in_order(text.placeholders), given, strict=False))
    header = content.header.variable if content.header is not None else None
    in_header = {} if header is None else dict.fromkeys(text.header_placeholders, header.value)
    return PreviewPart(
        header_format=text.header_format,
        header=substitute(text.header, in_header) or None,
        body=substitute(text.body, values),
        footer=text.footer or None,
        buttons=tuple(_buttons(text.buttons, content.buttons)),
    )


def _buttons(buttons: Sequence[Mapping[str, Any]], given: Sequence[Button]) -> list[PreviewButton]:
    values = {button.index: button.value for button in given}
    return [
        PreviewButton(
            str(button.get("type", "")).upper(), button.get("text"), _value(button, values.get(index))
        )
        for index, button in enumerate(buttons)
    ]


def _value(button: Mapping[str, Any], given: str | None) -> str | None:
    address = button.get("url")
    if isinstance(address, str):
        return substitute(address, dict.fromkeys(placeholders_of(address), given) if given else {})
    return given or button.get("phone_number")
