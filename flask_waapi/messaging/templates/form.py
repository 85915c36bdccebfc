"""A template as a person writes it: its header, body, footer, buttons and examples, or Meta's components."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ...errors import Fault, ValidationFailed
from ...plugins.provider import TemplateChange, TemplateDefinition
from .buttons import kind_of
from .placeholders import looks_named, placeholder_names
from .rules import EDITABLE, LONGEST_TTL, change_faults, identity_faults

WORDS = ("name", "language", "category", "parameter_format")
PARTS = ("header", "body", "footer", "buttons", "examples")
MEMBERS = (*WORDS, "ttl", "components", *PARTS)
"""The members of a template to make; of a change all but ``name`` and ``language``."""

_FORM_OF_HEADER = 'text, {"text": "...", "example": "..."} or {"format": "IMAGE", "example": "4::..."}'
_FORM_OF_BUTTON = '{"type": "quick_reply", "text": "..."}, or the text of a quick reply'


def read_new(values: Mapping[str, Any]) -> TemplateChange:
    """A template to make.

    :param values: :data:`MEMBERS`; either ``components``, as Meta takes them, or the parts.
    :raises ValidationFailed: names each fault by its JSON pointer into ``values``.
    """
    form = _Form(values, MEMBERS)
    words = form.words()
    change = TemplateChange(
        name=words.get("name", ""),
        language=words.get("language", ""),
        category=words.get("category", "").upper() or None,
        components=form.components(),
        parameter_format=form.parameter_format(words),
        ttl=form.ttl(),
    )
    form.check(identity_faults(change))
    form.check(change_faults(change, change.category or "", change.parameter_format or "POSITIONAL"))
    form.raise_faults()
    return change


def sketch(values: Mapping[str, Any]) -> TemplateDefinition:
    """The template that the values describe so far, to look at while it is being written."""
    form = _Form(values, MEMBERS)
    words = form.words()
    return TemplateDefinition(
        name=words.get("name", ""),
        language=words.get("language", ""),
        status="",
        category=words.get("category", "").upper(),
        parameter_format=form.parameter_format(words) or "POSITIONAL",
        components=form.components() or (),
    )


def read_edit(values: Mapping[str, Any], template: TemplateDefinition) -> TemplateChange:
    """What to change of a template.

    :param values: :data:`MEMBERS` but ``name`` and ``language``; the components are replaced as a whole.
    :raises ValidationFailed: names each fault by its JSON pointer into ``values``.
    """
    form = _Form(values, tuple(name for name in MEMBERS if name not in {"name", "language"}))
    words = form.words()
    change = TemplateChange(
        name=template.name,
        language=template.language,
        category=words.get("category", "").upper() or None,
        components=form.components(),
        parameter_format=form.parameter_format(words),
        ttl=form.ttl(),
    )
    if not values:
        form.faults.append(Fault("", "There is nothing to change.", "at least one member"))
    form.check(_edit_faults(change, template))
    category = change.category or template.category.upper()
    form.check(change_faults(change, category, change.parameter_format or template.parameter_format.upper()))
    form.raise_faults()
    return change


def _edit_faults(change: TemplateChange, template: TemplateDefinition) -> list[Fault]:
    if template.status not in EDITABLE:
        problem = f"The template is {template.status}, in which it cannot be changed."
        return [Fault("", problem, f"a status of {', '.join(EDITABLE)}")]
    if template.status == "APPROVED" and change.category not in {None, template.category.upper()}:
        problem = "The category of an approved template cannot be changed."
        return [Fault("/category", problem, template.category)]
    return []


@dataclass
class _Form:
    """The reading of one form, and the faults that it comes upon."""

    values: Mapping[str, Any]
    members: Sequence[str]
    faults: list[Fault] = field(default_factory=list)
    pointers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.values:
            if name not in self.members:
                near = difflib.get_close_matches(str(name), self.members, n=1)
                expected = near[0] if near else f"one of {', '.join(self.members)}"
                self._add(f"/{_escape(str(name))}", "A template has no such member.", expected)

    def words(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in WORDS:
            value = self.values.get(name)
            if isinstance(value, str):
                found[name] = value
            elif value is not None:
                self._add(f"/{name}", "The value is no text.", "text")
        return found

    def parameter_format(self, words: Mapping[str, str]) -> str | None:
        given = words.get("parameter_format")
        if given is None:
            # Meta takes placeholders for positions unless told otherwise.
            return "NAMED" if self._is_named() else None
        if given.upper() not in {"NAMED", "POSITIONAL"}:
            self._add("/parameter_format", "There is no such format.", "NAMED or POSITIONAL")
            return None
        return given.upper()

    def ttl(self) -> timedelta | None:
        value = self.values.get("ttl")
        if value is None:
            return None
        if type(value) is not int or not -1 <= value <= LONGEST_TTL.total_seconds():
            self._add("/ttl", "The time to live is no number of seconds.", "a whole number of seconds")
            return None
        return LONGEST_TTL if value == -1 else timedelta(seconds=value)

    def components(self) -> list[Mapping[str, Any]] | None:
        given = [name for name in PARTS if self.values.get(name) is not None]
        components = self.values.get("components")
        if components is None:
            return self._built() if given else None
        if given:
            self._add(f"/{given[0]}", "There are components too.", "either components or their parts")
        if not isinstance(components, list) or not all(isinstance(part, Mapping) for part in components):
            self._add("/components", "The components are no list of objects.", "a list of objects")
            return None
        return components

    def check(self, faults: Iterable[Fault]) -> None:
        """Take over what was found wrong with the template, but where the form itself is at fault."""
        told = tuple(f"{fault.pointer}/" for fault in self.faults if fault.pointer)
        found = [Fault(self._pointer(fault.pointer), fault.message, fault.expected) for fault in faults]
        self.faults += [fault for fault in found if not f"{fault.pointer}/".startswith(told)]

    def raise_faults(self) -> None:
        """:raises ValidationFailed: there are faults."""
        if self.faults:
            raise ValidationFailed(self.faults)

    def _add(self, pointer: str, message: str, expected: str) -> None:
        self.faults.append(Fault(pointer, message, expected))

    def _pointer(self, pointer: str) -> str:
        # What was built is told under the name by which it was given.
        for built in sorted(self.pointers, key=len, reverse=True):
            if pointer == built or pointer.startswith(f"{built}/"):
                return self.pointers[built] + pointer[len(built) :]
        return "/body" if self.pointers and pointer == "/components" else pointer

    def _built(self) -> list[Mapping[str, Any]]:
        built: list[Mapping[str, Any]] = []
        for name in ("header", "body", "footer", "buttons"):
            if self.values.get(name) is not None:
                place = f"/components/{len(built)}"
                self.pointers[place] = f"/{name}"
                built.append(getattr(self, f"_{name}")(self.values[name], place))
        self._check_examples(built)
        return built

    def _header(self, value: Any, place: str) -> dict[str, Any]:
        if isinstance(value, str):
            value = {"text": value}
            self.pointers[f"{place}/text"] = "/header"
        if not isinstance(value, Mapping) or not set(value) <= {"format", "text", "example"}:
            self._add("/header", "The header has no form that there is.", _FORM_OF_HEADER)
            return {"type": "HEADER", "format": "TEXT", "text": ""}
        shape = str(value.get("format") or "TEXT").upper()
        header: dict[str, Any] = {"type": "HEADER", "format": shape}
        example = value.get("example")
        if shape != "TEXT":
            self.pointers[f"{place}/example"] = "/header/example"
            self.pointers[f"{place}/example/header_handle"] = "/header/example"
            return header if example is None else {**header, "example": {"header_handle": [example]}}
        header["text"] = value.get("text")
        return {**header, **self._header_example(header["text"], example, place)}

    def _header_example(self, text: Any, example: Any, place: str) -> dict[str, Any]:
        names = placeholder_names(text)
        if self._is_named():
            self.pointers[f"{place}/example"] = "/examples"
            values = self._named_examples(names, f"{place}/example/header_text_named_params")
            return {"example": {"header_text_named_params": values}} if values else {}
        self.pointers[f"{place}/example"] = "/header/example"
        self.pointers[f"{place}/example/header_text"] = "/header/example"
        self.pointers[f"{place}/example/header_text/0"] = "/header/example"
        return {"example": {"header_text": [example]}} if example is not None else {}

    def _body(self, value: Any, place: str) -> dict[str, Any]:
        if isinstance(value, Mapping):
            return {**value, "type": "BODY"}
        self.pointers[f"{place}/text"] = "/body"
        return {"type": "BODY", "text": value, **self._body_example(placeholder_names(value), place)}

    def _body_example(self, names: Sequence[str], place: str) -> dict[str, Any]:
        for member in ("example", "example/body_text", "example/body_text/0"):
            self.pointers[f"{place}/{member}"] = "/examples"
        if self._is_named():
            key = "body_text_named_params"
            self.pointers[f"{place}/example/{key}"] = "/examples"
            examples = self._named_examples(names, f"{place}/example/{key}")
            return {"example": {key: examples}} if examples else {}
        values = self.values.get("examples")
        if isinstance(values, Mapping):
            values = [
                values[name] for name in sorted(names, key=lambda name: (len(name), name)) if name in values
            ]
        return {"example": {"body_text": [values]}} if isinstance(values, list) and values else {}

    def _footer(self, value: Any, place: str) -> dict[str, Any]:
        if isinstance(value, Mapping):
            return {**value, "type": "FOOTER"}
        self.pointers[f"{place}/text"] = "/footer"
        return {"type": "FOOTER", "text": value}

    def _buttons(self, value: Any, place: str) -> dict[str, Any]:
        self.pointers[f"{place}/buttons"] = "/buttons"
        if not isinstance(value, list):
            self._add("/buttons", "The buttons are no list.", f"a list of {_FORM_OF_BUTTON}")
            return {"type": "BUTTONS", "buttons": []}
        return {"type": "BUTTONS", "buttons": [self._button(button) for button in value]}

    def _button(self, value: Any) -> Any:
        if isinstance(value, str):
            return {"type": "QUICK_REPLY", "text": value}
        if not isinstance(value, Mapping):
            return value
        button = {**value, "type": kind_of(value)}
        if button["type"] == "URL" and isinstance(value.get("example"), str):
            button["example"] = [value["example"]]
        return button

    def _is_named(self) -> bool:
        given = self.values.get("parameter_format")
        if isinstance(given, str):
            return given.upper() == "NAMED"
        return looks_named(self._texts())

    def _texts(self) -> list[str]:
        header, components = self.values.get("header"), self.values.get("components")
        found = [header.get("text") if isinstance(header, Mapping) else header, self.values.get("body")]
        parts = components if isinstance(components, list) else ()
        found += [part.get("text") for part in parts if kind_of(part) in {"HEADER", "BODY"}]
        return [text for text in found if isinstance(text, str)]

    def _named_examples(self, names: Sequence[str], place: str) -> list[dict[str, Any]]:
        given = self.values.get("examples")
        examples = given if isinstance(given, Mapping) else {}
        known = [name for name in names if name in examples]
        for index, name in enumerate(known):
            self.pointers[f"{place}/{index}/example"] = f"/examples/{name}"
        return [{"param_name": name, "example": examples[name]} for name in known]

    def _check_examples(self, built: Sequence[Mapping[str, Any]]) -> None:
        given = self.values.get("examples")
        if given is None:
            return
        if not isinstance(given, list | Mapping) or (self._is_named() and isinstance(given, list)):
            expected = '{"name": "..."}' if self._is_named() else "a list of texts"
            self._add("/examples", "The examples have no form that there is.", expected)
            return
        if isinstance(given, list) and given and not placeholder_names(self.values.get("body")):
            self._add("/examples", "The body has no placeholders.", "no examples")
        names = [name for part in built for name in placeholder_names(part.get("text"))]
        for name in given if isinstance(given, Mapping) else ():
            if name not in names:
                pointer = f"/examples/{_escape(str(name))}"
                self._add(pointer, "The template has no such placeholder.", ", ".join(names) or "none")


def _escape(member: str) -> str:
    return member.replace("~", "~0").replace("/", "~1")
