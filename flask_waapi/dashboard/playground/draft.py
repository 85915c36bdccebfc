"""What would become of the form as it stands: the API's own faults, gates and words, while somebody types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template, request

from ...access.key_views import Credential, KeyView
from ...api import body as bodies
from ...api.check_answers import gate_data
from ...api.checking import Checked, check_send, enter_gates
from ...api.envelope import json_response
from ...api.faults import load
from ...api.operation import Operation
from ...api.targets import Target, read_target
from ...errors import NotFound, WaApiError
from ...gates import FAILED, NOT_REACHED, GateName, Step, Trace
from ...messaging.templates import previews
from ...messaging.templates.rendering import TemplateDraft
from ...services import Services, current_services
from ..access import Viewer, current_viewer
from ..instances import sending
from ..presentation import Presentation
from .preview import Bubble, bubble_of, bubble_of_template
from .selection import key_named, operation_named
from .sender import sender_values
from .tools import code_values

REAL = "real"
"""The one word that means a real send."""

READING = (GateName.KEY, GateName.PERMISSION, GateName.ADDRESS, GateName.MINUTE, GateName.DAY, GateName.BODY)
"""The gates of an endpoint that sends nothing."""


@dataclass(frozen=True)
class Draft:
    """The form as it stands.

    :param key: as which the request would be made.
    :param payload: the text of the JSON.
    :param target: where the request would go; ``None`` while the payload does not tell.
    :param simulate: whether it would end in the simulation.
    :param checked: what would become of it.
    :param preview: what the recipient would see; ``None`` where that cannot be told.
    """

    key: KeyView
    operation: Operation
    payload: str
    target: Target | None
    simulate: bool
    checked: Checked
    preview: Bubble | None

    @property
    def steps(self) -> tuple[Step, ...]:
        """The gates that such a request passes."""
        steps = self.checked.steps
        return steps if self.operation.idempotent else tuple(step for step in steps if step.gate in READING)


def draft(services: Services, viewer: Viewer, form: Mapping[str, str]) -> Draft:
    """Look at a form without doing anything.

    :param form: with ``key``, ``operation``, ``payload`` and ``mode``.
    :raises NotFound: there is no such key or endpoint.
    """
    key = key_named(services, viewer, form.get("key", ""))
    operation = operation_named(form.get("operation", ""))
    if operation is None:
        raise NotFound("There is no such endpoint.")
    payload = form.get("payload", "").replace("\r\n", "\n")
    simulate = not operation.idempotent or form.get("mode") != REAL

    def identify() -> Credential:
        return services.keys.credential(viewer.account, key.id)

    target: Target | None = None
    if operation.idempotent:
        endpoint = operation.path.removeprefix("/messages/")
        target = Target({}, {})
        checked = check_send(
            services,
            endpoint,
            lambda: bodies.parse(payload.encode()),
            identify,
            request.remote_addr or "",
            simulate=simulate,
        )
        preview = _preview(services, sending(services, viewer, key), checked)
    else:
        target, checked = _check_reading(services, operation, payload, identify)
        preview = None
    return Draft(key, operation, payload, target, simulate, checked, preview)


def show() -> Response:
    """The form's draft as JSON, for the page that asks while somebody types."""
    services = current_services()
    found = draft(services, current_viewer(), request.form)
    return json_response(draft_data(services, found), 200)


def price_told(found: Draft) -> str:
    """What is to be said of the price before a real send."""
    (step,) = (step for step in found.checked.steps if step.gate is GateName.PRICE)
    if step.state == NOT_REACHED:
        return "The price is told once the message would be taken."
    return step.reason


def real_values(services: Services, real: Draft) -> Mapping[str, Any]:
    """What ``_playground_sender.html`` needs. :param real: the draft of a real send."""
    return sender_values(services, real.key, real.checked.decision, price_told(real))


def draft_data(services: Services, found: Draft) -> dict[str, Any]:
    """A draft as the page's script takes it."""
    error = found.checked.error
    shown = Presentation(current_viewer())
    return {
        "would_send": found.checked.would_send,
        "faults": [fault for step in found.steps for fault in _faults(step)],
        "error": None if error is None else {"code": error.code, "message": error.message},
        "sender_html": None
        if found.simulate
        else render_template("waapi/_playground_sender.html", waapi=shown, **real_values(services, found)),
        "gates": [gate_data(step) for step in found.steps],
        "gates_html": render_template("waapi/_playground_gates.html", waapi=shown, draft=found),
        "code_html": render_template(
            "waapi/_playground_code.html",
            waapi=shown,
            **code_values(found.operation, found.payload, simulate=found.simulate),
        ),
        "preview_html": render_template("waapi/_playground_preview.html", waapi=shown, draft=found),
    }


def _faults(step: Step) -> list[dict[str, str | None]]:
    if step.state != FAILED:
        return []
    return [{"code": step.code, **vars(fault)} for fault in step.faults]


def _check_reading(
    services: Services, operation: Operation, payload: str, identify: Callable[[], Credential]
) -> tuple[Target | None, Checked]:
    trace, target = Trace(), None
    try:
        enter_gates(services, trace, operation, identify, request.remote_addr or "")
        trace.at(GateName.BODY)
        target = read_target(operation, payload)
        if operation.query is not None:
            load(operation.query, {name: [value] for name, value in target.query.items()})
        trace.passed(GateName.BODY, "The parameters are as the endpoint wants them.")
    except WaApiError as error:
        trace.failed(error)
        return target, Checked(trace.steps(), error)
    return target, Checked(trace.steps(), None)


def _preview(services: Services, instance: str | None, checked: Checked) -> Bubble | None:
    if checked.decision is not None:
        wording = checked.decision.wording
        if wording.draft is None:
            return bubble_of(wording.content)
        return _template(services, checked.decision.route.asked, wording.draft)
    content = checked.asked.content if checked.asked is not None else None
    if isinstance(content, TemplateDraft):
        return None if instance is None else _template(services, instance, content)
    return None if content is None else bubble_of(content)


def _template(services: Services, instance: str, given: TemplateDraft) -> Bubble | None:
    try:
        definition = services.catalogue.find(instance, given.name, given.language, refresh=False)
    except WaApiError:
        return None
    return bubble_of_template(previews.preview(definition, given))
