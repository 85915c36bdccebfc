"""One webhook endpoint with its log, each delivery with its attempts, and what sends them again."""

from __future__ import annotations

from uuid import UUID

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ...api.envelope import json_response
from ...errors import ValidationFailed
from ...outgoing.endpoints import EndpointView
from ...outgoing.log import STATES, DeliveryPage, DeliveryView
from ...outgoing.outbox import PENDING
from ...outgoing.rehearsing import ANSWERS
from ...outgoing.safe_http import UNREACHABLE
from ...plugins.events import EVENT_TYPES
from ...services import Services, current_services
from ..access import Viewer, current_viewer
from ..faults import by_field
from ..moments import in_field, read_moment, shown_again
from ..presentation import Presentation, page
from .records import event_body, signing_secrets


def show(endpoint_id: UUID) -> Response:
    """One endpoint and a page of its deliveries, newest first."""
    return _endpoint_page(current_services(), current_viewer(), endpoint_id, request.args.get("since", ""))


def replay_since(endpoint_id: UUID) -> ResponseReturnValue:
    """Make all deliveries since a moment again."""
    services, viewer = current_services(), current_viewer()
    endpoint = services.webhooks.endpoints.get(viewer.account, endpoint_id)
    typed = request.form.get("since", "")
    try:
        since = read_moment(typed, "since")
        replayed = services.webhooks.replays.replay_since(viewer.account, endpoint.id, since)
    except ValidationFailed as error:
        return _endpoint_page(services, viewer, endpoint_id, typed, error)
    values: dict[str, object] = {"replayed": replayed.count}
    if replayed.continue_from is not None:
        values["since"] = in_field(replayed.continue_from)
    return redirect(Presentation.url("webhook", endpoint_id=endpoint_id, **values), 303)


def send_test(endpoint_id: UUID) -> ResponseReturnValue:
    """Send an event to try the endpoint, and show what becomes of it."""
    delivery = current_services().webhooks.replays.send_test(current_viewer().account, endpoint_id)
    return _shown(delivery.id, "tested")


def rehearse(endpoint_id: UUID) -> ResponseReturnValue:
    """Rehearse what comes of an answer, and show it."""
    rehearsals = current_services().webhooks.rehearsals
    delivery = rehearsals.begin(current_viewer().account, endpoint_id, request.form.get("answer", ""))
    return _shown(delivery.id, "rehearsed")


def go_on_rehearsing(delivery_id: UUID) -> ResponseReturnValue:
    """Make the next attempt of a rehearsal now."""
    rehearsals = current_services().webhooks.rehearsals
    rehearsals.go_on(current_viewer().account, delivery_id, request.form.get("answer", ""))
    return _shown(delivery_id, "rehearsed")


def show_delivery(delivery_id: UUID) -> Response:
    """One delivery: what is sent, and what the endpoint answered."""
    services, viewer = current_services(), current_viewer()
    delivery = services.webhooks.log.get(viewer.account, delivery_id)
    return page(
        "webhook_delivery.html",
        viewer,
        meaning=EVENT_TYPES.get(delivery.event_type),
        body=event_body(services.store, delivery.event_id),
        **_delivery_values(services, viewer, delivery),
    )


def delivery_life(delivery_id: UUID) -> Response:
    """The delivery so far, for the script that watches it: the state, and the part of the page."""
    services, viewer = current_services(), current_viewer()
    delivery = services.webhooks.log.get(viewer.account, delivery_id)
    values = _delivery_values(services, viewer, delivery)
    shown = render_template("waapi/_webhook_delivery_life.html", waapi=Presentation(viewer), **values)
    return json_response({"state": delivery.state, "final": values["is_final"], "html": shown}, 200)


def replay(delivery_id: UUID) -> ResponseReturnValue:
    """Make one delivery again."""
    delivery = current_services().webhooks.replays.replay(current_viewer().account, delivery_id)
    if request.form.get("back") == "endpoint":
        return redirect(
            Presentation.url("webhook", endpoint_id=delivery.endpoint_id, done="delivery_replayed"), 303
        )
    return _shown(delivery_id, "delivery_replayed")


def _shown(delivery_id: UUID, done: str) -> ResponseReturnValue:
    return redirect(Presentation.url("webhook_delivery", delivery_id=delivery_id, done=done), 303)


def _endpoint_page(
    services: Services, viewer: Viewer, endpoint_id: UUID, since: str, error: ValidationFailed | None = None
) -> Response:
    endpoint = services.webhooks.endpoints.get(viewer.account, endpoint_id)
    state, cursor = request.args.get("state") or None, request.args.get("cursor") or None
    found, is_unusable = DeliveryPage((), None), False
    try:
        found = services.webhooks.log.page(viewer.account, endpoint.id, state=state, cursor=cursor)
    except ValidationFailed:
        is_unusable = True
    status = 422 if is_unusable or error is not None else 200
    return page(
        "webhook.html",
        viewer,
        status,
        endpoint=endpoint,
        meanings=EVENT_TYPES,
        secrets=signing_secrets(services.store, endpoint.id, services.clock()),
        deliveries=found.deliveries,
        next_cursor=found.next_cursor,
        states=STATES,
        state=state,
        is_first_page=cursor is None,
        is_unusable=is_unusable,
        now=services.clock(),
        answers=ANSWERS,
        since=shown_again(since),
        replayed=request.args.get("replayed", type=int),
        faults=by_field(error.faults) if error is not None else {},
    )


def _delivery_values(services: Services, viewer: Viewer, delivery: DeliveryView) -> dict[str, object]:
    """What ``_webhook_delivery_life.html`` needs."""
    endpoint: EndpointView = services.webhooks.endpoints.get(viewer.account, delivery.endpoint_id)
    attempts = services.webhooks.log.attempts(viewer.account, delivery.id)
    return {
        "delivery": delivery,
        "endpoint": endpoint,
        "attempts": attempts[::-1],
        "answers": ANSWERS,
        "disabling": services.webhooks.rehearsals.why_disable(endpoint, attempts),
        "is_final": delivery.state != PENDING,
        "unreachable": UNREACHABLE,
        "now": services.clock(),
    }
