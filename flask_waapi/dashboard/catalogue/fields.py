"""The form of a template: from what was typed to its members, and back, with every fault at its field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from ...api import body as bodies
from ...errors import Fault, MalformedRequest, ValidationFailed
from ...messaging.templates.buttons import MOST_BUTTONS, OTP_TYPES, kind_of
from ...messaging.templates.text import AUTHENTICATION, read
from ...plugins.provider import TemplateDefinition

HEADERS = ("TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION")
"""Formats of a header that the form offers."""

BUTTONS: Mapping[str, tuple[str, str]] = {
    "QUICK_REPLY": ("Quick reply", ""),
    "URL": ("Opens an address", "url"),
    "PHONE_NUMBER": ("Calls a number", "phone_number"),
    "COPY_CODE": ("Copies a code", ""),
}
"""Types of buttons that the form offers: what they are called, and the member that their target is."""

FIRST_ROWS = 3
"""How many rows for buttons stand open."""

LONGEST_NUMBER = 9
"""Digits that are read as a number; Python refuses those of thousands."""


@dataclass(frozen=True)
class ButtonRow:
    """One button as it was typed. :param target: the address or the number."""

    kind: str = ""
    text: str = ""
    target: str = ""
    example: str = ""


@dataclass(frozen=True)
class TemplateForm:
    """The form as it is shown: what was typed, and what is wrong with it.

    :param examples: one a line, ``name: value``.
    :param recommends_secrecy: of an authentication template, as the minutes after which its code expires.
    :param components: instead of the parts: a list as Meta takes it, in JSON.
    :param has_uploaded: whether the example of the header is the handle of a file that came with the form.
    :param faults: by the name of the field; those of a button by ``button-0`` and so on.
    """

    name: str = ""
    language: str = ""
    category: str = "UTILITY"
    header_format: str = ""
    header: str = ""
    header_example: str = ""
    body: str = ""
    footer: str = ""
    examples: str = ""
    rows: Sequence[ButtonRow] = ()
    recommends_secrecy: bool = True
    code_minutes: str = ""
    components: str = ""
    has_uploaded: bool = False
    faults: Mapping[str, Sequence[Fault]] = field(default_factory=dict)

    @property
    def shown_rows(self) -> Sequence[ButtonRow]:
        """The rows of the buttons, with room for as many as there may be."""
        return [*self.rows, *[ButtonRow()] * (MOST_BUTTONS - len(self.rows))]


def typed(form: MultiDict[str, str]) -> TemplateForm:
    """What was typed, without what no database could hold. Rows of buttons that were left empty fall away."""
    words: dict[str, Any] = {
        name: _word(form, name).replace("\r\n", "\n")
        for name in (
            "name",
            "language",
            "category",
            "header_format",
            "header",
            "header_example",
            "body",
            "footer",
            "examples",
            "code_minutes",
            "components",
        )
    }
    rows = []
    for index in range(MOST_BUTTONS):
        parts = ("kind", "text", "target", "example")
        row = ButtonRow(*(_word(form, f"button-{index}-{part}") for part in parts))
        if row != ButtonRow(row.kind):
            rows.append(row)
    return TemplateForm(**words, rows=rows, recommends_secrecy="recommends_secrecy" in form)


def values_of(form: TemplateForm) -> dict[str, Any]:
    """The members of the template, as :class:`.TemplateChanges` takes them.

    :raises ValidationFailed: a field cannot be read.
    """
    values: dict[str, Any] = {"name": form.name, "language": form.language, "category": form.category}
    if form.components:
        return values | {"components": _components(form.components)}
    if form.category == AUTHENTICATION:
        return values | _password(form)
    examples = _examples(form.examples)
    parts = {
        "header": _header(form),
        "body": form.body or None,
        "footer": form.footer or None,
        "buttons": [_button(row) for row in form.rows] or None,
        "examples": examples or None,
    }
    return values | {name: value for name, value in parts.items() if value is not None}


def form_of(definition: TemplateDefinition) -> TemplateForm:
    """The form with a template in it; its components as they are, where the fields cannot hold them."""
    form = TemplateForm(
        name=definition.name, language=definition.language, category=definition.category.upper()
    )
    filled = _filled(form, definition)
    if filled is not None and _holds(filled, definition):
        return filled
    components = json.dumps(definition.components, indent=2, ensure_ascii=False)
    return TemplateForm(name=form.name, language=form.language, category=form.category, components=components)


def at_fields(faults: Sequence[Fault]) -> dict[str, list[Fault]]:
    """The faults by the field to show them at."""
    found: dict[str, list[Fault]] = {}
    for fault in faults:
        first, *rest = fault.pointer.removeprefix("/").split("/")
        place = first
        if first == "buttons" and rest and rest[0].isdecimal():
            place = f"button-{rest[0]}"
        elif first == "header" and rest[:1] == ["example"]:
            place = "header_example"
        found.setdefault(place, []).append(fault)
    return found


def _word(form: MultiDict[str, str], name: str) -> str:
    return form.get(name, "").replace("\0", "").strip()


def _components(text: str) -> Any:
    try:
        return bodies.parse(text.encode(errors="replace"))
    except MalformedRequest as error:
        told = error.message.replace("The body", "This")
        raise ValidationFailed(
            [Fault("/components", told, 'a list such as [{"type": "BODY", "text": "Hi"}]')]
        ) from None


def _password(form: TemplateForm) -> dict[str, Any]:
    for name in ("header", "body", "footer", "examples"):
        if getattr(form, name):
            problem = "The provider writes the words of an authentication template itself."
            raise ValidationFailed([Fault(f"/{name}", problem, "nothing, or another category")])
    values: dict[str, Any] = {
        "body": {"add_security_recommendation": form.recommends_secrecy},
        "buttons": [{"type": "otp", "otp_type": OTP_TYPES[0]}],
    }
    if form.code_minutes:
        minutes = form.code_minutes
        is_number = minutes.isdecimal() and len(minutes) <= LONGEST_NUMBER
        values["footer"] = {"code_expiration_minutes": int(minutes) if is_number else minutes}
    return values


def _examples(text: str) -> dict[str, str]:
    examples = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if line.strip() and not colon:
            fault = Fault("/examples", f"{line.strip()[:64]!r} names no placeholder.", "lines like name: Ann")
            raise ValidationFailed([fault])
        if colon:
            examples[name.strip().strip("{}").strip()] = value.strip()
    return examples


def _header(form: TemplateForm) -> Any:
    shape = form.header_format or ("TEXT" if form.header else "")
    if not shape:
        return None
    header = {"format": shape, "text": form.header if shape == "TEXT" else None}
    header["example"] = form.header_example or None
    return {name: value for name, value in header.items() if value is not None}


def _button(row: ButtonRow) -> dict[str, str]:
    member = BUTTONS.get(row.kind, ("", ""))[1]
    button = {"type": row.kind.lower(), "text": row.text, "example": row.example}
    if member:
        button[member] = row.target
    return {name: value for name, value in button.items() if value}


def _filled(form: TemplateForm, definition: TemplateDefinition) -> TemplateForm | None:
    text = read(definition)
    parts = {kind_of(part): part for part in definition.components}
    if form.category == AUTHENTICATION:
        minutes = parts.get("FOOTER", {}).get("code_expiration_minutes")
        return TemplateForm(
            name=form.name,
            language=form.language,
            category=form.category,
            recommends_secrecy=bool(parts.get("BODY", {}).get("add_security_recommendation")),
            code_minutes="" if minutes is None else str(minutes),
        )
    header = parts.get("HEADER", {})
    return TemplateForm(
        name=form.name,
        language=form.language,
        category=form.category,
        header_format=text.header_format or "",
        header=text.header,
        header_example=_header_example(header),
        body=text.body,
        footer=text.footer,
        examples="\n".join(f"{name}: {value}" for name, value in text.examples.items()),
        rows=list(_rows(text.buttons)),
    )


def _header_example(header: Mapping[str, Any]) -> str:
    example = header.get("example") or {}
    values = example.get("header_handle") or example.get("header_text") or [""]
    return str(values[0]) if isinstance(values, list) and values else ""


def _rows(buttons: Sequence[Mapping[str, Any]]) -> Iterator[ButtonRow]:
    for button in buttons:
        kind = kind_of(button)
        example = button.get("example")
        if isinstance(example, list):
            example = example[0] if example else ""
        target = button.get(BUTTONS.get(kind, ("", ""))[1]) or ""
        yield ButtonRow(kind, str(button.get("text") or ""), str(target), str(example or ""))


def _holds(form: TemplateForm, definition: TemplateDefinition) -> bool:
    """Whether the fields say all that the template says."""
    kinds = [kind_of(part) for part in definition.components]
    if not set(kinds) <= {"HEADER", "BODY", "FOOTER", "BUTTONS"} or len(set(kinds)) < len(kinds):
        return False
    shown = read(definition)
    if form.category == AUTHENTICATION:
        given = [button.get("otp_type", "COPY_CODE") for button in shown.buttons]
        return [str(kind).upper() for kind in given] == [OTP_TYPES[0]]
    known = {"type", "text", "example", "url", "phone_number"}
    simple = all(kind_of(button) in BUTTONS and set(button) <= known for button in shown.buttons)
    return simple and (not form.header_format or form.header_format in HEADERS)
