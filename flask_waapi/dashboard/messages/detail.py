"""One message: what it says, its life, and what can be done about it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ...api.envelope import json_response, timestamp
from ...content import MEDIA_TYPES
from ...errors import MessageNotFailed, MessageNotQueued, NotFound
from ...messaging import history
from ...messaging.account_events import INBOUND
from ...messaging.events import DECIDED_BY
from ...messaging.status import CANCELED, FAILED, PLAYED, QUEUED, READ, RECEIVED
from ...services import Services, current_services
from ...storage.models import Message, MessageEvent
from ..access import current_viewer
from ..catalogue.pages import instance_of
from ..presentation import Presentation, page
from .payload import payload_of
from .prospect import prospect_of
from .records import MOST_REQUESTS, beside, person_of, price_of, requests_of, webhooks_of

ENDS = frozenset({READ, PLAYED, FAILED, CANCELED, RECEIVED})
"""Statuses after which the page stops asking for the next one, once their webhooks are delivered."""

_PARTED = frozenset({*MEDIA_TYPES, "location", "contacts", "reaction", "interactive", "button", "order"})
"""Types of messages that say more than their text."""

MOST_DETAILS = 40
LONGEST_DETAIL = 200
DEEPEST_DETAIL = 4
"""How much is shown of what a provider told beside a status."""


def show(message_uuid: UUID) -> Response:
    """One message: what it said, to whom, and what became of it."""
    services, viewer = current_services(), current_viewer()
    message = history.get(services.store, viewer.account, message_uuid)
    return page(
        "message.html",
        viewer,
        message=message,
        key_name=_key_name(services, message),
        template_instance=_template_instance(services, message),
        is_inbound=message.direction == INBOUND,
        answered=_answered(services, message),
        requests=requests_of(services, message),
        most_requests=MOST_REQUESTS,
        person=person_of(services, message),
        watches_window=_watches_window(services, message),
        payload=payload_of(message),
        parts=_parts(message),
        media=message.type if message.type in MEDIA_TYPES else None,
        content=json.dumps(message.content, indent=2, ensure_ascii=False),
        **life_values(services, message),
    )


def retry(message_uuid: UUID) -> ResponseReturnValue:
    """Set a failed message on its way again; asks first where it may have been sent already."""
    services, viewer = current_services(), current_viewer()
    message = history.get(services.store, viewer.account, message_uuid)
    maybe_sent = history.may_have_been_sent(history.timeline(services.store, message))
    if message.status == FAILED and maybe_sent and request.form.get("confirmed") != "yes":
        return page("message_retry.html", viewer, message=message)
    try:
        services.interventions.retry(viewer.account, message_uuid, actor=viewer.actor)
    except MessageNotFailed:
        # A second click, or a report that has come meanwhile.
        return _back(message_uuid, "not_retried")
    return _back(message_uuid, "retried")


def cancel(message_uuid: UUID) -> ResponseReturnValue:
    """Take back a message that still waits."""
    services, viewer = current_services(), current_viewer()
    try:
        services.interventions.cancel(viewer.account, message_uuid, actor=viewer.actor)
    except MessageNotQueued:
        message = history.get(services.store, viewer.account, message_uuid)
        return _back(message_uuid, "canceled" if message.status == CANCELED else "not_canceled")
    return _back(message_uuid, "canceled")


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
        "can_cancel": values["can_cancel"],
        "can_retry": values["can_retry"],
        "can_step": values["can_step"],
        "html": shown,
    }
    return json_response(body, 200)


def life_values(services: Services, message: Message) -> Mapping[str, Any]:
    """What ``_message_life.html`` needs beside the message."""
    events = history.timeline(services.store, message)
    webhooks = webhooks_of(services.store, message)
    announced = services.announced.waiting(message.id) if message.simulated else ()
    return {
        "announced": announced,
        "can_step": bool(announced),
        "events": events,
        "webhooks": beside(events, webhooks),
        "price": flat(price) if (price := price_of(events)) else (),
        "details": {event.id: flat(told) for event in events if (told := _told(event))},
        "prospect": prospect_of(message, services.settings, services.clock()),
        "is_final": message.status in ENDS
        and not announced
        and not any(told.is_pending for told in webhooks),
        "can_cancel": message.status == QUEUED and message.lane is not None,
        "can_retry": message.status == FAILED,
    }


def flat(details: Any) -> list[tuple[str, str]]:
    """What a provider told, one line for each value."""
    return list(itertools.islice(_flat(details, (), DEEPEST_DETAIL), MOST_DETAILS))


def _flat(value: Any, path: tuple[str, ...], depth: int) -> Iterator[tuple[str, str]]:
    members: Iterable[tuple[Any, Any]]
    if isinstance(value, Mapping) and depth:
        members = value.items()
    elif isinstance(value, list) and depth:
        members = enumerate(value, 1) if len(value) > 1 else (("", member) for member in value)
    else:
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        cut = shown if len(shown) <= LONGEST_DETAIL else f"{shown[:LONGEST_DETAIL]}…"
        yield " › ".join(path).replace("_", " "), cut
        return
    for name, member in members:
        yield from _flat(member, (*path, str(name)) if name != "" else path, depth - 1)


def _told(event: MessageEvent) -> Mapping[str, Any]:
    """What a provider told beside a status."""
    return {name: value for name, value in (event.details or {}).items() if name != DECIDED_BY}


def _answered(services: Services, message: Message) -> Message | None:
    # The provider names what an answer is to by its own id.
    if message.reply_to is None:
        return None
    answered = history.by_provider_id(services.store, message.account, [message.provider], message.reply_to)
    return history.get(services.store, message.account, answered) if answered is not None else None


def _parts(message: Message) -> list[tuple[str, str]]:
    """What a message that is not text alone consists of, one line for each value."""
    part = message.content.get(message.type) if message.direction == INBOUND else message.content
    return flat(part) if message.type in _PARTED and isinstance(part, Mapping | list) else []


def _back(message_uuid: UUID, done: str) -> ResponseReturnValue:
    return redirect(Presentation.url("message", message_uuid=message_uuid, done=done), 303)


def _watches_window(services: Services, message: Message) -> bool:
    # An instance may have been taken out of the settings since.
    providers, name = services.providers, message.provider
    has_window = name not in providers or providers[name].service_window
    return has_window and services.settings.service_window != "off"


def _template_instance(services: Services, message: Message) -> str | None:
    # A simulated message was checked against the templates of the instance that it was meant for.
    is_other = message.provider in services.providers.names() and not message.simulated
    return instance_of(services, message.provider) if is_other else None


def _key_name(services: Services, message: Message) -> str | None:
    if message.key_id is None:
        return None
    try:
        return services.keys.get(message.account, str(message.key_id)).name
    except NotFound:
        return None
