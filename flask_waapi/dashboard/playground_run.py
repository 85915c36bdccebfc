"""The act: one request through the app's own WSGI application, made as a key without its secret.

The request enters as one from outside does: routing, the host's hooks, the gates, the limits, the log. It
differs in one thing: the environment names the acting key, which no client can put there.
"""

from __future__ import annotations

import contextvars
import hashlib
import io
import json
import re
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode
from uuid import UUID

from flask import current_app, request, url_for
from werkzeug.wrappers import Response

from ..api import body as bodies
from ..api.blueprint import NAME as API
from ..api.door import ACTING, Acting
from ..api.operation import Operation
from ..errors import Fault, ValidationFailed

_KEPT = (
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "HTTP_HOST",
    "HTTP_USER_AGENT",
    "wsgi.version",
    "wsgi.url_scheme",
    "wsgi.errors",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
)
"""What the inner request has of the outer one. Not its cookies, nor any proof of who its user is."""

_PATH_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Outcome:
    """What the API has answered.

    :param body: pretty where it is JSON. :param faults: of a validation error, by JSON pointer.
    :param message_uuid: the message that has come of it.
    """

    status: int
    phrase: str
    headers: Sequence[tuple[str, str]]
    body: str
    milliseconds: float
    faults: Sequence[Mapping[str, str]]
    message_uuid: UUID | None
    was_simulated: bool

    @property
    def is_success(self) -> bool:
        """Whether the API has done what was asked."""
        return 200 <= self.status < 300


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


def read_recipient(payload: str) -> str:
    """The recipient in the payload, which the confirmation of a real send is held against.

    :raises MalformedRequest: the payload is not JSON.
    :raises ValidationFailed: it names no recipient.
    """
    members = bodies.parse(payload.encode())
    recipient = members.get("to") if isinstance(members, dict) else None
    if not isinstance(recipient, str) or len(recipient) < 5:
        raise ValidationFailed(
            [Fault("/to", "The payload names no recipient.", "E.164, such as +1234567890")]
        )
    return recipient


def run(operation: Operation, acting: Acting, target: Target, payload: str, *, run_id: str) -> Outcome:
    """Make the request.

    :param run_id: of the page that asked. Loading its answer again repeats the request with the same
        Idempotency-Key, so that nothing is sent twice.
    """
    environ = _environ(operation, acting, target, payload, run_id)
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask documents it
    # The class's own: middleware around ``app.wsgi_app`` has had its turn with this environment, and one
    # that takes a prefix off the path, or asks for a password, would refuse to do so twice.
    application = partial(type(app).wsgi_app, app)
    started = time.perf_counter()
    # In a context of its own, or the inner request would share this one's ``flask.g``, and its user.
    response = contextvars.Context().run(Response.from_app, application, environ, buffered=True)
    milliseconds = (time.perf_counter() - started) * 1_000
    return _outcome(response, milliseconds, acting)


def curl_line(operation: Operation, target: Target, payload: str, *, simulate: bool) -> str:
    """The same request for a shell, with the key as an environment variable."""
    parts = [f"curl {shlex.quote(_url(operation, target, external=True))}", '-H "X-API-Key: $WAAPI_KEY"']
    if operation.request is not None:
        parts += [
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(_with_simulate(payload) if simulate else payload)}",
        ]
    return " \\\n  ".join(parts)


def _environ(
    operation: Operation, acting: Acting, target: Target, payload: str, run_id: str
) -> dict[str, Any]:
    path, _, query = _url(operation, target).partition("?")
    path = path.removeprefix(request.root_path.rstrip("/"))
    environ = {name: request.environ[name] for name in _KEPT if name in request.environ}
    environ |= {
        "REQUEST_METHOD": operation.method,
        # WSGI carries the path's bytes as Latin-1, without their percent signs.
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(),
        "HTTP_ACCEPT": "application/json",
        ACTING: acting,
    }
    if operation.request is not None:
        body = payload.encode()
        environ |= {
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
    if operation.idempotent:
        environ["HTTP_IDEMPOTENCY_KEY"] = _idempotency_key(operation, acting, payload, run_id)
    return environ


def _url(operation: Operation, target: Target, *, external: bool = False) -> str:
    path = url_for(f"{API}.{operation.name}", _external=external, **target.path_arguments)
    return f"{path}?{urlencode(target.query)}" if target.query else path


def _idempotency_key(operation: Operation, acting: Acting, payload: str, run_id: str) -> str:
    # Over everything that was chosen: the browser's way back may bring an old page, and a changed choice
    # on it is a request of its own.
    parts = (run_id, operation.name, str(acting.key_id), str(acting.simulate), payload)
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"playground-{digest[:40]}"


def _outcome(response: Response, milliseconds: float, acting: Acting) -> Outcome:
    text = response.get_data(as_text=True)
    try:
        answer = json.loads(text)
        text = json.dumps(answer, indent=2, ensure_ascii=False)
    except ValueError:
        answer = {}
    error, data = _member(answer, "error"), _member(answer, "data")
    details = error.get("details")
    uuid = data.get("message_uuid") or (details.get("message_uuid") if isinstance(details, dict) else None)
    return Outcome(
        status=response.status_code,
        phrase=_phrase(response.status_code),
        # A session that the host opened for the inner request is nobody's.
        headers=[(name, value) for name, value in response.headers.items() if name != "Set-Cookie"],
        body=text,
        milliseconds=milliseconds,
        faults=details if isinstance(details, list) else (),
        message_uuid=UUID(uuid) if uuid else None,
        was_simulated=acting.simulate,
    )


def _member(answer: Any, name: str) -> dict[str, Any]:
    value = answer.get(name) if isinstance(answer, dict) else None
    return value if isinstance(value, dict) else {}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _with_simulate(payload: str) -> str:
    try:
        members = json.loads(payload)
    except ValueError:
        return payload
    if not isinstance(members, dict):
        return payload
    return json.dumps(members | {"simulate": True}, indent=2, ensure_ascii=False)
