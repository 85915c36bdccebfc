"""Shops whose links are fetched, closed after the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from factories import MakeWorld
from link_shop import MakeShop, Shop, shops


@pytest.fixture
def make_shop(make_world: MakeWorld) -> Iterator[MakeShop]:
    """Makes shops, with these settings."""
    with shops(make_world) as make:
        yield make


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    """One that fetches links."""
    return make_shop()
