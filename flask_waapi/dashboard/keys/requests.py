"""The log of API requests, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from ...access import requests
from ...access.requests import RequestFilter, RequestPage
from ...errors import Fault, ValidationFailed
from ...services import current_services
from ..access import current_viewer
from ..error_codes import ERROR_CODES
from ..faults import by_field
from ..moments import read_moment, shown_again
from ..presentation import page

FILTERS = ("key", "error_code", "request_id", "message", "since", "until")


def index() -> Response:
    """One page of the log, newest first."""
    services, viewer = current_services(), current_viewer()
    services.request_log.flush()
    given = {name: request.args.get(name, "").replace("\0", "").strip() for name in FILTERS}
    given = {name: value for name, value in given.items() if value}
    shown: dict[str, Any] = {
        "given": given,
        "moments": {name: shown_again(given.get(name, "")) for name in ("since", "until")},
        "error_codes": sorted(ERROR_CODES),
        "is_first_page": "cursor" not in request.args,
    }
    try:
        wanted, cursor = _read(given), _uuid("cursor", request.args.get("cursor"))
    except ValidationFailed as error:
        names = services.keys.names(viewer.account)
        return page(
            "requests.html",
            viewer,
            error.status,
            found=RequestPage([], None),
            key_names=names,
            faults=by_field(error.faults),
            **shown,
        )
    with services.store.reads_together():
        names = services.keys.names(viewer.account)
        found = requests.page(services.store, viewer.account, wanted, cursor=cursor)
    return page("requests.html", viewer, found=found, key_names=names, faults={}, **shown)


def _read(given: Mapping[str, str]) -> RequestFilter:
    faults: list[Fault] = []

    def moment(name: str) -> Any:
        try:
            return read_moment(given[name], name) if name in given else None
        except ValidationFailed as error:
            faults.extend(error.faults)
            return None

    def uuid(name: str) -> UUID | None:
        try:
            return _uuid(name, given.get(name))
        except ValidationFailed as error:
            faults.extend(error.faults)
            return None

    wanted = RequestFilter(
        key_id=uuid("key"),
        error_code=given.get("error_code"),
        request_id=given.get("request_id"),
        message_id=uuid("message"),
        since=moment("since"),
        until=moment("until"),
    )
    if faults:
        raise ValidationFailed(faults)
    return wanted


def _uuid(name: str, text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise ValidationFailed([Fault(f"/{name}", "This is not an id.", "a UUID")]) from None
