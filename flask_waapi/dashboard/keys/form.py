"""The form of a key: from what was typed to :class:`KeyFields`, with every fault at its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from ...access.key_fields import (
    EDITABLE,
    PREFILLED_DAILY_LIMIT,
    PREFILLED_RATE_LIMIT,
    KeyFields,
    check_fields,
)
from ...access.key_views import KeyView
from ...errors import Fault, ValidationFailed
from ..moments import in_field, read_moment, shown_again
from .numbers import Numbers


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
    provider: str = ""
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
        expires_at=shown_again(form.get("expires_at", "").strip()),
        mode=form.get("mode", ""),
        allowed_networks=form.get("allowed_networks", "").replace("\r\n", "\n").strip(),
        provider=form.get("provider", ""),
    )


def form_of(key: KeyView) -> KeyForm:
    """The form of a key that there is."""
    return KeyForm(
        name=key.name,
        description=key.description,
        permissions=list(key.permissions),
        rate_limit=_shown(key.own_rate_limit),
        daily_limit=_shown(key.own_daily_limit),
        expires_at=in_field(key.expires_at) if key.expires_at else "",
        mode=key.mode,
        allowed_networks="\n".join(key.allowed_networks),
        provider=key.provider or "",
    )


def changes(form: KeyForm, key: KeyView, clock: Callable[[], datetime], numbers: Numbers) -> dict[str, Any]:
    """The fields that were changed, with their new values.

    :raises ValidationFailed: one of them is wrong.
    """
    shown = form_of(key)
    changed = [name for name in EDITABLE if getattr(form, name) != getattr(shown, name)]
    try:
        fields = read(replace(form, name=key.name, mode=key.mode), clock, numbers)
    except ValidationFailed as error:
        # What was not touched may have become wrong since.
        faults = [fault for fault in error.faults if fault.pointer.split("/")[1] in changed]
        raise ValidationFailed(faults) from error
    return {name: getattr(fields, name) for name in changed}


def read(form: KeyForm, clock: Callable[[], datetime], numbers: Numbers) -> KeyFields:
    """The fields of the key.

    :param numbers: what the key may send from.
    :raises ValidationFailed: a limit or the moment cannot be read, or the number is not one of those; what
        else is wrong is told with it.
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
        provider=form.provider or None,
    )
    faults += numbers.faults(fields.provider)
    if faults:
        raise ValidationFailed([*faults, *check_fields(replace(fields, provider=None), clock(), ())])
    return fields


def _shown(limit: int | None) -> str:
    return "" if limit is None else str(limit)


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
        return read_moment(text, name)
    except ValidationFailed as error:
        faults += error.faults
        return None
