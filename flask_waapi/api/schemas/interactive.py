"""Interactive messages in our form: one schema per kind, its members those of the content's dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ...content import INTERACTIVE_KINDS
from . import interactive_limits as limits
from .free_form import FreeFormSchema
from .sources import FileSchema, MediumSchema


def _kind(name: str) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.OneOf([name]),
        metadata={"description": "The kind of message.", "expected": name, "example": name},
    )


class InteractiveHeaderSchema(Schema):
    """What stands above the body; exactly one member."""

    text = limits.header_text()
    image = fields.Nested(MediumSchema, metadata={"expected": "a medium"})
    video = fields.Nested(MediumSchema, metadata={"expected": "a medium"})
    document = fields.Nested(FileSchema, metadata={"expected": "a medium"})

    @validates_schema(skip_on_field_errors=True)
    def check_one(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Exactly one member."""
        if len(data) != 1:
            raise ValidationError("There must be exactly one member.")


class TextHeaderSchema(Schema):
    """A text above the body."""

    text = limits.header_text(required=True)


def _header(schema: type[Schema] = InteractiveHeaderSchema) -> fields.Nested:
    return fields.Nested(schema, metadata={"description": "Above the body.", "expected": "an object"})


class ReplyButtonSchema(Schema):
    """A button that answers for the recipient."""

    id = limits.button_id()
    title = limits.button_title()


class ReplyButtonsSchema(FreeFormSchema):
    """A text with reply buttons."""

    type = _kind("button")
    body = limits.body()
    header = _header()
    footer = limits.footer()
    buttons = limits.several(ReplyButtonSchema, 1, limits.MOST_BUTTONS, "The buttons.")

    @validates_schema(skip_on_field_errors=True)
    def check_buttons(self, data: dict[str, Any], **kwargs: Any) -> None:
        """No two alike."""
        limits.raise_faults(buttons=limits.unique(data["buttons"], ("id", "title")))


class RowSchema(Schema):
    """A choice in a list."""

    id = limits.row_id()
    title = limits.row_title()
    description = limits.row_description()


class SectionSchema(Schema):
    """Choices under a title."""

    title = limits.section_title()
    rows = limits.several(RowSchema, 1, limits.MOST_ROWS, "The choices.")


class ListMessageSchema(FreeFormSchema):
    """A text with a button that opens a list of choices."""

    type = _kind("list")
    body = limits.body()
    header = _header(TextHeaderSchema)
    footer = limits.footer()
    button = limits.list_button()
    sections = limits.several(SectionSchema, 1, limits.MOST_SECTIONS, "The choices, in sections.")

    @validates_schema(skip_on_field_errors=True)
    def check_sections(self, data: dict[str, Any], **kwargs: Any) -> None:
        """As a whole."""
        limits.raise_faults(sections=limits.list_faults(data["sections"]))


class CallToActionSchema(FreeFormSchema):
    """A text with a button that opens a web address."""

    type = _kind("cta_url")
    body = limits.body()
    header = _header()
    footer = limits.footer()
    display_text = limits.display_text()
    url = limits.url()


class LocationRequestSchema(FreeFormSchema):
    """A text with a button by which the recipient sends their location."""

    type = _kind("location_request_message")
    body = limits.body()


class ContactInfoRequestSchema(FreeFormSchema):
    """A text with a button by which the recipient sends their contact details."""

    type = _kind("request_contact_info")
    body = limits.body()


class SavedAddressSchema(Schema):
    """An address the recipient may choose."""

    id = limits.identifier("Its id.")
    value = limits.address_values("The address.", required=True)


