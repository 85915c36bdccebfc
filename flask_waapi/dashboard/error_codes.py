"""Every code that a request or a message can end with: what it means, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import (
    FeatureUnsupported,
    InternalError,
    MessageRejected,
    ProviderFailed,
    ProviderUnavailable,
    ServiceWindowClosed,
    StorageUnavailable,
    every_code,
)
from ..messaging.delivery.outcomes import MESSAGE_EXPIRED, PROVIDER_THROTTLED
from ..messaging.events import DELIVERY_FAILED, OUTCOME_UNKNOWN


@dataclass(frozen=True)
class ErrorCode:
    """A code.

    :param status: the HTTP status of an answer with it; ``None`` for what befalls a message later.
    """

    code: str
    status: int | None
    meaning: str
    remedy: str


_OF_MESSAGES = (
    ErrorCode(
        DELIVERY_FAILED,
        None,
        "The provider had accepted the message and reported later that it could not be delivered.",
        "Read the provider's code and reason on the message's page; they say whether another try can help.",
    ),
    ErrorCode(
        MESSAGE_EXPIRED,
        None,
        "The message could not be sent before its time was over.",
        "Send it again if it still matters, with a longer expires_in; look at what held it up.",
    ),
    ErrorCode(
        OUTCOME_UNKNOWN,
        None,
        "The provider's answer was lost, so the message may have been sent or not.",
        "Wait for a report of the provider. Do not send it again blindly: its recipient may have it twice.",
    ),
    ErrorCode(
        PROVIDER_THROTTLED,
        None,
        "The provider takes no more from this number, or to this recipient, for the moment.",
        "Nothing: the message waits and is sent slower. If it happens often, send less at once.",
    ),
)


def _codes() -> Mapping[str, ErrorCode]:
    of_requests = (ErrorCode(kind.code, kind.status, _meaning(kind), kind.remedy) for kind in every_code())
    return {told.code: told for told in (*of_requests, *_OF_MESSAGES)}


def _meaning(kind: type[Exception]) -> str:
    # Docstrings write names as reStructuredText does.
    return " ".join((kind.__doc__ or "").split()).replace("``", "")


ERROR_CODES: Mapping[str, ErrorCode] = _codes()
"""All there are, those of answers first, by their HTTP status."""

FAILURE_CODES = frozenset(
    {
        *(told.code for told in _OF_MESSAGES),
        FeatureUnsupported.code,
        InternalError.code,
        MessageRejected.code,
        ProviderFailed.code,
        ProviderUnavailable.code,
        ServiceWindowClosed.code,
        StorageUnavailable.code,
    }
)
"""Those that a message can carry."""
