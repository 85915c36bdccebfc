"""Many messages in one request."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from .free_form import NativeTextSchema, TextSendSchema
from .interactive import INTERACTIVE_SENDS
from .media import MediaSendSchema
from .native_commerce import NativeInteractiveSchema
from .native_media import NATIVE_MEDIA
from .native_template import NativeTemplateSchema
from .places import (
    ContactsSendSchema,
    LocationSendSchema,
    NativeLocationSchema,
    NativeReactionSchema,
    ReactionSendSchema,
)
from .raw import RawSendSchema
from .template import TemplateSendSchema

LARGEST_BATCH = 1_000
"""Messages."""


def _type_of_item(name: str) -> fields.String:
    return fields.String(
        validate=validate.OneOf([name]),
        metadata={"description": "May be left out: the other members tell it.", "expected": name},
    )


class TemplateItemSchema(TemplateSendSchema):
    """A template message of a batch."""

    type = _type_of_item("template")


class TextItemSchema(TextSendSchema):
    """A text of a batch."""

    type = _type_of_item("text")


class RawItemSchema(RawSendSchema):
    """A message of a batch, of a type that is newer than this library."""

    type = _type_of_item("raw")


_ITEMS: tuple[type[Schema], ...] = (
    TemplateItemSchema,
    NativeTemplateSchema,
    TextItemSchema,
    NativeTextSchema,
    MediaSendSchema,
    *map(type, NATIVE_MEDIA.values()),
    *map(type, INTERACTIVE_SENDS.values()),
    NativeInteractiveSchema,
    NativeLocationSchema,
    ContactsSendSchema,
    NativeReactionSchema,
    RawItemSchema,
)
_ITEMS_WITH_TYPE = (LocationSendSchema, ReactionSendSchema)
"""Those whose other members do not tell what they are."""


def _reference(schema: type[Schema]) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema.__name__.removesuffix('Schema')}"}


class BatchSchema(Schema):
    """Many messages."""

    # Not nested: one that is wrong must not refuse the others.
    messages = fields.List(
        fields.Raw(
            allow_none=True,
            metadata={
                "anyOf": [
                    *map(_reference, _ITEMS),
                    *({**_reference(schema), "required": ["type"]} for schema in _ITEMS_WITH_TYPE),
                ]
            },
        ),
        required=True,
        validate=validate.Length(1, LARGEST_BATCH),
        metadata={
            "description": "The messages, each the body of a single send with its `type`.",
            "expected": f"a list of 1 to {LARGEST_BATCH} messages",
            "example": [
                {"type": "text", "to": "+1234567890", "text": "Hello", "reference": "first"},
                {
                    "type": "template",
                    "to": "+1234567891",
                    "template_name": "order_confirmation",
                    "language": "en",
                    "variables": {"customer_name": "John Doe", "order_id": "ORD-12345", "total": "99.99"},
                },
            ],
        },
    )
