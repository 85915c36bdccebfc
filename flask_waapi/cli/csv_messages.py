"""From a row of a CSV file to a request to send, its faults told by the names of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..api.families import item_request
from ..errors import Fault, ValidationFailed, WaApiError
from ..messaging.send_requests import SendRequest
from .csv_file import Row

TO = "to"

COLUMNS = (
    TO,
    "type",
    "reference",
    "text",
    "template_name",
    "language",
    "link",
    "caption",
    "filename",
    "media_id",
    "send_at",
    "expires_in",
)
"""The columns that have a meaning of their own; every other one is a template variable."""

REFUSED_COLUMNS = ("refused_line", "refused_code", "refused_reason")
"""What a file of refused rows has before their cells; passed over when that file is imported."""

VARIABLE_PREFIX = "variables."
"""Before the name of a variable that is called like a column."""

_KEPT_AS_IT_IS = frozenset({"text", "caption"})


@dataclass(frozen=True)
class RowReader:
    """Makes requests of rows.

    :param columns: the file's header.
    :param template_name: for template rows that have none of their own; so are the two others.
    """

    columns: Sequence[str]
    template_name: str | None = None
    language: str | None = None
    type: str | None = None

    def read(self, row: Row) -> SendRequest | WaApiError:
        """What a row asks for, or why it cannot be read."""
        fault = self._misshapen(row)
        if fault is not None:
            return ValidationFailed([fault])
        given = {name: cell for name, cell in zip(self.columns, row.cells, strict=True) if name and cell}
        item: dict[str, object] = {
            name: value
            for name in COLUMNS
            if (value := given.get(name, "") if name in _KEPT_AS_IT_IS else given.get(name, "").strip())
        }
        variables = {
            name.removeprefix(VARIABLE_PREFIX): cell
            for name, cell in given.items()
            if name not in COLUMNS and name not in REFUSED_COLUMNS
        }
        is_template = self._complete(item)
        if is_template and variables:
            item["variables"] = variables
        request, _ = item_request(item, "")
        if is_template or not variables:
            return request
        return replace(request, faults=request.faults + _not_for_templates(variables))

    def _misshapen(self, row: Row) -> Fault | None:
        if len(row.cells) != len(self.columns):
            return Fault(
                "",
                f"The row has {len(row.cells)} cells and the header {len(self.columns)}.",
                "as many; a cell with a delimiter in it stands in quotes",
            )
        for name, cell in zip(self.columns, row.cells, strict=True):
            if "\0" in cell:
                return Fault(f"/{name}", "The cell has a NUL character.", "text without it")
            if cell.strip() and not name:
                return Fault("", "There is a value in a column without a name.", "a name in the header")
        return None

    def _complete(self, item: dict[str, object]) -> bool:
        """Put in what goes for all rows; whether the row is a template message."""
        if self.type:
            item.setdefault("type", self.type)
        if self.template_name and item.get("type", "template") == "template":
            item.setdefault("template_name", self.template_name)
        is_template = item.get("type", "template") == "template" and (
            "template_name" in item or "type" in item
        )
        if self.language and is_template:
            item.setdefault("language", self.language)
        expires_in = item.get("expires_in")
        if isinstance(expires_in, str) and re.fullmatch("[0-9]{1,9}", expires_in):
            item["expires_in"] = int(expires_in)
        return is_template


def reason_of(error: WaApiError) -> str:
    """Why a row was refused, on one line."""
    if not isinstance(error, ValidationFailed):
        return error.message
    return " ".join(_reason(fault) for fault in error.faults)


def _reason(fault: Fault) -> str:
    column = fault.pointer.removeprefix("/").removeprefix("variables/").replace("~1", "/").replace("~0", "~")
    return f"{column + ': ' if column else ''}{fault.message} Expected: {fault.expected}."


def _not_for_templates(variables: Mapping[str, str]) -> tuple[Fault, ...]:
    return tuple(
        Fault(f"/variables/{name}", "Only a template message has variables.", "an empty cell")
        for name in variables
    )
