"""The messages: the history page by page, and the life of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, render_template, request

from ..api import schemas
from ..api.envelope import json_response, timestamp
from ..api.faults import load
from ..errors import NotFound, ValidationFailed
from ..messaging import history
from ..messaging.history import HistoryFilter
from ..messaging.status import FAILED, PLAYED, READ, STATUSES
from ..services import Services, current_services
from ..storage.models import Message
from .access import current_viewer
from .key_form import by_field
from .presentation import Presentation, page

FILTERS = ("status", "to", "template_name", "reference")
ENDS = frozenset({READ, PLAYED, FAILED})
"""Statuses after which the page stops asking for the next one."""


def index() -> Response:
    """One page of the history, newest first."""
    services, viewer = current_services(), current_viewer()
    given = {name: request.args.get(name, "").strip() for name in (*FILTERS, "cursor")}
    given = {name: value for name, value in given.items() if value}
    shown: dict[str, Any] = {
        "given": {name: value for name, value in given.items() if name in FILTERS},
        "is_first_page": "cursor" not in given,
        "statuses": STATUSES,
        "faults": {},
    }
    try:
        query = load(schemas.HISTORY_QUERY, {name: [value] for name, value in given.items()})
        limit, cursor = query.pop("limit"), query.pop("cursor", None)
        found = history.page(
            services.store, viewer.account, HistoryFilter(**query), limit=limit, cursor=cursor
        )
    except ValidationFailed as error:
        shown["faults"] = by_field(error.faults)
        return page("messages.html", viewer, error.status, messages=[], next_cursor=None, **shown)
    return page("messages.html", viewer, messages=found.messages, next_cursor=found.next_cursor, **shown)


def show(message_uuid: UUID) -> Response:
    """One message: what it said, to whom, and what became of it."""
    services, viewer = current_services(), current_viewer()
    message = history.get(services.store, viewer.account, message_uuid)
    return page(
        "message.html",
        viewer,
        message=message,
        key_name=_key_name(services, message),
        content=json.dumps(message.content, indent=2, ensure_ascii=False),
        **life_values(services, message),
    )


def life(message_uuid: UUID) -> Response:
    """The life of a message so far, for the script that watches it: the status, and the part of the page."""
    services, viewer = current_services(), current_viewer()
    message = history.get(services.store, viewer.account, message_uuid)
    values = life_values(services, message)
    shown = render_template("waapi/_message_life.html", waapi=Presentation(viewer), message=message, **values)
    body = {
        "message_uuid": str(message.id),
        "status": message.status,
        "updated_at": timestamp(message.updated_at),
        "final": values["is_final"],
        "html": shown,
    }
    return json_response(body, 200)


def life_values(services: Services, message: Message) -> Mapping[str, Any]:
    """What ``_message_life.html`` needs beside the message."""
    return {
        "events": history.timeline(services.store, message),
        "is_final": message.status in ENDS,
    }


def _key_name(services: Services, message: Message) -> str | None:
    if message.key_id is None:
        return None
    try:
        return services.keys.get(message.account, str(message.key_id)).name
    except NotFound:
        return None
