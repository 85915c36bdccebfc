"""The messages of a search as a CSV file."""

from __future__ import annotations

import csv
import re
import weakref
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from flask import Response, request, stream_with_context

from ...api.envelope import timestamp
from ...errors import ValidationFailed, WaApiError
from ...messaging import history
from ...messaging.recipients import E164
from ...services import Services, current_services
from ...storage.models import Message
from ...storage.session import Store
from ..access import current_viewer
from .search import MessageSearch, read

MOST_EXPORTED = 100_000
"""Messages in one file."""

PAGE = 500
"""Messages in memory at once."""

MOST_PAGES = 4_000
"""How often one file asks for the next messages; a search for what is rare gets few at a time."""

CUT = "CUT OFF HERE"
"""Begins the last line of a file that lacks messages."""

BYTE_ORDER_MARK = "\ufeff"
"""Without it a spreadsheet program takes UTF-8 for something else."""

RETRY_AFTER = 30
"""Seconds after which a viewer whose export is running may try again."""

Slot = tuple[Store, str, str]
"""What one export at a time is made for: an app's store, an account, a viewer."""

_running: set[Slot] = set()
_entry = Lock()

_OPERATORS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(f"[{_OPERATORS}\t\r\n]")
"""How a cell begins that a spreadsheet program may calculate (OWASP, CSV injection)."""

_FORMULA_WITHIN = re.compile(rf'(?<=[;\t\r\n])(?:[^\S\t\r\n]|")*(?=[{_OPERATORS}])')
"""What stands before a formula where a program divides cells at semicolons, as it does where the comma is the
decimal point, or at tabs: it does not know the quotes around a value then, and lines end within them."""

COLUMNS: Sequence[tuple[str, Callable[[Message], Any]]] = (
    ("created_at", lambda message: timestamp(message.created_at)),
    ("message_uuid", lambda message: message.id),
    ("direction", lambda message: message.direction),
    ("status", lambda message: message.status),
    ("from", lambda message: message.sender),
    ("from_name", lambda message: message.sender_name),
    ("to", lambda message: message.recipient),
    ("type", lambda message: message.type),
    ("template_name", lambda message: message.template_name),
    ("language", lambda message: message.template_language),
    ("text", lambda message: message.rendered),
    ("reference", lambda message: message.reference),
    ("failure_code", lambda message: message.failure_code),
    ("provider_code", lambda message: message.provider_code),
    ("failure_reason", lambda message: message.failure_reason),
    ("key_id", lambda message: message.key_id),
    ("provider", lambda message: message.provider),
    ("provider_message_id", lambda message: message.provider_message_id),
    ("simulated", lambda message: "yes" if message.simulated else "no"),
    ("attempts", lambda message: message.attempts),
    ("updated_at", lambda message: timestamp(message.updated_at)),
)
"""What the file holds of each message."""


class ExportRunning(WaApiError):
    """The viewer has an export of the account running; each process makes one at a time for them."""

    status, code = 429, "EXPORT_RUNNING"


class _Echo:
    """A file for the csv module that hands back each line."""

    def write(self, line: str) -> str:
        return line


def export() -> Response:
    """The messages that a search finds, newest first, written while they are read.

    :raises ValidationFailed: the search cannot be used.
    :raises ExportRunning: the viewer has one running.
    """
    services, viewer = current_services(), current_viewer()
    search = read(request.args)
    if search.faults:
        raise ValidationFailed([fault for faults in search.faults.values() for fault in faults])
    slot = _occupy((services.store, viewer.account, viewer.actor))
    # A lone surrogate, which SQLite stores, cannot be written.
    lines = (line.encode(errors="replace") for line in _lines(services, viewer.account, search))
    response = Response(stream_with_context(lines), content_type="text/csv; charset=utf-8; header=present")
    # A server closes its response when the client goes away too; one that is never served is collected.
    response.call_on_close(weakref.finalize(response, _running.discard, slot))
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(services.clock())}"'
    return response


def _occupy(slot: Slot) -> Slot:
    with _entry:
        if slot in _running:
            raise ExportRunning(
                "An export of yours is still running. Wait until it has ended, or stop it,"
                " then start this one.",
                retry_after=RETRY_AFTER,
            )
        _running.add(slot)
    return slot


def cell(value: Any) -> str:
    """A value as a cell that a spreadsheet program shows and does not calculate, wherever it divides cells.

    A phone number keeps its plus sign: there is nothing in its digits that could be calculated, and programs
    read back what was stored.
    """
    text = _FORMULA_WITHIN.sub(r"\g<0>'", "" if value is None else str(value))
    if _FORMULA.match(text) and not re.fullmatch(E164, text, re.ASCII):
        return f"'{text}"
    return text


def _lines(services: Services, account: str, search: MessageSearch) -> Iterator[str]:
    write: Callable[[Sequence[str]], str] = csv.writer(_Echo()).writerow
    yield BYTE_ORDER_MARK + write([name for name, _ in COLUMNS])
    cursor, written = None, 0
    for _ in range(MOST_PAGES):
        limit = min(PAGE, MOST_EXPORTED - written)
        found = history.search(services.store, account, search.alternatives, limit=limit, cursor=cursor)
        for message in found.messages:
            yield write([cell(value(message)) for _, value in COLUMNS])
        written += len(found.messages)
        cursor = found.next_cursor
        if cursor is None or written == MOST_EXPORTED:
            break
    if cursor is not None:
        yield write([f"{CUT}: there are older messages. Narrow the search to a shorter time."])


def _file_name(now: datetime) -> str:
    return f"messages-{now:%Y%m%d-%H%M%S}.csv"
