"""Callbacks of the providers: the handshake, and reports that are verified, stored and answered."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Response, request

from ..discretion import log_failure
from ..errors import CallbackUnauthenticated, InternalError, NotFound, WaApiError
from ..plugins.provider import CallbackRequest, Provider
from ..plugins.provider_errors import CallbackRefused, UnsupportedFeature
from ..services import Services, current_services
from .body import read_bytes
from .door import enter, refuse

LARGEST_CALLBACK = 3 * 1024 * 1024
"""Bytes; Cloud API, webhook payloads."""

logger = logging.getLogger(__name__)


def receive(provider_name: str) -> Response:
    """Answer a provider's callback: 200 once the body is stored; what it reports is applied afterwards."""
    services = current_services()
    visit = enter(services)
    handle = _keep if request.method == "POST" else _handshake
    try:
        return _guarded(services, provider_name, handle)
    except WaApiError as error:
        return refuse(error)
    except Exception as error:
        log_failure(logger, error, "Callback %s for provider %s failed", visit.request_id, provider_name)
        return refuse(InternalError("Something broke on our side; the request id finds it in the log."))


def _guarded(
    services: Services,
    name: str,
    handle: Callable[[Services, str, Provider, CallbackRequest], Response],
) -> Response:
    if name not in services.providers:
        raise NotFound(f"There is no provider {name!r}.")
    body = b""
    if request.method == "POST":
        body = read_bytes(request, LARGEST_CALLBACK)
    callback = CallbackRequest(
        headers={key.lower(): value for key, value in request.headers.items()},
        query=request.args.to_dict(),
        body=body,
    )
    try:
        return handle(services, name, services.providers[name], callback)
    except CallbackRefused as error:
        logger.warning("A callback for provider %s was refused: %s", name, error.message)
        raise CallbackUnauthenticated("The callback's signature is not valid.") from None
    except UnsupportedFeature:
        raise NotFound(f"The provider {name!r} makes no callbacks.") from None


def _handshake(services: Services, name: str, provider: Provider, callback: CallbackRequest) -> Response:
    response = Response(provider.answer_handshake(callback), mimetype="text/plain")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _keep(services: Services, name: str, provider: Provider, callback: CallbackRequest) -> Response:
    provider.verify_callback(callback)
    services.callbacks.keep(name, callback.body)
    return Response("", mimetype="text/plain")
