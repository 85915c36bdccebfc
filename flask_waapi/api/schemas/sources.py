"""Where a medium comes from."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ..fields import text

LARGEST_CAPTION = 1024
"""Characters; Cloud API, media objects."""

_SOURCES = {"link", "media_id"}


class SourceSchema(Schema):
    """Where a medium comes from: exactly one of ``link`` and ``media_id``."""

    link = fields.Url(
        schemes={"http", "https"},
        validate=validate.Length(max=2048),
        metadata={
            "description": "Public address that the provider fetches.",
            "expected": "an http or https address",
        },
    )
    media_id = text(1, 255, "Id of a medium uploaded before.")

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_source(self, data: dict[str, Any], original_data: Any, **kwargs: Any) -> None:
        """Exactly one source; one that is there and wrong has its own fault."""
        if not isinstance(original_data, dict):
            return
        sources = _SOURCES & set(original_data)
        if not sources:
            raise ValidationError("There is neither 'link' nor 'media_id'.", "link")
        if sources == _SOURCES:
            raise ValidationError("There are both 'link' and 'media_id'.", "media_id")


class MediumSchema(SourceSchema):
    """A medium in a header."""


class FileSchema(MediumSchema):
    """A document in a header."""

    filename = text(1, 240, "The name the recipient sees.")
