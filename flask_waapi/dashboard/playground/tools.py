"""What the playground offers around a request: outcomes to try, code, links, and a test of a webhook."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from ...api import body as bodies
from ...api.operation import Operation
from ...api.targets import read_target
from ...errors import MalformedRequest, ValidationFailed
from ...outgoing.outbox import DISABLED
from ...outgoing.rehearsing import ANSWERS
from ...plugins.events import EVENT_TYPES
from ...services import Services
from ..access import Viewer
from ..code_samples import CodeSample, code_samples
from . import share as playground_share
from .history import reopened
from .recipients import magic_recipients
from .run import url_of
from .steps import AS_SET, SPEEDS

OUTCOME = "outcome"
"""The action of the form that puts a recipient with a known fate into the payload."""


def values(services: Services, viewer: Viewer) -> Mapping[str, Any]:
    """What the parts of the page need that are not the form itself."""
    endpoints = services.webhooks.endpoints.list(viewer.account) if viewer.may_manage else ()
    speed = request.form.get("speed", AS_SET)
    return {
        "magic_recipients": magic_recipients(services),
        "speeds": SPEEDS,
        "chosen_speed": speed if speed in SPEEDS else AS_SET,
        "webhook_endpoints": [endpoint for endpoint in endpoints if endpoint.state != DISABLED],
        "event_types": EVENT_TYPES,
        "rehearsed_answers": ANSWERS,
    }


def code_values(operation: Operation, payload: str, *, simulate: bool) -> Mapping[str, Any]:
    """What ``_playground_code.html`` needs. :param simulate: whether the page is in Simulate Only."""
    return {
        "code": samples_of(operation, payload, simulate=simulate),
        "is_simulating": simulate and operation.answers_first,
        "operation_sends": operation.idempotent,
    }


def samples_of(operation: Operation, payload: str, *, simulate: bool) -> Sequence[CodeSample]:
    """The request in every language; none while the payload is not usable.

    :param simulate: whether the page is in Simulate Only.
    """
    try:
        target = read_target(operation, payload)
        body = bodies.parse(payload.encode(errors="replace"))
    except (MalformedRequest, ValidationFailed):
        return ()
    url = url_of(operation, target, external=True)
    return code_samples(operation, url, body, simulate=simulate, idempotency_key=secrets.token_urlsafe(16))


def opened(services: Services, viewer: Viewer, given: Mapping[str, str]) -> Mapping[str, str]:
    """What the form opens with: a run of the viewer's, what a link holds, or what was chosen.

    :raises NotFound: the run is not one of theirs.
    """
    if "run" in given:
        return reopened(services, viewer, given["run"])
    return playground_share.opened(given) or {
        name: value for name, value in given.items() if name != "payload"
    }


def addressed(payload: str, recipient: str) -> str:
    """The payload with another recipient; as it is where it is no JSON object."""
    try:
        members = bodies.parse(payload.encode(errors="replace"))
    except MalformedRequest:
        return payload
    if not isinstance(members, dict) or not recipient:
        return payload
    return json.dumps({**members, "to": recipient}, indent=2, ensure_ascii=False)
