"""Fields that the schemas of requests and answers share."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from ..messaging.account_events import INBOUND
from .envelope import timestamp


class StrictBoolean(fields.Boolean):
    """``true`` or ``false`` and nothing else: ``"false"`` must not come to mean a real send."""

    default_error_messages = {"invalid": "This is not a boolean."}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


# The zone may be missing here, so that this has a message of its own.
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII
)


class Moment(fields.Field[datetime]):
    """A moment in RFC 3339 form, with its zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _RFC3339.fullmatch(value):
            raise ValidationError("This is not a moment.")
        try:
            moment = datetime.fromisoformat(value.upper())
        except ValueError:
            raise ValidationError("This is not a moment.") from None
        if moment.tzinfo is None:
            raise ValidationError("The moment has no time zone.")
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError("The moment is out of range.") from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return timestamp(value)


class InboundContent(fields.Field[Any]):
    """What a message that came in consists of, whole; of one that we send it is nobody's concern."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value if obj.direction == INBOUND else None


MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
"""What the document says of a :class:`Moment`."""


def text(low: int, high: int, description: str, **options: Any) -> fields.String:
    """Text of so many characters."""
    return fields.String(
        validate=validate.Length(low, high),
        metadata={"description": description, "expected": f"text of {low} to {high} characters"},
        **options,
    )
