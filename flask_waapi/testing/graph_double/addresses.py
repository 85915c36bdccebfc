"""What the form for a postal address must look like."""

from __future__ import annotations

from .parts import Part

_EVERYWHERE = ("name", "phone_number", "address", "city")
_FIELDS = {
    "IN": (
        *_EVERYWHERE,
        "in_pin_code",
        "house_number",
        "floor_number",
        "tower_number",
        "building_name",
        "landmark_area",
        "state",
    ),
    "SG": (*_EVERYWHERE, "sg_post_code", "unit_number"),
}
_POST_CODES = ("in_pin_code", "sg_post_code")

LONGEST_POST_CODE = 6
MOST_SAVED_ADDRESSES = 100


def check_address_form(action: Part) -> None:
    """Check the action of an ``address_message``.

    :raises GraphError: Meta would refuse it.
    """
    action.only("name", "parameters")
    action.choice("name", "address_message")
    parameters = action.part("parameters")
    parameters.only("country", "values", "saved_addresses", "validation_errors")
    country = parameters.choice("country", *_FIELDS)
    if "values" in parameters:
        _check_fields(parameters.part("values"), country)
    if "validation_errors" in parameters:
        errors = parameters.part("validation_errors")
        errors.only(*_FIELDS[country])
        for name in errors.value:
            errors.text(name, shortest=0)
    if "saved_addresses" in parameters:
        for saved in parameters.parts("saved_addresses", 1, MOST_SAVED_ADDRESSES):
            saved.only("id", "value")
            saved.text("id")
            _check_fields(saved.part("value"), country)


def _check_fields(fields: Part, country: str) -> None:
    fields.only(*_FIELDS[country])
    for name in fields.value:
        fields.text(name, LONGEST_POST_CODE if name in _POST_CODES else None, shortest=0)
