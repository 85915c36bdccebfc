"""The dashboard's blueprint: its routes in one table, its guard, its headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..errors import WaApiError
from ..services import current_services
from . import csrf, keys, messages, overview, playground, reference, templates
from .access import Access, admit, check_may_manage, current_viewer, is_admitted
from .presentation import NAME, page

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
    """One page. :param manages: whether only those may open it who may change something."""

    rule: str
    endpoint: str
    view: Callable[..., ResponseReturnValue]
    method: str = "GET"
    manages: bool = False


ROUTES = (
    Route("/", "overview", overview.show),
    Route("/counters.json", "counters", overview.counters),
    Route("/keys", "keys", keys.index),
    Route("/keys/new", "new_key", keys.new, manages=True),
    Route("/keys", "create_key", keys.create, method="POST", manages=True),
    Route("/keys/<uuid:key_id>", "key", keys.show),
    Route("/keys/<uuid:key_id>/enabled", "set_key_enabled", keys.set_enabled, method="POST", manages=True),
    Route("/keys/<uuid:key_id>/delete", "confirm_delete_key", keys.confirm_delete, manages=True),
    Route("/keys/<uuid:key_id>/delete", "delete_key", keys.delete, method="POST", manages=True),
    Route("/templates", "templates", templates.index),
    Route("/templates/sync", "sync_templates", templates.sync, method="POST", manages=True),
    Route("/templates/<name>/<language>", "template", templates.show),
    Route("/messages", "messages", messages.index),
    Route("/messages/<uuid:message_uuid>", "message", messages.show),
    Route("/messages/<uuid:message_uuid>/life.json", "message_life", messages.life),
    Route("/playground", "playground", playground.show),
    Route("/playground", "use_playground", playground.use, method="POST"),
    Route("/reference", "api_reference", reference.show),
)


def create_blueprint(access: Access) -> Blueprint:
    """A blueprint for one app; mounted under ``WAAPI_DASHBOARD_URL_PREFIX``.

    :param access: says at every request who is there.
    """
    blueprint = Blueprint(NAME, __name__, template_folder="templates", static_folder="static")
    for route in ROUTES:
        blueprint.add_url_rule(
            route.rule, endpoint=route.endpoint, view_func=route.view, methods=[route.method]
        )
    blueprint.before_request(lambda: _guard(access))
    blueprint.after_request(_add_headers)
    blueprint.register_error_handler(WaApiError, _show_error)
    return blueprint


_MANAGING = frozenset(f"{NAME}.{route.endpoint}" for route in ROUTES if route.manages)


def _guard(access: Access) -> ResponseReturnValue | None:
    answer = admit(access)
    if answer is not None:
        return answer
    csrf.check_session()
    viewer = current_viewer()
    if request.method not in SAFE_METHODS:
        csrf.check(viewer)
    if request.endpoint in _MANAGING:
        check_may_manage(viewer)
    services = current_services()
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


def _show_error(error: WaApiError) -> ResponseReturnValue:
    response = page("error.html", current_viewer(), error.status, error=error)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
