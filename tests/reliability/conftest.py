"""Where the small runs take place."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from .places import Place, remembered_as_wal


@pytest.fixture
def place(migrated_uri: str, tmp_path: Path) -> Place:
    """An empty database of each kind, with our tables."""
    remembered_as_wal(sa.make_url(migrated_uri))
    return Place(migrated_uri, tmp_path)
