"""Interactive messages that sell, call or stand beside each other, with Meta's own object."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ...content import INTERACTIVE_KINDS
from . import interactive_limits as limits
from . import native_interactive as base
from .free_form import FreeFormSchema
from .native_interactive import ActionSchema, InteractiveObjectSchema, inner, named
from .native_media import UncaptionedObjectSchema
from .objects import ObjectSchema, native, type_of


class ProductActionSchema(ActionSchema):
    """The product."""

    catalog_id = limits.identifier("The catalog's id.")
    product_retailer_id = limits.identifier("The product's id in the catalog.")


class ProductObjectSchema(InteractiveObjectSchema):
    """``product``."""

    header = base.refused("header")
    action = inner(ProductActionSchema)


class ProductItemSchema(ObjectSchema):
    """A product."""

    product_retailer_id = limits.identifier("The product's id in the catalog.")


class ProductSectionObjectSchema(ObjectSchema):
    """Products under a title."""

    title = limits.section_title()
    product_items = limits.several(ProductItemSchema, 1, limits.MOST_PRODUCTS, "The products.")


class ProductListActionSchema(ActionSchema):
    """The products."""

    catalog_id = limits.identifier("The catalog's id.")
    sections = limits.several(ProductSectionObjectSchema, 1, limits.MOST_SECTIONS, "The sections.")

    @validates_schema(skip_on_field_errors=True)
    def check_sections(self, data: dict[str, Any], **kwargs: Any) -> None:
        """As a whole."""
        faults = limits.section_faults(data["sections"], "product_items", limits.MOST_PRODUCTS)
        limits.raise_faults(sections=faults)


class ProductListObjectSchema(InteractiveObjectSchema):
    """``product_list``."""

    header = inner(base.TextHeaderObjectSchema)
    body = inner(base.WordsSchema)
    action = inner(ProductListActionSchema)


class CatalogParametersSchema(ObjectSchema):
    """What is shown of the catalog."""

    thumbnail_product_retailer_id = limits.identifier("The product whose picture is shown.", required=False)


class CatalogActionSchema(ActionSchema):
    """The button."""

    name = named("catalog_message")
    parameters = inner(CatalogParametersSchema, required=False)


class CatalogObjectSchema(InteractiveObjectSchema):
    """``catalog_message``."""

    header = base.refused("header")
    body = inner(base.WordsSchema)
    action = inner(CatalogActionSchema)


class CardHeaderSchema(ObjectSchema):
    """A card's picture or film."""

    type = limits.one_of("image", "video", description="Its kind.", required=True)
    image = fields.Nested(UncaptionedObjectSchema, metadata={"expected": "an object with link"})
    video = fields.Nested(UncaptionedObjectSchema, metadata={"expected": "an object with link"})

    @validates_schema(skip_on_field_errors=True)
    def check_member(self, data: dict[str, Any], **kwargs: Any) -> None:
        """The member that the type names."""
        if data["type"] not in data:
            raise ValidationError(f"A header of type {data['type']} needs it.", data["type"])


class QuickReplySchema(ObjectSchema):
    """A quick reply of a card."""

    type = fields.String(validate=validate.Equal("quick_reply"), metadata={"expected": "quick_reply"})
    quick_reply = inner(base.ReplyObjectSchema)


class CardActionSchema(ActionSchema):
    """A card's link, or its quick replies."""

    name = fields.String(validate=validate.Equal("cta_url"), metadata={"expected": "cta_url"})
    parameters = inner(base.CallToActionParametersSchema, required=False)
    buttons = fields.List(
        fields.Nested(QuickReplySchema, metadata={"expected": "an object"}),
        validate=validate.Length(min=1),
        metadata={"expected": "a list of buttons"},
    )

    @validates_schema(skip_on_field_errors=True)
    def check_members(self, data: dict[str, Any], **kwargs: Any) -> None:
        """One kind of button."""
        if ("parameters" in data) == ("buttons" in data):
            raise ValidationError("A card has either a link or quick replies.", "parameters")


class CardBodySchema(ObjectSchema):
    """A card's text."""

    text = limits.card_body()


