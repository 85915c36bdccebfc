"""Templates and variables: which placeholders there are, whether each has its value, what it reads like.

Pure functions over a :class:`TemplateDefinition`; every fault is found in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..content import Button, Header, Template, Variable
from ..errors import Fault
from ..plugins.provider import TemplateDefinition

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}", re.ASCII)

MEDIA_HEADERS = {
    "IMAGE": "image",
    "VIDEO": "video",
    "DOCUMENT": "document",
    "LOCATION": "location",
}
"""Formats of a header that is no text, and the member of :class:`Header` that fills each."""

BUTTON_KINDS = {
    "URL": "url",
    "QUICK_REPLY": "quick_reply",
    "COPY_CODE": "copy_code",
    "OTP": "url",
}
"""Template button types that take a value, and what the value is called on sending."""


@dataclass(frozen=True)
class TemplateDraft:
    """A template message as it was asked for, before the template has been looked up.

    :param variables: values by placeholder name, or in the order of the placeholders.
    """

    name: str
    language: str
    variables: Mapping[str, str] | Sequence[str] = ()
    header: Header | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Filled:
    """A template with its variables in place.

    :param text: what the recipient reads, part by part, one per line.
    """

    content: Template
    text: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class TemplateText:
    """The parts of a template that a person or a form needs.

    :param header_format: ``TEXT``, ``IMAGE`` ...; ``None`` without a header.
    :param placeholders: names of the body's placeholders, in their order, each once.
    :param buttons: the template's buttons, whole.
    """

    header_format: str | None
    header: str
    header_placeholders: tuple[str, ...]
    body: str
    placeholders: tuple[str, ...]
    footer: str
    buttons: tuple[Mapping[str, Any], ...]
    examples: Mapping[str, str] = field(default_factory=dict)


def read(definition: TemplateDefinition) -> TemplateText:
    """The parts of a template."""
    parts = {str(part.get("type", "")).upper(): part for part in definition.components}
    header, body = parts.get("HEADER", {}), parts.get("BODY", {})
    header_text = str(header.get("text") or "")
    body_text = str(body.get("text") or "")
    placeholders = placeholders_of(body_text)
    return TemplateText(
        header_format=str(header.get("format", "TEXT")).upper() if header else None,
        header=header_text,
        header_placeholders=placeholders_of(header_text),
        body=body_text,
        placeholders=placeholders,
        footer=str(parts.get("FOOTER", {}).get("text") or ""),
        buttons=tuple(parts.get("BUTTONS", {}).get("buttons") or ()),
        examples=_examples(header, body, placeholders),
    )


def fill(definition: TemplateDefinition, draft: TemplateDraft) -> Filled:
    """Put the draft's values into the template; the faults name everything that does not fit."""
    text = read(definition)
    named = definition.parameter_format.upper() == "NAMED"
    wanted = text.placeholders
    if named:
        wanted = tuple(dict.fromkeys(text.header_placeholders + text.placeholders))
    values, faults = _match_variables(wanted, draft.variables, named, text.examples)
    header, header_faults = _match_header(text, draft.header, values if named else {}, named)
    # A one-time password stands in the body and on its button alike.
    is_password = definition.category.upper() == "AUTHENTICATION"
    repeated = values.get("1") if is_password else None
    buttons, button_faults = _match_buttons(text, draft.buttons, repeated)
    body = tuple(
        Variable(values[name], name if named else None)
        for name in _in_order(text.placeholders)
        if name in values
    )
    return Filled(
        content=Template(draft.name, draft.language, body, header, buttons),
        text=_render(text, values, header),
        faults=(*faults, *header_faults, *button_faults),
    )


def fill_unchecked(draft: TemplateDraft) -> Filled:
    """The draft as it is, for a template that only the provider knows.

    Variables that are named ``1``, ``2`` ... go by position, others by name.
    """
    variables = draft.variables
    if isinstance(variables, Mapping):
        positional = all(re.fullmatch(r"[1-9][0-9]{0,3}", name) for name in variables)
        ordered = sorted(variables, key=int) if positional else list(variables)
        body = tuple(Variable(variables[name], None if positional else name) for name in ordered)
    else:
        body = tuple(Variable(value) for value in variables)
    content = Template(draft.name, draft.language, body, draft.header, draft.buttons)
    return Filled(content, "\n".join(variable.value for variable in body))


def _in_order(placeholders: tuple[str, ...]) -> Sequence[str]:
    # The first value handed over is that of {{1}}, wherever the text has it.
    if all(name.isdecimal() for name in placeholders):
        return sorted(placeholders, key=int)
    return placeholders


