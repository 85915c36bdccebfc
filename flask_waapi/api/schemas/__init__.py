"""The schemas of requests: they check them and make the document.

Each is instantiated once; a schema made for each request costs four times as much (measured).
"""

from __future__ import annotations

from marshmallow import INCLUDE

from .batch import LARGEST_BATCH, BatchSchema, RawItemSchema, TemplateItemSchema, TextItemSchema
from .check import CheckSchema
from .free_form import NativeTextSchema, TextSendSchema
from .interactive import INTERACTIVE_SENDS
from .media import MediaSendSchema
from .native_commerce import NATIVE_INTERACTIVE, NATIVE_INTERACTIVES
from .native_media import NATIVE_MEDIA
from .native_template import NativeTemplateSchema
from .places import (
    ContactsSendSchema,
    LocationSendSchema,
    NativeLocationSchema,
    NativeReactionSchema,
    ReactionSendSchema,
)
from .queries import HistoryQuerySchema
from .raw import RawSendSchema
from .receipts import ReadReceiptSchema
from .sends import SendSchema
from .template import FallbackSchema, TemplatePreviewSchema, TemplateSendSchema

__all__ = [
    "ANY_SEND",
    "BATCH",
    "CHECK",
    "CONTACTS_SEND",
    "HISTORY_QUERY",
    "INTERACTIVE_SENDS",
    "LARGEST_BATCH",
    "LOCATION_SEND",
    "MEDIA_SEND",
    "NATIVE_INTERACTIVE",
    "NATIVE_INTERACTIVES",
    "NATIVE_LOCATION",
    "NATIVE_MEDIA",
    "NATIVE_REACTION",
    "NATIVE_TEMPLATE",
    "NATIVE_TEXT",
    "RAW_ITEM",
    "RAW_SEND",
    "REACTION_SEND",
    "READ_RECEIPT",
    "TEMPLATE",
    "TEMPLATE_ITEM",
    "TEMPLATE_PREVIEW",
    "TEMPLATE_SEND",
    "TEXT_ITEM",
    "TEXT_SEND",
]

TEMPLATE = FallbackSchema()
TEMPLATE_PREVIEW = TemplatePreviewSchema()
TEMPLATE_SEND = TemplateSendSchema()
NATIVE_TEMPLATE = NativeTemplateSchema()
TEXT_SEND = TextSendSchema()
NATIVE_TEXT = NativeTextSchema()
MEDIA_SEND = MediaSendSchema()
LOCATION_SEND = LocationSendSchema()
NATIVE_LOCATION = NativeLocationSchema()
CONTACTS_SEND = ContactsSendSchema()
REACTION_SEND = ReactionSendSchema()
NATIVE_REACTION = NativeReactionSchema()
RAW_SEND = RawSendSchema()
ANY_SEND = SendSchema(unknown=INCLUDE)
READ_RECEIPT = ReadReceiptSchema()
TEMPLATE_ITEM = TemplateItemSchema()
TEXT_ITEM = TextItemSchema()
RAW_ITEM = RawItemSchema()
BATCH = BatchSchema()
CHECK = CheckSchema()
HISTORY_QUERY = HistoryQuerySchema()
