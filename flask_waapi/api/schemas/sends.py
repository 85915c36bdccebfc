"""What every send takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from ...content import GROUP, INDIVIDUAL
from ...messaging.recipients import GROUP_ID
from ...messaging.send_requests import LONGEST_SCHEDULE
from ..fields import MOMENT, Moment, StrictBoolean, text

LONGEST_EXPIRY = 2_592_000
"""Seconds; the Cloud API keeps an undelivered message no longer."""


CALLBACK_DATA = "biz_opaque_callback_data"
"""Meta's name of what comes back with each status."""

LARGEST_CALLBACK_DATA = 475
"""Characters; the Cloud API takes 512, of which our own id takes 36 and a space."""

RECIPIENT: dict[str, Any] = {
    "type": "string",
    "pattern": f"^{GROUP_ID}$",
    "description": "Meta's name of a recipient that is a user id; may stand instead of `to`.",
}
"""What the document says of the other name of ``to``."""


class ContextSchema(Schema):
    """The message that is answered, in Meta's form."""

    message_id = text(1, 255, "The provider's id of the message that is answered.", required=True)


class MarketingSchema(Schema):
    """How the marketing endpoint is to be used."""

    product_policy = fields.String(
        validate=validate.OneOf(["CLOUD_API_FALLBACK", "STRICT"]),
        metadata={
            "description": "Whether it goes the usual way where that endpoint cannot take it.",
            "expected": "CLOUD_API_FALLBACK or STRICT",
        },
    )
    message_activity_sharing = StrictBoolean(
        metadata={
            "description": "Whether Meta may learn from what becomes of it.",
            "expected": "true or false",
        }
    )


class SendSchema(Schema):
    """What every send takes."""

    to = fields.String(
        required=True,
        metadata={
            "description": "The recipient: a phone number (E.164), or a user id such as"
            " `US.13491208655302741918`; with `recipient_type` `group` the id of a group. A user id may stand"
            " under Meta's name `recipient` instead.",
            "expected": "E.164 with the plus sign, such as +1234567890",
            "pattern": f"^{GROUP_ID}$",
            "example": "+1234567890",
        },
    )
    recipient_type = fields.String(
        validate=validate.OneOf([INDIVIDUAL, GROUP]),
        metadata={
            "description": "`group` where `to` is a group; `individual` otherwise.",
            "expected": f"{INDIVIDUAL} or {GROUP}",
        },
    )
    reference = text(1, 255, "Your own word for the message; the history can be searched by it.")
    simulate = StrictBoolean(
        metadata={
            "description": "Run every check and end at the simulation; nothing is sent.",
            "expected": "true or false",
        }
    )
    send_at = Moment(
        metadata={
            "description": "When to send it; until then it can be taken back.",
            "expected": f"a moment in RFC 3339 form with its zone, within {LONGEST_SCHEDULE.days} days",
            **MOMENT,
        }
    )
    expires_in = fields.Integer(
        strict=True,
        validate=validate.Range(1, LONGEST_EXPIRY),
        metadata={
            "description": "Seconds from now, or from `send_at`, after which it is not sent any more.",
            "expected": f"a whole number from 1 to {LONGEST_EXPIRY}",
        },
    )
    reply_to = text(
        1, 255, "The message that this one answers, shown quoted: our `message_uuid`, or the provider's id."
    )
    context = fields.Nested(
        ContextSchema,
        metadata={"description": "`reply_to` in Meta's form.", "expected": "an object with message_id"},
    )
    callback_data = text(
        1,
        LARGEST_CALLBACK_DATA,
        "Comes back in every status that Meta reports, behind our own id.",
        data_key=CALLBACK_DATA,
    )
    recipient_identity_key_hash = text(
        1, 255, "Deliver it only if the recipient's identity still has this hash."
    )
    messaging_product = fields.String(
        validate=validate.Equal("whatsapp"),
        metadata={"description": "May stand there, as in Meta's examples.", "expected": "whatsapp"},
    )

    @pre_load
    def take_recipient(self, data: Any, **kwargs: Any) -> Any:
        """Meta's ``recipient`` is another name of ``to``, which goes before it."""
        if not isinstance(data, Mapping) or "recipient" not in data:
            return data
        members = dict(data)
        recipient = members.pop("recipient")
        return {"to": recipient, **members}