class CardSchema(ObjectSchema):
    """One card."""

    card_index = fields.Integer(
        strict=True,
        validate=validate.Range(0, limits.MOST_CARDS - 1),
        metadata={"description": "Its place, from 0.", "expected": f"0 to {limits.MOST_CARDS - 1}"},
    )
    header = inner(CardHeaderSchema)
    body = inner(CardBodySchema, required=False)
    action = inner(CardActionSchema)


class CarouselActionSchema(ActionSchema):
    """The cards."""

    cards = limits.several(CardSchema, limits.LEAST_CARDS, limits.MOST_CARDS, "The cards.")

    @validates_schema(skip_on_field_errors=True)
    def check_cards(self, data: dict[str, Any], **kwargs: Any) -> None:
        """All alike."""
        actions = [card["action"] for card in data["cards"]]
        kinds = [
            ("url" if "parameters" in one else "buttons", len(one.get("buttons", ()))) for one in actions
        ]
        limits.raise_faults(cards=limits.card_faults(kinds))


class CarouselObjectSchema(InteractiveObjectSchema):
    """``carousel``."""

    header = base.refused("header")
    footer = base.refused("footer")
    body = inner(base.WordsSchema)
    action = inner(CarouselActionSchema)


class VoiceCallParametersSchema(ObjectSchema):
    """The button."""

    display_text = limits.display_text(required=False)
    ttl_minutes = limits.ttl_minutes()
    payload = limits.call_payload()


class VoiceCallActionSchema(ActionSchema):
    """The button."""

    name = named("voice_call")
    parameters = inner(VoiceCallParametersSchema, required=False)


class VoiceCallObjectSchema(InteractiveObjectSchema):
    """``voice_call``."""

    body = inner(base.WordsSchema)
    action = inner(VoiceCallActionSchema)


class CallPermissionActionSchema(ActionSchema):
    """The request."""

    name = named("call_permission_request")


class CallPermissionObjectSchema(InteractiveObjectSchema):
    """``call_permission_request``."""

    header = base.refused("header")
    action = inner(CallPermissionActionSchema)


class OrderDetailsActionSchema(ActionSchema):
    """The order."""

    name = named("review_and_pay")
    parameters = limits.free_object("The order.", required=True)


class OrderDetailsObjectSchema(InteractiveObjectSchema):
    """``order_details``."""

    body = inner(base.WordsSchema)
    action = inner(OrderDetailsActionSchema)


class OrderStatusActionSchema(ActionSchema):
    """The news."""

    name = named("review_order")
    parameters = limits.free_object("The news.", required=True)


class OrderStatusObjectSchema(InteractiveObjectSchema):
    """``order_status``."""

    body = inner(base.WordsSchema)
    action = inner(OrderStatusActionSchema)


class NativeInteractiveSchema(FreeFormSchema):
    """An interactive message, with Meta's own object."""

    type = type_of("interactive")
    interactive = native(InteractiveObjectSchema)


def _send(kind: str, schema: type[Schema]) -> Schema:
    name = f"Native{INTERACTIVE_KINDS[kind].__name__}Schema"
    made: Schema = type(name, (NativeInteractiveSchema,), {"interactive": native(schema)})()
    return made


NATIVE_INTERACTIVE: Schema = NativeInteractiveSchema()
"""For kinds that are newer than this library."""

NATIVE_INTERACTIVES: dict[str, Schema] = {
    kind: _send(kind, schema)
    for kind, schema in {
        "button": base.ReplyButtonsObjectSchema,
        "list": base.ListObjectSchema,
        "cta_url": base.CallToActionObjectSchema,
        "location_request_message": base.LocationRequestObjectSchema,
        "request_contact_info": base.ContactInfoRequestObjectSchema,
        "address_message": base.AddressObjectSchema,
        "flow": base.FlowObjectSchema,
        "product": ProductObjectSchema,
        "product_list": ProductListObjectSchema,
        "catalog_message": CatalogObjectSchema,
        "carousel": CarouselObjectSchema,
        "order_details": OrderDetailsObjectSchema,
        "order_status": OrderStatusObjectSchema,
        "voice_call": VoiceCallObjectSchema,
        "call_permission_request": CallPermissionObjectSchema,
    }.items()
}
"""By Meta's ``interactive.type``: the schema of a send."""
