"""Processes that tests of limits and switches share, since starting them takes longest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from child_tasks import Processes


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    """Four processes that begin their tasks together."""
    started = Processes()
    yield started
    started.close()
