"""The limits of interactive messages (Cloud API), each in one place for our form and for Meta's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from ..fields import text

LARGEST_BODY = 1024
LARGEST_FOOTER = 60
LARGEST_HEADER = 60
LARGEST_TITLE = 20
LARGEST_FLOW_BUTTON = 30
"""Characters; the guides advise 20, but the examples have more."""

LARGEST_CARD_BODY = 160
MOST_CARD_BREAKS = 2
MOST_BUTTONS = 3
MOST_SECTIONS = 10
MOST_ROWS = 10
MOST_PRODUCTS = 30
LEAST_CARDS, MOST_CARDS = 2, 10
LONGEST_CALL = 43_200
"""Minutes."""
LARGEST_CALL_PAYLOAD = 512

LONGEST_ADDRESS_FIELD = 255

ADDRESS_FIELDS = {
    "name": LONGEST_ADDRESS_FIELD,
    "phone_number": LONGEST_ADDRESS_FIELD,
    "in_pin_code": 6,
    "sg_post_code": 6,
    "house_number": LONGEST_ADDRESS_FIELD,
    "floor_number": LONGEST_ADDRESS_FIELD,
    "tower_number": LONGEST_ADDRESS_FIELD,
    "building_name": LONGEST_ADDRESS_FIELD,
    "address": LONGEST_ADDRESS_FIELD,
    "landmark_area": LONGEST_ADDRESS_FIELD,
    "city": LONGEST_ADDRESS_FIELD,
    "state": LONGEST_ADDRESS_FIELD,
    "unit_number": LONGEST_ADDRESS_FIELD,
}
"""What an address has, and how many characters of it at most."""

ADDRESS_COUNTRIES = {
    **dict.fromkeys(
        (
            "in_pin_code",
            "house_number",
            "floor_number",
            "tower_number",
            "building_name",
            "landmark_area",
            "state",
        ),
        "IN",
    ),
    **dict.fromkeys(("sg_post_code", "unit_number"), "SG"),
}
"""The country of each part of an address that only one country has."""

_NO_EMOJI = re.compile(r"[^\u2600-\u27bf\U0001f000-\U0001faff]*")


def body(*, required: bool = True) -> fields.String:
    """The text of the message."""
    return text(1, LARGEST_BODY, "The text.", required=required)


def footer() -> fields.String:
    """The small print."""
    return text(1, LARGEST_FOOTER, "The small print below it.")


def header_text(*, required: bool = False) -> fields.String:
    """The text above the body."""
    return text(1, LARGEST_HEADER, "The text above the body.", required=required)


def sub_text() -> fields.String:
    """A smaller text beside that of the header."""
    return text(1, LARGEST_HEADER, "A smaller text above the body.")


def button_id() -> fields.String:
    """What comes back with an answer."""
    return fields.String(
        required=True,
        validate=[validate.Length(1, 256), _no_edge_spaces],
        metadata={"description": "Comes back with the answer.", "expected": "text of 1 to 256 characters"},
    )


def button_title() -> fields.String:
    """The words of a reply button."""
    return fields.String(
        required=True,
        validate=[validate.Length(1, LARGEST_TITLE), _no_edge_spaces],
        metadata={
            "description": "The button's words.",
            "expected": f"text of 1 to {LARGEST_TITLE} characters, no space at its ends",
        },
    )


def display_text(*, required: bool = True) -> fields.String:
    """The words of a button that opens something."""
    return text(1, LARGEST_TITLE, "The button's words.", required=required)


def url(*, required: bool = True) -> fields.Url:
    """A web address."""
    return fields.Url(
        required=required,
        schemes={"http", "https"},
        validate=validate.Length(max=2000),
        metadata={
            "description": "What the button opens.",
            "expected": "an http or https address of at most 2000 characters",
            "example": "https://example.com/",
        },
    )


def identifier(description: str, *, required: bool = True) -> fields.String:
    """An id of the catalog, of a product or a flow."""
    return text(1, 255, description, required=required)


def row_id() -> fields.String:
    """What comes back with a choice."""
    return text(1, 200, "Comes back with the answer.", required=True)


def row_title() -> fields.String:
    """The words of a choice."""
    return text(1, 24, "The choice.", required=True)


def row_description() -> fields.String:
    """More about a choice."""
    return text(1, 72, "More about it.")


def section_title() -> fields.String:
    """The words above a section."""
    return text(1, 24, "Above the section; needed where there is more than one.")


def list_button() -> fields.String:
    """The words of the button that opens a list."""
    return text(1, LARGEST_TITLE, "The words of the button that opens the list.", required=True)


def flow_cta() -> fields.String:
    """The words of the button that opens a flow."""
    return fields.String(
        required=True,
        validate=[
            validate.Length(1, LARGEST_FLOW_BUTTON),
            validate.Regexp(rf"{_NO_EMOJI.pattern}\Z", error="The button's words have an emoji."),
        ],
        metadata={
            "description": "The button's words.",
            "expected": f"text of 1 to {LARGEST_FLOW_BUTTON} characters, without emoji",
        },
    )


def one_of(*values: str, description: str, required: bool = False) -> fields.String:
    """One of a few words."""
    return fields.String(
        required=required,
        validate=validate.OneOf(values),
        metadata={"description": description, "expected": " or ".join(values)},
    )


def ttl_minutes() -> fields.Integer:
    """How long a call button works."""
    return fields.Integer(
        strict=True,
        validate=validate.Range(1, LONGEST_CALL),
        metadata={
            "description": "How long the button works, in minutes.",
            "expected": f"a whole number from 1 to {LONGEST_CALL}",
        },
    )


def call_payload() -> fields.String:
    """What comes back with a call."""
    return text(1, LARGEST_CALL_PAYLOAD, "Comes back with the call.")


def card_body() -> fields.String:
    """The text of a card."""
    return fields.String(
        validate=[validate.Length(1, LARGEST_CARD_BODY), _few_breaks],
        metadata={
            "description": "The card's text.",
            "expected": f"1 to {LARGEST_CARD_BODY} characters, at most {MOST_CARD_BREAKS} line breaks",
        },
    )


def several(schema: type[Schema], low: int, high: int, what: str) -> fields.List[Any]:
    """A list of objects."""
    return fields.List(
        fields.Nested(schema, metadata={"expected": "an object"}),
        required=True,
        validate=validate.Length(low, high),
        metadata={"description": what, "expected": f"a list of {low} to {high}"},
    )


def free_object(description: str, *, required: bool = False) -> fields.Dict:
    """An object whose members are not for us to judge, and which is not empty."""
    return fields.Dict(
        keys=fields.String(),
        required=required,
        validate=validate.Length(min=1),
        metadata={"description": description, "expected": "an object that is not empty"},
    )


class AddressValues(fields.Dict):
    """Parts of an address by name."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        values = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        faults = _address_faults(values)
        if faults:
            # Not by a validator: its faults could not tell which part is wrong.
            raise ValidationError(faults)
        return values


