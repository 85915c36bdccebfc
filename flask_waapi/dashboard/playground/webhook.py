"""A test event to one of the account's webhook endpoints, of any type; for real, or with a chosen answer."""

from __future__ import annotations

from flask import redirect, request
from flask.typing import ResponseReturnValue

from ...services import current_services
from ..access import current_viewer
from ..presentation import Presentation

FOR_REAL = ""
"""The answer that is the endpoint's own."""


def send_test() -> ResponseReturnValue:
    """Send it, or rehearse it where an answer is chosen, and show what becomes of it."""
    webhooks, account = current_services().webhooks, current_viewer().account
    endpoint, event_type = request.form.get("endpoint", ""), request.form.get("event_type", "")
    answer = request.form.get("answer", FOR_REAL)
    if answer == FOR_REAL:
        delivery, done = webhooks.replays.send_test(account, endpoint, event_type), "tested"
    else:
        delivery = webhooks.rehearsals.begin(account, endpoint, answer, event_type)
        done = "rehearsed"
    return redirect(Presentation.url("webhook_delivery", delivery_id=delivery.id, done=done), 303)
