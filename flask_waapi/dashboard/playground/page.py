"""The playground: choose a key and an endpoint, shape the payload, run it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from ...api.blueprint import HARMLESS
from ...api.door import Acting
from ...api.targets import read_target
from ...errors import Fault, MalformedRequest, NotFound, ServiceWindowClosed, ValidationFailed
from ...messaging import history
from ...services import Services, current_services
from ..access import Viewer, check_may_manage, current_viewer
from ..messages.detail import life_values
from ..messages.payload import stored_payload
from ..presentation import page
from . import tools as playground_tools
from .draft import REAL, draft, real_values
from .history import remember
from .run import Outcome, read_recipient, run
from .samples import Choice, sample
from .selection import (
    Selection,
    is_locked,
    key_named,
    operation_named,
    select,
    template_value,
)
from .share import RECEIVED
from .steps import set_speed

RUN = "run"
RECEIVE = "receive"
"""What a form may ask for: to run, or to let the recipient write first, in the simulation."""

LAST_DIGITS = 4
"""How many digits of the recipient are typed again before a real send."""


def show() -> Response:
    """The page as it opens, on a sample and on Simulate Only."""
    services, viewer = current_services(), current_viewer()
    stored = stored_payload(services, viewer.account, request.args.get("message"))
    if stored is not None:
        return _page(services, viewer, select(services, viewer, stored.choices), stored.text)
    given = playground_tools.opened(services, viewer, request.args)
    selection = select(services, viewer, given)
    payload = given.get("payload") or _sample(services, viewer, selection)
    return _page(services, viewer, selection, payload)


def use() -> Response:
    """The page after another choice, or after a run."""
    services, viewer = current_services(), current_viewer()
    payload = request.form.get("payload", "").replace("\r\n", "\n")
    if request.form.get("action") in {RUN, RECEIVE}:
        check_may_manage(viewer)
        return _run(services, viewer, payload)
    if request.form.get("action") == playground_tools.OUTCOME:
        payload = playground_tools.addressed(payload, request.form.get("outcome", ""))
    selection = select(services, viewer, request.form)
    keeps = request.form.get("shape") == selection.shape and request.form.get("action") != "reset"
    return _page(services, viewer, selection, payload if keeps else _sample(services, viewer, selection))


def _run(services: Services, viewer: Viewer, payload: str) -> Response:
    # What runs is exactly what was asked for; only the page around it may choose for itself.
    key = key_named(services, viewer, request.form.get("key", ""))
    operation = operation_named(request.form.get("operation", ""))
    if operation is None:
        raise NotFound("There is no such endpoint.")
    selection = select(services, viewer, request.form)
    simulate = not selection.sends or request.form.get("mode") != REAL
    try:
        target = read_target(operation, payload)
        if not simulate:
            _check_confirmation(payload, request.form.get("confirmation", ""))
        elif request.form.get("action") == RECEIVE:
            services.receiving.simulate(read_recipient(payload), RECEIVED, account=viewer.account)
    except (MalformedRequest, ValidationFailed) as error:
        return _page(services, viewer, selection, payload, problem=error)
    acting = Acting(viewer.account, key.id, simulate)
    outcome = run(operation, acting, target, payload, run_id=request.form.get("run_id", ""))
    if operation.answers_first and outcome.message_uuid is not None:
        set_speed(services.announced, viewer.account, outcome.message_uuid, request.form.get("speed", ""))
    kept = remember(services, viewer, key, operation, payload, outcome)
    # Read again: the run has counted against the key.
    selection = select(services, viewer, request.form)
    return _page(services, viewer, selection, payload, outcome=outcome, run_id_kept=kept)


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
    run_id_kept: UUID | None = None,
) -> Response:
    return page(
        "playground.html",
        viewer,
        problem.status if problem else 200,
        selection=selection,
        operations=HARMLESS,
        template_value=template_value,
        is_locked=is_locked,
        payload=payload,
        editor=request.form.get("editor", ""),
        run_id=secrets.token_urlsafe(12),
        last_digits=LAST_DIGITS,
        run_id_kept=run_id_kept,
        **playground_tools.values(services, viewer),
        **playground_tools.code_values(
            selection.operation, payload, simulate=outcome is None or outcome.was_simulated
        ),
        outcome=outcome,
        needs_a_word=_needs_a_word(outcome),
        problem=problem,
        **_drafts(services, viewer, selection, payload),
        **_life(services, viewer, outcome),
    )


def _drafts(services: Services, viewer: Viewer, selection: Selection, payload: str) -> Mapping[str, Any]:
    """What would become of the payload, simulated, and what sending it for real would do."""
    if selection.key is None:
        return {"draft": None}
    form = {"key": str(selection.key.id), "operation": selection.operation.name, "payload": payload}
    values = {"draft": draft(services, viewer, form)}
    if not selection.sends:
        return values
    return {**values, **real_values(services, draft(services, viewer, {**form, "mode": REAL}))}


def _needs_a_word(outcome: Outcome | None) -> bool:
    # What the recipient of a real message has written, nobody can make up.
    return outcome is not None and outcome.was_simulated and outcome.error_code == ServiceWindowClosed.code


def _life(services: Services, viewer: Viewer, outcome: Outcome | None) -> Mapping[str, Any]:
    if outcome is None or outcome.message_uuid is None:
        return {"message": None}
    try:
        message = history.get(services.store, viewer.account, outcome.message_uuid)
    except NotFound:
        return {"message": None}
    return {"message": message, **life_values(services, message)}
