"""A place: in a header, as a message, and as Meta's own object."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from ..fields import text
from .objects import ObjectSchema

LONGEST_PLACE = 1000
"""Characters of a place's name and address."""


def _degrees(limit: int, description: str) -> fields.Float:
    return fields.Float(
        required=True,
        validate=validate.Range(-limit, limit),
        metadata={"description": description, "expected": f"degrees from -{limit} to {limit}"},
    )


class LocationSchema(Schema):
    """A place."""

    latitude = _degrees(90, "Degrees north.")
    longitude = _degrees(180, "Degrees east.")
    name = text(1, LONGEST_PLACE, "Name of the place.")
    address = text(1, LONGEST_PLACE, "Its address; shown only where there is a name.")


class LocationObjectSchema(LocationSchema, ObjectSchema):
    """Meta's ``location`` object."""
