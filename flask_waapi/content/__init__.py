"""The vocabulary: what a message can say."""

from __future__ import annotations

from .model import (
    CONTENT_TYPES,
    MEDIA_TYPES,
    Audio,
    Button,
    Content,
    Document,
    Header,
    Image,
    Location,
    Media,
    Sticker,
    Template,
    Text,
    Variable,
    Video,
)
from .stored import from_json, to_json

__all__ = [
    "CONTENT_TYPES",
    "MEDIA_TYPES",
    "Audio",
    "Button",
    "Content",
    "Document",
    "Header",
    "Image",
    "Location",
    "Media",
    "Sticker",
    "Template",
    "Text",
    "Variable",
    "Video",
    "from_json",
    "to_json",
]
