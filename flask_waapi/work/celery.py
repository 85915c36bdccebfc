"""Celery as a pool of workers: it carries wake-ups, never messages.

One task, without arguments, does what is due. A serving process publishes it when something new waits, the
beat every ``WAAPI_CELERY_SWEEP_INTERVAL``, so that a wake-up that was lost delays and loses nothing.

The task is independent of what the host has chosen for its own: its task class, its time and rate limits,
its results. Its route and queue are the host's to choose.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask

from .wakeups import EXPIRES_SECONDS, Publisher

if TYPE_CHECKING:
    from celery import Celery

TASK = "flask_waapi.work"

WORK_SECONDS = 5.0
"""How long one task works at most before another takes over, so that the host's own tasks have their turn."""

STUCK_SECONDS = 3_600.0
"""When a task is ended by force. Far from what the host may have set for its own tasks, since a message whose
sender is killed has an unknown outcome."""

Work = Callable[[float, Callable[[], bool]], bool]
"""Does what is due for so many seconds or until the second says so; returns whether there may be more."""

_JOINED = "_flask_waapi"


class CeleryWorkers:
    """The way from one Flask app to its Celery workers; without :meth:`join` there is none.

    :param wanted: whether messages depend on them.
    """

    def __init__(self, wanted: bool) -> None:
        self._publisher = Publisher(wanted)

    @property
    def joined(self) -> bool:
        """Whether there are any."""
        return self._publisher.is_usable

    def join(
        self, celery: Celery, app: Flask, work: Work, after_fork: Callable[[], None], sweep_seconds: float
    ) -> None:
        """Register the task and its entry in the beat; a second call does nothing more.

        :param after_fork: called in each child of a worker before it works.
        """
        pool = getattr(celery, _JOINED, None)
        if pool is None:
            pool = _Pool(celery, sweep_seconds)
            setattr(celery, _JOINED, pool)
        pool.add(app, work, after_fork, self._publisher)
        self._publisher.use(celery, pool.task)

    def wake(self) -> None:
        """Something waits: the background thread of this process will say so to the workers."""
        self._publisher.want()

    def publish(self) -> int:
        """Wake the workers if that is wanted, once for all that has come since the last time."""
        self._publisher.publish()
        return 0

    def close(self) -> None:
        """Give the connection to the broker back."""
        self._publisher.close()


class _Pool:
    # The workers of one Celery app, which serves every Flask app that has joined it. Of apps of one name the
    # last stays: a factory that is called again, as tests do, makes the same app anew.

    def __init__(self, celery: Celery, sweep_seconds: float) -> None:
        from celery import Task
        from celery.signals import worker_process_init, worker_shutting_down

        self._apps: dict[str, tuple[Flask, Work, Callable[[], None], Publisher]] = {}
        self._working = threading.Lock()
        self._called_again = threading.Event()
        # One byte that a worker shares with the children it forks: only the worker is told to stop, and then
        # it waits for every task that it has fetched.
        self._stopping = mmap.mmap(-1, 1)
        self._sweep_seconds = sweep_seconds

        def work() -> None:
            self._run()

        self.task: Any = celery.task(
            work,
            name=TASK,
            # Without it every Celery app of this process would get this one's work.
            shared=False,
            base=Task,
            ignore_result=True,
            # A wake-up that is lost with its worker is made up for by the beat, whereas a task that is not
            # yet acknowledged may be ended by force when the connection to the broker breaks.
            acks_late=False,
            max_retries=0,
            rate_limit=0,
            time_limit=STUCK_SECONDS,
            soft_time_limit=STUCK_SECONDS - 1,
        )
        # The host may yet load its configuration, or replace the beat's schedule.
        celery.on_after_configure.connect(self._enter_in_beat, weak=False)
        celery.on_after_finalize.connect(self._enter_in_beat, weak=False)
        if celery.finalized:
            self._enter_in_beat(celery)
        worker_process_init.connect(self._forked, weak=False)
        worker_shutting_down.connect(self._stop, weak=False)

    def add(self, app: Flask, work: Work, after_fork: Callable[[], None], publisher: Publisher) -> None:
        self._apps[app.name] = (app, work, after_fork, publisher)

    def _enter_in_beat(self, sender: Any, **_: Any) -> None:
        conf = sender.conf
        entry = {
            "task": TASK,
            "schedule": self._sweep_seconds,
            "options": {"expires": EXPIRES_SECONDS, "ignore_result": True},
        }
        if not conf.beat_schedule:
            # The default is one object for all Celery apps.
            conf.beat_schedule = {}
        # Added in place: Celery before 5.7 lets nobody replace what was read with a prefix.
        conf.beat_schedule.setdefault(TASK, entry)

    def _forked(self, **_: Any) -> None:
        for _app, _work, after_fork, _publisher in self._apps.values():
            after_fork()

    def _stop(self, **_: Any) -> None:
        self._stopping[0] = 1

    def _is_to_stop(self) -> bool:
        return self._stopping[0] == 1

    def _run(self) -> None:
        # In a pool of threads one of them works, with its sending threads; the others only tell it that
        # there may be more.
        if not self._working.acquire(blocking=False):
            self._called_again.set()
            if not self._working.acquire(blocking=False):
                return
        try:
            self._called_again.clear()
            joined = list(self._apps.values())
            again = [self._work(app, work, WORK_SECONDS / len(joined)) for app, work, _, _ in joined]
        finally:
            self._working.release()
        if any(again) or self._called_again.is_set():
            _app, _work, _after_fork, publisher = joined[0]
            publisher.want()
            publisher.publish()

    def _work(self, app: Flask, work: Work, seconds: float) -> bool:
        # With our own context: a host's task class may push one or not, and of another app.
        with app.app_context():
            return work(seconds, self._is_to_stop)
