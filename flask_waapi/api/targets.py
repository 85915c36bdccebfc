"""Where a request goes that is written as one JSON text: parameters stand in it in place of a body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Fault, ValidationFailed
from . import body as bodies
from .operation import Operation

_PATH_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Target:
    """Where the request goes. :param query: for endpoints without a body."""

    path_arguments: Mapping[str, Any]
    query: Mapping[str, str]


def read_target(operation: Operation, payload: str) -> Target:
    """Where the request goes, by the payload of an endpoint that has parameters in place of a body.

    :raises MalformedRequest: the payload is not JSON.
    :raises ValidationFailed: it is not an object of plain values, or lacks a part of the path.
    """
    if operation.request is not None:
        return Target({}, {})
    members = bodies.parse(payload.encode() or b"{}")
    if not isinstance(members, dict):
        raise ValidationFailed([Fault("", "The parameters are not a JSON object.", "an object")])
    faults = [
        Fault(f"/{name}", "The parameter is not a plain value.", "text, a number, true or false")
        for name, value in members.items()
        if isinstance(value, dict | list)
    ]
    in_path = _PATH_ARGUMENT.findall(operation.path)
    faults += [
        Fault(f"/{name}", f"The parameter {name!r} is missing.", "a part of the path")
        for name in in_path
        if members.get(name) in (None, "")
    ]
    if faults:
        raise ValidationFailed(faults)
    texts = {name: _plain(value) for name, value in members.items() if value is not None}
    return Target({name: texts.pop(name) for name in in_path}, texts)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
