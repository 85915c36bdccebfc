"""Interactive messages with Meta's own object: one schema per ``interactive.type``, the same limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from . import interactive_limits as limits
from .native_media import UncaptionedObjectSchema
from .objects import ObjectSchema

_ANY_HEADER = ("text", "image", "video", "document")


class WordsSchema(ObjectSchema):
    """Meta's ``body`` object."""

    text = limits.body()


class FooterSchema(ObjectSchema):
    """Meta's ``footer`` object."""

    text = limits.footer()


class HeaderObjectSchema(ObjectSchema):
    """Meta's ``header`` object of an interactive message."""

    type = fields.String(
        required=True,
        validate=validate.OneOf(_ANY_HEADER),
        metadata={"description": "Its kind.", "expected": f"one of {', '.join(_ANY_HEADER)}"},
    )
    text = limits.header_text()
    sub_text = limits.sub_text()
    image = fields.Nested(UncaptionedObjectSchema, metadata={"expected": "an object with id or link"})
    video = fields.Nested(UncaptionedObjectSchema, metadata={"expected": "an object with id or link"})
    document = fields.Nested(UncaptionedObjectSchema, metadata={"expected": "an object with id or link"})

    @validates_schema(skip_on_field_errors=True)
    def check_member(self, data: dict[str, Any], **kwargs: Any) -> None:
        """The member that the type names."""
        if data["type"] not in data:
            raise ValidationError(f"A header of type {data['type']} needs it.", data["type"])


class TextHeaderObjectSchema(HeaderObjectSchema):
    """A header that can only be a text."""

    type = fields.String(
        required=True,
        validate=validate.Equal("text"),
        metadata={"description": "Its kind.", "expected": "text"},
    )


class ActionSchema(ObjectSchema):
    """Base of Meta's ``action`` objects."""


def named(name: str) -> fields.String:
    """The name of an action."""
    return fields.String(
        required=True, validate=validate.Equal(name), metadata={"description": "Its name.", "expected": name}
    )


def inner(schema: type[Schema], *, required: bool = True) -> fields.Nested:
    """An object within an object."""
    return fields.Nested(schema, required=required, metadata={"expected": "an object"})


class InteractiveObjectSchema(ObjectSchema):
    """Meta's ``interactive`` object, of whatever type."""

    type = limits.identifier("The kind of message.")
    header: fields.Field[Any] = inner(HeaderObjectSchema, required=False)
    body = inner(WordsSchema, required=False)
    footer: fields.Field[Any] = inner(FooterSchema, required=False)
    action = inner(ActionSchema, required=False)


def refused(what: str) -> fields.Field[Any]:
    """A member that must not be there."""

    def refuse(value: Any) -> None:
        raise ValidationError(f"A message of this kind has no {what}.")

    return fields.Raw(validate=refuse, metadata={"expected": f"no {what}"})


class ReplyObjectSchema(ObjectSchema):
    """Id and words of a button."""

    id = limits.button_id()
    title = limits.button_title()


class ReplyButtonObjectSchema(ObjectSchema):
    """A reply button."""

    type = fields.String(validate=validate.Equal("reply"), metadata={"expected": "reply"})
    reply = inner(ReplyObjectSchema)


class ReplyButtonsActionSchema(ActionSchema):
    """The reply buttons."""

    buttons = limits.several(ReplyButtonObjectSchema, 1, limits.MOST_BUTTONS, "The buttons.")

    @validates_schema(skip_on_field_errors=True)
    def check_buttons(self, data: dict[str, Any], **kwargs: Any) -> None:
        """No two alike."""
        limits.raise_faults(buttons=limits.unique(data["buttons"], ("id", "title"), "reply"))


class ReplyButtonsObjectSchema(InteractiveObjectSchema):
    """``button``."""

    body = inner(WordsSchema)
    action = inner(ReplyButtonsActionSchema)


class RowObjectSchema(ObjectSchema):
    """A choice in a list."""

    id = limits.row_id()
    title = limits.row_title()
    description = limits.row_description()


