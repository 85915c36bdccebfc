"""The log of API requests, and the dashboard's counters over it.

Entries are collected in memory and written together, so that a request which only reads costs no write of
its own. What a killed process had not yet written, at most about two seconds, is missing from the log;
limits do not depend on it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, case, func, insert, or_, select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from ..discretion import log_failure
from ..identifiers import uuid7
from ..storage.models import ApiKey, ApiRequest
from ..storage.session import Store
from . import request_hours
from .request_entry import RequestEntry

LARGEST_BATCH = 500

LONGEST_WAIT = timedelta(seconds=2)
"""How long an entry waits where no background thread writes the log."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counters:
    """What the overview counts of an account.

    :param calls_today: API requests within the last 24 hours.
    """

    total_keys: int
    active_keys: int
    calls_today: int


class RequestLog:
    """Collects entries; :meth:`flush` writes them."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._waiting: list[tuple[UUID, RequestEntry]] = []
        self._is_doubtful = False
        self._lock = threading.Lock()
        self._process = os.getpid()

    def add(self, entry: RequestEntry) -> bool:
        """Keep an entry until the next flush; a batch that is full or overdue is written at once.

        The answer it tells of is on its way, so a failure to write is logged and raised no further.

        :returns: whether it was time to write.
        """
        self._forget_parent()
        with self._lock:
            self._waiting.append((uuid7(entry.occurred_at), entry))
            overdue = entry.occurred_at - self._waiting[0][1].occurred_at > LONGEST_WAIT
            write = overdue or len(self._waiting) >= LARGEST_BATCH
        if write:
            try:
                self.flush()
            except Exception as error:
                log_failure(logger, error, "The request log could not be written")
        return write

    def _forget_parent(self) -> None:
        # After a fork the child holds the parent's entries, which the parent writes.
        if self._process != os.getpid():
            self._process, self._lock, self._waiting = os.getpid(), threading.Lock(), []

    def flush(self) -> int:
        """Write what has been collected, and count it by the hour.

        :returns: the number of entries written.
        """
        with self._lock:
            entries, self._waiting = self._waiting, []
            is_doubtful, self._is_doubtful = self._is_doubtful, False
        if not entries:
            return 0
        try:
            self._store.write(lambda session: _write(session, entries, is_doubtful))
        except DataError:
            # It would fail for ever, and every entry after it with it.
            raise
        except Exception:
            with self._lock:
                self._waiting = (entries + self._waiting)[-20 * LARGEST_BATCH :]
                self._is_doubtful = True
            raise
        return len(entries)

    def counters(self, account: str) -> Counters:
        """The account's counters now; of this process's calls those that have been written."""
        now = self._clock()
        mine = ApiKey.account == account
        active_now = and_(ApiKey.enabled, or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now))
        keys = select(func.count(), func.count(case((active_now, 1)))).where(mine)
        with self._store.read() as session:
            total, active = session.execute(keys).one()
            calls = request_hours.count_since(session, account, now - timedelta(hours=24))
        return Counters(total, active, calls)


def _write(session: Session, entries: Sequence[tuple[UUID, RequestEntry]], is_doubtful: bool) -> None:
    if is_doubtful:
        # The connection may have broken after the commit: what is there has been counted.
        ids = [entry_id for entry_id, _ in entries]
        written = set(session.scalars(select(ApiRequest.id).where(ApiRequest.id.in_(ids))))
        entries = [(entry_id, entry) for entry_id, entry in entries if entry_id not in written]
        if not entries:
            return
    session.execute(insert(ApiRequest), [{"id": entry_id, **asdict(entry)} for entry_id, entry in entries])
    request_hours.add(session, [entry for _, entry in entries])