def address_values(description: str, *, required: bool = False) -> AddressValues:
    """Parts of an address by name."""
    return AddressValues(
        keys=fields.String(),
        required=required,
        metadata={"description": description, "expected": f"an object with {', '.join(ADDRESS_FIELDS)}"},
    )


def texts(description: str) -> fields.Dict:
    """Texts by name."""
    return fields.Dict(
        keys=fields.String(),
        values=fields.String(metadata={"expected": "text"}),
        metadata={"description": description, "expected": "an object of texts"},
    )


def _no_edge_spaces(value: str) -> None:
    if value != value.strip():
        raise ValidationError("It begins or ends with a space.")


def _few_breaks(value: str) -> None:
    if value.count("\n") > MOST_CARD_BREAKS:
        raise ValidationError("It has too many line breaks.")


def _address_faults(values: Mapping[str, Any]) -> dict[str, list[str]]:
    faults = {}
    for name, value in values.items():
        longest = ADDRESS_FIELDS.get(name, LONGEST_ADDRESS_FIELD)
        if not isinstance(value, str) or len(value) > longest:
            faults[name] = [f"This is not text of at most {longest} characters."]
    return faults


Faults = dict[Any, Any]
"""Messages as marshmallow nests them: by member, and by place in a list."""


def unique(items: Sequence[dict[str, Any]], members: Iterable[str], inside: str | None = None) -> Faults:
    """The faults of items that repeat what another has before them.

    :param inside: the member of an item that holds the members.
    """
    faults: Faults = {}
    for member in members:
        seen: set[Any] = set()
        for index, item in enumerate(items):
            holder = item.get(inside, {}) if inside else item
            value = holder.get(member)
            if value is not None and value in seen:
                nested = faults.setdefault(index, {})
                if inside:
                    nested = nested.setdefault(inside, {})
                nested[member] = [f"{value!r} stands there twice."]
            seen.add(value)
    return faults