class SectionObjectSchema(ObjectSchema):
    """Choices under a title."""

    title = limits.section_title()
    rows = limits.several(RowObjectSchema, 1, limits.MOST_ROWS, "The choices.")


class ListActionSchema(ActionSchema):
    """The list."""

    button = limits.list_button()
    sections = limits.several(SectionObjectSchema, 1, limits.MOST_SECTIONS, "The choices, in sections.")

    @validates_schema(skip_on_field_errors=True)
    def check_sections(self, data: dict[str, Any], **kwargs: Any) -> None:
        """As a whole."""
        limits.raise_faults(sections=limits.list_faults(data["sections"]))


class ListObjectSchema(InteractiveObjectSchema):
    """``list``."""

    header = inner(TextHeaderObjectSchema, required=False)
    body = inner(WordsSchema)
    action = inner(ListActionSchema)


class CallToActionParametersSchema(ObjectSchema):
    """What the button says and opens."""

    display_text = limits.display_text()
    url = limits.url()


class CallToActionActionSchema(ActionSchema):
    """The button."""

    name = named("cta_url")
    parameters = inner(CallToActionParametersSchema)


class CallToActionObjectSchema(InteractiveObjectSchema):
    """``cta_url``."""

    body = inner(WordsSchema)
    action = inner(CallToActionActionSchema)


class _RequestObjectSchema(InteractiveObjectSchema):
    header = refused("header")
    footer = refused("footer")
    body = inner(WordsSchema)


class LocationRequestActionSchema(ActionSchema):
    """The button."""

    name = named("send_location")


class LocationRequestObjectSchema(_RequestObjectSchema):
    """``location_request_message``."""

    action = inner(LocationRequestActionSchema)


class ContactInfoRequestActionSchema(ActionSchema):
    """The button."""

    name = named("request_contact_info")


class ContactInfoRequestObjectSchema(_RequestObjectSchema):
    """``request_contact_info``."""

    action = inner(ContactInfoRequestActionSchema)


class SavedAddressObjectSchema(ObjectSchema):
    """An address the recipient may choose."""

    id = limits.identifier("Its id.")
    value = limits.address_values("The address.", required=True)


class AddressParametersSchema(ObjectSchema):
    """The form."""

    country = limits.one_of("IN", "SG", description="The country.", required=True)
    values = limits.address_values("What the form starts with.")
    saved_addresses = fields.List(
        fields.Nested(SavedAddressObjectSchema, metadata={"expected": "an object"}),
        metadata={"expected": "a list of addresses"},
    )
    validation_errors = limits.texts("What was wrong.")

    @validates_schema(skip_on_field_errors=True)
    def check_parts(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Parts that addresses of the country have."""
        limits.raise_faults(**limits.address_faults(data))


class AddressActionSchema(ActionSchema):
    """The form."""

    name = named("address_message")
    parameters = inner(AddressParametersSchema)


class AddressObjectSchema(InteractiveObjectSchema):
    """``address_message``."""

    body = inner(WordsSchema)
    action = inner(AddressActionSchema)


class FlowParametersSchema(ObjectSchema):
    """The flow."""

    flow_cta = limits.flow_cta()
    flow_id = limits.identifier("The flow's id.", required=False)
    flow_name = limits.identifier("The flow's name.", required=False)
    mode = limits.one_of("published", "draft", description="Which version.")
    flow_action = limits.one_of("navigate", "data_exchange", description="How it begins.")
    flow_action_payload = limits.free_object("The first screen and its data.")

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_members(self, data: dict[str, Any], original_data: Any, **kwargs: Any) -> None:
        """What goes together and what does not."""
        if isinstance(original_data, Mapping):
            limits.raise_faults(**limits.flow_faults(original_data, original_data.get("flow_action")))


class FlowActionSchema(ActionSchema):
    """The flow."""

    name = named("flow")
    parameters = inner(FlowParametersSchema)


class FlowObjectSchema(InteractiveObjectSchema):
    """``flow``."""

    body = inner(WordsSchema)
    action = inner(FlowActionSchema)
