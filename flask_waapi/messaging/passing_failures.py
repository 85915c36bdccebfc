"""Failures that sent nothing and may pass: the same request may be made again under its Idempotency-Key."""

from __future__ import annotations

from ..errors import ProviderFailed, ProviderUnavailable, ServiceWindowClosed, StorageUnavailable
from ..storage.models import Message
from .status import FAILED

PASSING_FAILURES = {
    ProviderFailed.code,
    ProviderUnavailable.code,
    ServiceWindowClosed.code,
    StorageUnavailable.code,
}


def may_be_repeated(message: Message) -> bool:
    """Whether a request that made this message may be made again under its Idempotency-Key."""
    return message.status == FAILED and message.failure_code in PASSING_FAILURES
