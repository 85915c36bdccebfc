"""From what a schema found wrong to the faults we tell: pointer, what was wrong, what is expected."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields

from ..errors import Fault, ValidationFailed

LONGEST_NAME_TOLD = 255
"""Characters of an unknown member's name that a fault repeats."""

MOST_GUESSES = 10
"""For how many unknown members we look what may have been meant; a body can have a hundred thousand."""


def load(schema: Schema, values: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The checked parameters of a query string.

    :param values: all values of each parameter.
    :raises ValidationFailed: some are wrong or given twice; the faults name them all.
    """
    repeated = [
        Fault(f"/{name}", f"The parameter {name!r} is given {len(given)} times.", "one value")
        for name, given in values.items()
        if len(given) > 1
    ]
    # PostgreSQL refuses it in any text; a body's is refused as malformed.
    nul = [
        Fault(f"/{name}", f"The parameter {name!r} has a NUL character.", "text without it")
        for name, given in values.items()
        if "\0" in given[0]
    ]
    loaded, faults = load_partly(schema, {name: given[0] for name, given in values.items()})
    if repeated or nul or faults:
        raise ValidationFailed([*repeated, *nul, *faults])
    return loaded


def load_partly(schema: Schema, values: Any) -> tuple[dict[str, Any], list[Fault]]:
    """The top-level members that are sound, and the faults of the others."""
    if not isinstance(values, Mapping):
        return {}, [Fault("", "The body is not a JSON object.", "an object")]
    try:
        loaded: dict[str, Any] = schema.load(values)
        return loaded, []
    except ValidationError as error:
        messages: dict[Any, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
        faults = _faults(messages, schema, "", values)
        sound = error.valid_data if isinstance(error.valid_data, dict) else {}
        return {name: value for name, value in sound.items() if name not in messages}, faults


def _faults(messages: Any, schema: Schema, pointer: str, values: Any) -> list[Fault]:
    found: list[Fault] = []
    members = _members(schema)
    expected = f"one of {', '.join(members)}"
    for name, message in messages.items():
        if name == "_schema":
            found += [Fault(pointer, str(text), _expected_members(schema)) for text in message]
            continue
        declared = _field(schema, name)
        here = f"{pointer}/{_token(str(name))}"
        if declared is None:
            guesses = members if len(found) < MOST_GUESSES else []
            found.append(Fault(here, _unknown_member(str(name), guesses), expected))
        else:
            given = values.get(name) if isinstance(values, Mapping) else None
            found += _field_faults(message, declared, here, given)
    return found


def _field_faults(messages: Any, declared: fields.Field[Any], pointer: str, given: Any) -> list[Fault]:
    if isinstance(messages, list):
        expected = str(declared.metadata.get("expected", "a valid value"))
        return [Fault(pointer, str(message), expected) for message in messages]
    if isinstance(declared, fields.Nested):
        return _faults(messages, declared.schema, pointer, given)
    inner = declared.inner if isinstance(declared, fields.List) else declared
    found: list[Fault] = []
    for key, message in messages.items():
        item = given[key] if isinstance(given, list) and isinstance(key, int) else None
        found += _field_faults(message, inner, f"{pointer}/{_token(str(key))}", item)
    return found


def _token(name: str) -> str:
    return name[:LONGEST_NAME_TOLD].replace("~", "~0").replace("/", "~1")


def _field(schema: Schema, name: Any) -> fields.Field[Any] | None:
    for attribute, declared in schema.fields.items():
        if name in (attribute, declared.data_key):
            return declared
    return None


def _members(schema: Schema) -> list[str]:
    return [declared.data_key or name for name, declared in schema.load_fields.items()]


def _expected_members(schema: Schema) -> str:
    return f"an object with {', '.join(_members(schema))}"


def _unknown_member(name: str, guesses: Sequence[str]) -> str:
    # A name of megabytes must not come back several times over.
    shown = name if len(name) <= LONGEST_NAME_TOLD else f"{name[:LONGEST_NAME_TOLD]}..."
    near = difflib.get_close_matches(shown, guesses, n=1) if guesses else []
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"There is no member {shown!r}.{hint}"
