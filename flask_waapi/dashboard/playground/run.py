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

from ...api import body as bodies
from ...api.blueprint import NAME as API
from ...api.door import ACTING, Acting
from ...api.operation import Operation
from ...api.targets import Target
from ...errors import Fault, ValidationFailed

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

_TIMED_PART = re.compile(r"(\w+);dur=([0-9.]+)")
_LEFT_PART = re.compile(r'"(\w+)";r=(\d+)')
_SPANS = {"minute": "this minute", "daily": "today"}
"""The windows of the header ``RateLimit``, as a person says them."""


TIMED = {
    "gates": "Key and limits",
    "validation": "Validation",
    "store": "Database",
    "provider": "Provider",
    "rest": "The rest",
}
"""The parts of a request in the order of their telling, by their names in ``Server-Timing``."""


@dataclass(frozen=True)
class Timing:
    """How long a part of the request took. :param share: of the whole, up to 1."""

    label: str
    milliseconds: float
    share: float


@dataclass(frozen=True)
class Outcome:
    """What the API has answered.

    :param body: pretty where it is JSON. :param raw: as it came. :param error_code: of a refusal.
    :param faults: of a validation error, by JSON pointer.
    :param message_uuid: the message that has come of it.
    """

    status: int
    phrase: str
    headers: Sequence[tuple[str, str]]
    body: str
    raw: str
    milliseconds: float
    timings: Sequence[Timing]
    error_code: str | None
    faults: Sequence[Mapping[str, str]]
    message_uuid: UUID | None
    was_simulated: bool

    @property
    def is_success(self) -> bool:
        """Whether the API has done what was asked."""
        return 200 <= self.status < 300

    @property
    def facts(self) -> Sequence[tuple[str, str]]:
        """What the headers say that one looks for first."""
        given = dict(self.headers)
        facts = (
            ("Request id", given.get("X-Request-Id")),
            ("Left of the limits", _what_is_left(given.get("RateLimit", ""))),
            ("Try again after", f"{given['Retry-After']} seconds" if "Retry-After" in given else None),
        )
        return [(label, value) for label, value in facts if value]

    @property
    def is_replayed(self) -> bool:
        """Whether this is the first answer again, by its Idempotency-Key."""
        return dict(self.headers).get("Idempotency-Replayed") == "true"


def _what_is_left(header: str) -> str:
    """The header ``RateLimit`` in words: 59 this minute, 9,997 today."""
    left = _LEFT_PART.findall(header)
    return ", ".join(f"{int(count):,} {_SPANS[name]}" for name, count in left)


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


def _environ(
    operation: Operation, acting: Acting, target: Target, payload: str, run_id: str
) -> dict[str, Any]:
    path, _, query = url_of(operation, target).partition("?")
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


def url_of(operation: Operation, target: Target, *, external: bool = False) -> str:
    """The address of the request. :param external: whether whole, or its path alone."""
    path = url_for(f"{API}.{operation.name}", _external=external, **target.path_arguments)
    return f"{path}?{urlencode(target.query)}" if target.query else path


def _idempotency_key(operation: Operation, acting: Acting, payload: str, run_id: str) -> str:
    # Over everything that was chosen: the browser's way back may bring an old page, and a changed choice
    # on it is a request of its own.
    parts = (run_id, operation.name, str(acting.key_id), str(acting.simulate), payload)
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"playground-{digest[:40]}"


def _outcome(response: Response, milliseconds: float, acting: Acting) -> Outcome:
    text = raw = response.get_data(as_text=True)
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
        raw=raw.rstrip("\n"),
        milliseconds=milliseconds,
        timings=_timings(response.headers.get("Server-Timing", "")),
        error_code=error.get("code"),
        faults=details if isinstance(details, list) else (),
        message_uuid=UUID(uuid) if uuid else None,
        was_simulated=acting.simulate,
    )


def _timings(header: str) -> list[Timing]:
    spent = {name: float(value) for name, value in _TIMED_PART.findall(header)}
    total = max(spent.get("total", 0.0), 0.01)
    return [
        Timing(label, spent[name], min(1.0, spent[name] / total))
        for name, label in TIMED.items()
        if name in spent
    ]


def _member(answer: Any, name: str) -> dict[str, Any]:
    value = answer.get(name) if isinstance(answer, dict) else None
    return value if isinstance(value, dict) else {}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
