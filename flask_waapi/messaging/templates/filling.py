"""Whether every open place of a template, or of one of its cards, has its value; each fault is named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...content import Button, Header, LimitedTimeOffer, Variable
from ...errors import Fault
from .text import BUTTON_KINDS, MEDIA_HEADERS, TemplateText, in_order, needs_value, substitute, takes_value

LONGEST_BODY = 1024
"""Characters of a body with its values in place; Cloud API, error 132005."""

LONGEST_OFFER_BODY = 600
LONGEST_CARD_BODY = 160

LONGEST_PASSWORD = 15
"""Characters of a one-time password."""

Values = Mapping[str, str | Variable] | Sequence[str | Variable]
"""Values by placeholder name, or in the order of the placeholders; text where nothing else is to be said."""


@dataclass(frozen=True)
class Manner:
    """How the values of a template are given.

    :param named: the placeholders go by name.
    :param by_component: a named header has its value with it, as in Meta's own object, and not among the
        variables.
    :param is_password: the body and the buttons tell one and the same one-time password.
    """

    named: bool
    by_component: bool = False
    is_password: bool = False


@dataclass(frozen=True)
class Part:
    """A template without its cards, or one card, with its values in place.

    :param lines: what the recipient reads.
    """

    body: tuple[Variable, ...]
    header: Header | None
    buttons: tuple[Button, ...]
    lines: tuple[str, ...]
    faults: tuple[Fault, ...]


def fill_part(
    text: TemplateText,
    variables: Values,
    header: Header | None,
    buttons: Sequence[Button],
    manner: Manner,
    *,
    longest: int,
) -> Part:
    """Put values into a template without its cards, or into one card.

    :param longest: characters of the body with its values in place.
    """
    wanted = text.placeholders
    if manner.named and not manner.by_component:
        wanted = tuple(dict.fromkeys(text.header_placeholders + text.placeholders))
    values, faults = _match_variables(wanted, variables, manner, text.examples)
    filled_header, header_faults = _match_header(text, header, values, manner)
    password = next(iter(values.values()), Variable("")).value if manner.is_password else None
    filled_buttons, button_faults = _match_buttons(text, buttons, password)
    body = tuple(
        replace(values[name], name=name if manner.named else None)
        for name in in_order(text.placeholders)
        if name in values
    )
    lines = _lines(text, values, filled_header)
    length = len(substitute(text.body, _shown(values)))
    if length > longest and set(text.placeholders) & values.keys():
        problem = f"The template's text would have {length} characters with these values."
        faults.append(Fault("/variables", problem, f"values that leave it within {longest} characters"))
    return Part(body, filled_header, filled_buttons, lines, (*faults, *header_faults, *button_faults))


def match_offer(text: TemplateText, given: LimitedTimeOffer | None) -> list[Fault]:
    """Whether the end of a limited-time offer is there exactly where it is shown."""
    if text.offer_expires and given is None:
        problem = "The template's offer needs the moment at which it ends."
        return [Fault("/limited_time_offer", problem, '{"expiration": "2027-01-01T00:00:00Z"}')]
    if given is not None and not text.offer_expires:
        problem = "The template has no offer that ends."
        return [Fault("/limited_time_offer", problem, "no limited_time_offer")]
    return []


def _match_variables(
    wanted: Sequence[str], given: Values, manner: Manner, examples: Mapping[str, str]
) -> tuple[dict[str, Variable], list[Fault]]:
    kind = "names" if manner.named else "positions"
    takes = f"exactly these {kind}: {', '.join(wanted)}" if wanted else "no variables"
    if isinstance(given, Mapping):
        if given and manner.by_component and not manner.named:
            return {}, [Fault("/variables", "The template's variables go by position.", "no names")]
        pointers = {name: f"/variables/{_escape(name)}" for name in given}
        values = {name: _variable(value) for name, value in given.items()}
    else:
        if manner.named and given:
            expected = f"an object with {takes}"
            return {}, [Fault("/variables", "The template's variables go by name.", expected)]
        pointers = {str(place): f"/variables/{place - 1}" for place in range(1, len(given) + 1)}
        values = {str(place): _variable(value) for place, value in enumerate(given, start=1)}
    faults = []
    for name in wanted:
        if name not in values:
            by_place = not manner.named and not isinstance(given, Mapping) and name.isdecimal()
            pointer = f"/variables/{int(name) - 1 if by_place else name}"
            example = f", for example {examples[name]!r}" if name in examples else ""
            faults.append(Fault(pointer, f"The variable {name!r} is missing.", f"text{example}"))
    for name, value in values.items():
        if name not in wanted:
            faults.append(Fault(pointers[name], f"The template has no variable {name!r}.", takes))
        elif manner.is_password:
            faults += _password_faults(pointers[name], value)
        else:
            faults += _value_faults(pointers[name] + _member(value), value.value)
    return {name: value for name, value in values.items() if name in wanted}, faults


def _variable(value: str | Variable) -> Variable:
    return value if isinstance(value, Variable) else Variable(value)


def _member(variable: Variable) -> str:
    if variable.currency is not None:
        return "/currency/fallback_value"
    return "/date_time/fallback_value" if variable.is_date_time else ""


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


def _password_faults(pointer: str, variable: Variable) -> list[Fault]:
    expected = f"a code of 1 to {LONGEST_PASSWORD} characters"
    if _member(variable):
        return [Fault(pointer, "A one-time password is text.", expected)]
    code = variable.value
    if len(code) > LONGEST_PASSWORD:
        return [Fault(pointer, f"The one-time password has {len(code)} characters.", expected)]
    if re.search(r"://|www\.", code, re.IGNORECASE):
        return [Fault(pointer, "The one-time password is a web address.", expected)]
    return _value_faults(pointer, code)


def _match_header(
    text: TemplateText, given: Header | None, values: Mapping[str, Variable], manner: Manner
) -> tuple[Header | None, list[Fault]]:
    member = MEDIA_HEADERS.get(text.header_format or "")
    if member is not None:
        if given is None or getattr(given, member) is None:
            expected = f'{{"{member}": {{...}}}}'
            return None, [Fault("/header", f"The template's header needs its {member}.", expected)]
        return given, []
    if not text.header_placeholders:
        if given is None:
            return None, []
        return None, [Fault("/header", "The template's header takes no value.", "no header")]
    name = text.header_placeholders[0] if manner.named else None
    if name is not None and not manner.by_component:
        if given is not None:
            problem = "The template's header takes its value from the variables."
            return None, [Fault("/header", problem, "no header")]
        return (Header(variable=replace(values[name], name=name)), []) if name in values else (None, [])
    if given is None or given.variable is None:
        return None, [Fault("/header", "The template's header needs its variable.", '{"text": "..."}')]
    if given.variable.name != name:
        goes = "by position" if name is None else f"by the name {name!r}"
        return None, [Fault("/header", f"The variable of the template's header goes {goes}.", goes)]
    return given, _value_faults("/header/text", given.variable.value)


def _match_buttons(
    text: TemplateText, given: Sequence[Button], password: str | None
) -> tuple[tuple[Button, ...], list[Fault]]:
    places = {button.index: place for place, button in enumerate(given)}
    matched: list[Button] = []
    faults = []
    if len(places) < len(given):
        faults.append(Fault("/buttons", "A button is given twice.", "each index once"))
    for index, button in enumerate(text.buttons):
        place = places.pop(index, None)
        kind = BUTTON_KINDS.get(str(button.get("type", "")).upper())
        if place is not None:
            fault = _button_fault(index, button, kind, given[place], f"/buttons/{place}", password)
            faults += fault
            matched += () if fault else (given[place],)
        elif password is not None and needs_value(button):
            # That the password is missing is told once, of the body.
            matched += (Button(index, "url", password),) if password else ()
        elif needs_value(button):
            expected = f'{{"index": {index}, "type": "{kind}", ...}}'
            faults.append(Fault("/buttons", f"The template's button {index} needs its value.", expected))
        elif kind == "flow":
            # It opens from nothing but its component, though that has nothing to say.
            matched.append(Button(index, kind))
    expected = f"indexes below {len(text.buttons)}" if text.buttons else "no buttons"
    for index, place in places.items():
        faults.append(Fault(f"/buttons/{place}", f"The template has no button {index}.", expected))
    return tuple(matched), faults


def _button_fault(
    index: int,
    button: Mapping[str, Any],
    kind: str | None,
    given: Button,
    pointer: str,
    password: str | None,
) -> list[Fault]:
    if not takes_value(button):
        return [Fault(pointer, f"The template's button {index} takes no value.", "no value for it")]
    if given.kind != kind:
        problem = f"The template's button {index} is of type {kind}, not {given.kind}."
        return [Fault(pointer, problem, f'{{"index": {index}, "type": "{kind}", ...}}')]
    if password and given.value != password:
        problem = "The button tells another one-time password than the text."
        return [Fault(f"{pointer}/value", problem, "the same code, or no button: it is filled by itself")]
    return _value_faults(f"{pointer}/value", given.value) if given.value else []


def _shown(values: Mapping[str, Variable]) -> dict[str, str]:
    return {name: variable.value for name, variable in values.items()}


def _lines(text: TemplateText, values: Mapping[str, Variable], header: Header | None) -> tuple[str, ...]:
    header_values: dict[str, str] = {}
    if header is not None and header.variable is not None:
        header_values = dict.fromkeys(text.header_placeholders, header.variable.value)
    lines = (
        substitute(text.header, header_values),
        text.offer or "",
        substitute(text.body, _shown(values)),
        text.footer,
    )
    return tuple(line for line in lines if line)


def _escape(member: str) -> str:
    return member.replace("~", "~0").replace("/", "~1")
