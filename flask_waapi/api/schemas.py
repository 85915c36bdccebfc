"""The schemas of the API: they check requests, shape answers and make the document.

Each is instantiated once; a schema made for each request costs four times as much (measured).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ..content import MEDIA_TYPES
from ..messaging.history import LARGEST_PAGE, STANDARD_PAGE
from ..messaging.pipeline import E164
from ..messaging.status import STATUSES
from .envelope import timestamp

LARGEST_TEXT = 4096
LARGEST_CAPTION = 1024
"""Characters; Cloud API, text and media objects."""


class StrictBoolean(fields.Boolean):
    """``true`` or ``false`` and nothing else: ``"false"`` must not come to mean a real send."""

    default_error_messages = {"invalid": "This is not a boolean."}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Variables(fields.Field[Any]):
    """Template variables: an object of texts by placeholder, or a list of texts in their order."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, dict | list) and len(value) > MOST_VARIABLES:
            raise ValidationError(f"There are {len(value)} variables.")
        if isinstance(value, dict):
            faults = {key: [_NOT_TEXT] for key, item in value.items() if not isinstance(item, str)}
        elif isinstance(value, list):
            faults = {key: [_NOT_TEXT] for key, item in enumerate(value) if not isinstance(item, str)}
        else:
            raise ValidationError("The variables are neither an object nor a list.")
        if faults:
            raise ValidationError(faults)
        return value


MOST_VARIABLES = 200
"""More than any template has room for."""

_NOT_TEXT = "The value is not text."


class Moment(fields.Field[datetime]):
    """A moment in RFC 3339 form, with its zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValidationError("This is not a moment.") from None
        if moment.tzinfo is None:
            raise ValidationError("The moment has no time zone.")
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError("The moment is out of range.") from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return timestamp(value)


_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}


def _text(low: int, high: int, description: str, **options: Any) -> fields.String:
    return fields.String(
        validate=validate.Length(low, high),
        metadata={"description": description, "expected": f"text of {low} to {high} characters"},
        **options,
    )


class SendSchema(Schema):
    """What every send takes."""

    to = fields.String(
        required=True,
        metadata={
            "description": "The recipient, E.164.",
            "expected": "E.164 with the plus sign, such as +1234567890",
            "pattern": f"^{E164}$",
            "example": "+1234567890",
        },
    )
    reference = _text(1, 255, "Your own word for the message; the history can be searched by it.")
    simulate = StrictBoolean(
        metadata={
            "description": "Run every check and end at the simulation; nothing is sent.",
            "expected": "true or false",
        }
    )


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
    media_id = _text(1, 255, "Id of a medium uploaded before.")

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
    """A medium in a template's header."""


class FileSchema(MediumSchema):
    """A document in a template's header."""

    filename = _text(1, 240, "The name the recipient sees.")


def _degrees(limit: int, description: str) -> fields.Float:
    return fields.Float(
        required=True,
        validate=validate.Range(-limit, limit),
        metadata={"description": description, "expected": f"degrees from -{limit} to {limit}"},
    )


class LocationSchema(Schema):
    """A place in a template's header."""

    latitude = _degrees(90, "Degrees north.")
    longitude = _degrees(180, "Degrees east.")
    name = _text(1, 1000, "Name of the place.")
    address = _text(1, 1000, "Its address.")


class HeaderSchema(Schema):
    """What fills a template's header; exactly one member."""

    text = _text(1, LARGEST_CAPTION, "Value of a text header's placeholder, where they go by position.")
    image = fields.Nested(MediumSchema, metadata={"expected": "a medium"})
    video = fields.Nested(MediumSchema, metadata={"expected": "a medium"})
    document = fields.Nested(FileSchema, metadata={"expected": "a medium"})
    location = fields.Nested(LocationSchema, metadata={"expected": "a place"})

    @validates_schema(skip_on_field_errors=True)
    def check_one(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Exactly one member."""
        if len(data) != 1:
            raise ValidationError("There must be exactly one member.")


class ButtonSchema(Schema):
    """What fills one of a template's buttons."""

    index = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, 9),
        metadata={"description": "Position among the buttons, from 0.", "expected": "0 to 9"},
    )
    type = fields.String(
        required=True,
        validate=validate.OneOf(["url", "quick_reply", "copy_code"]),
        metadata={"expected": "url, quick_reply or copy_code"},
    )
    value = _text(1, 2000, "The address's end, the payload sent back, or the code to copy.", required=True)


class TemplateSendSchema(SendSchema):
    """A business-initiated message from an approved template."""

    template_name = _text(1, 512, "The template's name.", required=True)
    language = _text(2, 16, "Its language code, such as en or pt_BR.", required=True)
    variables = Variables(
        metadata={
            "description": "Values by placeholder name, or in the order of the placeholders.",
            "expected": "text",
            "oneOf": [
                {"type": "object", "additionalProperties": {"type": "string"}},
                {"type": "array", "items": {"type": "string"}},
            ],
            "example": {
                "customer_name": "John Doe",
                "order_id": "ORD-12345",
                "total": "99.99",
            },
        }
    )
    header = fields.Nested(HeaderSchema, metadata={"expected": "an object with one member"})
    buttons = fields.List(
        fields.Nested(ButtonSchema, metadata={"expected": "an object"}),
        validate=validate.Length(max=10),
        metadata={"expected": "a list of up to 10 buttons"},
    )


