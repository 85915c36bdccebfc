"""The form of a new key: from what was typed to :class:`KeyFields`, with every fault at its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from werkzeug.datastructures import MultiDict

from ..access.key_fields import PREFILLED_DAILY_LIMIT, PREFILLED_RATE_LIMIT, KeyFields, check_fields
from ..errors import Fault, ValidationFailed


@dataclass(frozen=True)
class KeyForm:
    """The form as it is shown: what was typed, and what is wrong with it.

    :param faults: by the name of the field.
    """

    name: str = ""
    description: str = ""
    permissions: Sequence[str] = ()
    rate_limit: str = str(PREFILLED_RATE_LIMIT)
    daily_limit: str = str(PREFILLED_DAILY_LIMIT)
    expires_at: str = ""
    mode: str = "live"
    allowed_networks: str = ""
    faults: Mapping[str, Sequence[Fault]] = field(default_factory=dict)


def typed(form: MultiDict[str, str]) -> KeyForm:
    """What was typed."""
    return KeyForm(
        name=form.get("name", ""),
        # A browser sends line ends as CR LF, which count as two characters.
        description=form.get("description", "").replace("\r\n", "\n").strip(),
        permissions=form.getlist("permissions"),
        rate_limit=form.get("rate_limit", "").strip(),
        daily_limit=form.get("daily_limit", "").strip(),
        expires_at=form.get("expires_at", "").strip(),
        mode=form.get("mode", ""),
        allowed_networks=form.get("allowed_networks", ""),
    )


def read(form: KeyForm, clock: Callable[[], datetime]) -> KeyFields:
    """The fields of the key.

    :raises ValidationFailed: a number or the moment cannot be read; what else is wrong is told with it.
    """
    faults: list[Fault] = []
    fields = KeyFields(
        name=form.name,
        description=form.description,
        permissions=form.permissions,
        rate_limit=_number("rate_limit", form.rate_limit, faults),
        daily_limit=_number("daily_limit", form.daily_limit, faults),
        expires_at=_moment("expires_at", form.expires_at, faults),
        mode=form.mode,
        allowed_networks=[item for item in re.split(r"[\s,;]+", form.allowed_networks) if item],
    )
    if faults:
        raise ValidationFailed([*faults, *check_fields(fields, clock())])
    return fields


def by_field(faults: Sequence[Fault]) -> dict[str, list[Fault]]:
    """The faults by the field to show them at: ``/allowed_networks/1`` stands at ``allowed_networks``."""
    found: dict[str, list[Fault]] = {}
    for fault in faults:
        found.setdefault(fault.pointer.removeprefix("/").partition("/")[0], []).append(fault)
    return found


def _number(name: str, text: str, faults: list[Fault]) -> int | None:
    if not text:
        return None
    if re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII):
        return int(text)
    faults.append(
        Fault(f"/{name}", "This is not a whole number.", "digits, or nothing for the standard limit")
    )
    return None


def _moment(name: str, text: str, faults: list[Fault]) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        # The field has no zone of its own and is labelled UTC.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        faults.append(Fault(f"/{name}", "This is not a moment.", "a date and time such as 2027-01-31T12:00"))
        return None
