"""What somebody looks for among the messages: from the form to filters of the history."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from ...api import schemas
from ...api.faults import load
from ...errors import Fault, ValidationFailed
from ...messaging.history import HistoryFilter
from ..error_codes import FAILURE_CODES
from ..faults import by_field
from ..moments import read_moment

FIELDS = (
    "q",
    "direction",
    "status",
    "failure_code",
    "to",
    "sender",
    "template_name",
    "reference",
    "key",
    "from",
    "until",
)
"""Of the form."""

LONGEST_SEARCH = 255

_PUNCTUATION = re.compile(r"[\s().\-/\u00a0]")
_NUMBER = re.compile(r"(?:\+|00)?([1-9][0-9]{6,14})", re.ASCII)
_NOT_OF_THE_API = frozenset({"q", "key", "failure_code", "from", "until"})


@dataclass(frozen=True)
class MessageSearch:
    """A search as its form has it.

    :param given: what was typed, by field, without what was left empty.
    :param alternatives: a message is wanted if any of them wants it.
    :param uuid: what stands in the search box, if it may be a message's id.
    :param faults: what cannot be used, by field; nothing is looked for then.
    """

    given: Mapping[str, str]
    alternatives: Sequence[HistoryFilter] = ()
    uuid: UUID | None = None
    faults: Mapping[str, Sequence[Fault]] = field(default_factory=dict)


def read(arguments: Mapping[str, str]) -> MessageSearch:
    """The search that the query string describes."""
    typed = {name: arguments.get(name, "").strip() for name in FIELDS}
    given = {name: value for name, value in typed.items() if value}
    faults: list[Fault] = []
    wanted = HistoryFilter(
        key_id=_key(given.get("key"), faults),
        failure_code=_failure_code(given.get("failure_code"), faults),
        created_from=_moment("from", given.get("from"), faults),
        created_until=_moment("until", given.get("until"), faults),
    )
    filters = {name: [_value(name, value)] for name, value in given.items() if name not in _NOT_OF_THE_API}
    try:
        query = load(schemas.HISTORY_QUERY, filters)
        wanted = replace(wanted, **{name: value for name, value in query.items() if name != "limit"})
    except ValidationFailed as error:
        faults += error.faults
    words = given.get("q", "")
    if len(words) > LONGEST_SEARCH or "\0" in words:
        faults.append(Fault("/q", "This is too long to be looked for.", f"up to {LONGEST_SEARCH} characters"))
    if faults:
        return MessageSearch(given, faults=by_field(faults))
    return MessageSearch(given, _alternatives(wanted, words), as_uuid(words))


def as_number(text: str) -> str | None:
    """A phone number as it is stored, from however a person writes it; ``None`` for what is none."""
    found = _NUMBER.fullmatch(_PUNCTUATION.sub("", text))
    return f"+{found[1]}" if found else None


def as_uuid(text: str) -> UUID | None:
    """An id as it is stored; ``None`` for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _alternatives(wanted: HistoryFilter, words: str) -> list[HistoryFilter]:
    if not words:
        return [wanted]
    people = dict.fromkeys([as_number(words) or words, words])
    # Several fields can hold it, each with an index of its own.
    found = [_narrowed(wanted, "reference", words)]
    found += [_narrowed(wanted, name, person) for person in people for name in ("to", "sender")]
    return [alternative for alternative in found if alternative is not None]


def _narrowed(wanted: HistoryFilter, name: str, value: str) -> HistoryFilter | None:
    if getattr(wanted, name) not in {None, value}:
        return None
    return replace(wanted, **{name: value})  # type: ignore[arg-type]


def _value(name: str, value: str) -> str:
    if name in {"to", "sender"}:
        return as_number(value) or value
    return value


def _failure_code(value: str | None, faults: list[Fault]) -> str | None:
    if value is not None and value not in FAILURE_CODES:
        faults.append(Fault("/failure_code", "There is no such failure.", "one of the list"))
        return None
    return value


def _moment(name: str, value: str | None, faults: list[Fault]) -> datetime | None:
    try:
        return None if value is None else read_moment(value, name)
    except ValidationFailed as error:
        faults += error.faults
        return None


def _key(value: str | None, faults: list[Fault]) -> UUID | None:
    if value is None:
        return None
    key_id = as_uuid(value)
    if key_id is None:
        faults.append(Fault("/key", "There is no such key.", "one of the list"))
    return key_id
