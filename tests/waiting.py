"""Waiting for what other threads and processes do, however long a busy machine takes for it."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds."""


def eventually(holds: Callable[[], object], seconds: float = PATIENCE, pause: float = 0.01) -> bool:
    """Wait until it holds; whether it came true in time.

    :param pause: seconds between two looks.
    """
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True
