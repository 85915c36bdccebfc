"""Query strings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from ...messaging.history import DIRECTIONS, LARGEST_PAGE, STANDARD_PAGE
from ...messaging.recipients import GROUP_ID
from ...messaging.status import RECEIVED, STATUSES
from ..fields import MOMENT, Moment, text


class HistoryQuerySchema(Schema):
    """Filters and place of a page of the history."""

    status = fields.String(
        validate=validate.OneOf([*STATUSES, RECEIVED]),
        metadata={"expected": f"one of {', '.join([*STATUSES, RECEIVED])}"},
    )
    direction = fields.String(
        validate=validate.OneOf(DIRECTIONS),
        metadata={
            "description": "What we send, or what comes in.",
            "expected": f"one of {', '.join(DIRECTIONS)}",
        },
    )
    type = text(1, 24, "Message type.")
    to = fields.String(
        # The widest of what a send takes: numbers and user ids have this shape too.
        validate=validate.Regexp(rf"{GROUP_ID}\Z", error="Invalid recipient"),
        metadata={
            "description": "Recipient, as in the send: a phone number, a user id, or a group's id.",
            "expected": "E.164, such as +1234567890 (%2B1234567890), a user id, or the id of a group",
        },
    )
    sender = text(1, 64, "Who wrote a message that came in; %2B is the plus sign.")
    template_name = text(1, 512, "Template name.")
    reference = text(1, 255, "Your own word for the message.")
    created_from = Moment(
        data_key="from",
        metadata={
            **MOMENT,
            "description": "First moment of creation.",
            "expected": "RFC 3339 with its zone, such as 2027-01-01T00:00:00Z",
        },
    )
    created_until = Moment(
        data_key="until",
        metadata={
            **MOMENT,
            "description": "End of creation, not included.",
            "expected": "RFC 3339 with its zone, such as 2027-01-01T00:00:00Z",
        },
    )
    cursor = text(1, 64, "`meta.next_cursor` of the page before.")
    limit = fields.Integer(
        load_default=STANDARD_PAGE,
        validate=validate.Range(1, LARGEST_PAGE),
        metadata={"description": "Messages on a page.", "expected": f"1 to {LARGEST_PAGE}"},
    )
