"""Messages that need an open service window: what they share, and texts."""

from __future__ import annotations

from marshmallow import fields, validate

from ..fields import StrictBoolean
from .objects import ObjectSchema, native, type_of
from .sends import SendSchema
from .template import FallbackSchema

LARGEST_TEXT = 4096
"""Characters; Cloud API, text object."""


class FreeFormSchema(SendSchema):
    """What every send takes that needs an open service window."""

    fallback_template = fields.Nested(
        FallbackSchema,
        metadata={
            "description": "Sent instead where the service window is closed; needs **Send Template** too.",
            "expected": "an object with template_name, language and variables",
        },
    )


def _body() -> fields.String:
    return fields.String(
        required=True,
        validate=[
            validate.Length(1, LARGEST_TEXT),
            validate.Regexp(r"\s*\S", error="The text has no visible character."),
        ],
        metadata={
            "description": "What the message says.",
            "expected": f"text of 1 to {LARGEST_TEXT} characters, not only spaces",
            "example": "Hello",
        },
    )


def _preview_url() -> StrictBoolean:
    return StrictBoolean(
        metadata={
            "description": "Show a preview of the first address in the text.",
            "expected": "true or false",
        }
    )


class TextSendSchema(FreeFormSchema):
    """A free-form message within the service window."""

    text = _body()
    preview_url = _preview_url()


class TextObjectSchema(ObjectSchema):
    """Meta's ``text`` object."""

    body = _body()
    preview_url = _preview_url()


class NativeTextSchema(FreeFormSchema):
    """A text, with Meta's own object."""

    type = type_of("text")
    text = native(TextObjectSchema)
