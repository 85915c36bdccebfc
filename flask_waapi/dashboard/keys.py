"""The keys: list, create, switch, delete."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from ..access import audit
from ..access.permissions import Permission
from ..errors import ValidationFailed
from ..services import current_services
from .access import current_viewer
from .key_form import KeyForm, by_field, read, typed
from .presentation import Presentation, page


def index() -> Response:
    """All keys of the account."""
    viewer = current_viewer()
    return page("keys.html", viewer, keys=current_services().keys.list(viewer.account))


def new() -> Response:
    """The empty form."""
    return _form(KeyForm())


def create() -> Response:
    """Make a key, and show its secret on this one page and never again."""
    services, viewer = current_services(), current_viewer()
    form = typed(request.form)
    try:
        fields = read(form, services.clock)
        issued = services.keys.issue(fields, account=viewer.account, actor=viewer.actor)
    except ValidationFailed as error:
        return _form(replace(form, faults=by_field(error.faults)), error.status)
    return page("key_created.html", viewer, 201, issued=issued)


def show(key_id: UUID) -> Response:
    """One key and what was done to it."""
    services, viewer = current_services(), current_viewer()
    key = services.keys.get(viewer.account, str(key_id))
    trail = audit.of_key(services.store, viewer.account, key_id)
    return page("key.html", viewer, key=key, trail=trail)


def set_enabled(key_id: UUID) -> ResponseReturnValue:
    """Switch the key on or off. Once this has answered, it is so for every process."""
    viewer = current_viewer()
    enabled = request.form.get("enabled") == "yes"
    current_services().keys.set_enabled(viewer.account, str(key_id), enabled, actor=viewer.actor)
    done = "enabled" if enabled else "disabled"
    if request.form.get("back") == "key":
        return redirect(Presentation.url("key", key_id=key_id, done=done), 303)
    return redirect(Presentation.url("keys", done=done), 303)


def confirm_delete(key_id: UUID) -> Response:
    """Ask for the key's name before it goes."""
    viewer = current_viewer()
    return page("key_delete.html", viewer, key=current_services().keys.get(viewer.account, str(key_id)))


def delete(key_id: UUID) -> ResponseReturnValue:
    """Delete the key for good, if its name was typed."""
    services, viewer = current_services(), current_viewer()
    key = services.keys.get(viewer.account, str(key_id))
    given = request.form.get("name", "").strip()
    if given != key.name:
        return page("key_delete.html", viewer, 422, key=key, given=given)
    services.keys.delete(viewer.account, str(key_id), actor=viewer.actor)
    return redirect(Presentation.url("keys", done="deleted"), 303)


def _form(form: KeyForm, status: int = 200) -> Response:
    settings = current_services().settings
    return page(
        "key_new.html",
        current_viewer(),
        status,
        form=form,
        permissions=list(Permission),
        standard_rate_limit=settings.standard_rate_limit,
        standard_daily_limit=settings.standard_daily_limit,
    )
