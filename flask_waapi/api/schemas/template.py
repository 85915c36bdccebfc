"""A template and what fills it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ..fields import MOMENT, Moment, text
from . import interactive_limits as limits
from .location import LocationSchema
from .sends import MarketingSchema, SendSchema
from .sources import LARGEST_CAPTION, FileSchema, MediumSchema
from .template_values import Variables

LARGEST_PAYLOAD = 256
"""Characters that come back with a quick reply."""

LARGEST_SUFFIX = 2000
"""Characters at the end of an address."""

LARGEST_COUPON = 15
MOST_BUTTONS = 10

_VALUES = {"type": "object", "properties": {"currency": {"type": "object"}, "date_time": {"type": "object"}}}
_VALUE = {"anyOf": [{"type": "string"}, _VALUES]}


class HeaderProductSchema(Schema):
    """The product in a header."""

    catalog_id = limits.identifier("The catalog's id.")
    product_retailer_id = limits.identifier("The product's id in the catalog.")


class HeaderSchema(Schema):
    """What fills a template's header; exactly one member."""

    text = text(1, LARGEST_CAPTION, "Value of a text header's placeholder, where they go by position.")
    image = fields.Nested(MediumSchema, metadata={"expected": "a medium"})
    video = fields.Nested(MediumSchema, metadata={"expected": "a medium"})
    document = fields.Nested(FileSchema, metadata={"expected": "a medium"})
    location = fields.Nested(LocationSchema, metadata={"expected": "a place"})
    product = fields.Nested(HeaderProductSchema, metadata={"expected": "a product of a catalog"})

    @validates_schema(skip_on_field_errors=True)
    def check_one(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Exactly one member."""
        if len(data) != 1:
            raise ValidationError("There must be exactly one member.")


class ButtonProductsSchema(Schema):
    """Products under a title, behind a button."""

    title = limits.section_title()
    product_retailer_ids = fields.List(
        limits.identifier("A product's id in the catalog."),
        required=True,
        validate=validate.Length(1, limits.MOST_PRODUCTS),
        metadata={
            "description": "The products' ids in the catalog.",
            "expected": f"a list of 1 to {limits.MOST_PRODUCTS} ids",
        },
    )


_BUTTON_MEMBERS: Mapping[str, tuple[set[str], set[str]]] = {
    "url": ({"value"}, set()),
    "quick_reply": ({"value"}, set()),
    "copy_code": ({"value"}, set()),
    "flow": (set(), {"flow_token", "flow_action_data"}),
    "catalog": (set(), {"thumbnail_product_retailer_id"}),
    "mpm": ({"thumbnail_product_retailer_id", "sections"}, set()),
}
"""By type of button: the members that it needs beside ``index`` and ``type``, and those it may have."""


class ButtonSchema(Schema):
    """What fills one of a template's buttons."""

    index = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, MOST_BUTTONS - 1),
        metadata={"description": "Position among the buttons, from 0.", "expected": "0 to 9"},
    )
    type = fields.String(
        required=True,
        validate=validate.OneOf(list(_BUTTON_MEMBERS)),
        metadata={
            "description": "`mpm` shows several products.",
            "expected": f"one of {', '.join(_BUTTON_MEMBERS)}",
        },
    )
    value = text(
        1,
        LARGEST_SUFFIX,
        "Of `url` the address's end, of `quick_reply` the payload sent back, of `copy_code` the code.",
    )
    flow_token = text(1, 1024, "Of `flow`: comes back with the answer.")
    flow_action_data = limits.free_object("Of `flow`: what its first screen starts with.")
    thumbnail_product_retailer_id = limits.identifier(
        "Of `catalog` and `mpm`: the product whose picture is shown.", required=False
    )
    sections = fields.List(
        fields.Nested(ButtonProductsSchema, metadata={"expected": "an object"}),
        validate=validate.Length(1, limits.MOST_SECTIONS),
        metadata={
            "description": f"Of `mpm`: up to {limits.MOST_PRODUCTS} products, in sections.",
            "expected": f"a list of 1 to {limits.MOST_SECTIONS}",
        },
    )

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_members(self, data: dict[str, Any], original_data: Any, **kwargs: Any) -> None:
        """What the type needs, and nothing that it does not have."""
        kind = data.get("type")
        if kind is None or not isinstance(original_data, Mapping):
            return
        needed, possible = _BUTTON_MEMBERS[kind]
        members = {"value", "flow_token", "flow_action_data", "thumbnail_product_retailer_id", "sections"}
        faults: dict[str, Any] = {
            name: [f"A button of type {kind} has no {name}."]
            for name in sorted((members & original_data.keys()) - needed - possible)
        }
        for name in sorted(needed - original_data.keys()):
            faults[name] = [f"A button of type {kind} needs it."]
        if "value" in data and "value" not in faults:
            faults["value"] = _value_faults(kind, data["value"])
        sections = data.get("sections", ())
        # Of sections that are not sound, what is left comes here too.
        if "sections" not in faults and all("product_retailer_ids" in section for section in sections):
            most = limits.MOST_PRODUCTS
            faults["sections"] = limits.section_faults(sections, "product_retailer_ids", most)
        limits.raise_faults(**faults)


