"""Templates with Meta's own object; what fills them is judged in the friendly form."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from ..fields import text
from .objects import ObjectSchema, native, type_of
from .sends import MarketingSchema
from .template import MarketableSchema


def _objects(schema: type[Schema]) -> fields.List[Any]:
    return fields.List(
        fields.Nested(schema, metadata={"expected": "an object"}),
        metadata={"expected": "a list of objects"},
    )


def _type() -> fields.String:
    return text(1, 64, "What it is.", required=True)


def _position(what: str) -> fields.Field[Any]:
    return fields.Integer(
        metadata={
            "description": f"Position of the {what}, from 0; as a number, or as text like Meta's.",
            "expected": "a whole number from 0",
            "type": ["integer", "string"],
            "pattern": "^[0-9]{1,2}$",
        },
    )


class ParameterObjectSchema(ObjectSchema):
    """A value, under the name of its type."""

    type = _type()


class CardComponentSchema(ObjectSchema):
    """What fills one part of a card."""

    type = _type()
    sub_type = text(1, 64, "Of a button: its type.")
    index = _position("button")
    parameters = _objects(ParameterObjectSchema)


class CardObjectSchema(ObjectSchema):
    """What fills one card."""

    card_index = _position("card")
    components = _objects(CardComponentSchema)


class ComponentSchema(CardComponentSchema):
    """What fills one part of a template."""

    cards = _objects(CardObjectSchema)


class LanguageSchema(ObjectSchema):
    """The template's language."""

    code = text(2, 16, "Its code, such as en or pt_BR.", required=True)


class TemplateObjectSchema(ObjectSchema):
    """Meta's ``template`` object."""

    name = text(1, 512, "The template's name.", required=True)
    language = fields.Nested(LanguageSchema, required=True, metadata={"expected": "an object with code"})
    components = _objects(ComponentSchema)


class NativeTemplateSchema(MarketableSchema, MarketingSchema):
    """A template, with Meta's own object."""

    type = type_of("template")
    template = native(TemplateObjectSchema)
