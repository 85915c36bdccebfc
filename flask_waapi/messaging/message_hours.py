"""How many messages of each hour have which status, so that a month is told at a glance.

Never by adding and subtracting: a changed hour is counted anew from the messages themselves, however often
it has changed by then. Which hours have changed is only remembered in memory; what a killed process forgot
is found by comparing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from ..access.request_hours import HOUR, hour_of
from ..identifiers import first_id, moment_of
from ..storage.changes import Changed
from ..storage.counter_models import CountedHour, MessageHour
from ..storage.held_rows import hold
from ..storage.models import Message
from ..storage.session import Store
from .account_events import OUTBOUND

RESTS = 20
"""How many times longer than it took to count an hour it is not counted again."""

LONGEST_TURN_SECONDS = 0.2
"""After which the other hours wait for the next turn."""

CLOCKS_APART = timedelta(seconds=5)
"""How much the clocks of two processes may differ without one missing what the other changed."""

RECENT = timedelta(hours=24)
RECENT_CHECK = timedelta(minutes=10)
"""How often an hour of the last day is compared with its messages."""

KEPT_IN_STEP = timedelta(days=31)
LATER_CHECK = timedelta(hours=24)
"""How often one of the last month is."""

EVERY_ACCOUNT = ""
"""Stands in the table of counted hours for the comparison, which covers all accounts."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Place = tuple[str, datetime]
"""An account and an hour."""


@dataclass(frozen=True)
class Messages:
    """How many outbound messages of a time have a status and a failure code.

    :param failure_code: empty where there is none.
    """

    status: str
    failure_code: str
    messages: int


