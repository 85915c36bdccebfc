"""The log of API requests, and the dashboard's counters over it.

Entries are collected in memory and written together, so that a request which only reads costs no write of
its own. What a killed process had not yet written, at most about two seconds, is missing from the log;
limits do not depend on it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, or_, select
from sqlalchemy.exc import DataError

from ..discretion import log_failure
from ..identifiers import uuid7
from ..storage.models import ApiKey, ApiRequest
from ..storage.session import Store

LARGEST_BATCH = 500

LONGEST_WAIT = timedelta(seconds=2)
"""How long an entry waits where no background thread writes the log."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RequestEntry:
    """One call of the API by a known key.

    :param endpoint: the path's pattern, ``/api/v1/external/messages/<uuid>``.
    :param duration_ms: milliseconds from its arrival to its answer.
    """

    account: str
    key_id: UUID
    occurred_at: datetime
    method: str
    endpoint: str
    status: int
    error_code: str | None
    duration_ms: float
    request_id: str


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
        self._waiting: list[RequestEntry] = []
        self._lock = threading.Lock()
        self._process = os.getpid()

    def add(self, entry: RequestEntry) -> None:
        """Keep an entry until the next flush; a batch that is full or overdue is written at once.

        The answer it tells of is on its way, so a failure to write is logged and raised no further.
        """
        self._forget_parent()
        with self._lock:
            self._waiting.append(entry)
            overdue = entry.occurred_at - self._waiting[0].occurred_at > LONGEST_WAIT
            write = overdue or len(self._waiting) >= LARGEST_BATCH
        if write:
            try:
                self.flush()
            except Exception as error:
                log_failure(logger, error, "The request log could not be written")

    def _forget_parent(self) -> None:
        # After a fork the child holds the parent's entries, which the parent writes.
        if self._process != os.getpid():
            self._process, self._lock, self._waiting = os.getpid(), threading.Lock(), []

    def flush(self) -> int:
        """Write what has been collected.

        :returns: the number of entries written.
        """
        with self._lock:
            entries, self._waiting = self._waiting, []
        if not entries:
            return 0
        rows = [{"id": uuid7(entry.occurred_at), **asdict(entry)} for entry in entries]
        try:
            with self._store.begin() as session:
                session.execute(insert(ApiRequest), rows)
        except DataError:
            # It would fail for ever, and every entry after it with it.
            raise
        except Exception:
            with self._lock:
                self._waiting = (entries + self._waiting)[-20 * LARGEST_BATCH :]
            raise
        return len(rows)

    def counters(self, account: str) -> Counters:
        """The account's counters now, this process's collected entries included."""
        self.flush()
        now = self._clock()
        mine = ApiKey.account == account
        valid = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
        with self._store.read() as session:
            total = session.scalar(select(func.count()).select_from(ApiKey).where(mine))
            active = session.scalar(
                select(func.count()).select_from(ApiKey).where(mine, ApiKey.enabled, valid)
            )
            calls = session.scalar(
                select(func.count())
                .select_from(ApiRequest)
                .where(
                    ApiRequest.account == account,
                    ApiRequest.occurred_at > now - timedelta(hours=24),
                )
            )
        return Counters(total or 0, active or 0, calls or 0)
