"""Making the request of a recipe through the app's own API, and comparing what comes of it."""

from __future__ import annotations

import contextvars
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import current_app
from werkzeug.test import TestResponse

from ..access.key_views import KeyView
from ..api.blueprint import NAME
from ..api.door import ACTING, Acting
from ..api.targets import read_target
from ..errors import MalformedRequest, ValidationFailed, WaApiError
from ..messaging import history
from ..messaging.status import QUEUED
from ..services import Services
from .recipe_file import Recipe, RecipeError


def run_recipe(services: Services, key: KeyView, recipe: Recipe) -> Sequence[str]:
    """Make the request as a key, in simulation; what was not as expected, one sentence each.

    :raises RecipeError: the request cannot be made.
    """
    if recipe.received is not None:
        _let_write(services, key.account, recipe)
    answer = _ask(key, recipe)
    body = answer.get_json(silent=True)
    error, data = _member(body, "error"), _member(body, "data")
    problems = []
    if answer.status_code != recipe.status:
        told = f" {error['code']}: {error['message']}" if error else ""
        problems.append(f"The status is {answer.status_code}{told}; expected {recipe.status}.")
    if recipe.error_code is not None and error.get("code") != recipe.error_code:
        found = error.get("code") or "none"
        problems.append(f"The error code is {found}; expected {recipe.error_code}.")
    if recipe.message_status is not None:
        problems += _compare_life(services, key.account, data.get("message_uuid"), recipe.message_status)
    return problems


def _let_write(services: Services, account: str, recipe: Recipe) -> None:
    recipient = recipe.payload.get("to")
    try:
        services.receiving.simulate(str(recipient), recipe.received or "", account=account)
    except ValidationFailed as error:
        raise RecipeError(
            [f"{fault.message} Expected: {fault.expected}." for fault in error.faults]
        ) from None
    except WaApiError as error:
        raise RecipeError([error.message]) from None


def _ask(key: KeyView, recipe: Recipe) -> TestResponse:
    text = json.dumps(recipe.payload, ensure_ascii=False)
    try:
        target = read_target(recipe.operation, text)
    except ValidationFailed as error:
        raise RecipeError(
            [f"{fault.message} Expected: {fault.expected}." for fault in error.faults]
        ) from None
    except MalformedRequest as error:
        raise RecipeError([error.message]) from None
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask documents it
    path = app.url_map.bind("localhost").build(f"{NAME}.{recipe.operation.name}", dict(target.path_arguments))
    options: dict[str, Any] = {
        "method": recipe.operation.method,
        "query_string": dict(target.query),
        # What is simulated cannot leave the machine, whatever the payload says.
        "environ_overrides": {ACTING: Acting(key.account, key.id, simulate=True)},
    }
    if recipe.operation.request is not None:
        options |= {"data": text.encode(), "content_type": "application/json"}
    if recipe.operation.idempotent:
        options["headers"] = {"Idempotency-Key": f"recipe-{secrets.token_hex(16)}"}
    # In a context of its own, or the requests would share the command's ``flask.g``.
    answer: TestResponse = contextvars.Context().run(app.test_client().open, path, **options)
    return answer


def _compare_life(services: Services, account: str, uuid: Any, expected: str) -> list[str]:
    if not isinstance(uuid, str):
        return [f"There is no message; expected one that comes to be {expected}."]
    message_uuid = UUID(uuid)
    while services.announced.apply_next(account, message_uuid):
        pass
    found = history.get(services.store, account, message_uuid)
    if found.status == expected:
        return []
    told = f"The message is {found.status}"
    if found.failure_code:
        told += f" ({found.failure_code})"
    if found.status == QUEUED and services.settings.dispatch != "inline":
        told += ", since it waits for a worker: set FLASK_WAAPI_DISPATCH=inline for the run"
    return [f"{told}; expected {expected}."]


def _member(body: Any, name: str) -> Mapping[str, Any]:
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, dict) else {}
