"""Tells Celery's workers that something waits: seldom, and with patience for a broker that is away.

A wake-up may be lost, so nothing here waits long for a broker or keeps it from coming back: a connection of
our own with short timeouts, whatever the host has chosen for its own.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..discretion import log_failure

if TYPE_CHECKING:
    from celery import Celery

SHORTEST_INTERVAL_SECONDS = 0.2
"""Between two wake-ups from one process: a worker that is awake finds by itself what has come since."""

LONGEST_PAUSE_SECONDS = 5.0
"""Between two tries while the broker is away."""

REMINDER_SECONDS = 60.0
"""Between two lines in the log about the same trouble."""

BROKER_SECONDS = 2.0
"""How long each step of talking to the broker may take."""

EXPIRES_SECONDS = 30.0
"""When a wake-up is dropped unread, so that few wait for workers that were away. The worker's clock decides
by the publisher's time, so not too soon."""

_PATIENCE: dict[str, dict[str, Any]] = {
    "amqp": {"read_timeout": BROKER_SECONDS, "write_timeout": BROKER_SECONDS},
    "redis": {"socket_timeout": BROKER_SECONDS, "socket_connect_timeout": BROKER_SECONDS},
}
# By kind of broker.

logger = logging.getLogger(__name__)


class Publisher:
    """Publishes the wake-ups of one Flask app.

    :param wanted: whether messages depend on them.
    :param clock: seconds that only grow.
    """

    def __init__(self, wanted: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._needed = wanted
        self._clock = clock
        self._celery: Any = None
        self._task: Any = None
        self._connection: Any = None
        self._process: int | None = None
        self._wanted = threading.Event()
        self._publishing = threading.Lock()
        self._not_before = -LONGEST_PAUSE_SECONDS
        self._pause = SHORTEST_INTERVAL_SECONDS
        self._reminded: float | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it knows what to publish."""
        return self._task is not None

    def use(self, celery: Celery, task: Any) -> None:
        """Publish this task."""
        self._celery, self._task = celery, task

    def want(self) -> None:
        """Ask for a wake-up; takes no time."""
        self._wanted.set()
        if self._task is None and self._needed and self._is_time_to_remind():
            logger.error("WAAPI_DISPATCH is celery and there is no Celery: call waapi.init_celery(celery).")

    def publish(self) -> None:
        """Publish one wake-up if any was asked for; not sooner than the last time, or the trouble, allows."""
        with self._publishing:
            now = self._clock()
            if not self._wanted.is_set() or self._task is None or now < self._not_before:
                return
            self._wanted.clear()
            try:
                self._publish()
            except Exception as error:
                self._wanted.set()
                self._failed(error)
            else:
                self._succeeded()
            self._not_before = self._clock() + self._pause

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None and self._process == os.getpid():
            with suppress(Exception):
                if connection.transport.driver_type == "amqp" and connection.connected:
                    # Without the farewell, whose answer would be waited for.
                    connection.connection.collect()
                connection.release()

    def _publish(self) -> None:
        self._task.apply_async(
            connection=self._own_connection(),
            retry=False,
            # Otherwise the host's store of results is asked, which may be away too.
            ignore_result=True,
            expires=EXPIRES_SECONDS,
        )

    def _own_connection(self) -> Any:
        if self._process != os.getpid():
            # A connection from before a fork is the parent's.
            self._process, self._connection = os.getpid(), None
        if self._connection is None:
            connection = self._celery.connection_for_write(connect_timeout=BROKER_SECONDS)
            connection.transport_options |= _PATIENCE.get(connection.transport.driver_type, {}) | {
                # Each broker once; otherwise the library tries on without end.
                "max_retries": max(0, len(connection.alt) - 1),
                "interval_start": 0,
                "interval_step": 0,
            }
            self._connection = connection
        return self._connection

    def _failed(self, error: Exception) -> None:
        self.close()
        self._pause = min(max(0.5, self._pause * 2), LONGEST_PAUSE_SECONDS)
        if self._is_time_to_remind():
            log_failure(logger, error, "Celery workers cannot be woken; their beat will find what waits")

    def _succeeded(self) -> None:
        if self._reminded is not None:
            logger.warning("Celery workers can be woken again.")
        self._pause, self._reminded = SHORTEST_INTERVAL_SECONDS, None

    def _is_time_to_remind(self) -> bool:
        now = self._clock()
        if self._reminded is not None and now - self._reminded < REMINDER_SECONDS:
            return False
        self._reminded = now
        return True
