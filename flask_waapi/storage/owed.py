"""What a process has learnt and the database has not been told: kept in memory until it can be written."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from ..discretion import log_failure
from ..errors import StorageBusy, StorageUnavailable

logger = logging.getLogger(__name__)


class Owed:
    """Writes of one process that the database did not take at once."""

    def __init__(self) -> None:
        self._writes: deque[tuple[str, Callable[[], object]]] = deque()

    def add(self, what: str, write: Callable[[], object]) -> None:
        """Have something written when the database is back.

        :param what: what it is called in the log.
        :param write: writes it; may be called again after it has failed.
        """
        self._writes.append((what, write))

    def settle(self) -> int:
        """Write what is owed, in the order in which it came.

        What the database refuses for another reason than its being away is given up.

        :returns: how many were dealt with.
        :raises StorageBusy: a lock was not to be had; the rest stays owed.
        :raises StorageUnavailable: the database is still away; likewise.
        """
        settled = 0
        while self._writes:
            try:
                what, write = self._writes.popleft()
            except IndexError:
                # Another thread of this process has taken it.
                break
            try:
                write()
            except (StorageBusy, StorageUnavailable):
                self._writes.appendleft((what, write))
                raise
            except Exception as error:
                log_failure(logger, error, "%s is given up", what)
            settled += 1
        return settled

    def settle_quietly(self) -> None:
        """Write what is owed, as far as the database takes it now."""
        with suppress(StorageBusy, StorageUnavailable):
            self.settle()
