"""The messages: the history page by page, what is new in it, and all of it as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, current_app, redirect, request
from flask.typing import ResponseReturnValue

from ...access import audit
from ...api.envelope import json_response
from ...errors import NotFound, ValidationFailed
from ...messaging import history
from ...messaging.account_events import INBOUND, OUTBOUND
from ...messaging.history import HistoryFilter, HistoryPage
from ...messaging.status import QUEUED, RECEIVED, STATUSES
from ...services import Services, current_services
from ..access import current_viewer
from ..error_codes import FAILURE_CODES
from ..moments import shown_again
from ..presentation import Presentation, page
from .export import MOST_EXPORTED
from .search import MessageSearch, as_uuid, read

DIRECTIONS = {OUTBOUND: "sent", INBOUND: "received"}
"""What the page calls them."""

MOST_WAITING = 10_000
"""Where the list stops counting those that wait."""

MOST_NEW = 99
"""Where the list stops counting those that have come since it was loaded."""


@dataclass(frozen=True)
class KeyChoice:
    """A key to choose, one that there is or was. :param name: ``None`` where nobody knows it any more."""

    id: UUID
    name: str | None
    is_deleted: bool


def index() -> ResponseReturnValue:
    """One page of the history, newest first; the message itself where its id was typed."""
    services, viewer = current_services(), current_viewer()
    search = read(request.args)
    cursor, after = request.args.get("cursor"), request.args.get("after")
    if (opened := _named(services, viewer.account, search)) is not None:
        return redirect(Presentation.url("message", message_uuid=opened), 303)
    found, faults = HistoryPage([], None), dict(search.faults)
    with services.store.reads_together():
        try:
            if not faults:
                found = history.search(
                    services.store, viewer.account, search.alternatives, cursor=cursor, after=after
                )
        except ValidationFailed:
            faults["cursor"] = []
        keys = _keys(services, viewer.account, search.given.get("key"))
        waiting = _waiting(services, viewer.account)
    if after is not None and not faults and found.previous_cursor is None:
        # The newest are the first page, which begins with the newest and is full.
        return redirect(Presentation.url("messages", **search.given), 303)
    is_first_page = cursor is None and after is None
    return page(
        "messages.html",
        viewer,
        422 if faults else 200,
        given=search.given,
        faults=faults,
        found=found,
        messages=found.messages,
        is_first_page=is_first_page,
        statuses=(*STATUSES, RECEIVED),
        directions=DIRECTIONS,
        moments={name: shown_again(search.given.get(name, "")) for name in ("from", "until")},
        failure_codes=sorted(FAILURE_CODES),
        keys=keys,
        changes=_changes_url(search, found) if is_first_page and not faults else None,
        waiting=waiting,
        most_waiting=MOST_WAITING,
        most_exported=MOST_EXPORTED,
    )


def changes() -> Response:
    """How many messages have come since the list was loaded, and how those stand that it shows."""
    services, viewer = current_services(), current_viewer()
    search = read(request.args)
    found = HistoryPage([], None)
    if search.alternatives:
        found = history.search(
            services.store,
            viewer.account,
            search.alternatives,
            limit=MOST_NEW,
            after=request.args.get("after") or None,
        )
    given = request.args.get("shown", "").split(",")[: history.LARGEST_PAGE]
    shown = history.get_all(services.store, viewer.account, [uuid for uuid in map(as_uuid, given) if uuid])
    macros: Any = current_app.jinja_env.get_template("waapi/_macros.html").make_module(
        {"waapi": Presentation(viewer)}
    )
    has_more = (found.previous_cursor if request.args.get("after") else found.next_cursor) is not None
    body = {
        "new": len(found.messages),
        "has_more": has_more,
        "states": {str(message.id): str(macros.message_state(message)) for message in shown},
    }
    return json_response(body, 200)


def _named(services: Services, account: str, search: MessageSearch) -> UUID | None:
    """The one message that the search box names by its id, ours or the provider's."""
    words = search.given.get("q")
    if words is None or search.faults:
        return None
    if search.uuid is not None:
        try:
            return history.get(services.store, account, search.uuid).id
        except NotFound:
            return None
    return history.by_provider_id(services.store, account, services.providers.names(), words)


def _waiting(services: Services, account: str) -> int:
    return history.count(services.store, account, HistoryFilter(status=QUEUED), most=MOST_WAITING)


def _changes_url(search: MessageSearch, found: HistoryPage) -> str:
    values: dict[str, Any] = dict(search.given)
    if found.messages:
        values["after"] = history.cursor_at(found.messages[0])
        values["shown"] = ",".join(str(message.id) for message in found.messages)
    return Presentation.url("message_changes", **values)


def _keys(services: Services, account: str, chosen: str | None) -> Sequence[KeyChoice]:
    existing = services.keys.names(account)
    names: dict[UUID, str | None] = {**existing}
    for key_id, name in audit.deleted_keys(services.store, account).items():
        names.setdefault(key_id, name)
    if chosen is not None and (chosen_id := as_uuid(chosen)) is not None:
        names.setdefault(chosen_id, None)
    return [KeyChoice(key_id, name, key_id not in existing) for key_id, name in names.items()]
