"""The runs of whoever looks: kept as they are made, listed, opened, compared, forgotten."""

from __future__ import annotations

import difflib
import json
import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from ...access import playground_runs
from ...access.key_views import KeyView
from ...access.playground_runs import OUTCOMES, Owner, RunFilter, RunPage
from ...api import body as bodies
from ...api.blueprint import HARMLESS
from ...api.operation import Operation
from ...discretion import log_failure
from ...errors import MalformedRequest, NotFound, ValidationFailed, WaApiError
from ...identifiers import uuid7
from ...messaging import history
from ...services import Services, current_services
from ...storage.models import Message
from ...storage.playground_models import PlaygroundRun
from ..access import Viewer, current_viewer
from ..presentation import Presentation, page
from .recipients import magic_recipients
from .redaction import without_content
from .run import Outcome
from .share import template_of

logger = logging.getLogger(__name__)

OFF, REDACTED = "off", "redacted"

_USABLE = {
    "operation": re.compile("[a-z_]{1,64}"),
    "outcome": re.compile("|".join(OUTCOMES)),
    "status": re.compile("[1-5][0-9]{2}"),
    "error_code": re.compile("[A-Z0-9_]{1,64}"),
    "key": re.compile("[0-9a-f-]{36}"),
}
"""What a filter may be."""

CONTEXT_LINES = 3
"""Unchanged lines that are shown around a difference."""

MOST_LINES = 2_000
"""Lines of each side that are compared: the time it takes grows with their square."""


@dataclass(frozen=True)
class DiffLine:
    """A line of a comparison. :param kind: ``added``, ``removed``, ``place`` or ``same``."""

    kind: str
    text: str


def remember(
    services: Services, viewer: Viewer, key: KeyView, operation: Operation, payload: str, outcome: Outcome
) -> UUID | None:
    """Keep a run, as far as ``WAAPI_PLAYGROUND_HISTORY`` allows; its id."""
    kept = services.settings.playground_history
    if kept == OFF:
        return None
    answer = outcome.body
    if kept == REDACTED:
        known = magic_recipients(services)
        payload, answer = _redacted(payload, known), _redacted(answer, known)
    now = services.clock()
    run = PlaygroundRun(
        id=uuid7(now),
        account=viewer.account,
        viewer=viewer.actor,
        key_id=key.id,
        key_name=key.name,
        operation=operation.name,
        payload=payload,
        simulated=outcome.was_simulated or _is_simulated(outcome),
        status=outcome.status,
        error_code=outcome.error_code,
        answer=answer,
        message_id=outcome.message_uuid,
        duration_ms=outcome.milliseconds,
        created_at=now,
    )
    try:
        playground_runs.keep(services.store, run)
    except Exception as error:
        # What was answered, perhaps to a real send, is to be seen all the same.
        log_failure(logger, error, "A run of the playground could not be kept")
        return None
    return run.id


def index() -> Response:
    """The runs of whoever looks, newest first."""
    services, viewer = current_services(), current_viewer()
    given = {name: value for name in _USABLE if (value := request.args.get(name, "").strip())}
    found, is_unusable = RunPage((), None), False
    try:
        found = playground_runs.page(
            services.store, _owner(viewer), _filter(given), request.args.get("cursor") or None
        )
    except (ValidationFailed, ValueError):
        is_unusable = True
    return page(
        "playground_runs.html",
        viewer,
        422 if is_unusable else 200,
        runs=found.runs,
        next_cursor=found.next_cursor,
        is_first_page="cursor" not in request.args,
        is_unusable=is_unusable,
        given=given,
        outcomes=OUTCOMES,
        operations=operation_names(),
        keys=services.keys.list(viewer.account),
        kept=services.settings.playground_history,
        days=services.settings.log_lifetime.days,
    )


def show(run_id: UUID) -> Response:
    """One run: what was asked, what was answered, and what came of it."""
    services, viewer = current_services(), current_viewer()
    run = playground_runs.get(services.store, _owner(viewer), run_id)
    return page(
        "playground_run.html",
        viewer,
        run=run,
        operation=operation_names().get(run.operation),
        message=_message(services, viewer, run),
        kept=services.settings.playground_history,
    )


