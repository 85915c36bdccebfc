"""The door of every guarded view: request id, gates, limit headers, request log.

:func:`require_key` is public: a host puts it on its own views and has the same keys, limits and errors.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec
from uuid import UUID

from flask import Response, after_this_request, current_app, g, request
from flask.typing import ResponseReturnValue

from .. import timing
from ..access.gate import Passage
from ..access.key_views import Credential
from ..access.permissions import Permission
from ..access.quota import Quota
from ..access.request_entry import RequestEntry
from ..discretion import log_failure
from ..errors import WaApiError
from ..services import Services, current_services
from .envelope import error_body, json_response

Parameters = ParamSpec("Parameters")

ACTING = "flask_waapi.acting"
"""Name in the WSGI environment. A client's headers arrive there as ``HTTP_...`` and cannot set it."""


VISIT = "_waapi_visit"
"""Our one name on ``flask.g``."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Acting:
    """The dashboard's word that a request is made as one of its user's keys, without the secret.

    :param simulate: whether the request must end at the simulation.
    """

    account: str
    key_id: UUID
    simulate: bool


@dataclass
class Visit:
    """What we know of the request in hand.

    :param started: reading of the monotonic clock at its arrival, seconds.
    :param message_id: the message that came of it or that it is about, where that is one.
    :param parts: how long its parts have taken, milliseconds; ``None`` where nobody watches.
    """

    request_id: str
    started: float
    passage: Passage = field(default_factory=Passage)
    acting: Acting | None = None
    error_code: str | None = None
    message_id: UUID | None = None
    parts: dict[str, float] | None = None


def current_visit() -> Visit:
    """The visit that :func:`enter` has begun for this request."""
    visit: Visit = g.get(VISIT)
    return visit


def current_key() -> Credential:
    """The key of the request, within a view that has :func:`require_key`.

    :raises RuntimeError: the view has no such guard.
    """
    visit: Visit | None = g.get(VISIT)
    if visit is None or visit.passage.credential is None:
        raise RuntimeError("There is no API key here: put @require_key(...) on the view.")
    return visit.passage.credential


def require_key(
    permission: str,
) -> Callable[[Callable[Parameters, ResponseReturnValue]], Callable[Parameters, Response]]:
    """Let only requests with a valid API key of this permission into a view.

    The view is entered after the gates; what they refuse is answered in the API's envelope, and every
    answer carries the limit headers. Put it below ``@app.route``.

    :param permission: a permission's name, ``"send_template"``.
    :raises ValueError: there is no such permission.
    """
    wanted = Permission(permission)

    def decorate(
        view: Callable[Parameters, ResponseReturnValue],
    ) -> Callable[Parameters, Response]:
        @wraps(view)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Response:
            services = current_services()
            visit = enter(services)
            try:
                credential = admit(services, visit, [wanted])
                services.gate.spend(visit.passage, credential)
            except WaApiError as error:
                return refuse(error)
            return current_app.make_response(current_app.ensure_sync(view)(*args, **kwargs))

        return guarded

    return decorate


def enter(services: Services) -> Visit:
    """Begin a visit: from here on the answer carries our headers and is logged."""
    visit = Visit(_request_id(request.headers.get("X-Request-Id")), time.monotonic())
    if isinstance(request.environ.get(ACTING), Acting):
        visit.parts = timing.watch()
    setattr(g, VISIT, visit)
    after_this_request(lambda response: _leave(services, visit, response))
    if services.settings.background_thread:
        services.loop.start()
    return visit


def admit(services: Services, visit: Visit, permissions: Sequence[Permission]) -> Credential:
    """Take the request through the gates that cost it nothing: key, permission, address.

    :param permissions: of which the key needs one.
    :raises WaApiError: one of them refuses it.
    """
    address = request.remote_addr or ""
    acting = request.environ.get(ACTING)
    if isinstance(acting, Acting):
        visit.acting = acting
        visit.passage.credential = services.keys.credential(acting.account, acting.key_id)
    else:
        services.gate.identify(visit.passage, request.headers.get("X-API-Key") or None, address)
    return services.gate.admit(visit.passage, permissions, address)


def refuse(error: WaApiError) -> Response:
    """The answer to a request that fails with this error."""
    visit = current_visit()
    visit.error_code = error.code
    response = json_response(error_body(error, visit.request_id), error.status)
    if error.retry_after is not None and error.status in {409, 429, 503}:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _request_id(given: str | None) -> str:
    # The caller's own id ends in logs and in a header, so only harmless characters are taken over.
    if given is not None and re.fullmatch(r"[A-Za-z0-9._~+/=:@-]{1,128}", given, re.ASCII):
        return given
    return secrets.token_hex(16)


def _leave(services: Services, visit: Visit, response: Response) -> Response:
    response.headers["X-Request-Id"] = visit.request_id
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    _write_limits(response, visit.passage)
    if visit.parts is not None:
        response.headers["Server-Timing"] = _server_timing(visit, visit.parts)
    credential = visit.passage.credential
    if credential is not None:
        rule = request.url_rule
        wrote = services.request_log.add(
            RequestEntry(
                account=credential.account,
                key_id=credential.key_id,
                occurred_at=services.clock(),
                method=request.method,
                endpoint=rule.rule if rule else request.path[:255],
                status=response.status_code,
                error_code=visit.error_code,
                duration_ms=(time.monotonic() - visit.started) * 1_000,
                request_id=visit.request_id,
                message_id=visit.message_id,
            )
        )
        if wrote and not services.settings.background_thread:
            _count_messages(services)
    return response


def _count_messages(services: Services) -> None:
    try:
        services.message_hours.count_marked()
    except Exception as error:
        # The answer is on its way; the hours are counted later.
        log_failure(logger, error, "The messages could not be counted")


def _server_timing(visit: Visit, parts: dict[str, float]) -> str:
    """The header of that name (W3C Server Timing), for whom the dashboard acts and for nobody else."""
    total = (time.monotonic() - visit.started) * 1_000
    rest = max(0.0, total - sum(parts.values()))
    return ", ".join(
        f"{name};dur={spent:.2f}" for name, spent in {**parts, "rest": rest, "total": total}.items()
    )


def _write_limits(response: Response, passage: Passage) -> None:
    """The IETF fields (draft-ietf-httpapi-ratelimit-headers-10) and the older ``X-RateLimit`` ones."""
    windows = {
        name: (quota, seconds)
        for name, quota, seconds in (
            ("minute", passage.minute, 60),
            ("daily", passage.daily, 86_400),
        )
        if quota is not None
    }
    if not windows:
        return
    response.headers["RateLimit-Policy"] = ", ".join(
        f'"{name}";q={quota.limit};w={seconds}' for name, (quota, seconds) in windows.items()
    )
    response.headers["RateLimit"] = ", ".join(
        f'"{name}";r={quota.remaining};t={quota.reset_seconds}' for name, (quota, _) in windows.items()
    )
    tightest: Quota = min(
        (quota for quota, _ in windows.values()), key=lambda quota: (quota.granted, quota.remaining)
    )
    legacy: dict[str, Any] = {
        "Limit": tightest.limit,
        "Remaining": tightest.remaining,
        "Reset": int(time.time()) + tightest.reset_seconds,
    }
    for name, value in legacy.items():
        response.headers[f"X-RateLimit-{name}"] = str(value)
