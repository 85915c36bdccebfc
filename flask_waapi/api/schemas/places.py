"""Messages that are a place, a contact card or a reaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ..fields import text
from .free_form import FreeFormSchema
from .location import LocationObjectSchema, LocationSchema
from .objects import ObjectSchema, native, type_of

MOST_CONTACTS = 5
"""Cards in a message; Cloud API, contacts object."""

_MODIFIERS = r"(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?(?:[\U000e0020-\U000e007f]+)?"
_PICTURE = (
    r"[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935"
    r"\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]" + _MODIFIERS
)
_EMOJI = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_PICTURE}(?:\u200d{_PICTURE})*",
)
"""One emoji: a flag, a key cap, or pictures joined into one (Unicode Technical Standard 51)."""


class LocationSendSchema(FreeFormSchema, LocationSchema):
    """A place."""

    type = type_of("location")


class NativeLocationSchema(FreeFormSchema):
    """A place, with Meta's own object."""

    type = type_of("location")
    location = native(LocationObjectSchema)


def _is_one_emoji(value: str) -> None:
    if value and not _EMOJI.fullmatch(value):
        raise ValidationError("This is not one emoji.")


class ReactionSchema(Schema):
    """An emoji on a message."""

    message_id = text(
        1,
        255,
        "The message that is reacted to: our `message_uuid`, or the provider's id.",
        required=True,
    )
    emoji = fields.String(
        required=True,
        validate=_is_one_emoji,
        metadata={
            "description": "One emoji; an empty text takes the reaction back.",
            "expected": "one emoji, or an empty text",
            "example": "👍",
        },
    )


class _NoContext(FreeFormSchema):
    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_context(self, data: dict[str, Any], original_data: Any, **kwargs: Any) -> None:
        """A reaction answers by its ``message_id``; Meta refuses a context beside it."""
        given = original_data if isinstance(original_data, Mapping) else {}
        faults = {
            name: ["A reaction answers nothing but the message it names."]
            for name in ("reply_to", "context")
            if name in given
        }
        if faults:
            raise ValidationError(faults)


class ReactionSendSchema(_NoContext, ReactionSchema):
    """An emoji on a message."""

    type = type_of("reaction")


class ReactionObjectSchema(ReactionSchema, ObjectSchema):
    """Meta's ``reaction`` object."""


class NativeReactionSchema(_NoContext):
    """An emoji on a message, with Meta's own object."""

    type = type_of("reaction")
    reaction = native(ReactionObjectSchema)


class NameSchema(ObjectSchema):
    """A person's name."""

    formatted_name = text(1, 255, "The whole name.", required=True)
    first_name = text(1, 255, "First name.")
    last_name = text(1, 255, "Last name.")
    middle_name = text(1, 255, "Middle name.")
    prefix = text(1, 255, "What goes before it, such as Dr.")
    suffix = text(1, 255, "What goes behind it, such as Jr.")

    @validates_schema(skip_on_field_errors=True)
    def check_parts(self, data: dict[str, Any], **kwargs: Any) -> None:
        """At least one part."""
        if not any(data.get(part) for part in _NAME_PARTS):
            raise ValidationError(
                "Beside formatted_name at least one part of the name is needed.", "first_name"
            )


_NAME_PARTS = ("first_name", "last_name", "middle_name", "prefix", "suffix")
_KIND = "What it is, such as HOME or WORK."


class PhoneSchema(ObjectSchema):
    """A phone number."""

    phone = text(1, 255, "The number, as it is shown.")
    type = text(1, 255, _KIND)
    wa_id = text(1, 255, "The number's WhatsApp id.")


class EmailSchema(ObjectSchema):
    """An e-mail address."""

    email = text(1, 255, "The address.")
    type = text(1, 255, _KIND)


class WebsiteSchema(ObjectSchema):
    """A web address."""

    url = text(1, 2048, "The address.")
    type = text(1, 255, _KIND)


class AddressSchema(ObjectSchema):
    """A postal address."""

    street = text(1, 255, "Street and number.")
    city = text(1, 255, "City.")
    state = text(1, 255, "State.")
    zip = text(1, 255, "Postal code.")
    country = text(1, 255, "Country.")
    country_code = text(2, 2, "Two letters, ISO 3166-1.")
    type = text(1, 255, _KIND)


class OrganizationSchema(ObjectSchema):
    """Where a person works."""

    company = text(1, 255, "Company.")
    department = text(1, 255, "Department.")
    title = text(1, 255, "Position.")


def _several(schema: type[Schema], what: str) -> fields.List[Any]:
    nested = fields.Nested(schema, metadata={"expected": "an object"})
    return fields.List(nested, metadata={"description": what, "expected": "a list of objects"})


class ContactSchema(ObjectSchema):
    """A contact card."""

    name = fields.Nested(NameSchema, required=True, metadata={"expected": "an object with formatted_name"})
    phones = _several(PhoneSchema, "Phone numbers.")
    emails = _several(EmailSchema, "E-mail addresses.")
    urls = _several(WebsiteSchema, "Web addresses.")
    addresses = _several(AddressSchema, "Postal addresses.")
    org = fields.Nested(OrganizationSchema, metadata={"expected": "an object"})
    birthday = fields.Date(
        format="%Y-%m-%d",
        metadata={"description": "Date of birth.", "expected": "a date, YYYY-MM-DD"},
    )


class ContactsSendSchema(FreeFormSchema):
    """Contact cards."""

    type = type_of("contacts")
    contacts = fields.List(
        fields.Nested(ContactSchema, metadata={"expected": "an object with name"}),
        required=True,
        validate=validate.Length(1, MOST_CONTACTS),
        metadata={
            "description": "The cards, in Meta's form.",
            "expected": f"a list of 1 to {MOST_CONTACTS} cards",
            "example": [
                {
                    "name": {"formatted_name": "Jane Doe", "first_name": "Jane"},
                    "phones": [{"phone": "+1234567890", "type": "WORK"}],
                }
            ],
        },
    )
