"""The key that each start makes: it takes the place of the one before it, and of no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask

from flask_waapi import KeyView, Permission


@pytest.fixture
def settings() -> dict[str, Any]:
    """As it is started, without a history of its own."""
    return {"WAAPI_BACKGROUND_THREAD": False, "SEED_HISTORY": False}


def keys(desk: Flask) -> Sequence[KeyView]:
    """Those of the account."""
    from reference_app.extensions import waapi

    with desk.app_context():
        return waapi.services.keys.list("default")


@pytest.mark.parametrize("name", ["curl from the till", "curl 2026-01-01 12:00:00"])
def test_a_start_leaves_a_key_alone_that_somebody_else_made(desk: Flask, name: str) -> None:
    from reference_app.extensions import waapi
    from reference_app.start import prepare

    with desk.app_context():
        waapi.create_key(name, permissions=[Permission.VIEW_MESSAGES])

    prepare(desk)

    assert name in {key.name for key in keys(desk)}


def test_a_start_deletes_the_key_of_the_start_before(desk: Flask) -> None:
    from reference_app.start import prepare

    prepare(desk)
    (former,) = keys(desk)
    prepare(desk)

    (fresh,) = keys(desk)
    assert fresh.id != former.id
