"""What comes of handing a message to its provider, by the provider's own taxonomy."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from ... import content
from ...discretion import log_failure
from ...errors import (
    FeatureUnsupported,
    InternalError,
    MessageRejected,
    ProviderFailed,
    ProviderUnavailable,
    ServiceWindowClosed,
)
from ...plugins.provider import OutboundMessage, Provider, SendResult
from ...plugins.provider_errors import (
    Misconfigured,
    OutcomeUnknown,
    ProviderError,
    Rejected,
    Retryable,
    Throttled,
    UnsupportedFeature,
    WindowClosed,
)
from ...plugins.registry import Providers
from ...settings import Settings
from ...storage.models import Message
from ...timing import PROVIDER, part
from ..events import OUTCOME_UNKNOWN, Failure
from ..media.links import LinkedMedia, LinksBusy
from ..status import FAILED, QUEUED, SENT, UNCONFIRMED
from .pace import Pace

MESSAGE_EXPIRED = "MESSAGE_EXPIRED"
"""Our code for a message that could not be sent before its time was over."""

PROVIDER_THROTTLED = "PROVIDER_THROTTLED"
"""Our code for a message that waits because its number, or its recipient, has had too many at once."""

NOT_IN_TIME = "It was not sent in time."

FIRST_BACK_OFF = timedelta(seconds=5)
LONGEST_BACK_OFF = timedelta(hours=1)

LONGEST_RETRY_AFTER = timedelta(hours=24)
"""What a provider may ask us to wait at most."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt.

    :param status: of the attempt's event; ``queued`` when it is to be tried again.
    :param failure: why it is not on its way.
    :param retry_in: when to try again; of a failure that was told to the caller, when that may be worth it.
    :param result: the provider's word, when it has accepted.
    :param begun: whether the provider was asked at all; if not, it was no attempt.
    """

    status: str
    failure: Failure | None = None
    retry_in: timedelta | None = None
    result: SendResult | None = None
    begun: bool = True


class Attempts:
    """Calls the providers of one app.

    :param links: makes uploads of links, where the host wants that.
    :param throttled_before: how many attempts of a message's round ended in a :class:`Throttled`.
    :param jitter: draws the factor by which a back-off is stretched.
    """

    def __init__(
        self,
        providers: Providers,
        pace: Pace,
        links: LinkedMedia,
        settings: Settings,
        clock: Callable[[], datetime],
        throttled_before: Callable[[Message], int],
        jitter: Callable[[float, float], float],
    ) -> None:
        self._providers = providers
        self._pace = pace
        self._links = links
        self._throttled_before = throttled_before
        self._settings = settings
        self._clock = clock
        self._jitter = jitter

    def make(self, message: Message, *, acknowledged: bool) -> Outcome:
        """Hand a claimed message to its provider, unless it is too late for that.

        :param acknowledged: whether its caller has been told that we have it. A failure that may pass is
            then ours to retry; otherwise it is the caller's to hear.
        """
        if self._is_expired(message):
            return _expired(NOT_IN_TIME)
        if message.due_at is not None and message.due_at <= self._clock():
            # We were held up until our lease had ended. Another process may have settled it by now.
            reason = "The process that was to send it was held up for too long."
            return Outcome(QUEUED, Failure(ProviderUnavailable.code, None, reason), timedelta(0))
        try:
            outbound = _outbound(message)
        except Exception as error:
            log_failure(logger, error, "Message %s cannot be read", message.id)
            reason = "What was stored of the message cannot be read."
            return Outcome(FAILED, Failure(InternalError.code, None, reason))
        try:
            provider = self._provider(message)
            with self._seat(outbound, message, provider, acknowledged):
                wait = self._pace.wait(message)
                if wait > timedelta(0):
                    return self._put_back(message, wait)
                within = self._time_for_links(message)
                brought = self._links.brought(outbound, message.provider, provider, within)
            if brought is not outbound:
                if self._is_expired(message):
                    return _expired(NOT_IN_TIME)
                if self._time_for_links(message) <= timedelta(0):
                    raise Retryable(
                        "Its media took so long that its send might have outlasted our claim to it."
                    )
            with part(PROVIDER):
                result = provider.send(brought)
            return Outcome(SENT, result=result)
        except LinksBusy as busy:
            return self._put_back(message, busy.wait)
        except Exception as error:
            return self._refused(message, error, acknowledged)

    def _refused(self, message: Message, error: Exception, acknowledged: bool) -> Outcome:
        try:
            return self._outcome_of(message, error, acknowledged)
        except Exception as unreadable:
            kind = type(error).__name__
            log_failure(logger, unreadable, "Provider %s: a %s cannot be read", message.provider, kind)
            # What is in it is lost; its kind still says whether the message may be sent again.
            return self._outcome_of(message, _empty(error), acknowledged)

    def _outcome_of(self, message: Message, error: Exception, acknowledged: bool) -> Outcome:
        match error:
            case Throttled():
                return self._throttled(message, error)
            case Retryable():
                return self._passing(message, error, acknowledged)
            case WindowClosed():
                return _failed(error, ServiceWindowClosed.code)
            case Rejected():
                return _failed(error, MessageRejected.code)
            case UnsupportedFeature():
                return _failed(error, FeatureUnsupported.code)
            case Misconfigured():
                logger.error("Provider %s cannot send: %s", message.provider, error.message)
                return _failed(error, ProviderFailed.code)
            case OutcomeUnknown():
                return Outcome(UNCONFIRMED, Failure(OUTCOME_UNKNOWN, error.code, error.message))
        # A provider's own bug can strike before or after the message went out.
        log_failure(logger, error, "Provider %s broke while sending %s", message.provider, message.id)
        reason = f"The provider broke: {type(error).__name__}."
        return Outcome(UNCONFIRMED, Failure(OUTCOME_UNKNOWN, None, reason))

    def _seat(
        self, outbound: OutboundMessage, message: Message, provider: Provider, acknowledged: bool
    ) -> AbstractContextManager[None]:
        # One whose caller waits has the caller's thread, not one of those that send.
        return self._links.seat(outbound, message.provider, provider) if acknowledged else nullcontext()

    def _provider(self, message: Message) -> Provider:
        if message.provider not in self._providers:
            raise Misconfigured(f"The provider {message.provider!r} is not configured any more.")
        provider = self._providers[message.provider]
        if message.simulated and not provider.simulated:
            # The name was a simulation's when the message was stored.
            raise Misconfigured("A simulated message must not reach a real provider.")
        return provider

    def _is_expired(self, message: Message) -> bool:
        return message.expires_at is not None and message.expires_at <= self._clock()

    def _time_for_links(self, message: Message) -> timedelta:
        """For how long links may be fetched before what is left of the lease is needed for the send."""
        most = self._settings.media_link_timeout
        if message.due_at is None:
            return most
        return min(most, message.due_at - self._settings.send_lease - self._clock())

    def _put_back(self, message: Message, wait: timedelta) -> Outcome:
        if message.expires_at is not None:
            # It is to be told in time that there is no more time.
            wait = min(wait, message.expires_at - self._clock())
        return Outcome(QUEUED, retry_in=wait, begun=False)

    def _throttled(self, message: Message, error: Throttled) -> Outcome:
        # Its caller need not know: the message waits as it would have, had we known the limit.
        wait = min(self._pace.slow(message, error), LONGEST_RETRY_AFTER)
        given_up = self._out_of_time(message, error, wait)
        return given_up or Outcome(QUEUED, Failure(PROVIDER_THROTTLED, error.code, error.message), wait)

    def _passing(self, message: Message, error: Retryable, acknowledged: bool) -> Outcome:
        failure = Failure(ProviderUnavailable.code, error.code, error.message)
        wait = self._back_off(message.attempts) if error.retry_after is None else error.retry_after
        wait = max(timedelta(0), min(wait, LONGEST_RETRY_AFTER))
        if not acknowledged:
            return Outcome(FAILED, failure, wait)
        most = self._settings.max_attempts
        if message.attempts >= most and message.attempts - self._throttled_before(message) >= most:
            return Outcome(FAILED, _given_up(failure, f"after {_tried(message)} (WAAPI_MAX_ATTEMPTS)"))
        return self._out_of_time(message, error, wait) or Outcome(QUEUED, failure, wait)

    def _out_of_time(self, message: Message, error: Retryable, wait: timedelta) -> Outcome | None:
        next_try = self._clock() + wait
        if message.expires_at is not None and next_try >= message.expires_at:
            return _expired(f"It could not be sent in time: {error.message}", error.code)
        if next_try - (message.send_at or message.created_at) > self._settings.retry_max_age:
            failure = Failure(ProviderUnavailable.code, error.code, error.message)
            when = f"after {_tried(message)}, too old (WAAPI_RETRY_MAX_AGE)"
            return Outcome(FAILED, _given_up(failure, when))
        return None

    def _back_off(self, attempts: int) -> timedelta:
        # The exponent is bounded so that a long life of a message does not overflow.
        doubled: timedelta = FIRST_BACK_OFF * (1 << min(attempts - 1, 20))
        return min(doubled, LONGEST_BACK_OFF) * self._jitter(0.8, 1.2)


def _outbound(message: Message) -> OutboundMessage:
    return OutboundMessage(
        uuid=message.id,
        to=message.recipient,
        content=content.from_json(message.type, message.content),
        attempt=message.attempts,
        options=content.options_from_json(message.options),
    )


def _empty(error: Exception) -> ProviderError:
    kinds: tuple[type[ProviderError], ...] = (
        Retryable,
        WindowClosed,
        Rejected,
        UnsupportedFeature,
        Misconfigured,
    )
    kind = next((kind for kind in kinds if isinstance(error, kind)), OutcomeUnknown)
    return kind(f"The provider gave no reason that can be read ({type(error).__name__}).")


def _failed(error: ProviderError, code: str) -> Outcome:
    return Outcome(FAILED, Failure(code, error.code, error.message))


def _expired(reason: str, provider_code: str | None = None) -> Outcome:
    return Outcome(FAILED, Failure(MESSAGE_EXPIRED, provider_code, reason))


def _tried(message: Message) -> str:
    return f"{message.attempts} attempt" + ("s" if message.attempts > 1 else "")


def _given_up(failure: Failure, when: str) -> Failure:
    return Failure(failure.code, failure.provider_code, f"{failure.reason} Given up {when}.")
