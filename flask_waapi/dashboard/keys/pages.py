"""The keys: list, create, change, switch, rotate, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from ...access import audit, requests
from ...access.key_views import KeyView
from ...access.permissions import Permission
from ...access.requests import RequestFilter
from ...errors import Fault, ValidationFailed
from ...services import current_services
from .. import usage
from ..access import current_viewer
from ..faults import by_field
from ..overlaps import OVERLAPS, STANDARD_OVERLAP, read_overlap
from ..presentation import Presentation, page
from .form import KeyForm, changes, form_of, read, typed
from .numbers import numbers_for

STATES = ("active", "inactive", "expired")

RECENT_REQUESTS = 10


def index() -> Response:
    """The account's keys, all of them or those that are looked for."""
    viewer = current_viewer()
    every = current_services().keys.list(viewer.account)
    wanted, state = request.args.get("q", "").strip(), request.args.get("state", "")
    found = [
        key
        for key in every
        if (not wanted or _matches(key, wanted)) and (state not in STATES or key.state == state)
    ]
    return page(
        "keys.html",
        viewer,
        keys=found,
        any_keys=bool(every),
        states=STATES,
        given={"q": wanted, "state": state},
    )


def new() -> Response:
    """The empty form."""
    return _form(KeyForm())


def create() -> Response:
    """Make a key, and show its secret on this one page and never again."""
    services, viewer = current_services(), current_viewer()
    form = typed(request.form)
    try:
        fields = read(form, services.clock, numbers_for(services, viewer))
        issued = services.keys.issue(fields, account=viewer.account, actor=viewer.actor)
    except ValidationFailed as error:
        return _form(replace(form, faults=by_field(error.faults)), error.status)
    return page("key_created.html", viewer, 201, issued=issued)


def show(key_id: UUID) -> Response:
    """One key and what was done to it."""
    services, viewer = current_services(), current_viewer()
    period, now = usage.period_of(request.args.get("period")), services.clock()
    services.request_log.flush()
    store, account = services.store, viewer.account
    with store.reads_together():
        key = services.keys.get(account, str(key_id))
        trail = audit.of_subject(store, account, key_id)
        recent = requests.page(store, account, RequestFilter(key_id=key_id), limit=RECENT_REQUESTS)
        calls = usage.read(store, account, period, now, key_id)
    return page(
        "key.html",
        viewer,
        key=key,
        trail=trail,
        requests=recent.requests,
        period=period,
        periods=usage.PERIODS.values(),
        chart=usage.by_outcome(calls, period, now),
    )


def edit(key_id: UUID) -> Response:
    """The form, filled with what the key may do."""
    key = current_services().keys.get(current_viewer().account, str(key_id))
    return _form(form_of(key), key=key)


def update(key_id: UUID) -> ResponseReturnValue:
    """Change what the key may do, from the next request on."""
    services, viewer = current_services(), current_viewer()
    key = services.keys.get(viewer.account, str(key_id))
    form = replace(typed(request.form), name=key.name, mode=key.mode)
    try:
        changed = changes(form, key, services.clock, numbers_for(services, viewer, key))
        services.keys.update(viewer.account, str(key_id), changed, actor=viewer.actor)
    except ValidationFailed as error:
        return _form(replace(form, faults=by_field(error.faults)), error.status, key)
    return redirect(Presentation.url("key", key_id=key_id, done="key_updated"), 303)


def confirm_rotate(key_id: UUID) -> Response:
    """Ask how long the former secret is to be accepted too."""
    return _rotation(current_services().keys.get(current_viewer().account, str(key_id)))


def rotate(key_id: UUID) -> ResponseReturnValue:
    """Give the key a new secret, and show it on this one page and never again."""
    services, viewer = current_services(), current_viewer()
    key = services.keys.get(viewer.account, str(key_id))
    try:
        overlap = read_overlap(request.form.get("overlap", ""))
        issued = services.keys.rotate(viewer.account, str(key_id), overlap=overlap, actor=viewer.actor)
    except ValidationFailed as error:
        return _rotation(key, error.status, error.faults)
    return page("key_created.html", viewer, 201, issued=issued, overlap=overlap)


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


def _matches(key: KeyView, wanted: str) -> bool:
    return wanted.casefold() in f"{key.name}\n{key.description}\n{key.masked}\n{key.id}".casefold()


def _rotation(key: KeyView, status: int = 200, faults: Sequence[Fault] = ()) -> Response:
    return page(
        "key_rotate.html",
        current_viewer(),
        status,
        key=key,
        faults=faults,
        overlaps=OVERLAPS,
        standard_overlap=STANDARD_OVERLAP,
    )


def _form(form: KeyForm, status: int = 200, key: KeyView | None = None) -> Response:
    services, viewer = current_services(), current_viewer()
    settings = services.settings
    return page(
        "key_form.html",
        viewer,
        status,
        form=form,
        key=key,
        permissions=list(Permission),
        numbers=numbers_for(services, viewer, key),
        standard_rate_limit=settings.standard_rate_limit,
        standard_daily_limit=settings.standard_daily_limit,
    )
