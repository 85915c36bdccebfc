"""A message of a type that is newer than this library."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from .free_form import FreeFormSchema
from .objects import ObjectSchema
from .sends import CALLBACK_DATA

OURS = frozenset(
    {
        "to",
        "recipient",
        "recipient_type",
        "messaging_product",
        "context",
        CALLBACK_DATA,
        "recipient_identity_key_hash",
    }
)
"""Members of Meta's message object that every send has a member of its own for."""


class RawObjectSchema(ObjectSchema):
    """Meta's message object without recipient."""

    # Another spelling of a type that is known must not pass for one that is not.
    type = fields.String(
        required=True,
        validate=validate.Regexp(r"[a-z0-9_]{1,24}\Z", error="This is not the name of a type."),
        metadata={
            "description": "The message's type.",
            "expected": "1 to 24 small letters, digits and underscores",
        },
    )

    @validates_schema(skip_on_field_errors=True)
    def check_members(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Nothing that belongs beside it."""
        faults = {name: ["This belongs beside `raw`, not into it."] for name in data.keys() & OURS}
        if "template" in {data["type"], *data}:
            faults["type"] = ["Templates go by messages/template/send, which takes Meta's object too."]
        if faults:
            raise ValidationError(faults)


class RawSendSchema(FreeFormSchema):
    """A message of a type that is newer than this library."""

    raw = fields.Nested(
        RawObjectSchema,
        required=True,
        metadata={
            "description": "Meta's message object without its recipient: `type`, and what stands beside it.",
            "expected": "an object with type",
            "example": {"type": "text", "text": {"body": "Hello"}},
        },
    )
