"""How fast a number sends: so many messages a second, and so many to one recipient.

What has to wait has not failed. A wait too short to notice is waited out; for a longer one the message goes
back into the queue, and nothing is counted against it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from ...plugins.provider_errors import Throttled
from ...plugins.registry import Providers
from ...plugins.throughput import UNLIMITED, Throughput
from ...storage.models import Message
from .pace_stores import Buckets, Limit
from .queue import Priority

PATIENCE_SECONDS = 0.25
"""How long a thread waits until its message may go."""

STANDARD_PAUSE = timedelta(seconds=1)
"""How long a number, or a recipient, is left alone after a refusal that does not say."""


class Pace:
    """The pace of the numbers of one app.

    :param sleep: waits for so many seconds.
    """

    def __init__(
        self,
        providers: Providers,
        buckets: Buckets,
        clock: Callable[[], datetime],
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._providers = providers
        self._buckets = buckets
        self._clock = clock
        self._sleep = sleep

    def wait(self, message: Message) -> timedelta:
        """Wait until a message may be handed over, if that is not long.

        :returns: nothing when it may go now; otherwise for how long it has to be put back.
        """
        limits = self._limits(message)
        if not limits:
            return timedelta(0)
        # A one-time password does not stand in line behind the advertisements for the same recipient.
        in_line = message.priority != Priority.HIGH
        wait = self._buckets.take(limits, self._now(), PATIENCE_SECONDS, in_line=in_line)
        if wait > PATIENCE_SECONDS:
            return timedelta(seconds=wait)
        if wait > 0:
            self._sleep(wait)
        return timedelta(0)

    def room(self, provider: str) -> int | None:
        """How many messages an instance could hand over in a moment; ``None`` for any number."""
        throughput = self._throughput(provider)
        if not throughput.messages_per_second:
            return None
        return self._buckets.room(_of_number(provider, throughput), self._now(), PATIENCE_SECONDS)

    def slow(self, message: Message, error: Throttled) -> timedelta:
        """Go slower after a provider has refused a message for going too fast.

        :returns: after which time the message may be tried again.
        """
        pause = STANDARD_PAUSE if error.retry_after is None else max(error.retry_after, timedelta(0))
        for limit in self._limits(message):
            if limit.lines_up == (error.scope != Throttled.NUMBER):
                self._buckets.slow(limit, self._now(), pause.total_seconds())
        return pause

    def _limits(self, message: Message) -> list[Limit]:
        throughput = self._throughput(message.provider)
        limits = []
        if throughput.messages_per_second:
            limits.append(_of_number(message.provider, throughput))
        if throughput.recipient_interval:
            limits.append(_of_recipient(message, throughput))
        return limits

    def _throughput(self, provider: str) -> Throughput:
        # An instance may have been taken out of the settings while its messages waited.
        return self._providers[provider].throughput if provider in self._providers else UNLIMITED

    def _now(self) -> float:
        return self._clock().timestamp()


def _of_number(provider: str, throughput: Throughput) -> Limit:
    name = f"{{{throughput.number or provider}}}"
    return Limit(name, 1 / throughput.messages_per_second, throughput.burst)


def _of_recipient(message: Message, throughput: Throughput) -> Limit:
    number = throughput.number or message.provider
    # A store that others can read must not list whom the number writes to.
    digest = hashlib.sha256(f"{number}\n{message.recipient}".encode()).hexdigest()[:32]
    name = f"{{{number}}}:{digest}"
    return Limit(name, throughput.recipient_interval, throughput.recipient_burst, lines_up=True)
