"""Threads that hand over what waits: messages to their providers, webhooks to their endpoints.

Something is claimed only when a thread is free for it: what a process holds when it is killed is what it was
just sending.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ..discretion import log_failure
from ..messaging.delivery.handover import Delivery
from ..messaging.delivery.pace import Pace
from ..messaging.delivery.queue import Queue
from ..messaging.incoming.callbacks import Callbacks, DueCallbacks
from ..messaging.templates.sync import DueReading, TemplateReadings
from ..outgoing.deliver import Deliverer
from ..outgoing.deliveries import ClaimedDelivery, Deliveries
from ..outgoing.fairness import MOST_IN_HAND
from ..storage.models import Message

NO_THREAD_SECONDS = 1.0
"""How long nothing is taken up after no thread could be started."""

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


@dataclass(frozen=True)
class Work(Generic[Item]):
    """One kind of what is sent, and how.

    :param name: what one is called in the log, with its id.
    :param claim: takes in hand what there is room for, told how much of each group is in hand already.
    :param attempt: sends one. :param hand_back: lets others have one that was claimed and not begun.
    :param id_of: its id. :param group_of: what it shares room with: a provider's or an endpoint's name.
    :param at_once: how many of one group are in hand at most.
    :param threads: how many threads all groups share; ``None`` where each has its own.
    """

    name: str
    claim: Callable[[Mapping[str, int]], Sequence[Item]]
    attempt: Callable[[Item], object]
    hand_back: Callable[[Item], None]
    id_of: Callable[[Item], object]
    group_of: Callable[[Item], str]
    at_once: int
    threads: int | None = None


def of_messages(queue: Queue, delivery: Delivery, pace: Pace, threads: int) -> Work[Message]:
    """The work of sending messages.

    :param threads: messages in hand at once, for each provider instance.
    """

    def room(provider: str, in_hand: Mapping[str, int]) -> int:
        # What is claimed and cannot go yet would be kept from others while its lease lasts.
        threads_free = threads - in_hand.get(provider, 0)
        pace_free = pace.room(provider) if threads_free > 0 else None
        return threads_free if pace_free is None else min(threads_free, pace_free)

    return Work(
        name="message",
        claim=lambda in_hand: queue.claim(lambda provider: room(provider, in_hand)),
        attempt=lambda message: delivery.attempt(message, acknowledged=True),
        hand_back=queue.hand_back,
        id_of=lambda message: message.id,
        group_of=lambda message: message.provider,
        at_once=threads,
    )


def of_webhooks(waiting: Deliveries, deliverer: Deliverer, concurrency: int) -> Work[ClaimedDelivery]:
    """The work of delivering webhooks.

    :param concurrency: ``WAAPI_WEBHOOK_CONCURRENCY``.
    """
    return Work(
        name="webhook delivery",
        claim=waiting.claim,
        attempt=lambda claimed: waiting.note(claimed, deliverer.attempt(claimed)),
        hand_back=waiting.hand_back,
        id_of=lambda claimed: claimed.id,
        group_of=lambda claimed: claimed.group,
        at_once=concurrency,
        threads=MOST_IN_HAND,
    )


def of_callbacks(callbacks: Callbacks) -> Work[DueCallbacks]:
    """The work of applying what providers have reported, of each instance in the order in which it came."""
    return Work(
        name="callbacks of",
        claim=callbacks.due,
        attempt=callbacks.take_up,
        # Nobody holds those that were found and not begun.
        hand_back=lambda due: None,
        id_of=lambda due: due.provider,
        group_of=lambda due: due.provider,
        at_once=1,
    )


def of_templates(readings: TemplateReadings) -> Work[DueReading]:
    """The work of reading lists of templates anew, which a slow provider must not make others wait for."""
    return Work(
        name="templates of",
        claim=readings.claim_due,
        attempt=readings.refresh,
        # It is due again before long.
        hand_back=lambda due: None,
        id_of=lambda due: due.provider,
        group_of=lambda due: due.provider,
        at_once=1,
    )


class Senders:
    """The sending threads of one app in one process.

    :param freed: called when half of a group's threads are free.
    """

    def __init__(self, freed: Callable[[], None]) -> None:
        self._freed = freed
        self._crews: list[Crew[Any]] = []

    def employ(self, work: Work[Item]) -> Crew[Item]:
        """A crew for this work."""
        crew = Crew(work, self._freed)
        self._crews.append(crew)
        return crew

    @property
    def busy(self) -> bool:
        """Whether something is being handed over."""
        return any(crew.busy for crew in self._crews)

    def finish(self) -> None:
        """Wait until nothing is being handed over; the other sides' timeouts bound it."""
        for crew in self._crews:
            crew.finish()