def section_faults(sections: Sequence[dict[str, Any]], items: str, most: int) -> Faults:
    """The faults of sections as a whole: titles where there are several, and not too many items in all."""
    faults: Faults = {}
    if len(sections) > 1:
        for index, section in enumerate(sections):
            if not section.get("title"):
                faults[index] = {"title": ["There are several sections, so each needs a title."]}
    count = 0
    for index, section in enumerate(sections):
        count += len(section[items])
        if count > most:
            message = f"There are more than {most} in all sections together."
            faults.setdefault(index, {})[items] = [message]
            break
    return faults


def list_faults(sections: Sequence[dict[str, Any]]) -> Faults:
    """The faults of a list of choices as a whole: as of any sections, and ids that stand there twice."""
    faults = section_faults(sections, "rows", MOST_ROWS)
    seen: set[str] = set()
    for index, section in enumerate(sections):
        for place, row in enumerate(section["rows"]):
            if row["id"] in seen:
                rows = faults.setdefault(index, {}).setdefault("rows", {})
                if isinstance(rows, dict):
                    rows[place] = {"id": [f"{row['id']!r} stands there twice."]}
            seen.add(row["id"])
    return faults


def flow_faults(flow: Mapping[str, Any], action: Any) -> dict[str, list[str]]:
    """The faults of a flow's members as a whole. :param action: its ``flow_action``, as given."""
    faults: dict[str, list[str]] = {}
    if "flow_id" not in flow and "flow_name" not in flow:
        faults["flow_id"] = ["There is neither 'flow_id' nor 'flow_name'."]
    if "flow_id" in flow and "flow_name" in flow:
        faults["flow_name"] = ["There are both 'flow_id' and 'flow_name'."]
    if action == "data_exchange":
        for name in {"screen", "data", "flow_action_payload"} & flow.keys():
            faults[name] = ["Only the action navigate takes it: with data_exchange the endpoint tells."]
    if "data" in flow and "screen" not in flow:
        faults["screen"] = ["The data need the screen that they are for."]
    return faults


def address_faults(form: Mapping[str, Any]) -> dict[str, Faults]:
    """The faults of a form's addresses that have parts of another country's."""
    country = form["country"]
    saved = {
        index: {"value": faults}
        for index, address in enumerate(form.get("saved_addresses", ()))
        if (faults := _foreign_parts(address["value"], country))
    }
    found = {name: _foreign_parts(form.get(name, {}), country) for name in ("values", "validation_errors")}
    return {**found, "saved_addresses": saved}


def _foreign_parts(address: Mapping[str, Any], country: str) -> Faults:
    return {
        name: [f"An address in {country} has no such part."]
        for name in address
        if ADDRESS_COUNTRIES.get(name, country) != country
    }


def card_faults(kinds: Sequence[tuple[str, int]]) -> Faults:
    """The faults of cards whose buttons differ. :param kinds: of each card's buttons, and how many."""
    return {
        index: {"_schema": ["All cards have the same kind and number of buttons."]}
        for index, kind in enumerate(kinds)
        if kind != kinds[0]
    }


def raise_faults(**faults: Faults | list[str]) -> None:
    """Raise what there is.

    :raises ValidationError: there are faults.
    """
    found = {name: messages for name, messages in faults.items() if messages}
    if found:
        raise ValidationError(found)
