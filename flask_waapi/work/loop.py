"""The loop that does what is due: in a thread of each serving process, or alone as ``flask waapi worker``.

The rows say what is due; waking the loop only makes it look sooner. Any number of loops may run on one
database.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping

from ..discretion import log_failure

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
"""How long the loop rests when nothing was due."""

LONGEST_REST_SECONDS = 5.0
"""How long it rests at most while jobs fail, as when the database cannot be reached."""

Job = Callable[[], int]
"""Does a bounded amount of due work and returns how much it found."""


class Loop:
    """Runs jobs over and over.

    :param jobs: by the name that a failure is logged under.
    """

    def __init__(self, jobs: Mapping[str, Job]) -> None:
        self._jobs = jobs
        self._wake = threading.Event()
        self._stopping = False
        self._start_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: int | None = None

    def run_once(self) -> int:
        """Do what is due now, one batch of each job.

        A job that fails is logged and hinders no other.

        :returns: how much was found to do; -1 when a job failed.
        """
        found = failures = 0
        for name, job in self._jobs.items():
            try:
                found += job()
            except (Exception, SystemExit) as error:
                # A plugin that calls sys.exit must not end the thread.
                failures += 1
                log_failure(logger, error, "Background job %s failed", name)
        return -1 if failures else found

    def run(self) -> None:
        """Do what is due until :meth:`stop`."""
        rest = IDLE_SECONDS
        while not self._stopping:
            found = self.run_once()
            if found > 0:
                rest = IDLE_SECONDS
                continue
            rest = min(rest * 2, LONGEST_REST_SECONDS) if found < 0 else IDLE_SECONDS
            self._wake.wait(rest)
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