class Crew(Generic[Item]):
    """The threads for one kind of work.

    :param freed: called when half of a group's threads are free.
    """

    def __init__(self, work: Work[Item], freed: Callable[[], None]) -> None:
        self._work = work
        self._freed = freed
        self._changed = threading.Condition()
        self._in_hand: Counter[str] = Counter()
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._process: int | None = None
        self._ending = False
        self._not_before = 0.0

    @property
    def busy(self) -> bool:
        """Whether something is being handed over."""
        return self._in_hand.total() > 0

    def take_up(self) -> int:
        """Claim what waits, as far as there are free threads, and begin to send it.

        :returns: how much is being sent since.
        """
        self._forget_threads_of_the_parent()
        if self._ending or time.monotonic() < self._not_before:
            return 0
        with self._changed:
            in_hand = dict(self._in_hand)
        claimed = self._work.claim(in_hand)
        return sum([self._begin(item) for item in claimed])

    def finish(self) -> None:
        """Wait until nothing is being handed over; the other sides' timeouts bound it."""
        with self._changed:
            self._changed.wait_for(lambda: not self.busy)

    def _begin(self, item: Item) -> bool:
        # Whoever takes it deals with the item; nobody else does.
        turn = threading.Lock()
        group = self._work.group_of(item)
        with self._changed:
            self._in_hand[group] += 1
        try:
            self._pool(group).submit(self._send, item, turn)
        except RuntimeError as error:
            # The interpreter is about to end ("cannot schedule new futures after interpreter shutdown"), or
            # there are no more threads to be had; then the pool may have kept the item for one it has.
            self._ending = "shutdown" in str(error)
            self._not_before = time.monotonic() + NO_THREAD_SECONDS
            if turn.acquire(blocking=False):
                self._hand_back(item)
                return False
        return True

    def _hand_back(self, item: Item) -> None:
        try:
            self._work.hand_back(item)
        except Exception as error:
            # The others that were claimed with it must still have their turn.
            log_failure(
                logger, error, "The %s %s could not be handed back", self._work.name, self._work.id_of(item)
            )
        finally:
            self._end(item)

    def _send(self, item: Item, turn: threading.Lock) -> None:
        if not turn.acquire(blocking=False):
            return
        try:
            self._work.attempt(item)
        except BaseException as error:  # a plugin that calls sys.exit must not cost us a thread
            log_failure(logger, error, "The %s %s could not be sent", self._work.name, self._work.id_of(item))
        finally:
            self._end(item)

    def _end(self, item: Item) -> None:
        group = self._work.group_of(item)
        with self._changed:
            self._in_hand[group] -= 1
            is_half_free = self._in_hand[group] <= self._work.at_once // 2
            if not self._in_hand[group]:
                # Endpoints come and go; the counts of all there ever were would stay.
                del self._in_hand[group]
            self._changed.notify_all()
        # To claim a few at once costs the database little more than to claim one.
        if is_half_free:
            self._freed()

    def _pool(self, group: str) -> ThreadPoolExecutor:
        pool = group if self._work.threads is None else self._work.name.replace(" ", "-")
        if pool not in self._pools:
            threads = self._work.threads or self._work.at_once
            self._pools[pool] = ThreadPoolExecutor(threads, f"flask-waapi-{pool}")
        return self._pools[pool]

    def _forget_threads_of_the_parent(self) -> None:
        # Threads do not survive a fork; what the parent has in hand is the parent's.
        if self._process != os.getpid():
            self._process = os.getpid()
            self._changed = threading.Condition()
            self._in_hand = Counter()
            self._pools = {}
