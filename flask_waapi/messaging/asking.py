"""Asking a provider for something while a caller waits, and telling its refusals as ours."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any, TypeVar

from ..discretion import log_failure
from ..errors import (
    FeatureUnsupported,
    MessageRejected,
    ProviderFailed,
    ProviderUnavailable,
    WaApiError,
)
from ..plugins.provider import Provider
from ..plugins.provider_errors import ProviderError, Rejected, Retryable, UnsupportedFeature
from ..plugins.registry import Providers

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


def ask(
    providers: Providers,
    name: str,
    question: Callable[[Provider], Result],
    purpose: str,
    refused: Callable[[str, Rejected], WaApiError] | None = None,
) -> Result:
    """What an instance answers.

    :param purpose: what was wanted, to begin an error with: ``The receipt was not shown``.
    :param refused: makes the error to raise where the instance refuses this very request.
    :raises MessageRejected: it refuses, and there is no ``refused``.
    :raises FeatureUnsupported: the instance has no such ability.
    :raises ProviderUnavailable: it cannot be reached, or asks us to wait.
    :raises ProviderFailed: it refuses us, nobody knows what came of it, or it broke.
    """
    if name not in providers:
        raise ProviderFailed(f"{purpose}: the provider {name!r} is not configured any more.")
    try:
        return question(providers[name])
    except UnsupportedFeature as error:
        raise FeatureUnsupported(f"{purpose}: {error.message}", details={"provider": name}) from error
    except Retryable as error:
        wait = None if error.retry_after is None else max(1, math.ceil(error.retry_after.total_seconds()))
        raise ProviderUnavailable(
            f"{purpose}: {error.message}", details=facts_of(name, error), retry_after=wait
        ) from error
    except Rejected as error:
        if refused is not None:
            raise refused(name, error) from error
        raise MessageRejected(f"{purpose}: {error.message}", details=facts_of(name, error)) from error
    except ProviderError as error:
        raise ProviderFailed(f"{purpose}: {error.message}", details=facts_of(name, error)) from error
    except Exception as error:
        log_failure(logger, error, "Provider %s broke", name)
        raise ProviderFailed(f"{purpose}: the provider broke.", details={"provider": name}) from error


def facts_of(name: str, error: ProviderError) -> dict[str, Any]:
    """What the details of an error tell of a provider's refusal."""
    return {"provider": name, "provider_code": error.code, "reason": error.message}