class TextSendSchema(SendSchema):
    """A free-form message within the service window."""

    text = fields.String(
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
    preview_url = StrictBoolean(
        metadata={
            "description": "Show a preview of the first address in the text.",
            "expected": "true or false",
        }
    )


class MediaSendSchema(SendSchema, SourceSchema):
    """An image, video, sound, document or sticker."""

    type = fields.String(
        required=True,
        validate=validate.OneOf(list(MEDIA_TYPES)),
        metadata={"expected": f"one of {', '.join(MEDIA_TYPES)}", "example": "image"},
    )
    caption = _text(1, LARGEST_CAPTION, "Text below it; not for audio and stickers.")
    filename = _text(1, 240, "The name the recipient sees; for documents.")

    @validates_schema(skip_on_field_errors=False)
    def check_members(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Only members that the type has."""
        faults: dict[str, list[str]] = {}
        kind = data.get("type")
        if "caption" in data and kind in {"audio", "sticker"}:
            faults["caption"] = [f"A message of type {kind} has no caption."]
        if "filename" in data and kind not in {None, "document"}:
            faults["filename"] = [f"A message of type {kind} has no filename."]
        if faults:
            raise ValidationError(faults)


class HistoryQuerySchema(Schema):
    """Filters and place of a page of the history."""

    status = fields.String(
        validate=validate.OneOf(STATUSES),
        metadata={"expected": f"one of {', '.join(STATUSES)}"},
    )
    type = _text(1, 24, "Message type.")
    to = fields.String(
        validate=validate.Regexp(rf"{E164}\Z", error="Invalid phone number format"),
        metadata={
            "description": "Recipient.",
            "expected": "E.164, such as +1234567890 (%2B1234567890)",
        },
    )
    template_name = _text(1, 512, "Template name.")
    reference = _text(1, 255, "Your own word for the message.")
    created_from = Moment(
        data_key="from",
        metadata={
            **_MOMENT,
            "description": "First moment of creation.",
            "expected": "RFC 3339 with its zone, such as 2027-01-01T00:00:00Z",
        },
    )
    created_until = Moment(
        data_key="until",
        metadata={
            **_MOMENT,
            "description": "End of creation, not included.",
            "expected": "RFC 3339 with its zone, such as 2027-01-01T00:00:00Z",
        },
    )
    cursor = _text(1, 64, "`meta.next_cursor` of the page before.")
    limit = fields.Integer(
        load_default=STANDARD_PAGE,
        validate=validate.Range(1, LARGEST_PAGE),
        metadata={"description": "Messages on a page.", "expected": f"1 to {LARGEST_PAGE}"},
    )


class FailureSchema(Schema):
    """Why a message is failed or unconfirmed."""

    code = fields.String(metadata={"description": "Our code, such as MESSAGE_REJECTED."})
    provider_code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class EventSchema(Schema):
    """One thing that happened to a message."""

    status = fields.String()
    occurred_at = Moment(metadata=_MOMENT)
    provider_code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class MessageSchema(Schema):
    """A message as it stands."""

    message_uuid = fields.UUID(attribute="id")
    status = fields.String(validate=validate.OneOf(STATUSES))
    to = fields.String(attribute="recipient")
    type = fields.String()
    reference = fields.String(allow_none=True)
    simulated = fields.Boolean(metadata={"description": "True when nothing left the machine."})
    template_name = fields.String(allow_none=True)
    language = fields.String(attribute="template_language", allow_none=True)
    text = fields.String(
        attribute="rendered",
        allow_none=True,
        metadata={"description": "What the recipient reads, as far as it is text."},
    )
    provider = fields.String()
    provider_message_id = fields.String(allow_none=True)
    failure = fields.Nested(FailureSchema, allow_none=True)
    created_at = Moment(metadata=_MOMENT)
    updated_at = Moment(metadata=_MOMENT)


class MessageDetailSchema(MessageSchema):
    """A message with its timeline."""

    events = fields.List(fields.Nested(EventSchema))


class TemplateSchema(Schema):
    """A template in one language."""

    name = fields.String()
    language = fields.String()
    status = fields.String()
    category = fields.String()
    parameter_format = fields.String()
    variables = fields.List(
        fields.String(), metadata={"description": "Names of the placeholders, in their order."}
    )
    components = fields.List(fields.Dict(), metadata={"description": "Header, body, footer, buttons, whole."})


class ErrorSchema(Schema):
    """What went wrong."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    details = fields.Raw(metadata={"description": "Faults of a validation error; facts of others."})
    request_id = fields.String(required=True)


class FailureEnvelopeSchema(Schema):
    """Every answer that is not a success."""

    success = fields.Boolean(required=True, metadata={"enum": [False]})
    error = fields.Nested(ErrorSchema, required=True)


TEMPLATE_SEND = TemplateSendSchema()
TEXT_SEND = TextSendSchema()
MEDIA_SEND = MediaSendSchema()
HISTORY_QUERY = HistoryQuerySchema()
MESSAGE = MessageSchema()
EVENT = EventSchema()
MESSAGE_DETAIL = MessageDetailSchema()
TEMPLATE = TemplateSchema()
FAILURE_ENVELOPE = FailureEnvelopeSchema()
