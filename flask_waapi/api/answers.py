"""The schemas of answers: they shape them and make the document."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from ..messaging.history import DIRECTIONS
from ..messaging.status import RECEIVED, STATUSES
from .fields import MOMENT, InboundContent, Moment


class FailureSchema(Schema):
    """Why a message is failed or unconfirmed."""

    code = fields.String(metadata={"description": "Our code, such as MESSAGE_REJECTED."})
    provider_code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class EventSchema(Schema):
    """One thing that happened to a message."""

    status = fields.String()
    occurred_at = Moment(metadata=MOMENT)
    recorded_at = Moment(metadata={"description": "When we learnt of it.", **MOMENT})
    attempt = fields.Integer(
        allow_none=True, metadata={"description": "The try to send it that this came of, from 1."}
    )
    code = fields.String(allow_none=True, metadata={"description": "Our code of what went wrong."})
    provider_code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    details = fields.Dict(
        allow_none=True,
        metadata={"description": "What else the provider told, such as the price, in its own terms."},
    )


class MessageSchema(Schema):
    """A message as it stands."""

    message_uuid = fields.UUID(attribute="id")
    direction = fields.String(validate=validate.OneOf(DIRECTIONS))
    status = fields.String(validate=validate.OneOf([*STATUSES, RECEIVED]))
    to = fields.String(attribute="recipient")
    sender = fields.String(
        data_key="from",
        allow_none=True,
        metadata={"description": "Who wrote a message that came in; null of one that we send."},
    )
    sender_name = fields.String(data_key="from_name", allow_none=True)
    reply_to = fields.String(
        allow_none=True, metadata={"description": "The provider's id of the message that it is about."}
    )
    is_echo = fields.Boolean(
        metadata={"description": "True when it was sent with our number from elsewhere."}
    )
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
    content = InboundContent(
        allow_none=True,
        metadata={
            "type": "object",
            "description": "What the provider told of a message that came in, whole.",
        },
    )
    provider = fields.String()
    provider_message_id = fields.String(allow_none=True)
    failure = fields.Nested(FailureSchema, allow_none=True)
    attempts = fields.Integer(metadata={"description": "How often it was tried to be sent."})
    send_at = Moment(allow_none=True, metadata={"description": "When it was to be sent.", **MOMENT})
    expires_at = Moment(
        allow_none=True, metadata={"description": "When it will not be sent any more.", **MOMENT}
    )
    created_at = Moment(metadata=MOMENT)
    updated_at = Moment(metadata=MOMENT)


class BatchMessageSchema(Schema):
    """A message of a batch, stored."""

    message_uuid = fields.UUID(attribute="id")
    status = fields.String(validate=validate.OneOf(STATUSES))
    to = fields.String(attribute="recipient")
    reference = fields.String(allow_none=True)
    simulated = fields.Boolean()


class MessageDetailSchema(MessageSchema):
    """A message with its timeline."""

    events = fields.List(fields.Nested(EventSchema))


class ReceiptSchema(Schema):
    """A read receipt that was shown."""

    message_uuid = fields.UUID()
    read = fields.Boolean()
    typing = fields.Boolean()


class TemplateSchema(Schema):
    """A template in one language."""

    name = fields.String()
    language = fields.String()
    status = fields.String()
    category = fields.String()
    quality = fields.String(
        allow_none=True,
        metadata={"description": "How recipients take it, GREEN to RED, where the provider tells."},
    )
    reason = fields.String(
        allow_none=True,
        metadata={"description": "The provider's words on the status, such as why it is paused."},
    )
    parameter_format = fields.String()
    variables = fields.List(
        fields.String(), metadata={"description": "Names of the placeholders, in their order."}
    )
    components = fields.List(fields.Dict(), metadata={"description": "Header, body, footer, buttons, whole."})


class PreviewButtonSchema(Schema):
    """A button as the recipient sees it."""

    type = fields.String(metadata={"description": "`URL`, `QUICK_REPLY` ..."})
    text = fields.String(allow_none=True)
    value = fields.String(
        allow_none=True, metadata={"description": "What it opens, dials, copies or sends back."}
    )


class PreviewPartSchema(Schema):
    """The parts of a template, or of one of its cards, with their values."""

    header_format = fields.String(
        allow_none=True, metadata={"description": "`TEXT`, `IMAGE` ...; null without a header."}
    )
    header = fields.String(allow_none=True, metadata={"description": "The words of a text header."})
    body = fields.String()
    footer = fields.String(allow_none=True)
    buttons = fields.List(fields.Nested(PreviewButtonSchema))


class PreviewSchema(PreviewPartSchema):
    """A template with its values in place."""

    name = fields.String()
    language = fields.String()
    text = fields.String(metadata={"description": "All of it, as it would be kept with the message."})
    cards = fields.List(fields.Nested(PreviewPartSchema))


class StoredMediumSchema(Schema):
    """A medium that the provider keeps."""

    media_id = fields.String()
    mime_type = fields.String(allow_none=True, metadata={"description": "As its content shows."})
    size = fields.Integer(allow_none=True, metadata={"description": "Bytes."})
    sha256 = fields.String(allow_none=True, metadata={"description": "Of its content, lower-case hex."})
    filename = fields.String(allow_none=True)
    expires_at = Moment(allow_none=True, metadata={"description": "When the provider forgets it.", **MOMENT})


class DeletedMediumSchema(Schema):
    """A medium that the provider has forgotten."""

    media_id = fields.String()


class ErrorSchema(Schema):
    """What went wrong."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    details = fields.Raw(metadata={"description": "Faults of a validation error; facts of others."})
    request_id = fields.String(required=True)


class BatchErrorSchema(Schema):
    """Why a message of a batch was refused."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    details = fields.Raw()


class BatchResultSchema(Schema):
    """What became of one message of a batch: `data` or `error`."""

    index = fields.Integer(required=True, metadata={"description": "Its place in the batch, from 0."})
    success = fields.Boolean(required=True)
    data = fields.Nested(BatchMessageSchema)
    error = fields.Nested(BatchErrorSchema)


class FailureEnvelopeSchema(Schema):
    """Every answer that is not a success."""

    success = fields.Boolean(required=True, metadata={"enum": [False]})
    error = fields.Nested(ErrorSchema, required=True)


BATCH_MESSAGE = BatchMessageSchema()
BATCH_RESULT = BatchResultSchema()
MESSAGE = MessageSchema()
EVENT = EventSchema()
MESSAGE_DETAIL = MessageDetailSchema()
RECEIPT = ReceiptSchema()
TEMPLATE = TemplateSchema()
PREVIEW = PreviewSchema()
MEDIUM = StoredMediumSchema()
DELETED_MEDIUM = DeletedMediumSchema()
FAILURE_ENVELOPE = FailureEnvelopeSchema()
