"""Asking what would become of a send."""

from __future__ import annotations

from flask import request

from ..access.permissions import SENDING
from ..errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType, ValidationFailed
from . import schemas
from .check_answers import CHECKED, checked_data
from .checking import check_send
from .faults import load_partly
from .operation import Call, Reply, operation


@operation(
    "POST",
    "/messages/check",
    permissions=SENDING,
    request=schemas.CHECK,
    statuses={200: "Checked: `would_send` says whether it would be taken, `gates` why."},
    data=CHECKED,
    errors=(MalformedRequest, UnsupportedMediaType, PayloadTooLarge, ValidationFailed),
)
def check_message(call: Call) -> Reply:
    """Ask what would become of a send, without sending or storing anything.

    The message goes through the gates of a send, in their order, with its permission, limits, schema,
    template, service window and price; the answer has what it met at each. The check itself counts as one
    request, and no provider is asked: a template that is not known here yet is told as not found.
    """
    members, faults = load_partly(schemas.CHECK, call.body)
    if faults:
        raise ValidationFailed(faults)
    endpoint, credential = members["endpoint"], call.credential
    checked = check_send(
        call.services,
        endpoint,
        lambda: members["body"],
        lambda: credential,
        request.remote_addr or "",
        simulate=call.is_simulated,
    )
    return Reply(checked_data(endpoint, checked))


OPERATIONS = (check_message,)