def compare() -> Response:
    """Two runs beside each other: what differs in what was asked, and in what was answered."""
    services, viewer = current_services(), current_viewer()
    chosen = list(dict.fromkeys(request.args.getlist("run")))
    if len(chosen) != 2:
        return page("playground_compare.html", viewer, runs=None)
    try:
        runs = [
            playground_runs.get(services.store, _owner(viewer), UUID(run_id)) for run_id in sorted(chosen)
        ]
    except ValueError:
        raise NotFound("There is no such run of yours.") from None
    older, newer = runs
    return page(
        "playground_compare.html",
        viewer,
        runs=runs,
        payload=difference(older.payload, newer.payload),
        answer=difference(older.answer, newer.answer),
    )


def forget() -> ResponseReturnValue:
    """Delete all runs of whoever asks."""
    services, viewer = current_services(), current_viewer()
    playground_runs.forget_all(services.store, _owner(viewer))
    return redirect(Presentation.url("playground_runs", done="runs_forgotten"), 303)


def reopened(services: Services, viewer: Viewer, run_id: str) -> Mapping[str, str]:
    """What the form of the playground is to hold for a run to be edited and made again.

    :raises NotFound: it is not one of theirs.
    """
    try:
        run = playground_runs.get(services.store, _owner(viewer), UUID(run_id))
    except ValueError:
        raise NotFound("There is no such run of yours.") from None
    return {
        "key": str(run.key_id),
        "operation": run.operation,
        "template": template_of(run.payload),
        "payload": run.payload,
    }


def difference(older: str, newer: str) -> Sequence[DiffLine]:
    """The lines that differ, with a few around them; empty where none do."""
    before, after = _laid_out(older).splitlines(), _laid_out(newer).splitlines()
    lines = difflib.unified_diff(before[:MOST_LINES], after[:MOST_LINES], n=CONTEXT_LINES, lineterm="")
    kinds = {"+": "added", "-": "removed", "@": "place", " ": "same"}
    # The first two name files.
    found = [DiffLine(kinds[line[0]], line if line[0] == "@" else line[1:]) for line in list(lines)[2:]]
    if before[MOST_LINES:] != after[MOST_LINES:]:
        found.append(DiffLine("place", f"What differs after line {MOST_LINES:,} is not shown."))
    return found


def operation_names() -> Mapping[str, Operation]:
    """The operations of the playground by their names."""
    return {operation.name: operation for operation in HARMLESS}


def _is_simulated(outcome: Outcome) -> bool:
    # By a test key, or a provider that cannot reach anybody.
    answer = _read(outcome.body)
    data = answer.get("data") if isinstance(answer, dict) else None
    return isinstance(data, dict) and data.get("simulated") is True


def _owner(viewer: Viewer) -> Owner:
    return Owner(viewer.account, viewer.actor)


def _filter(given: Mapping[str, str]) -> RunFilter:
    """What is wanted.

    :raises ValueError: a member is not usable.
    """
    for name, value in given.items():
        if not _USABLE[name].fullmatch(value):
            raise ValueError(f"{name} is not usable")
    return RunFilter(
        operation=given.get("operation"),
        outcome=given.get("outcome"),
        status=int(given["status"]) if "status" in given else None,
        error_code=given.get("error_code"),
        key_id=UUID(given["key"]) if "key" in given else None,
    )


def _message(services: Services, viewer: Viewer, run: PlaygroundRun) -> Message | None:
    if run.message_id is None:
        return None
    try:
        return history.get(services.store, viewer.account, run.message_id)
    except WaApiError:
        return None


def _redacted(text: str, known: Collection[str]) -> str:
    values = _read(text)
    return json.dumps(without_content(values, known), indent=2, ensure_ascii=False) if values else ""


def _laid_out(text: str) -> str:
    values = _read(text)
    return json.dumps(values, indent=2, ensure_ascii=False) if values is not None else text


def _read(text: str) -> Any:
    try:
        return bodies.parse(text.encode(errors="replace"))
    except MalformedRequest:
        return None
