"""What the schemas of Meta's own objects share."""

from __future__ import annotations

from typing import Any

from marshmallow import INCLUDE, Schema, fields, validate


class ObjectSchema(Schema):
    """An object in Meta's words: what we know of it is checked, what we do not know is Meta's to judge."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"unknown": INCLUDE, **options})


def native(schema: type[Schema], *, many: bool = False) -> fields.Nested:
    """The member that holds Meta's own object, or a list of them."""
    return fields.Nested(
        schema,
        many=many,
        required=True,
        metadata={
            "description": "Meta's own object; it reaches Meta unchanged.",
            "expected": "a list of objects" if many else "an object",
        },
    )


def type_of(*names: str) -> fields.String:
    """A ``type`` that may be left out, since the other members tell it."""
    return fields.String(
        validate=validate.OneOf(names),
        metadata={
            "description": "May be left out: the other members tell it.",
            "expected": " or ".join(names),
        },
    )
