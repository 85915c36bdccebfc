"""The loop that does what is due: in a thread of each serving process, or alone as ``flask waapi worker``.

The rows say what is due; waking the loop only makes it look sooner. Any number of loops may run on one
database.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping

from ..discretion import log_failure
from .senders import Senders

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
"""How long the loop rests when nothing was due."""

LONGEST_REST_SECONDS = 5.0
"""How long it rests at most while jobs fail, as when the database cannot be reached."""

LAST_RESTS_SECONDS = (0.5, 1.0, 1.0)
"""How long it rests between its last tries when it ends."""

REMINDER_SECONDS = 60.0
"""Between two lines in the log about a job that goes on failing alike."""

Job = Callable[[], int]
"""Does a bounded amount of due work and returns how much it found."""


class Loop:
    """Runs jobs over and over.

    :param jobs: by the name that a failure is logged under.
    :param senders: the threads to which the jobs hand messages.
    :param calm: the names of jobs that are not asked at each look while the loop is busy with others.
    :param last: the names of jobs that are done once more at the end.
    """

    def __init__(
        self,
        jobs: Mapping[str, Job],
        senders: Senders,
        calm: frozenset[str] = frozenset(),
        last: frozenset[str] = frozenset(),
    ) -> None:
        self._jobs = jobs
        self._calm = calm
        self._last = last
        self._last_empty: dict[str, float] = {}
        self._senders = senders
        self._wake = threading.Event()
        self._stopping = False
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: int | None = None
        self._told: dict[str, tuple[str, float]] = {}

    def run_once(self) -> int:
        """Do what is due now, one batch of each job, to its end.

        :returns: how much was found to do; -1 when a job failed.
        """
        found = self._turn()
        self._senders.finish()
        return found

    def run(self) -> None:
        """Do what is due until :meth:`stop`; what has been begun then is brought to its end."""
        rest = IDLE_SECONDS
        while not self._stopping:
            found = self._turn(calmly=True)
            if found > 0:
                rest = IDLE_SECONDS
                continue
            rest = min(rest * 2, LONGEST_REST_SECONDS) if found < 0 else IDLE_SECONDS
            self._rest(rest)
        self._end()

    def run_for(self, seconds: float, is_to_stop: Callable[[], bool] = lambda: False) -> bool:
        """Do what is due until there is nothing more or the time is over.

        :param is_to_stop: asked at each look; ends it sooner.
        :returns: whether there may be more to do.
        """
        end = time.monotonic() + seconds
        idle = False
        while not (idle or self._stopping or is_to_stop()) and time.monotonic() < end:
            found = self._turn(calmly=True)
            idle = found <= 0 and not self._senders.busy
            if found <= 0 and not idle:
                self._rest(IDLE_SECONDS)
        self._end()
        return not idle

    def _end(self) -> None:
        # What was learnt last must not go with the process, though the database be away for a moment.
        self._senders.finish()
        for rest in LAST_RESTS_SECONDS:
            if self._turn(only=self._last) >= 0:
                break
            time.sleep(rest)

    def _turn(self, *, calmly: bool = False, only: frozenset[str] | None = None) -> int:
        # A job that fails is logged and hinders no other.
        found = failures = 0
        for name, job in self._jobs.items():
            if only is not None and name not in only:
                continue
            if calmly and self._has_just_been_empty(name):
                continue
            try:
                count = job()
                found += count
                if not count:
                    self._last_empty[name] = time.monotonic()
            except (Exception, SystemExit) as error:
                # A plugin that calls sys.exit must not end the thread.
                failures += 1
                self._tell(name, error)
            else:
                self._told.pop(name, None)
        return -1 if failures else found

    def _has_just_been_empty(self, name: str) -> bool:
        last = self._last_empty.get(name)
        return name in self._calm and last is not None and time.monotonic() - last < IDLE_SECONDS

    def _tell(self, name: str, error: BaseException) -> None:
        # While a database is away, each turn fails: the log says so from time to time.
        kind, now = type(error).__name__, time.monotonic()
        told_kind, told_at = self._told.get(name, ("", 0.0))
        if kind != told_kind or now - told_at >= REMINDER_SECONDS:
            self._told[name] = kind, now
            log_failure(logger, error, "Background job %s failed", name)

    def _rest(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def start(self) -> None:
        """Run in a thread of this process; a second call does nothing.

        Threads do not survive a fork, so the process is asked for, not the object.
        """
        if self._runs():
            return
        with self._start_lock:
            if self._runs():
                return
            self._stopping = False
            thread = threading.Thread(target=self.run, name="flask-waapi", daemon=True)
            thread.start()
            self._thread, self._process = thread, os.getpid()

    def _runs(self) -> bool:
        return self._process == os.getpid() and self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Look for due work now."""
        self._wake.set()

    def stop(self, timeout: float = 5.0) -> None:
        """End after the batch in hand.

        :param timeout: seconds to wait for a thread's end.
        """
        self.stop_soon()
        self._wake.set()
        if self._runs() and self._thread is not None:
            self._thread.join(timeout)

    def stop_soon(self) -> None:
        """End at the next look; takes no lock, so that a signal's handler may call it."""
        self._stopping = True