def placeholders_of(text: str) -> tuple[str, ...]:
    """The names of a text's placeholders, in their order, each once."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


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


def _match_variables(
    wanted: Sequence[str],
    given: Mapping[str, str] | Sequence[str],
    named: bool,
    examples: Mapping[str, str],
) -> tuple[dict[str, str], list[Fault]]:
    kind = "names" if named else "positions"
    takes = f"exactly these {kind}: {', '.join(wanted)}" if wanted else "no variables"
    if not isinstance(given, Mapping):
        if named and given:
            expected = f"an object with {takes}"
            return {}, [Fault("/variables", "The template's variables go by name.", expected)]
        pointers = {str(place): f"/variables/{place - 1}" for place in range(1, len(given) + 1)}
        values = {str(place): value for place, value in enumerate(given, start=1)}
    else:
        pointers = {name: f"/variables/{_escape(name)}" for name in given}
        values = dict(given)
    faults = []
    for name in wanted:
        if name not in values:
            by_place = not named and not isinstance(given, Mapping) and name.isdecimal()
            pointer = f"/variables/{int(name) - 1 if by_place else name}"
            example = f", for example {examples[name]!r}" if name in examples else ""
            faults.append(Fault(pointer, f"The variable {name!r} is missing.", f"text{example}"))
    for name in values:
        if name not in wanted:
            faults.append(Fault(pointers[name], f"The template has no variable {name!r}.", takes))
        else:
            faults += _value_faults(pointers[name], values[name])
    return {name: value for name, value in values.items() if name in wanted}, faults


def _value_faults(pointer: str, value: str) -> list[Fault]:
    # The network refuses such values with error 132018 after the send has been paid for in time.
    if not value.strip():
        return [Fault(pointer, "The value is empty.", "at least one visible character")]
    if re.search(r"[\n\r\t]| {5}", value):
        return [
            Fault(
                pointer,
                "The value has a line break, a tab or more than four spaces in a row.",
                "text on one line",
            )
        ]
    return []


def _match_header(
    text: TemplateText, given: Header | None, values: Mapping[str, str], named: bool
) -> tuple[Header | None, list[Fault]]:
    member = MEDIA_HEADERS.get(text.header_format or "")
    if member is not None:
        if given is None or getattr(given, member) is None:
            expected = f'{{"{member}": {{...}}}}'
            return None, [Fault("/header", f"The template's header needs its {member}.", expected)]
        return given, []
    if text.header_placeholders and named:
        if given is not None:
            problem = "The template's header takes its value from the variables."
            return None, [Fault("/header", problem, "no header")]
        name = text.header_placeholders[0]
        if name in values:
            return Header(variable=Variable(values[name], name)), []
        return None, []
    if text.header_placeholders:
        if given is None or given.variable is None:
            fault = Fault("/header", "The template's header needs its variable.", '{"text": "..."}')
            return None, [fault]
        return given, _value_faults("/header/text", given.variable.value)
    if given is not None:
        return None, [Fault("/header", "The template's header takes no value.", "no header")]
    return None, []


def _match_buttons(
    text: TemplateText, given: Sequence[Button], repeated: str | None
) -> tuple[tuple[Button, ...], list[Fault]]:
    by_index = {button.index: button for button in given}
    matched, faults = [], []
    if len(by_index) < len(given):
        faults.append(Fault("/buttons", "A button is given twice.", "each index once"))
    for index, button in enumerate(text.buttons):
        kind = BUTTON_KINDS.get(str(button.get("type", "")).upper())
        offered = by_index.pop(index, None)
        takes_value = kind in {"quick_reply", "copy_code"} or needs_value(button)
        if offered is not None and (kind is None or not takes_value):
            faults.append(
                Fault("/buttons", f"The template's button {index} takes no value.", "no value for it")
            )
        elif offered is not None and offered.kind != kind:
            faults.append(
                Fault(
                    "/buttons",
                    f"The template's button {index} is of type {kind}, not {offered.kind}.",
                    f'{{"index": {index}, "type": "{kind}", ...}}',
                )
            )
        elif offered is not None:
            matched.append(offered)
        elif repeated is not None and needs_value(button):
            matched.append(Button(index, "url", repeated))
        elif kind == "copy_code" or needs_value(button):
            faults.append(
                Fault(
                    "/buttons",
                    f"The template's button {index} needs its value.",
                    f'{{"index": {index}, "type": "{kind}", ...}}',
                )
            )
    for index in by_index:
        expected = f"indexes below {len(text.buttons)}" if text.buttons else "no buttons"
        faults.append(Fault("/buttons", f"The template has no button {index}.", expected))
    return tuple(matched), faults


def needs_value(button: Mapping[str, Any]) -> bool:
    """Whether a template's button cannot be sent without a value."""
    kind = str(button.get("type", "")).upper()
    return kind == "OTP" or (kind == "URL" and bool(placeholders_of(str(button.get("url", "")))))


def _render(text: TemplateText, values: Mapping[str, str], header: Header | None) -> str:
    header_values = {}
    if header is not None and header.variable is not None:
        header_values = dict.fromkeys(text.header_placeholders, header.variable.value)
    lines = [
        substitute(text.header, header_values),
        substitute(text.body, values),
        text.footer,
    ]
    return "\n".join(line for line in lines if line)


def substitute(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders' values; placeholders without one stay."""
    # A function, so that a value such as \1 or {{2}} stays what it is.
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def _escape(member: str) -> str:
    return member.replace("~", "~0").replace("/", "~1")
