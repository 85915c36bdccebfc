"""The errors a caller of the API can meet: one class per code of the contract.

Every error carries what the envelope needs (HTTP status, code, message, details) and nothing of HTTP
itself, so that the same error serves the API, a Python call, the CLI and the playground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


class WaApiError(Exception):
    """Base of everything flask-waapi refuses.

    :param message: one sentence: what happened, which value, what to do next.
    :param details: JSON-ready facts beside the message.
    :param retry_after: whole seconds after which the same request may succeed.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str, *, details: Any | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.retry_after = retry_after


class InternalError(WaApiError):
    """A fault of our own; the cause is in the log under the request id."""


class MalformedRequest(WaApiError):
    """The body is not the JSON that the contract asks for."""

    status, code = 400, "MALFORMED_REQUEST"


class Unauthenticated(WaApiError):
    """Base of the four ways in which a key does not open the door."""

    status = 401


class MissingApiKey(Unauthenticated):
    """The request has no ``X-API-Key`` header."""

    code = "MISSING_API_KEY"


class InvalidApiKey(Unauthenticated):
    """The key is malformed, unknown or deleted."""

    code = "INVALID_API_KEY"


class KeyInactive(Unauthenticated):
    """The key is known and switched off."""

    code = "KEY_INACTIVE"


class KeyExpired(Unauthenticated):
    """The key's own end, or that of the secret used, has passed."""

    code = "KEY_EXPIRED"


class CallbackUnauthenticated(WaApiError):
    """A provider's callback without a valid signature."""

    status, code = 401, "INVALID_SIGNATURE"


class PermissionDenied(WaApiError):
    """The key lacks the permission of this endpoint."""

    status, code = 403, "PERMISSION_DENIED"


class IpNotAllowed(WaApiError):
    """The client's address is outside the key's allowed networks."""

    status, code = 403, "IP_NOT_ALLOWED"


class NotFound(WaApiError):
    """No such thing, or not in this account: the two cannot be told apart."""

    status, code = 404, "NOT_FOUND"


class TemplateNotFound(WaApiError):
    """The catalogue has no such template in that language."""

    status, code = 404, "TEMPLATE_NOT_FOUND"


class MethodNotAllowed(WaApiError):
    """The path exists, the method does not."""

    status, code = 405, "METHOD_NOT_ALLOWED"


class IdempotencyInProgress(WaApiError):
    """The first request with this Idempotency-Key has not been answered yet."""

    status, code = 409, "IDEMPOTENCY_IN_PROGRESS"


class ServiceWindowClosed(WaApiError):
    """Free-form messages need a message from the recipient within the last 24 hours."""

    status, code = 409, "SERVICE_WINDOW_CLOSED"


class PayloadTooLarge(WaApiError):
    """The body is longer than ``WAAPI_MAX_BODY_SIZE``."""

    status, code = 413, "PAYLOAD_TOO_LARGE"


class UnsupportedMediaType(WaApiError):
    """The body is not declared as ``application/json``."""

    status, code = 415, "UNSUPPORTED_MEDIA_TYPE"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request.

    :param pointer: JSON pointer (RFC 6901) to the member at fault, ``/variables/total``.
    :param message: what was wrong with it.
    :param expected: what would have been right.
    """

    pointer: str
    message: str
    expected: str


MOST_FAULTS_TOLD = 100
"""A request of 20,000 faults must not have an answer ten times its size."""


class ValidationFailed(WaApiError):
    """The request is JSON but not a request we can carry out; all its faults at once."""

    status, code = 422, "VALIDATION_ERROR"

    def __init__(self, faults: Sequence[Fault]) -> None:
        first, *others = faults
        message = first.message
        if others:
            message += f" (and {len(others)} more: see details)"
        super().__init__(message, details=[asdict(fault) for fault in faults[:MOST_FAULTS_TOLD]])
        self.faults = tuple(faults)


class FeatureUnsupported(WaApiError):
    """The provider that would carry the message cannot do this."""

    status, code = 422, "UNSUPPORTED_FEATURE"


class IdempotencyMismatch(WaApiError):
    """This Idempotency-Key was used for another request before."""

    status, code = 422, "IDEMPOTENCY_MISMATCH"


class MessageRejected(WaApiError):
    """The provider refused the message for good; its code and reason are in the details."""

    status, code = 422, "MESSAGE_REJECTED"


class RateLimitExceeded(WaApiError):
    """More requests in this minute than the key, or the address, may make."""

    status, code = 429, "RATE_LIMIT_EXCEEDED"


class DailyLimitExceeded(WaApiError):
    """More requests on this UTC day than the key may make."""

    status, code = 429, "DAILY_LIMIT_EXCEEDED"


class ProviderFailed(WaApiError):
    """Our credentials at the provider are wrong, or its answer made no sense."""

    status, code = 502, "PROVIDER_ERROR"


class ProviderUnavailable(WaApiError):
    """The provider cannot take messages now; nothing was sent."""

    status, code = 503, "PROVIDER_UNAVAILABLE"


class StorageBusy(WaApiError):
    """The database did not give us its write lock in time."""

    status, code = 503, "STORAGE_BUSY"


class ConfigurationError(Exception):
    """The settings are not usable; the message names every fault at once.

    :param problems: one sentence per fault, each naming the setting to change.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(
            "flask-waapi cannot start with this configuration:\n"
            + "\n".join(f"  - {problem}" for problem in problems)
        )
        self.problems = tuple(problems)
