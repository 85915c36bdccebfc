"""Handing on what is in the form: as a link that opens it filled, or as a recipe that the command line runs.

Neither holds a key or a real phone number, and neither runs by itself.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request

from ...access import playground_runs
from ...access.playground_runs import Owner
from ...api import body as bodies
from ...api.operation import Operation
from ...errors import Fault, MalformedRequest, NotFound, ValidationFailed
from ...messaging import history
from ...messaging.status import STATUSES
from ...services import Services, current_services
from ..access import current_viewer
from ..presentation import Presentation, page
from .recipients import magic_recipients
from .redaction import without_numbers
from .selection import operation_named

SHARED = "shared"
"""The parameter of the address that holds the payload, compressed."""

LONGEST_SHARED = 3_000
"""Characters of it: servers and chats take addresses of some 4,000."""

LARGEST_PAYLOAD = 100_000
"""Characters of a payload that an address may unfold to."""

RECIPE_FORMAT = 1

RECEIVED = "Hello"
"""What a simulated recipient writes first, where only those may be written to who have."""

_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Shared:
    """What is handed on. :param changed: whether numbers or keys were taken out of it."""

    operation: Operation
    payload: Any
    changed: bool

    @property
    def is_free_form(self) -> bool:
        """Whether the recipient must have written before."""
        return self.operation.answers_first and self.operation.name != "send_template"

    @property
    def text(self) -> str:
        """The payload as it stands in the form."""
        return json.dumps(self.payload, indent=2, ensure_ascii=False)


def share() -> Response:
    """A link that opens the form as it is now."""
    services, viewer = current_services(), current_viewer()
    shared, problem = None, None
    path = link = ""
    try:
        shared = _from_form(services)
        path, link = _links(shared)
    except (MalformedRequest, ValidationFailed) as error:
        problem = error
    return page(
        "playground_share.html",
        viewer,
        problem.status if problem else 200,
        shared=shared,
        path=path,
        link=link,
        problem=problem,
    )


def save_recipe() -> Response:
    """The form as it is now, as a recipe to download; it expects what the endpoint promises."""
    shared = _from_form(current_services())
    expected: dict[str, Any] = {"status": min(shared.operation.statuses)}
    name = request.form.get("recipe_name", "").strip() or shared.operation.summary
    return _download(shared, name, expected)


def save_run_as_recipe(run_id: UUID) -> Response:
    """A run as a recipe to download; it expects what came of the run."""
    services, viewer = current_services(), current_viewer()
    run = playground_runs.get(services.store, Owner(viewer.account, viewer.actor), run_id)
    shared = _shared(services, _operation(run.operation), run.payload)
    expected: dict[str, Any] = {"status": run.status}
    if run.error_code:
        expected["error_code"] = run.error_code
    if run.message_id is not None and run.simulated:
        try:
            message = history.get(services.store, viewer.account, run.message_id)
        except NotFound:
            message = None
        if message is not None and message.status in STATUSES:
            expected["message_status"] = message.status
    name = request.args.get("recipe_name", "").strip() or f"{shared.operation.summary} ({run.status})"
    return _download(shared, name, expected)


def opened(given: Mapping[str, str]) -> Mapping[str, str] | None:
    """What the form is to hold by a link; ``None`` where the address has none, or a broken one."""
    text = _unfold(given.get(SHARED, ""))
    if text is None:
        return None
    return {"operation": given.get("operation", ""), "template": template_of(text), "payload": text}


def template_of(payload: str) -> str:
    """The template that a payload names, as the form names it; empty where it names none."""
    try:
        values = bodies.parse(payload.encode(errors="replace"))
    except MalformedRequest:
        return ""
    if not isinstance(values, dict):
        return ""
    name, language = values.get("template_name"), values.get("language")
    return f"{name}/{language}" if isinstance(name, str) and isinstance(language, str) else ""


def _from_form(services: Services) -> Shared:
    payload = request.form.get("payload", "").replace("\r\n", "\n")
    return _shared(services, _operation(request.form.get("operation", "")), payload)


def _operation(name: str) -> Operation:
    found = operation_named(name)
    if found is None:
        raise NotFound("There is no such endpoint.")
    return found


def _shared(services: Services, operation: Operation, payload: str) -> Shared:
    values = bodies.parse(payload.encode(errors="replace") or b"{}")
    cleaned = without_numbers(values, magic_recipients(services))
    return Shared(operation, cleaned, changed=cleaned != values)


def _links(shared: Shared) -> tuple[str, str]:
    """The path that opens the form, and the whole address."""
    compact = json.dumps(shared.payload, separators=(",", ":"), ensure_ascii=False)
    folded = base64.urlsafe_b64encode(zlib.compress(compact.encode(), 9)).decode().rstrip("=")
    if len(folded) > LONGEST_SHARED:
        raise ValidationFailed(
            [Fault("", "The payload is too long for a link.", "a shorter payload, or a recipe as a file")]
        )
    values = {"operation": shared.operation.name, SHARED: folded}
    return Presentation.url("playground", **values), Presentation.url("playground", _external=True, **values)


def _unfold(folded: str) -> str | None:
    if not folded or len(folded) > LONGEST_SHARED:
        return None
    try:
        compressed = base64.b64decode(folded + "=" * (-len(folded) % 4), altchars=b"-_", validate=True)
        # Bounded: a few bytes can unfold to gigabytes.
        text = zlib.decompressobj().decompress(compressed, LARGEST_PAYLOAD).decode()
        return json.dumps(bodies.parse(text.encode()), indent=2, ensure_ascii=False)
    # Base64 of other characters than ASCII is a bare ValueError.
    except (ValueError, zlib.error, MalformedRequest):
        return None


def _download(shared: Shared, name: str, expected: Mapping[str, Any]) -> Response:
    recipe = {
        "waapi_recipe": RECIPE_FORMAT,
        "name": name[:100],
        "operation": shared.operation.name,
        "payload": shared.payload,
        **({"received": RECEIVED} if shared.is_free_form and expected["status"] < 300 else {}),
        "expect": dict(expected),
    }
    file_name = _NAME.sub("-", name[:60].lower()).strip("-") or "recipe"
    return Response(
        json.dumps(recipe, indent=2, ensure_ascii=False) + "\n",
        mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="{file_name}.json"'},
    )
