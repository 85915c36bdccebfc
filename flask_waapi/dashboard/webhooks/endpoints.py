"""The webhook endpoints: list, create, change, pause, a new secret, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from ...errors import Fault, ValidationFailed
from ...outgoing.endpoints import Endpoints, EndpointView
from ...services import current_services
from ..access import current_viewer
from ..moments import in_field
from ..overlaps import OVERLAPS, STANDARD_OVERLAP, read_overlap
from ..presentation import Presentation, page
from .form import EndpointForm, form_of, refuse_repetition, typed, with_faults
from .records import last_deliveries


def index() -> Response:
    """All endpoints of the account."""
    services, viewer = current_services(), current_viewer()
    return page(
        "webhooks.html",
        viewer,
        endpoints=services.webhooks.endpoints.list(viewer.account),
        last=last_deliveries(services.store, viewer.account),
    )


def new() -> Response:
    """The empty form."""
    return _form(EndpointForm())


def create() -> Response:
    """Make an endpoint, and show its secret on this one page and never again."""
    endpoints, viewer = current_services().webhooks.endpoints, current_viewer()
    form = typed(request.form)
    try:
        refuse_repetition(form, endpoints.list(viewer.account))
        issued = endpoints.create(
            form.url, form.events, description=form.description, account=viewer.account, actor=viewer.actor
        )
    except ValidationFailed as error:
        return _form(with_faults(form, error), error.status)
    return page("webhook_created.html", viewer, 201, issued=issued)


def edit(endpoint_id: UUID) -> Response:
    """The form, filled with what the endpoint has."""
    endpoint = current_services().webhooks.endpoints.get(current_viewer().account, endpoint_id)
    return _form(form_of(endpoint), endpoint=endpoint)


def update(endpoint_id: UUID) -> ResponseReturnValue:
    """Change URL, events and description."""
    endpoints, viewer = current_services().webhooks.endpoints, current_viewer()
    endpoint = endpoints.get(viewer.account, endpoint_id)
    form = typed(request.form)
    try:
        endpoints.update(
            viewer.account,
            endpoint_id,
            url=form.url,
            events=form.events,
            description=form.description,
            actor=viewer.actor,
        )
    except ValidationFailed as error:
        return _form(with_faults(form, error), error.status, endpoint)
    return _to_endpoint(endpoint_id, "endpoint_updated")


def pause(endpoint_id: UUID) -> ResponseReturnValue:
    """Let the endpoint's deliveries wait."""
    _switch(endpoint_id, Endpoints.pause)
    return _to_endpoint(endpoint_id, "endpoint_paused")


def resume(endpoint_id: UUID) -> ResponseReturnValue:
    """Deliver to the endpoint again, what has waited too."""
    _switch(endpoint_id, Endpoints.resume)
    return _to_endpoint(endpoint_id, "endpoint_resumed")


def enable(endpoint_id: UUID) -> ResponseReturnValue:
    """Switch a disabled endpoint on again; what it has missed is proposed for a replay."""
    endpoints = current_services().webhooks.endpoints
    failing_since = endpoints.get(current_viewer().account, endpoint_id).failing_since
    _switch(endpoint_id, Endpoints.enable)
    since = {"since": in_field(failing_since)} if failing_since else {}
    return _to_endpoint(endpoint_id, "endpoint_enabled", **since)


def rotate(endpoint_id: UUID) -> Response:
    """Give the endpoint a new secret, and show it on this one page and never again."""
    endpoints, viewer = current_services().webhooks.endpoints, current_viewer()
    endpoint = endpoints.get(viewer.account, endpoint_id)
    try:
        overlap = read_overlap(request.form.get("overlap", ""))
        issued = endpoints.rotate(viewer.account, endpoint.id, overlap=overlap, actor=viewer.actor)
    except ValidationFailed as error:
        return _rotation(endpoint, error.status, error.faults)
    return page("webhook_created.html", viewer, 201, issued=issued, overlap=overlap)


def confirm_rotate(endpoint_id: UUID) -> Response:
    """Ask how long the former secret signs along."""
    viewer = current_viewer()
    return _rotation(current_services().webhooks.endpoints.get(viewer.account, endpoint_id))


def confirm_delete(endpoint_id: UUID) -> Response:
    """Ask before it goes."""
    viewer = current_viewer()
    endpoint = current_services().webhooks.endpoints.get(viewer.account, endpoint_id)
    return page("webhook_delete.html", viewer, endpoint=endpoint)


def delete(endpoint_id: UUID) -> ResponseReturnValue:
    """Delete the endpoint for good, with the log of its deliveries."""
    viewer = current_viewer()
    current_services().webhooks.endpoints.delete(viewer.account, endpoint_id, actor=viewer.actor)
    return redirect(Presentation.url("webhooks", done="endpoint_deleted"), 303)


def _form(form: EndpointForm, status: int = 200, endpoint: EndpointView | None = None) -> Response:
    settings = current_services().settings
    return page(
        "webhook_form.html",
        current_viewer(),
        status,
        form=form,
        endpoint=endpoint,
        allow_http=settings.webhook_allow_http,
        allow_loopback=settings.webhook_allow_loopback,
    )


def _rotation(endpoint: EndpointView, status: int = 200, faults: Sequence[Fault] = ()) -> Response:
    return page(
        "webhook_rotate.html",
        current_viewer(),
        status,
        endpoint=endpoint,
        overlaps=OVERLAPS,
        standard_overlap=STANDARD_OVERLAP,
        faults=faults,
    )


def _switch(endpoint_id: UUID, change: Callable[..., EndpointView]) -> None:
    viewer = current_viewer()
    change(current_services().webhooks.endpoints, viewer.account, endpoint_id, actor=viewer.actor)


def _to_endpoint(endpoint_id: UUID, done: str, **values: str) -> ResponseReturnValue:
    return redirect(Presentation.url("webhook", endpoint_id=endpoint_id, done=done, **values), 303)