class AddressRequestSchema(FreeFormSchema):
    """A form for a postal address, for recipients in India and Singapore."""

    type = _kind("address_message")
    body = limits.body()
    header = _header()
    footer = limits.footer()
    country = limits.one_of("IN", "SG", description="The country of the address.", required=True)
    values = limits.address_values("What the form starts with.")
    saved_addresses = fields.List(
        fields.Nested(SavedAddressSchema, metadata={"expected": "an object"}),
        metadata={"description": "Addresses to choose from.", "expected": "a list of addresses"},
    )
    validation_errors = limits.texts("What was wrong with an address sent before, by its part.")

    @validates_schema(skip_on_field_errors=True)
    def check_parts(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Parts that addresses of the country have."""
        limits.raise_faults(**limits.address_faults(data))


class FlowSchema(FreeFormSchema):
    """A text with a button that opens a flow."""

    type = _kind("flow")
    body = limits.body()
    header = _header()
    footer = limits.footer()
    flow_cta = limits.flow_cta()
    flow_id = limits.identifier("The flow's id; or its name in flow_name.", required=False)
    flow_name = limits.identifier("The flow's name.", required=False)
    mode = limits.one_of("published", "draft", description="`published` unless given.")
    flow_token = limits.identifier("Comes back with the answer.", required=False)
    flow_action = limits.one_of(
        "navigate",
        "data_exchange",
        description="`navigate` opens `screen`, `data_exchange` asks the endpoint.",
    )
    screen = limits.identifier("The first screen.", required=False)
    data = limits.free_object("What the screen starts with.")
    flow_message_version = limits.one_of("3", description="`3` unless given.")

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_members(self, data: dict[str, Any], original_data: Any, **kwargs: Any) -> None:
        """What goes together and what does not."""
        if isinstance(original_data, Mapping):
            limits.raise_faults(**limits.flow_faults(original_data, original_data.get("flow_action")))


class ProductSchema(FreeFormSchema):
    """One product of a catalog."""

    type = _kind("product")
    catalog_id = limits.identifier("The catalog's id.")
    product_retailer_id = limits.identifier("The product's id in the catalog.")
    body = limits.body(required=False)
    footer = limits.footer()


class ProductSectionSchema(Schema):
    """Products under a title."""

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


class ProductListSchema(FreeFormSchema):
    """Products of a catalog."""

    type = _kind("product_list")
    header = limits.header_text(required=True)
    body = limits.body()
    footer = limits.footer()
    catalog_id = limits.identifier("The catalog's id.")
    sections = limits.several(ProductSectionSchema, 1, limits.MOST_SECTIONS, "The products, in sections.")

    @validates_schema(skip_on_field_errors=True)
    def check_sections(self, data: dict[str, Any], **kwargs: Any) -> None:
        """As a whole."""
        faults = limits.section_faults(data["sections"], "product_retailer_ids", limits.MOST_PRODUCTS)
        limits.raise_faults(sections=faults)


class CatalogSchema(FreeFormSchema):
    """A text with a button that opens the catalog."""

    type = _kind("catalog_message")
    body = limits.body()
    footer = limits.footer()
    thumbnail_product_retailer_id = limits.identifier("The product whose picture is shown.", required=False)


class CarouselCardSchema(Schema):
    """One card: a picture or a film, and either a link or quick replies."""

    image = fields.Nested(MediumSchema, metadata={"expected": "a medium"})
    video = fields.Nested(MediumSchema, metadata={"expected": "a medium"})
    body = limits.card_body()
    display_text = limits.display_text(required=False)
    url = limits.url(required=False)
    buttons = fields.List(
        fields.Nested(ReplyButtonSchema, metadata={"expected": "an object"}),
        validate=validate.Length(min=1),
        metadata={"description": "Quick replies.", "expected": "a list of buttons"},
    )

    @validates_schema(skip_on_field_errors=True)
    def check_members(self, data: dict[str, Any], **kwargs: Any) -> None:
        """One medium, and one kind of button."""
        if ("image" in data) == ("video" in data):
            raise ValidationError("A card has either an image or a video.", "image")
        if ("url" in data) == ("buttons" in data):
            raise ValidationError("A card has either a url with display_text, or buttons.", "url")
        if ("url" in data) != ("display_text" in data):
            raise ValidationError("url and display_text go together.", "display_text")


class CarouselSchema(FreeFormSchema):
    """Cards beside each other."""

    type = _kind("carousel")
    body = limits.body()
    cards = limits.several(CarouselCardSchema, limits.LEAST_CARDS, limits.MOST_CARDS, "The cards.")

    @validates_schema(skip_on_field_errors=True)
    def check_cards(self, data: dict[str, Any], **kwargs: Any) -> None:
        """All alike."""
        kinds = [
            ("url" if "url" in card else "buttons", len(card.get("buttons", ()))) for card in data["cards"]
        ]
        limits.raise_faults(cards=limits.card_faults(kinds))


class OrderDetailsSchema(FreeFormSchema):
    """An order to be paid."""

    type = _kind("order_details")
    body = limits.body()
    header = _header()
    footer = limits.footer()
    parameters = limits.free_object("Those of Meta's action `review_and_pay`.", required=True)


class OrderStatusSchema(FreeFormSchema):
    """News of an order."""

    type = _kind("order_status")
    body = limits.body()
    footer = limits.footer()
    parameters = limits.free_object("Those of Meta's action `review_order`.", required=True)


class VoiceCallSchema(FreeFormSchema):
    """A text with a button that calls us."""

    type = _kind("voice_call")
    body = limits.body()
    header = _header()
    footer = limits.footer()
    display_text = limits.display_text(required=False)
    ttl_minutes = limits.ttl_minutes()
    payload = limits.call_payload()


class CallPermissionRequestSchema(FreeFormSchema):
    """A text by which the recipient may allow us to call them."""

    type = _kind("call_permission_request")
    body = limits.body(required=False)


INTERACTIVE_SENDS: dict[str, Schema] = {
    kind: globals()[f"{content.__name__}Schema"]() for kind, content in INTERACTIVE_KINDS.items()
}
"""By kind: the schema of a send."""
