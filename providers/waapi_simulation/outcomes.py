"""What becomes of a simulated message: a pure function of its recipient.

Three ranges of numbers are magic. North American numbers have no area code 555, so none of them can
be anyone's. What follows the prefix always has six digits:

- ``+15550`` and a Meta error code: refused at once with that code,
- ``+15551`` and a Meta error code: accepted, then ``failed`` with that code,
- ``+15552`` and a number of :data:`BEHAVIOURS`: a life out of the ordinary.

For every other recipient the message is sent, delivered and read. The codes and their kinds are in
:mod:`waapi_simulation.codes`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from flask_waapi import OutcomeUnknown, ProviderError, Refusal, Retryable

from .codes import THROTTLE_PAUSE, lookup

REFUSED_PREFIX = "+15550"
FAILED_PREFIX = "+15551"
BEHAVIOUR_PREFIX = "+15552"

_MAGIC = re.compile(r"(\+1555[012])([0-9]{6})")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Delays:
    """How long after the send a message is delivered, and how long after the send it is read."""

    delivered: timedelta = timedelta(seconds=1)
    read: timedelta = timedelta(seconds=2)


@dataclass(frozen=True)
class Step:
    """One later status. :param after: counted from the send."""

    status: str
    after: timedelta
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Accepted:
    """The send succeeds. :param later: the statuses that follow, in the order of their arrival."""

    later: tuple[Step, ...]


@dataclass(frozen=True)
class Refused:
    """The send raises ``kind``. :param retry_after: given to :class:`~flask_waapi.Retryable`."""

    kind: type[ProviderError]
    message: str
    code: str | None = None
    retry_after: timedelta | None = None

    def error(self) -> ProviderError:
        """A new exception; one that is raised twice would gather the tracebacks of both."""
        if issubclass(self.kind, Retryable):
            return self.kind(self.message, code=self.code, retry_after=self.retry_after)
        return self.kind(self.message, code=self.code)


Outcome = Accepted | Refused
Plan = Callable[[Delays, int], Outcome]
"""The outcome under these delays at this attempt."""


@dataclass(frozen=True)
class Behaviour:
    """One recipient of the third range. :param summary: what happens, for the documentation."""

    number: int
    summary: str
    plan: Plan

    @property
    def recipient(self) -> str:
        """The number to send to, E.164."""
        return f"{BEHAVIOUR_PREFIX}{self.number:06}"


def _ordinary(delays: Delays, attempt: int) -> Outcome:
    return Accepted((Step("delivered", delays.delivered), Step("read", delays.read)))


def _delivered_only(delays: Delays, attempt: int) -> Outcome:
    return Accepted((Step("delivered", delays.delivered),))


def _read_only(delays: Delays, attempt: int) -> Outcome:
    return Accepted((Step("read", delays.read),))


def _slow(delays: Delays, attempt: int) -> Outcome:
    return Accepted((Step("delivered", _HOUR), Step("read", 2 * _HOUR)))


def _duplicated(delays: Delays, attempt: int) -> Outcome:
    delivered, read = Step("delivered", delays.delivered), Step("read", delays.read)
    return Accepted((delivered, delivered, read, read))


def _reordered(delays: Delays, attempt: int) -> Outcome:
    return Accepted(
        (
            Step("read", delays.delivered),
            Step("delivered", delays.read),
            Step("sent", delays.read + delays.delivered),
        )
    )


def _silent(delays: Delays, attempt: int) -> Outcome:
    return Accepted(())


def _throttled(delays: Delays, attempt: int) -> Outcome:
    return Refused(Retryable, "The simulated network is throttling.", retry_after=THROTTLE_PAUSE)


def _unavailable(delays: Delays, attempt: int) -> Outcome:
    return Refused(Retryable, "The simulated network cannot be reached.")


def _unavailable_once(delays: Delays, attempt: int) -> Outcome:
    return _unavailable(delays, attempt) if attempt == 1 else _ordinary(delays, attempt)


def _unknown(delays: Delays, attempt: int) -> Outcome:
    return Refused(OutcomeUnknown, "The simulated network took the message and did not answer.")


BEHAVIOURS = (
    Behaviour(1, "sent, delivered, never read", _delivered_only),
    Behaviour(2, "sent, read without ever being delivered", _read_only),
    Behaviour(3, "sent, delivered after an hour, read after two", _slow),
    Behaviour(4, "sent, then each status arrives twice", _duplicated),
    Behaviour(5, "sent, then the statuses arrive in reverse: read, delivered, sent", _reordered),
    Behaviour(6, "sent, then nothing is ever heard of it", _silent),
    Behaviour(7, "throttled at every attempt: `Retryable` with `retry_after` 30 s", _throttled),
    Behaviour(8, "unavailable at every attempt: `Retryable` without a hint", _unavailable),
    Behaviour(9, "unavailable at the first attempt, ordinary from the second", _unavailable_once),
    Behaviour(10, "timeout after the message was handed over: `OutcomeUnknown`", _unknown),
)
"""The third range of magic recipients."""

_PLANS = {behaviour.recipient: behaviour.plan for behaviour in BEHAVIOURS}


def outcome_for(recipient: str, delays: Delays | None = None, attempt: int = 1) -> Outcome:
    """What becomes of a message to ``recipient``, E.164 with the plus sign.

    :param delays: the defaults of :class:`Delays` unless given.
    :param attempt: 1 for the first try.
    """
    delays = delays or Delays()
    magic = _MAGIC.fullmatch(recipient)
    if magic is None:
        return _ordinary(delays, attempt)
    prefix, digits = magic.groups()
    if prefix == BEHAVIOUR_PREFIX:
        return _PLANS.get(recipient, _ordinary)(delays, attempt)
    known = lookup(int(digits))
    code = str(known.code)
    if prefix == REFUSED_PREFIX:
        return Refused(known.kind, known.reason, code, known.retry_after)
    return Accepted((Step("failed", delays.delivered, Refusal(code, known.reason)),))
