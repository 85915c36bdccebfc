"""The texts of a template that is to be made: their lengths, their placeholders, the examples of these.

Cloud API, message templates, components.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...errors import Fault

LONGEST_EXAMPLE = 1_024
"""Characters; no text that the example could stand in is longer."""

_BRACES = re.compile(r"\{\{([^{}]*)\}\}")
_POSITION = re.compile(r"[1-9][0-9]{0,3}")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def text_faults(pointer: str, what: str, value: Any, longest: int) -> Iterator[Fault]:
    """What is wrong with a text that must be there.

    :param what: what it is called: ``body``.
    :param longest: characters.
    """
    expected = f"text of 1 to {longest:,} characters"
    if not isinstance(value, str) or not value.strip():
        yield Fault(pointer, f"The {what} has no text.", expected)
    elif len(value) > longest:
        yield Fault(pointer, f"The {what} has {len(value):,} characters.", expected)


def placeholder_names(text: Any) -> tuple[str, ...]:
    """The names between double braces, in their order, each once; whatever they are."""
    if not isinstance(text, str):
        return ()
    return tuple(dict.fromkeys(name.strip() for name in _BRACES.findall(text)))


def looks_named(texts: Sequence[str]) -> bool:
    """Whether the placeholders of these texts go by name."""
    return any(not name.isdecimal() for text in texts for name in placeholder_names(text))


def placeholder_faults(pointer: str, text: Any, *, named: bool) -> Iterator[Fault]:
    """What is wrong with the placeholders of a text."""
    if not isinstance(text, str):
        return
    names = placeholder_names(text)
    rest = _BRACES.sub("", text)
    if "{{" in rest or "}}" in rest:
        yield Fault(pointer, "The text has double braces that make no placeholder.", "{{1}} or {{name}}")
    pattern = _NAME if named else _POSITION
    for name in names:
        if not pattern.fullmatch(name):
            kind = "lower-case letters, digits and underscores" if named else "numbers: {{1}}, {{2}} ..."
            yield Fault(pointer, f"{{{{{name}}}}} is no name of a placeholder here.", kind)
    positions = sorted(int(name) for name in names if _POSITION.fullmatch(name))
    if not named and positions and positions != list(range(1, len(positions) + 1)):
        told = ", ".join(map(str, positions))
        yield Fault(pointer, f"The placeholders have the numbers {told}.", "1, 2, 3 ... without a gap")
    if re.search(r"\}\}\{\{", text):
        yield Fault(pointer, "Two placeholders stand side by side.", "text between placeholders")


def edge_faults(pointer: str, text: Any) -> Iterator[Fault]:
    """What is wrong with a body whose first or last word is left open."""
    trimmed = text.strip() if isinstance(text, str) else ""
    if not placeholder_names(trimmed):
        return
    if trimmed.startswith("{{"):
        yield Fault(pointer, "The text begins with a placeholder.", "text before the first placeholder")
    if trimmed.endswith("}}"):
        yield Fault(pointer, "The text ends with a placeholder.", "text after the last placeholder")


def example_faults(
    pointer: str, example: Any, kind: str, names: Sequence[str], *, named: bool
) -> Iterator[Fault]:
    """What is wrong with the examples of a component's placeholders, which a reviewer at Meta reads.

    :param pointer: to the member ``example``. :param kind: ``header_text`` or ``body_text``.
    :param names: the placeholders of the text.
    """
    if not names:
        return
    given = example if isinstance(example, Mapping) else {}
    if named:
        yield from _named_faults(f"{pointer}/{kind}_named_params", given.get(f"{kind}_named_params"), names)
        return
    values, place = given.get(kind), f"{pointer}/{kind}"
    if kind == "body_text":
        # A list of lists, of which the first alone counts.
        values = values[0] if isinstance(values, list) and values else None
        place += "/0"
    if not isinstance(values, list) or len(values) != len(names):
        count = len(values) if isinstance(values, list) else 0
        expected = f"{len(names)} texts, one for each placeholder"
        yield Fault(place, f"The text has {len(names)} placeholders and {count} examples.", expected)
        return
    for index, value in enumerate(values):
        yield from text_faults(f"{place}/{index}", "example", value, LONGEST_EXAMPLE)


def _named_faults(pointer: str, values: Any, names: Sequence[str]) -> Iterator[Fault]:
    form = 'a list of {"param_name": "...", "example": "..."}'
    if not isinstance(values, list) or not all(isinstance(item, Mapping) for item in values):
        yield Fault(pointer, f"The examples of {', '.join(names)} are missing.", form)
        return
    told: list[Any] = [item.get("param_name") for item in values]
    for name in names:
        if name not in told:
            yield Fault(pointer, f"The placeholder {name!r} has no example.", form)
    for index, item in enumerate(values):
        place = f"{pointer}/{index}"
        if told[index] not in names:
            yield Fault(f"{place}/param_name", "The text has no such placeholder.", ", ".join(names))
        elif told.index(told[index]) < index:
            yield Fault(f"{place}/param_name", "The placeholder has an example already.", "each once")
        yield from text_faults(f"{place}/example", "example", item.get("example"), LONGEST_EXAMPLE)
