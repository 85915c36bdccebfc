"""Media with Meta's own objects."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ...content import MEDIA_TYPES
from ..fields import StrictBoolean, text
from .free_form import FreeFormSchema
from .objects import ObjectSchema, native
from .sources import LARGEST_CAPTION


class SourceObjectSchema(ObjectSchema):
    """A medium: exactly one of ``id`` and ``link``."""

    id = text(1, 255, "Id of a medium uploaded before.")
    link = fields.Url(
        schemes={"http", "https"},
        validate=validate.Length(max=2048),
        metadata={
            "description": "Public address that Meta fetches.",
            "expected": "an http or https address",
        },
    )

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_source(self, data: dict[str, Any], original_data: Any, **kwargs: Any) -> None:
        """Exactly one source; one that is there and wrong has its own fault."""
        if not isinstance(original_data, dict):
            return
        sources = {"id", "link"} & set(original_data)
        if not sources:
            raise ValidationError("There is neither 'id' nor 'link'.", "link")
        if len(sources) == 2:
            raise ValidationError("There are both 'id' and 'link'.", "id")


class CaptionedObjectSchema(SourceObjectSchema):
    """Meta's ``image`` and ``video`` objects."""

    caption = text(1, LARGEST_CAPTION, "Text below it.")


class DocumentObjectSchema(CaptionedObjectSchema):
    """Meta's ``document`` object."""

    filename = text(1, 240, "The name the recipient sees.")


class UncaptionedObjectSchema(SourceObjectSchema):
    """A medium in a header and Meta's ``sticker`` object, and base of ``audio``."""

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def check_caption(self, data: dict[str, Any], original_data: Any, **kwargs: Any) -> None:
        """It has none."""
        if isinstance(original_data, dict) and "caption" in original_data:
            raise ValidationError("There is no caption here.", "caption")


class AudioObjectSchema(UncaptionedObjectSchema):
    """Meta's ``audio`` object."""

    voice = StrictBoolean(metadata={"description": "Show it as a voice note.", "expected": "true or false"})


_OBJECTS: dict[str, type[Schema]] = {
    "image": CaptionedObjectSchema,
    "video": CaptionedObjectSchema,
    "audio": AudioObjectSchema,
    "document": DocumentObjectSchema,
    "sticker": UncaptionedObjectSchema,
}


def _send(kind: str) -> Schema:
    members = {
        "type": fields.String(
            validate=validate.OneOf([kind]),
            metadata={"description": "May be left out.", "expected": kind},
        ),
        kind: native(_OBJECTS[kind]),
    }
    made: Schema = type(f"Native{kind.title()}Schema", (FreeFormSchema,), members)()
    return made


NATIVE_MEDIA: dict[str, Schema] = {kind: _send(kind) for kind in MEDIA_TYPES}
"""By media type: the schema of a send with Meta's own object."""
