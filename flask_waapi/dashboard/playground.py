"""The playground: choose a key and an endpoint, shape the payload, run it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request

from ..access.keys import KeyView
from ..api.blueprint import OPERATIONS
from ..api.door import Acting
from ..api.operation import Operation
from ..errors import Fault, MalformedRequest, NotFound, ValidationFailed, WaApiError
from ..messaging import history
from ..messaging.examples import illustrate
from ..plugins.provider import TemplateDefinition
from ..services import Services, current_services
from .access import Viewer, check_may_manage, current_viewer
from .messages import life_values
from .playground_run import Outcome, curl_line, read_recipient, read_target, run
from .playground_samples import Choice, sample
from .presentation import page

REAL = "real"
LAST_DIGITS = 4
"""How many digits of the recipient are typed again before a real send."""

TAKES_TEMPLATE = frozenset({"send_template", "get_template"})


@dataclass(frozen=True)
class Selection:
    """What has been chosen, of what there is.

    :param keys: the active keys. :param templates: those that can be sent.
    """

    keys: Sequence[KeyView]
    key: KeyView | None
    operation: Operation
    templates: Sequence[TemplateDefinition]
    template: TemplateDefinition | None

    @property
    def shape(self) -> str:
        """What the payload is made for; while it stays, the payload stays."""
        template = template_value(self.template) if self.template else ""
        return f"{self.operation.name}:{template}"

    @property
    def sends(self) -> bool:
        """Whether the endpoint sends a message."""
        return self.operation.idempotent


def show() -> Response:
    """The page as it opens, on a sample and on Simulate Only."""
    services, viewer = current_services(), current_viewer()
    selection = _select(services, viewer, request.args)
    return _page(services, viewer, selection, _sample(services, viewer, selection))


def use() -> Response:
    """The page after another choice, or after a run."""
    services, viewer = current_services(), current_viewer()
    payload = request.form.get("payload", "").replace("\r\n", "\n")
    if request.form.get("action") == "run":
        check_may_manage(viewer)
        return _run(services, viewer, payload)
    selection = _select(services, viewer, request.form)
    keeps = request.form.get("shape") == selection.shape and request.form.get("action") != "reset"
    return _page(services, viewer, selection, payload if keeps else _sample(services, viewer, selection))


def template_value(template: TemplateDefinition) -> str:
    """A template as the form names it."""
    return f"{template.name}/{template.language}"


def _run(services: Services, viewer: Viewer, payload: str) -> Response:
    # What runs is exactly what was asked for; only the page around it may choose for itself.
    key = _key_to_run(services, viewer)
    operation = _operation(request.form.get("operation", ""))
    if operation is None:
        raise NotFound("There is no such endpoint.")
    selection = _select(services, viewer, request.form)
    simulate = not selection.sends or request.form.get("mode") != REAL
    try:
        target = read_target(operation, payload)
        if not simulate:
            _check_confirmation(payload, request.form.get("confirmation", ""))
    except (MalformedRequest, ValidationFailed) as error:
        return _page(services, viewer, selection, payload, problem=error)
    acting = Acting(viewer.account, key.id, simulate)
    outcome = run(operation, acting, target, payload, run_id=request.form.get("run_id", ""))
    # Read again: the run has counted against the key.
    selection = _select(services, viewer, request.form)
    return _page(services, viewer, selection, payload, outcome=outcome)


def _key_to_run(services: Services, viewer: Viewer) -> KeyView:
    try:
        key_id = UUID(request.form.get("key", ""))
    except ValueError:
        raise NotFound("There is no such key in this account.") from None
    return services.keys.get(viewer.account, str(key_id))


def _check_confirmation(payload: str, confirmation: str) -> None:
    wanted = read_recipient(payload)[-LAST_DIGITS:]
    if not hmac.compare_digest(confirmation.strip().encode(), wanted.encode()):
        raise ValidationFailed(
            [
                Fault(
                    "/to",
                    "Nothing was sent: a real send must be confirmed.",
                    f"the last {LAST_DIGITS} digits of the recipient, typed into the confirmation",
                )
            ]
        )


def _select(services: Services, viewer: Viewer, given: Mapping[str, str]) -> Selection:
    keys = [key for key in services.keys.list(viewer.account) if key.active]
    key = next((key for key in keys if str(key.id) == given.get("key")), keys[0] if keys else None)
    operation = _operation(given.get("operation", "")) or _first_allowed(key)
    templates: Sequence[TemplateDefinition] = ()
    template = None
    if operation.name in TAKES_TEMPLATE:
        templates = _templates(services)
        template = next(
            (item for item in templates if template_value(item) == given.get("template")),
            templates[0] if templates else None,
        )
    return Selection(keys, key, operation, templates, template)


def _first_allowed(key: KeyView | None) -> Operation:
    allowed = (operation for operation in OPERATIONS if key and operation.permission in key.permissions)
    return next(allowed, OPERATIONS[0])


def _operation(name: str) -> Operation | None:
    return next((operation for operation in OPERATIONS if operation.name == name), None)


def _templates(services: Services) -> Sequence[TemplateDefinition]:
    try:
        found = services.catalogue.list(services.providers.default, only_approved=True)
    except WaApiError:
        return ()
    # What most come for, the order confirmation of every example, stands first.
    return sorted(found, key=lambda item: item.name != "order_confirmation")


def _sample(services: Services, viewer: Viewer, selection: Selection) -> str:
    return sample(selection.operation.name, Choice(services, viewer.account, selection.template))


def _page(
    services: Services,
    viewer: Viewer,
    selection: Selection,
    payload: str,
    *,
    outcome: Outcome | None = None,
    problem: ValidationFailed | MalformedRequest | None = None,
) -> Response:
    provider = services.providers.default
    return page(
        "playground.html",
        viewer,
        problem.status if problem else 200,
        selection=selection,
        operations=OPERATIONS,
        template_value=template_value,
        preview=illustrate(selection.template) if selection.template and selection.sends else None,
        payload=payload,
        run_id=secrets.token_urlsafe(12),
        provider=provider,
        is_simulated=services.providers[provider].simulated,
        last_digits=LAST_DIGITS,
        curl=_curl(selection.operation, payload, simulate=outcome is None or outcome.was_simulated),
        outcome=outcome,
        problem=problem,
        **_life(services, viewer, outcome),
    )


def _curl(operation: Operation, payload: str, *, simulate: bool) -> str:
    try:
        target = read_target(operation, payload)
    except (MalformedRequest, ValidationFailed):
        return ""
    return curl_line(operation, target, payload, simulate=simulate and operation.idempotent)


def _life(services: Services, viewer: Viewer, outcome: Outcome | None) -> Mapping[str, Any]:
    if outcome is None or outcome.message_uuid is None:
        return {"message": None}
    try:
        message = history.get(services.store, viewer.account, outcome.message_uuid)
    except NotFound:
        return {"message": None}
    return {"message": message, **life_values(services, message)}