def _value_faults(kind: str, value: str) -> list[str]:
    if kind == "quick_reply" and len(value) > LARGEST_PAYLOAD:
        return [f"A payload has at most {LARGEST_PAYLOAD} characters."]
    if kind == "copy_code" and not re.fullmatch(rf"[A-Za-z0-9]{{1,{LARGEST_COUPON}}}", value):
        return [f"A code to copy is 1 to {LARGEST_COUPON} letters and digits."]
    return []


def _variables() -> Variables:
    return Variables(
        metadata={
            "description": "Values by placeholder name, or in the order of the placeholders. A value is text,"
            ' `{"currency": {"fallback_value", "code", "amount_1000"}}` or'
            ' `{"date_time": {"fallback_value"}}`.',
            "expected": "text",
            "oneOf": [
                {"type": "object", "additionalProperties": _VALUE},
                {"type": "array", "items": _VALUE},
            ],
            "example": {
                "customer_name": "John Doe",
                "order_id": "ORD-12345",
                "total": "99.99",
            },
        }
    )


def _header() -> fields.Nested:
    return fields.Nested(HeaderSchema, metadata={"expected": "an object with one member"})


def _buttons() -> fields.List[Any]:
    return fields.List(
        fields.Nested(ButtonSchema, metadata={"expected": "an object"}),
        validate=validate.Length(max=MOST_BUTTONS),
        metadata={"expected": f"a list of up to {MOST_BUTTONS} buttons"},
    )


class TemplateCardSchema(Schema):
    """What fills one card of a template."""

    variables = _variables()
    header = _header()
    buttons = _buttons()


class LimitedTimeOfferSchema(Schema):
    """Until when an offer holds."""

    expiration = Moment(
        required=True,
        metadata={
            "description": "When it ends.",
            "expected": "a moment in RFC 3339 form with its zone",
            **MOMENT,
        },
    )


class TemplatePreviewSchema(Schema):
    """What fills a template."""

    language = text(2, 16, "Its language code, such as en or pt_BR.", required=True)
    variables = _variables()
    header = _header()
    buttons = _buttons()
    limited_time_offer = fields.Nested(
        LimitedTimeOfferSchema,
        metadata={
            "description": "For a template with an offer that ends.",
            "expected": "an object with expiration",
        },
    )
    cards = fields.List(
        fields.Nested(TemplateCardSchema, metadata={"expected": "an object"}),
        validate=validate.Length(limits.LEAST_CARDS, limits.MOST_CARDS),
        metadata={
            "description": "For a carousel: what fills each card, in the template's order.",
            "expected": f"a list of {limits.LEAST_CARDS} to {limits.MOST_CARDS} cards",
        },
    )


class FallbackSchema(TemplatePreviewSchema):
    """A template and what fills it."""

    template_name = text(1, 512, "The template's name.", required=True)


class MarketableSchema(SendSchema):
    """What every send of a template takes."""

    marketing = fields.Nested(
        MarketingSchema,
        metadata={
            "description": "Sends a marketing template by Meta's marketing endpoint.",
            "expected": "an object",
        },
    )


class TemplateSendSchema(MarketableSchema, FallbackSchema):
    """A business-initiated message from an approved template."""
