"""The API's blueprint: its routes, the document, and 404 and 405 in JSON below its own paths only."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from .. import errors
from ..services import current_services
from . import batches, callbacks, checks, media, messages, sending, templates
from .catch_all import CatchAllRule
from .door import enter, refuse
from .envelope import json_response
from .openapi import document
from .operation import Operation
from .reference import read_document

NAME = "waapi"
EXTERNAL = "/external"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE")

OPERATIONS: tuple[Operation, ...] = (
    *sending.OPERATIONS,
    *batches.OPERATIONS,
    *checks.OPERATIONS,
    *messages.OPERATIONS,
    *templates.OPERATIONS,
    *media.OPERATIONS,
)

HARMLESS: tuple[Operation, ...] = tuple(
    operation
    for operation in OPERATIONS
    if (operation.method == "GET" and operation.tag != "Media") or operation.answers_first
)
"""What can be tried: reading what is stored here, and sending one message, which can be simulated."""


def create_blueprint() -> Blueprint:
    """A blueprint for one app; mounted under ``WAAPI_URL_PREFIX``."""
    blueprint = Blueprint(NAME, __name__, template_folder="templates", static_folder="static")
    for described in OPERATIONS:
        blueprint.add_url_rule(
            EXTERNAL + described.path,
            endpoint=described.name,
            view_func=described.answer,
            methods=[described.method],
            # Otherwise the catch-all's methods would be told with the path's own.
            provide_automatic_options=False,
        )
    blueprint.add_url_rule("/openapi.json", endpoint="openapi", view_func=_openapi)
    blueprint.add_url_rule("/docs", endpoint="docs", view_func=_docs)
    blueprint.add_url_rule(
        "/callbacks/<provider_name>",
        endpoint="callback",
        view_func=callbacks.receive,
        methods=["GET", "POST"],
    )
    blueprint.record(_catch_the_rest)
    return blueprint


def _catch_the_rest(state: BlueprintSetupState) -> None:
    # Routing fails before a blueprint is known, and a host's handler for 404 would answer in its own
    # form, so what no other rule takes below our own path ends here.
    endpoint = f"{NAME}.unknown_path"
    for path in (f"{EXTERNAL}/", f"{EXTERNAL}/<rest>"):
        rule = CatchAllRule(
            f"{(state.url_prefix or '').rstrip('/')}{path}",
            _METHODS,
            endpoint=endpoint,
            subdomain=state.subdomain,
        )
        state.app.url_map.add(rule)
    state.app.view_functions[endpoint] = _unknown_path


def openapi_document() -> dict[str, Any]:
    """The document of the current app's API, at its mount point."""
    return document(OPERATIONS, server_url=url_for(f"{NAME}.unknown_path", rest="").rstrip("/"))


def _openapi() -> Response:
    enter(current_services())
    return json_response(openapi_document(), 200)


def _docs() -> Response:
    enter(current_services())
    page = render_template("waapi/api_docs.html", reference=read_document(openapi_document()))
    response = current_app.make_response(page)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _unknown_path(rest: str = "") -> Response:
    enter(current_services())
    allowed = _allowed_methods()
    if not allowed:
        return refuse(
            errors.NotFound(
                f"There is nothing at {request.path}; {url_for(f'{NAME}.docs')} lists what there is."
            )
        )
    if request.method == "OPTIONS":
        allowed.append("OPTIONS")
        response = current_app.response_class()
    else:
        response = refuse(
            errors.MethodNotAllowed(f"{request.path} takes {', '.join(allowed)}, not {request.method}.")
        )
    response.headers["Allow"] = ", ".join(allowed)
    return response


def _allowed_methods() -> list[str]:
    adapter = current_app.create_url_adapter(request)
    allowed = []
    for method in _METHODS if adapter else ():
        try:
            endpoint, _ = adapter.match(method=method)  # type: ignore[union-attr]
        except HTTPException:
            continue
        if endpoint != request.endpoint:
            allowed.append(method)
    return allowed
