"""How a provider says no.

Choosing the right kind is a provider's most important duty: it decides whether a message is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar


class ProviderError(Exception):
    """Base of the ways in which a provider says no.

    :param message: what happened, fit for the caller's eyes: no token, no address of a server.
    :param code: the provider's own code, if it gave one; kept as a string.
    """

    def __init__(self, message: str, *, code: str | int | None = None) -> None:
        super().__init__(message)
        # Authors hand on what they find in JSON of a network's.
        self.message = str(message)
        self.code = None if code is None else str(code)


class Retryable(ProviderError):
    """Nothing was sent, and the same call may succeed later: overload, throttling, no connection.

    :param retry_after: the provider's own word on when, a number being seconds; ``None`` when it gave none.
    """

    def __init__(
        self, message: str, *, code: str | int | None = None, retry_after: timedelta | float | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = _as_pause(retry_after)


class Throttled(Retryable):
    """Nothing was sent, because more was asked for than the number may send: send slower from now on.

    :param scope: whom it concerns: ``Throttled.NUMBER``, all that this instance sends, or
        ``Throttled.RECIPIENT``, what it sends to this one recipient.
    """

    NUMBER: ClassVar[str] = "number"
    RECIPIENT: ClassVar[str] = "recipient"

    def __init__(
        self,
        message: str,
        *,
        scope: str,
        code: str | int | None = None,
        retry_after: timedelta | float | None = None,
    ) -> None:
        super().__init__(message, code=code, retry_after=retry_after)
        self.scope = scope


class Rejected(ProviderError):
    """Nothing was sent, and the same message will never be: bad parameter, unknown recipient."""


class WindowClosed(Rejected):
    """Rejected because the recipient has not written within the last 24 hours."""


class Misconfigured(ProviderError):
    """Nothing was sent because of us, not of the message: credentials, permissions, account state."""


class OutcomeUnknown(ProviderError):
    """The message may have been sent: the connection broke after it was handed over."""


class UnsupportedFeature(ProviderError):
    """This provider has no such ability."""


class CallbackRefused(ProviderError):
    """The callback is not from whom it says: a bad, missing or malformed signature."""


class ProviderSettingsError(Exception):
    """A factory's complaint about the settings of an instance.

    :param problems: one sentence per fault, each naming the setting within the instance.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def _as_pause(value: timedelta | float | None) -> timedelta | None:
    if value is None or isinstance(value, timedelta):
        return value
    try:
        return timedelta(seconds=float(value))
    except (TypeError, ValueError, OverflowError):
        # A hint that says nothing must not cost what the error itself says.
        return None
