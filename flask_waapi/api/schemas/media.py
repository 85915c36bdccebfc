"""Messages that are a medium."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ...content import MEDIA_TYPES
from ..fields import StrictBoolean, text
from .free_form import FreeFormSchema
from .sources import LARGEST_CAPTION, SourceSchema


class MediaSendSchema(FreeFormSchema, SourceSchema):
    """An image, video, sound, document or sticker."""

    type = fields.String(
        required=True,
        validate=validate.OneOf(list(MEDIA_TYPES)),
        metadata={"expected": f"one of {', '.join(MEDIA_TYPES)}", "example": "image"},
    )
    caption = text(1, LARGEST_CAPTION, "Text below it; not for audio and stickers.")
    filename = text(1, 240, "The name the recipient sees; for documents.")
    voice = StrictBoolean(
        metadata={
            "description": "Show it as a voice note; for audio, which must be OGG with the Opus codec.",
            "expected": "true or false",
        }
    )

    @validates_schema(skip_on_field_errors=False)
    def check_members(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Only members that the type has."""
        faults: dict[str, list[str]] = {}
        kind = data.get("type")
        if "caption" in data and kind in {"audio", "sticker"}:
            faults["caption"] = [f"A message of type {kind} has no caption."]
        if "filename" in data and kind not in {None, "document"}:
            faults["filename"] = [f"A message of type {kind} has no filename."]
        if "voice" in data and kind not in {None, "audio"}:
            faults["voice"] = [f"A message of type {kind} is no voice note."]
        if faults:
            raise ValidationError(faults)
