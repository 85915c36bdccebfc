"""An operation of the API: its view and all that the document says of it, in one decorator."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request
from marshmallow import Schema

from ..access.keys import Credential
from ..access.permissions import Permission
from ..discretion import log_failure
from ..errors import (
    DailyLimitExceeded,
    InternalError,
    InvalidApiKey,
    IpNotAllowed,
    KeyExpired,
    KeyInactive,
    MissingApiKey,
    PermissionDenied,
    RateLimitExceeded,
    StorageBusy,
    WaApiError,
)
from ..services import Services, current_services
from .body import read_json
from .door import Visit, enter, pass_gates, refuse
from .envelope import json_response, success_body
from .faults import load

logger = logging.getLogger(__name__)

GATE_ERRORS: tuple[type[WaApiError], ...] = (
    MissingApiKey,
    InvalidApiKey,
    KeyInactive,
    KeyExpired,
    PermissionDenied,
    IpNotAllowed,
    RateLimitExceeded,
    DailyLimitExceeded,
    InternalError,
    StorageBusy,
)
"""What every operation may answer before its view is entered, or when the view breaks."""


@dataclass(frozen=True)
class Reply:
    """What a view answers.

    :param body: a whole body to answer instead of ``data``, for a repeated request.
    """

    data: Any = None
    status: int = 200
    meta: dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Call:
    """What a view is called with.

    :param body: the request's JSON values, not yet checked against a schema; ``None`` without one.
    :param query: the checked query parameters.
    """

    services: Services
    visit: Visit
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)

    @property
    def credential(self) -> Credential:
        """Whom the request acts for; known once the gates are passed."""
        credential = self.visit.passage.credential
        if credential is None:
            raise RuntimeError("The view was entered before the gates were passed.")
        return credential


View = Callable[..., Reply]


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    :param path: below the API's prefix, in Flask's syntax.
    :param request: the schema of the body, for operations that have one.
    :param query: the schema of the query string.
    :param data: the schema of ``data``. :param many: whether that is a list.
    :param statuses: the successful statuses and what each means.
    :param errors: what it may answer beside :data:`GATE_ERRORS`.
    """

    method: str
    path: str
    summary: str
    permission: Permission
    view: View
    data: Schema
    many: bool = False
    request: Schema | None = None
    query: Schema | None = None
    statuses: Mapping[int, str] = field(default_factory=lambda: {200: "Found."})
    errors: Sequence[type[WaApiError]] = ()
    tag: str = "Messages"
    idempotent: bool = False

    @property
    def name(self) -> str:
        """The operation's id and its endpoint's name."""
        return self.view.__name__

    @property
    def description(self) -> str:
        """What the view's docstring says after its first line."""
        lines = (self.view.__doc__ or "").strip().splitlines()[1:]
        return "\n".join(line.strip() for line in lines).strip()

    def answer(self, **path_arguments: Any) -> Response:
        """Carry the operation out for the current request."""
        services = current_services()
        visit = enter(services)
        try:
            pass_gates(services, visit, self.permission)
            body = None
            if self.request is not None:
                body = read_json(request, services.settings.max_body_size)
            query = {}
            if self.query is not None:
                query = load(self.query, request.args.to_dict(flat=False))
            reply = self.view(Call(services, visit, body, query), **path_arguments)
        except WaApiError as error:
            return refuse(error)
        except Exception as error:
            log_failure(logger, error, "Request %s failed in %s", visit.request_id, self.name)
            return refuse(InternalError("Something broke on our side; the request id finds it in the log."))
        content = success_body(reply.data, reply.meta) if reply.body is None else reply.body
        response = json_response(content, reply.status)
        response.headers.extend(reply.headers)
        return response


def operation(method: str, path: str, **described: Any) -> Callable[[View], Operation]:
    """Make a view an :class:`Operation`; its summary is the first line of its docstring."""

    def decorate(view: View) -> Operation:
        summary = (view.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        return Operation(method=method, path=path, summary=summary, view=view, **described)

    return decorate
