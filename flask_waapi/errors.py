"""The errors a caller of the API can meet: one class per code of the contract.

Every error carries what the envelope needs (HTTP status, code, message, details) and nothing of HTTP
itself, so that the same error serves the API, a Python call, the CLI and the playground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class WaApiError(Exception):
    """Base of everything flask-waapi refuses.

    :param message: one sentence: what happened, which value, what to do next.
    :param details: JSON-ready facts beside the message.
    :param retry_after: whole seconds after which the same request may succeed.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    remedy: ClassVar[str] = ""
    """What to do about it, in one line."""

    def __init__(self, message: str, *, details: Any | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.retry_after = retry_after


class InternalError(WaApiError):
    """A fault of our own; the cause is in the log under the request id."""

    remedy = "Repeat the request once; if it fails again, look for the request id in the log of the app."


class MalformedRequest(WaApiError):
    """The body is not the JSON, or the form, that the contract asks for."""

    status, code = 400, "MALFORMED_REQUEST"
    remedy = (
        "Send one JSON object in UTF-8: each member once, no NaN, no lone surrogates, not nested too deep."
    )


class Unauthenticated(WaApiError):
    """Base of the four ways in which a key does not open the door."""

    status = 401


class MissingApiKey(Unauthenticated):
    """The request has no ``X-API-Key`` header."""

    code = "MISSING_API_KEY"
    remedy = "Send the key in the header X-API-Key, and check that no proxy takes it off."


class InvalidApiKey(Unauthenticated):
    """The key is malformed, unknown or deleted."""

    code = "INVALID_API_KEY"
    remedy = "Copy the whole key again, from wak_ to its end; if it is lost, rotate it or create another one."


class KeyInactive(Unauthenticated):
    """The key is known and switched off."""

    code = "KEY_INACTIVE"
    remedy = "Switch the key on in the Keys tab, or use another one."


class KeyExpired(Unauthenticated):
    """The key's own end, or that of the secret used, has passed."""

    code = "KEY_EXPIRED"
    remedy = "Use the secret that replaced it, or create a key that expires later."


class CallbackUnauthenticated(WaApiError):
    """A provider's callback without a valid signature."""

    status, code = 401, "INVALID_SIGNATURE"
    remedy = "Give the provider and this app the same secret: the signature is made with it."


class PermissionDenied(WaApiError):
    """The key lacks the permission of this endpoint."""

    status, code = 403, "PERMISSION_DENIED"
    remedy = "Use a key with the permission that the details name, or create one that has it."


class IpNotAllowed(WaApiError):
    """The client's address is outside the key's allowed networks."""

    status, code = 403, "IP_NOT_ALLOWED"
    remedy = "Call from one of the key's networks, or create a key that allows this address."


class NotFound(WaApiError):
    """No such thing, or not in this account: the two cannot be told apart."""

    status, code = 404, "NOT_FOUND"
    remedy = "Check the id and the address, and that the key belongs to the account that has it."


class TemplateNotFound(WaApiError):
    """The catalogue has no such template in that language."""

    status, code = 404, "TEMPLATE_NOT_FOUND"
    remedy = "Choose a name and a language of the Templates tab; sync the templates if it is new."


class MethodNotAllowed(WaApiError):
    """The path exists, the method does not."""

    status, code = 405, "METHOD_NOT_ALLOWED"
    remedy = "Use a method that the answer lists in its Allow header."


class IdempotencyInProgress(WaApiError):
    """The first request with this Idempotency-Key has not been answered yet."""

    status, code = 409, "IDEMPOTENCY_IN_PROGRESS"
    remedy = "Wait as long as Retry-After says, then repeat the same request with the same key."


class MessageNotQueued(WaApiError):
    """Only a message that still waits can be taken back."""

    status, code = 409, "MESSAGE_NOT_QUEUED"
    remedy = "Read the status of the message: what is on its way cannot be taken back."


class MessageNotReceived(WaApiError):
    """Only a message that somebody has written to us can be marked as read."""

    status, code = 409, "MESSAGE_NOT_RECEIVED"
    remedy = "Mark messages whose direction is inbound; what was sent is marked by its recipient."


class MessageNotFailed(WaApiError):
    """Only a message that has failed can be retried."""

    status, code = 409, "MESSAGE_NOT_FAILED"
    remedy = "Leave it: the message is on its way or has arrived. Send a new one to say it again."


class ServiceWindowClosed(WaApiError):
    """Free-form messages need a message from the recipient within the last 24 hours."""

    status, code = 409, "SERVICE_WINDOW_CLOSED"
    remedy = (
        "Send a template, or name a fallback_template that is sent instead; in the simulation let the "
        "recipient write first."
    )


class RecipientOptedOut(WaApiError):
    """The recipient has asked for no more marketing."""

    status, code = 409, "RECIPIENT_OPTED_OUT"
    remedy = "Send this person no marketing until they allow it again; other categories still reach them."


class AccountRestricted(WaApiError):
    """The provider has said that the account may not send such messages at the moment."""

    status, code = 409, "ACCOUNT_RESTRICTED"
    remedy = (
        "Look at what the provider says of the account on the Overview, and wait until the time in the "
        "details."
    )


class PayloadTooLarge(WaApiError):
    """The body, or the file in it, is longer than it may be; the message names the limit."""

    status, code = 413, "PAYLOAD_TOO_LARGE"
    remedy = "Send less at once, or name a file by its link; the limits are settings of the app."


class UnsupportedMediaType(WaApiError):
    """The body is not declared as ``application/json``, or a form with a file as ``multipart/form-data``."""

    status, code = 415, "UNSUPPORTED_MEDIA_TYPE"
    remedy = "Send Content-Type: application/json, or a form with a file as multipart/form-data."


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
    remedy = "Correct what the details list: each has the place in the body and what is expected there."

    def __init__(self, faults: Sequence[Fault]) -> None:
        first, *others = faults
        message = first.message
        if others:
            message += f" (and {len(others)} more: see details)"
        super().__init__(message, details=[dict(vars(fault)) for fault in faults[:MOST_FAULTS_TOLD]])
        self.faults = tuple(faults)

    def below(self, pointer: str) -> ValidationFailed:
        """The same, of a request that is a part of the body.

        :param pointer: JSON pointer to that part.
        """
        return ValidationFailed(
            [Fault(pointer + fault.pointer, fault.message, fault.expected) for fault in self.faults]
        )


class FeatureUnsupported(WaApiError):
    """The provider that would carry the message cannot do this."""

    status, code = 422, "UNSUPPORTED_FEATURE"
    remedy = "Send another type of message, or from a provider that can carry this one."


class IdempotencyMismatch(WaApiError):
    """This Idempotency-Key was used for another request before."""

    status, code = 422, "IDEMPOTENCY_MISMATCH"
    remedy = "Use a new Idempotency-Key for each new request; repeat one only with the same body."


class MessageRejected(WaApiError):
    """The provider refused the message for good; its code and reason are in the details."""

    status, code = 422, "MESSAGE_REJECTED"
    remedy = (
        "Read the provider's code and reason in the details, and change the message; the same one fails "
        "again."
    )


class TemplateRejected(WaApiError):
    """The provider refused to make, change or delete a template; its code and reason are in the details."""

    status, code = 422, "TEMPLATE_REJECTED"
    remedy = "Read the provider's code and reason in the details, and change the template."


class RateLimitExceeded(WaApiError):
    """More requests in this minute than the key, or the address, may make."""

    status, code = 429, "RATE_LIMIT_EXCEEDED"
    remedy = "Wait as long as Retry-After says and spread the requests, or give the key a higher limit."


class DailyLimitExceeded(WaApiError):
    """More requests on this UTC day than the key may make."""

    status, code = 429, "DAILY_LIMIT_EXCEEDED"
    remedy = "Wait until midnight UTC, or give the key a higher daily limit."


class ProviderFailed(WaApiError):
    """Our credentials at the provider are wrong, or its answer made no sense."""

    status, code = 502, "PROVIDER_ERROR"
    remedy = "Check the provider's credentials and its account: no message can be sent before that is mended."


class ProviderUnavailable(WaApiError):
    """The provider cannot take messages now; nothing was sent."""

    status, code = 503, "PROVIDER_UNAVAILABLE"
    remedy = (
        "Repeat the request later, as Retry-After says; with a queue behind the API that happens by itself."
    )


class StorageBusy(WaApiError):
    """The database did not give us its write lock in time."""

    status, code = 503, "STORAGE_BUSY"
    remedy = "Repeat the request; if it happens often, use a database that takes several writers at once."


class StorageUnavailable(WaApiError):
    """The database cannot be reached."""

    status, code = 503, "STORAGE_UNAVAILABLE"
    remedy = "Check that the database runs and can be reached; nothing was sent."


def every_code() -> list[type[WaApiError]]:
    """The classes of the contract, one for each code, by HTTP status."""
    told = [kind for kind in _kinds() if vars(kind).get("remedy")]
    return sorted(told, key=lambda kind: (kind.status, kind.code))


def _kinds() -> list[type[WaApiError]]:
    """Every class of the family, the bases before those made of them."""
    kinds = [WaApiError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return kinds


def error_of(code: str, message: str, details: Any | None = None) -> WaApiError:
    """An error again, from what was told of it."""
    if code == ValidationFailed.code:
        return ValidationFailed([Fault(**fault) for fault in details or ()])
    return next((kind for kind in _kinds() if kind.code == code), WaApiError)(message, details=details)


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
