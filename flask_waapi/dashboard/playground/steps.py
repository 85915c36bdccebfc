"""How fast a simulated message lives: at once, as the simulation is set, or a step at each click."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from ...api.envelope import json_response
from ...errors import WaApiError
from ...messaging.incoming.reports import Announced
from ...services import current_services
from ..access import current_viewer
from ..presentation import Presentation

AT_ONCE, AS_SET, BY_STEP = "at_once", "as_set", "by_step"

SPEEDS: Mapping[str, str] = {
    AS_SET: "As the simulation is set",
    AT_ONCE: "At once",
    BY_STEP: "Step by step, by hand",
}
"""How fast, as the form calls it; the first one unless another is chosen."""


def take_step(message_uuid: UUID) -> ResponseReturnValue:
    """Let the next announced step of a simulated message happen now."""
    services, viewer = current_services(), current_viewer()
    found = services.announced.apply_next(viewer.account, message_uuid)
    if request.headers.get("Accept") == "application/json":
        return json_response({"taken": found}, 200)
    done = "stepped" if found else "not_stepped"
    return redirect(Presentation.url("message", message_uuid=message_uuid, done=done), 303)


def set_speed(announced: Announced, account: str, message_uuid: UUID, speed: str) -> None:
    """Let a message that has just been accepted live at this speed; others are left alone."""
    try:
        if speed == AT_ONCE:
            while announced.apply_next(account, message_uuid):
                pass
        elif speed == BY_STEP:
            announced.hold(account, message_uuid)
    except WaApiError:
        # It is a real one, or the database is busy: what was answered is to be seen all the same.
        return