class MessageHours:
    """The counted hours of one app. Any number of processes may count at once.

    :param store: from now on tells it what its transactions have changed.
    :param timer: seconds that only grow.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime], timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._timer = timer
        self._marked: dict[Place, datetime] = {}
        self._rests_until: dict[Place, float] = {}
        store.tell_changed = self.mark

    def mark(self, changed: Changed) -> None:
        """Remember that the hours of these messages are to be counted; after the commit of the change."""
        now = self._clock()
        for account, message_id in changed:
            self._marked[account, hour_of(moment_of(message_id))] = now

    def count_marked(self, *, at_once: bool = False) -> int:
        """Count the hours that have changed, one after the other.

        :param at_once: whether to count those too that were counted a moment ago.
        :returns: how many were counted.
        """
        begun, counted = self._timer(), 0
        for place in list(self._marked):
            now = self._timer()
            if not at_once and now - begun > LONGEST_TURN_SECONDS:
                break
            if at_once or self._rests_until.get(place, now) <= now:
                counted += self._count(place)
        return counted

    def _count(self, place: Place) -> bool:
        # Taken away first: what changes from here on marks the hour again.
        marked = self._marked.pop(place, None)
        if marked is None:
            return False
        begun = self._timer()
        try:
            counted = self._store.write(lambda session: self._recount(session, place, marked))
        except BaseException:
            self._marked.setdefault(place, marked)
            raise
        if not counted:
            self._marked.setdefault(place, marked)
        ended = self._timer()
        self._rests_until = {other: until for other, until in self._rests_until.items() if until > ended}
        self._rests_until[place] = ended + RESTS * (ended - begun)
        return counted

    def _recount(self, session: Session, place: Place, marked: datetime) -> bool:
        account, hour = place
        if _is_held_by_another(session, place):
            return False
        counted = hold(session, CountedHour, {"account": account, "hour": hour}, counted_at=_NEVER)
        if counted.counted_at > marked + CLOCKS_APART:
            # Another process has counted since, and has seen what was changed here.
            return True
        counted.counted_at = self._clock()
        now_there = _tally(session, hour, Message.account == account)
        session.execute(delete(MessageHour).where(MessageHour.account == account, MessageHour.hour == hour))
        if now_there:
            session.execute(
                insert(MessageHour),
                [
                    {
                        "account": account,
                        "hour": hour,
                        "status": status,
                        "failure_code": failure_code,
                        "messages": number,
                    }
                    for (_, status, failure_code), number in now_there.items()
                ],
            )
        return True

    def compare(self) -> int:
        """Mark the hours of the last month whose rows do not tell what their messages do.

        Each is compared from time to time, by one process for all.

        :returns: how many hours were compared.
        """
        begun, compared = self._timer(), 0
        self._store.write(partial(_note_look, now=self._clock()))
        for hour, longest_ago in self._hours_to_compare():
            if self._timer() - begun > LONGEST_TURN_SECONDS:
                break
            if self._store.write(partial(_claim, hour=hour, longest_ago=longest_ago, now=self._clock())):
                self._compare(hour)
                compared += 1
        return compared

    def _hours_to_compare(self) -> Iterator[tuple[datetime, datetime]]:
        """The hours, newest first, with the moment before which they were last compared."""
        now = self._clock()
        start, hour = hour_of(now - KEPT_IN_STEP), hour_of(now)
        query = select(CountedHour.hour, CountedHour.counted_at).where(
            CountedHour.account == EVERY_ACCOUNT, CountedHour.hour >= start
        )
        with self._store.read() as session:
            compared = {row.hour: row.counted_at for row in session.execute(query)}
        while hour >= start:
            if hour not in compared:
                # There may be months without a message.
                newest = self._newest_message(before=hour + HOUR)
                if newest is None or newest < start:
                    return
                hour = hour_of(newest)
            longest_ago = now - (RECENT_CHECK if hour > now - RECENT else LATER_CHECK)
            if compared.get(hour, _NEVER) <= longest_ago:
                yield hour, longest_ago
            hour -= HOUR

    def _newest_message(self, before: datetime) -> datetime | None:
        query = select(Message.id).where(Message.id < first_id(before)).order_by(Message.id.desc()).limit(1)
        with self._store.read() as session:
            found = session.scalar(query)
        return None if found is None else moment_of(found)

    def _compare(self, hour: datetime) -> None:
        with self._store.read() as session:
            there = _tally(session, hour)
            accounts = {account for account, _, _ in there}
            query = select(MessageHour).where(MessageHour.account.in_(accounts), MessageHour.hour == hour)
            told = {
                (row.account, row.status, row.failure_code): row.messages for row in session.scalars(query)
            }
        for account in {account for (account, _, _), _ in there.items() ^ told.items()}:
            self._marked.setdefault((account, hour), self._clock())


def by_status(store: Store, account: str, start: datetime) -> list[Messages]:
    """The counted outbound messages made from an hour on."""
    query = (
        select(MessageHour.status, MessageHour.failure_code, func.sum(MessageHour.messages))
        .where(MessageHour.account == account, MessageHour.hour >= hour_of(start))
        .group_by(MessageHour.status, MessageHour.failure_code)
    )
    with store.read() as session:
        return [Messages(status, code, int(number)) for status, code, number in session.execute(query)]


def last_look(store: Store) -> datetime | None:
    """When hours were last compared, which the background does each minute: its sign of life."""
    query = select(CountedHour.counted_at).where(
        CountedHour.account == EVERY_ACCOUNT, CountedHour.hour == _NEVER
    )
    with store.read() as session:
        return session.scalar(query)


def _tally(session: Session, hour: datetime, *narrowed: Any) -> Counter[tuple[str, str, str]]:
    """The hour's messages by account, status and failure code."""
    # The id holds the moment of creation.
    query = (
        select(Message.account, Message.status, Message.failure_code, func.count())
        .where(
            Message.id >= first_id(hour),
            Message.id < first_id(hour + HOUR),
            Message.direction == OUTBOUND,
            *narrowed,
        )
        .group_by(Message.account, Message.status, Message.failure_code)
    )
    tally: Counter[tuple[str, str, str]] = Counter()
    for account, status, failure_code, number in session.execute(query):
        tally[account, status, failure_code or ""] += number
    return tally


def _is_held_by_another(session: Session, place: Place) -> bool:
    if session.get_bind().dialect.name == "sqlite":
        return False
    account, hour = place
    query = select(CountedHour.hour).where(CountedHour.account == account, CountedHour.hour == hour)
    free = session.scalar(query.with_for_update(skip_locked=True))
    return free is None and session.scalar(query) is not None


def _note_look(session: Session, now: datetime) -> None:
    hold(session, CountedHour, {"account": EVERY_ACCOUNT, "hour": _NEVER}, counted_at=now).counted_at = now


def _claim(session: Session, hour: datetime, longest_ago: datetime, now: datetime) -> bool:
    key = {"account": EVERY_ACCOUNT, "hour": hour}
    compared = hold(session, CountedHour, key, counted_at=_NEVER)
    if compared.counted_at > longest_ago:
        return False
    compared.counted_at = now
    return True
