"""Moments in the fields of forms: the reader's own time where a script runs, else UTC, and labelled so."""

from __future__ import annotations

from datetime import UTC, datetime

from ..errors import Fault, ValidationFailed


def in_field(moment: datetime) -> str:
    """A moment as its field holds it; what is less than a second falls off."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="seconds" if utc.second else "minutes")


def shown_again(text: str) -> str:
    """What was sent by a field, as the field holds it; what is no moment stays as it is."""
    try:
        return in_field(read_moment(text, "moment"))
    except ValidationFailed:
        return text


def read_moment(text: str, field: str) -> datetime:
    """A moment from its field: a script sends it with its zone; without one the field is labelled UTC.

    :param field: its name.
    :raises ValidationFailed: it is not one.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        fault = Fault(f"/{field}", "This is not a moment.", "a date and time such as 2027-01-31T12:00")
        raise ValidationFailed([fault]) from None
