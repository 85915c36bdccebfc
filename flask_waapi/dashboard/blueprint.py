"""The dashboard's blueprint: its routes in one table, its guard, its headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import InternalServerError

from ..errors import InternalError, NotFound, WaApiError
from ..services import current_services
from . import csrf, error_pages, overview, reference
from .access import Access, admit, check_may_manage, current_viewer, is_admitted
from .catalogue import editor as template_editor
from .catalogue import pages as templates
from .keys import pages as keys
from .keys import requests
from .messages import detail as messages
from .messages import export
from .messages import listing as message_list
from .playground import draft as playground_draft
from .playground import form as playground_form
from .playground import history as playground_history
from .playground import page as playground
from .playground import share as playground_share
from .playground import steps as playground_steps
from .playground import webhook as playground_webhook
from .presentation import NAME, page
from .webhooks import callbacks
from .webhooks import endpoints as webhooks
from .webhooks import log as webhook_log

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
"""On every answer of ours."""


@dataclass(frozen=True)
class Route:
    """One page.

    :param manages: whether only those may open it who may change something.
    :param takes_file: whether its form may bring a file.
    """

    rule: str
    endpoint: str
    view: Callable[..., ResponseReturnValue]
    method: str = "GET"
    manages: bool = False
    takes_file: bool = False


ROUTES = (
    Route("/", "overview", overview.show),
    Route("/counters.json", "counters", overview.counters),
    Route("/overview.json", "overview_live", overview.live),
    Route("/requests", "requests", requests.index),
    Route("/keys", "keys", keys.index),
    Route("/keys/new", "new_key", keys.new, manages=True),
    Route("/keys", "create_key", keys.create, method="POST", manages=True),
    Route("/keys/<uuid:key_id>", "key", keys.show),
    Route("/keys/<uuid:key_id>/enabled", "set_key_enabled", keys.set_enabled, method="POST", manages=True),
    Route("/keys/<uuid:key_id>/edit", "edit_key", keys.edit, manages=True),
    Route("/keys/<uuid:key_id>/edit", "update_key", keys.update, method="POST", manages=True),
    Route("/keys/<uuid:key_id>/rotate", "confirm_rotate_key", keys.confirm_rotate, manages=True),
    Route("/keys/<uuid:key_id>/rotate", "rotate_key", keys.rotate, method="POST", manages=True),
    Route("/keys/<uuid:key_id>/delete", "confirm_delete_key", keys.confirm_delete, manages=True),
    Route("/keys/<uuid:key_id>/delete", "delete_key", keys.delete, method="POST", manages=True),
    Route("/templates", "templates", templates.index),
    Route("/templates/sync", "sync_templates", templates.sync, method="POST", manages=True),
    Route("/templates/new", "new_template", template_editor.new, manages=True),
    Route(
        "/templates", "create_template", template_editor.create, method="POST", manages=True, takes_file=True
    ),
    Route("/templates/look", "look_at_template", template_editor.look, method="POST", manages=True),
    Route("/templates/<name>/<language>", "template", templates.show),
    Route("/templates/<name>/<language>/preview.json", "template_preview", templates.preview),
    Route("/templates/<name>/<language>/edit", "edit_template", template_editor.edit, manages=True),
    Route(
        "/templates/<name>/<language>/edit",
        "update_template",
        template_editor.update,
        method="POST",
        manages=True,
        takes_file=True,
    ),
    Route(
        "/templates/<name>/<language>/delete",
        "confirm_delete_template",
        template_editor.confirm_delete,
        manages=True,
    ),
    Route(
        "/templates/<name>/<language>/delete",
        "delete_template",
        template_editor.delete,
        method="POST",
        manages=True,
    ),
    Route("/messages", "messages", message_list.index),
    Route("/messages/changes.json", "message_changes", message_list.changes),
    Route("/messages/export.csv", "export_messages", export.export),
    Route("/messages/<uuid:message_uuid>", "message", messages.show),
    Route("/messages/<uuid:message_uuid>/life.json", "message_life", messages.life),
    Route(
        "/messages/<uuid:message_uuid>/retry", "retry_message", messages.retry, method="POST", manages=True
    ),
    Route(
        "/messages/<uuid:message_uuid>/cancel", "cancel_message", messages.cancel, method="POST", manages=True
    ),
    Route(
        "/messages/<uuid:message_uuid>/step",
        "step_message",
        playground_steps.take_step,
        method="POST",
        manages=True,
    ),
    Route("/webhooks", "webhooks", webhooks.index),
    Route("/webhooks/new", "new_webhook", webhooks.new, manages=True),
    Route("/webhooks", "create_webhook", webhooks.create, method="POST", manages=True),
    Route("/webhooks/callbacks", "callbacks", callbacks.index),
    Route(
        "/webhooks/callbacks/<uuid:callback_id>/replay",
        "replay_callback",
        callbacks.replay,
        method="POST",
        manages=True,
    ),
    Route("/webhooks/<uuid:endpoint_id>", "webhook", webhook_log.show),
    Route("/webhooks/<uuid:endpoint_id>/edit", "edit_webhook", webhooks.edit, manages=True),
    Route(
        "/webhooks/<uuid:endpoint_id>/edit", "update_webhook", webhooks.update, method="POST", manages=True
    ),
    Route("/webhooks/<uuid:endpoint_id>/pause", "pause_webhook", webhooks.pause, method="POST", manages=True),
    Route(
        "/webhooks/<uuid:endpoint_id>/resume", "resume_webhook", webhooks.resume, method="POST", manages=True
    ),
    Route(
        "/webhooks/<uuid:endpoint_id>/enable", "enable_webhook", webhooks.enable, method="POST", manages=True
    ),
    Route(
        "/webhooks/<uuid:endpoint_id>/rotate", "confirm_rotate_webhook", webhooks.confirm_rotate, manages=True
    ),
    Route(
        "/webhooks/<uuid:endpoint_id>/rotate", "rotate_webhook", webhooks.rotate, method="POST", manages=True
    ),
    Route(
        "/webhooks/<uuid:endpoint_id>/delete", "confirm_delete_webhook", webhooks.confirm_delete, manages=True
    ),
    Route(
        "/webhooks/<uuid:endpoint_id>/delete", "delete_webhook", webhooks.delete, method="POST", manages=True
    ),
    Route(
        "/webhooks/<uuid:endpoint_id>/test",
        "test_webhook",
        webhook_log.send_test,
        method="POST",
        manages=True,
    ),
    Route(
        "/webhooks/<uuid:endpoint_id>/rehearse",
        "rehearse_webhook",
        webhook_log.rehearse,
        method="POST",
        manages=True,
    ),
    Route(
        "/webhooks/<uuid:endpoint_id>/replay",
        "replay_webhook_since",
        webhook_log.replay_since,
        method="POST",
        manages=True,
    ),
    Route("/webhooks/deliveries/<uuid:delivery_id>", "webhook_delivery", webhook_log.show_delivery),
    Route(
        "/webhooks/deliveries/<uuid:delivery_id>/life.json",
        "webhook_delivery_life",
        webhook_log.delivery_life,
    ),
    Route(
        "/webhooks/deliveries/<uuid:delivery_id>/replay",
        "replay_webhook_delivery",
        webhook_log.replay,
        method="POST",
        manages=True,
    ),
    Route(
        "/webhooks/deliveries/<uuid:delivery_id>/rehearse",
        "go_on_rehearsing_webhook",
        webhook_log.go_on_rehearsing,
        method="POST",
        manages=True,
    ),
    Route("/playground", "playground", playground.show),
    Route("/playground", "use_playground", playground.use, method="POST"),
    Route("/playground/form.json", "playground_form", playground_form.show),
    Route("/playground/draft.json", "playground_draft", playground_draft.show, method="POST"),
    Route("/playground/share", "share_playground", playground_share.share, method="POST"),
    Route("/playground/recipe", "save_recipe", playground_share.save_recipe, method="POST"),
    Route("/playground/runs", "playground_runs", playground_history.index),
    Route("/playground/runs/compare", "compare_playground_runs", playground_history.compare),
    Route("/playground/runs/forget", "forget_playground_runs", playground_history.forget, method="POST"),
    Route("/playground/runs/<uuid:run_id>", "playground_run", playground_history.show),
    Route(
        "/playground/runs/<uuid:run_id>/recipe.json",
        "save_run_as_recipe",
        playground_share.save_run_as_recipe,
    ),
    Route(
        "/playground/webhook-test",
        "playground_webhook_test",
        playground_webhook.send_test,
        method="POST",
        manages=True,
    ),
    Route("/reference", "api_reference", reference.show),
    Route("/errors", "error_codes", error_pages.index),
    Route("/errors/<code>", "error_code", error_pages.show),
)


def create_blueprint(access: Access) -> Blueprint:
    """The blueprint; mounted under ``WAAPI_DASHBOARD_URL_PREFIX``.

    :param access: says at every request who is there.
    """
    blueprint = Blueprint(NAME, __name__, template_folder="templates", static_folder="static")
    for route in ROUTES:
        blueprint.add_url_rule(
            route.rule, endpoint=route.endpoint, view_func=route.view, methods=[route.method]
        )
    # Below our prefix what is not there is ours to say, once the host has let somebody in.
    blueprint.add_url_rule("/<path:rest>", endpoint="unknown_page", view_func=_unknown_page)
    blueprint.before_request(lambda: _guard(access))
    blueprint.after_request(_add_headers)
    blueprint.register_error_handler(WaApiError, _show_error)
    blueprint.register_error_handler(InternalServerError, _show_crash)
    return blueprint


_MANAGING = frozenset(f"{NAME}.{route.endpoint}" for route in ROUTES if route.manages)
_TAKING_FILES = frozenset(f"{NAME}.{route.endpoint}" for route in ROUTES if route.takes_file)


def _guard(access: Access) -> ResponseReturnValue | None:
    answer = admit(access)
    if answer is not None:
        return answer
    csrf.check_session()
    viewer, services = current_viewer(), current_services()
    if request.endpoint in _MANAGING:
        check_may_manage(viewer)
    if request.endpoint in _TAKING_FILES:
        # The limit of the host is for forms of its own.
        request.max_content_length = services.settings.max_upload_size
    if request.method not in SAFE_METHODS:
        csrf.check(viewer)
    if services.settings.background_thread:
        services.loop.start()
    return None


def _add_headers(response: Response) -> Response:
    # What the host answers instead of us, its login page or its own 404, keeps the host's headers.
    if is_admitted():
        response.headers.update(HEADERS)
        if request.endpoint != f"{NAME}.static":
            response.headers["Cache-Control"] = "no-store"
    return response


def _unknown_page(rest: str) -> ResponseReturnValue:
    raise NotFound("There is no such page. The tabs above lead to those that there are.")


def _show_crash(crash: InternalServerError) -> ResponseReturnValue:
    """What is shown in place of a page that broke; the host has logged it by now."""
    if not is_admitted():
        # The host's own callable broke: that is for the host to tell, if it has a handler.
        handler = current_app._find_error_handler(crash, [])  # noqa: SLF001 - ours came first
        answer: ResponseReturnValue = current_app.ensure_sync(handler)(crash) if handler else crash
        return answer
    return _show_error(InternalError("This page broke. What went wrong is in the log of the app."))


def _show_error(error: WaApiError) -> ResponseReturnValue:
    response = page("error.html", current_viewer(), error.status, error=error)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
