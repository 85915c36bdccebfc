"""What a check is asked."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

FAMILIES = ("template", "text", "media", "interactive", "location", "contacts", "reaction", "raw")


class CheckSchema(Schema):
    """A send that is only to be checked."""

    endpoint = fields.String(
        required=True,
        validate=validate.OneOf([f"{family}/send" for family in FAMILIES]),
        metadata={
            "description": "Where the send would go, below `messages/`.",
            "expected": f"one of {', '.join(f'{family}/send' for family in FAMILIES)}",
            "example": "text/send",
        },
    )
    # Not nested: what is wrong with it is the answer, not a reason to refuse the question.
    body = fields.Raw(
        required=True,
        allow_none=True,
        metadata={
            "description": "The body of that send.",
            "expected": "the body of a send",
            "type": "object",
            "example": {"to": "+1234567890", "text": "Hello"},
        },
    )
