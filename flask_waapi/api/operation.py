"""An operation of the API: its view and all that the document says of it, in one decorator."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request
from marshmallow import Schema

from ..access.key_views import Credential
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
    StorageUnavailable,
    WaApiError,
)
from ..services import Services, current_services
from ..timing import GATES, VALIDATION, part
from .body import read_json
from .door import Visit, admit, enter, refuse
from .envelope import json_response, success_body
from .faults import load
from .uploads import FORM

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
    StorageUnavailable,
)
"""What every operation may answer before its view is entered, or when the view breaks."""


@dataclass(frozen=True)
class Reply:
    """What a view answers.

    :param body: a whole body to answer instead of ``data``, for a repeated request.
    :param response: a whole response instead of both, for what is not JSON.
    """

    data: Any = None
    status: int = 200
    meta: dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    response: Response | None = None


@dataclass(frozen=True)
class Call:
    """What a view is called with.

    :param body: the request's JSON values, not yet checked against a schema; ``None`` without one.
    :param query: the checked query parameters.
    :param claimed: what an ``Idempotency-Key`` covers where that is not the body.
    """

    services: Services
    visit: Visit
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    claimed: Any = None

    @property
    def credential(self) -> Credential:
        """Whom the request acts for; known once the gates are passed."""
        credential = self.visit.passage.credential
        if credential is None:
            raise RuntimeError("The view was entered before the gates were passed.")
        return credential

    @property
    def is_simulated(self) -> bool:
        """Whether nothing that the request does may leave the machine: by its key, or by the playground."""
        acting = self.visit.acting
        return self.credential.mode == "test" or (acting is not None and acting.simulate)


View = Callable[..., Reply]


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    :param path: below the API's prefix, in Flask's syntax.
    :param permissions: of which a key needs one.
    :param request: the schema of the body, for operations that have one, or of each form it may have.
    :param body_is_optional: whether a request without a body is one with an empty object.
    :param form: JSON schema of the form with a file that it takes too, or only; its view reads it.
    :param query: the schema of the query string.
    :param data: the schema of ``data``. :param many: whether that is a list.
    :param binary: whether it answers with the bytes of a file instead.
    :param statuses: the successful statuses and what each means.
    :param errors: what it may answer beside :data:`GATE_ERRORS`.
    :param amount: what a body counts for in the limits; without it a request counts once.
    :param idempotent: whether it takes an ``Idempotency-Key``.
    :param answers_first: whether it can be asked to answer before it is carried out.
    """

    method: str
    path: str
    summary: str
    permissions: Sequence[Permission]
    view: View
    data: Schema
    many: bool = False
    request: Schema | Sequence[Schema] | None = None
    query: Schema | None = None
    statuses: Mapping[int, str] = field(default_factory=lambda: {200: "Found."})
    errors: Sequence[type[WaApiError]] = ()
    tag: str = "Messages"
    amount: Callable[[Any], int] | None = None
    idempotent: bool = False
    answers_first: bool = False
    body_is_optional: bool = False
    form: Mapping[str, Any] | None = None
    binary: bool = False

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
            with part(GATES):
                credential = admit(services, visit, self.permissions)
                if self.amount is None:
                    services.gate.spend(visit.passage, credential)
            with part(VALIDATION):
                body = self._read_body(services, visit, credential)
                query = {}
                if self.query is not None:
                    query = load(self.query, request.args.to_dict(flat=False))
            reply = self.view(Call(services, visit, body, query), **path_arguments)
        except WaApiError as error:
            return refuse(error)
        except Exception as error:
            log_failure(logger, error, "Request %s failed in %s", visit.request_id, self.name)
            return refuse(InternalError("Something broke on our side; the request id finds it in the log."))
        if reply.response is not None:
            return reply.response
        content = success_body(reply.data, reply.meta) if reply.body is None else reply.body
        response = json_response(content, reply.status)
        response.headers.extend(reply.headers)
        return response

    def _read_body(self, services: Services, visit: Visit, credential: Credential) -> Any:
        if self.request is None or (self.form is not None and request.mimetype == FORM):
            return None
        # A chunked body has no length, and may be there all the same.
        is_missing = not request.content_length and "Transfer-Encoding" not in request.headers
        if self.body_is_optional and is_missing:
            return {}
        if self.amount is None:
            return read_json(request, services.settings.max_body_size)
        if services.gate.is_used_up(credential):
            # Whatever is in it would be refused, and to read the body of a batch costs more than all else.
            services.gate.spend(visit.passage, credential)
        try:
            body = read_json(request, services.settings.max_batch_body_size)
        except WaApiError:
            services.gate.spend(visit.passage, credential)
            raise
        services.gate.spend(visit.passage, credential, self.amount(body))
        return body


def operation(method: str, path: str, **described: Any) -> Callable[[View], Operation]:
    """Make a view an :class:`Operation`; its summary is the first line of its docstring."""

    def decorate(view: View) -> Operation:
        summary = (view.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        return Operation(method=method, path=path, summary=summary, view=view, **described)

    return decorate
