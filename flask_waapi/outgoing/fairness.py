"""How a process divides its slots: by account before endpoint, so that none holds those of all others.

An attempt holds its slot until the endpoint has answered or its time is over. So endpoints that may hold one
for long have a part of them: whatever they do, those that answer quickly find the others free.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

MOST_IN_HAND = 32
"""Webhooks that a process delivers at once, to all endpoints together; to those of one account, half."""

KEEPS_FAILING = 3
"""Failures in a row after which an endpoint is tried with one delivery at a time."""

QUICK = timedelta(seconds=2)
"""How long an endpoint takes at most that may use all slots of its account."""

MOST_KNOWN = 10_000
"""Endpoints that are known to be quick at once."""


_SLOW = object()


@dataclass(frozen=True)
class Receiver:
    """An endpoint that wants slots.

    :param at_once: how many it may hold.
    :param is_quick: whether it gives them back soon, as far as is known.
    """

    id: UUID
    account: str
    at_once: int
    is_quick: bool


class Speeds:
    """Which endpoints were quick when this process last tried them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._quick: dict[UUID, None] = {}

    def note(self, endpoint_id: UUID, took: timedelta) -> None:
        """An endpoint has taken so long."""
        with self._lock:
            self._quick.pop(endpoint_id, None)
            if took <= QUICK:
                self._quick[endpoint_id] = None
            if len(self._quick) > MOST_KNOWN:
                self._quick.pop(next(iter(self._quick)))

    def __contains__(self, endpoint_id: object) -> bool:
        return endpoint_id in self._quick


class Slots:
    """The slots of a process, and who holds them."""

    def __init__(self) -> None:
        self._held: Counter[Hashable] = Counter()

    def hold(self, receiver: Receiver, count: int) -> None:
        """So many slots more are an endpoint's."""
        for share in [receiver.id, *_shares(receiver)]:
            self._held[share] += count

    def room(self, receiver: Receiver) -> int:
        """How many an endpoint may have now, if as many are free."""
        return min(receiver.at_once - self._held[receiver.id], self.shared_room(receiver))

    def shared_room(self, receiver: Receiver) -> int:
        """How many it and those like it may have, if as many are free."""
        return min(most - self._held[share] for share, most in _shares(receiver).items())


def _shares(receiver: Receiver) -> dict[Hashable, int]:
    """What an endpoint's slots are counted against with those of others, and how many that has."""
    half = MOST_IN_HAND // 2
    shares: dict[Hashable, int] = {receiver.account: half}
    if not receiver.is_quick:
        # Half of an account's own, so that its quick endpoints do not wait for its slow ones either.
        shares |= {_SLOW: half, (_SLOW, receiver.account): half // 2}
    return shares


def in_turn(receivers: Iterable[Receiver], turns: Mapping[UUID, int]) -> list[Receiver]:
    """The endpoints in the order in which they are served: one of each account, then the next of each.

    :param turns: when each was served last; of one that is not in it, never.
    """
    latest: dict[str, int] = {}
    ranked: list[tuple[int, Receiver]] = []
    count: Counter[str] = Counter()
    for receiver in sorted(receivers, key=lambda receiver: turns.get(receiver.id, 0)):
        latest[receiver.account] = turns.get(receiver.id, 0)
        ranked.append((count[receiver.account], receiver))
        count[receiver.account] += 1
    ranked.sort(key=lambda item: (item[0], latest[item[1].account]))
    return [receiver for _, receiver in ranked]
