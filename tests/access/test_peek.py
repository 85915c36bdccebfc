"""What a key has left, read without being counted."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from flask import Flask

import services
from flask_waapi.access.limits import MinuteLimits
from flask_waapi.settings import load

KEY = str(uuid4())


@pytest.fixture(autouse=True)
def request_in_hand() -> Iterator[None]:
    """Requests are counted within one."""
    with Flask("counted").test_request_context():
        yield


def limits(uri: str = "memory://", **config: object) -> MinuteLimits:
    """The limits of one process."""
    return MinuteLimits(load({"SECRET_KEY": "test", "WAAPI_LIMITS_STORAGE_URI": uri, **config}))


@pytest.mark.parametrize("store", ["memory", "redis"])
def test_looking_counts_nothing_and_sees_what_is_counted(store: str) -> None:
    counted = limits("memory://" if store == "memory" else services.require("redis"))

    looks = [counted.left(f"{KEY}-{store}", 3) for _ in range(5)]
    assert {look and look.remaining for look in looks} == {3}

    for left in (2, 1, 0):
        counted.take(f"{KEY}-{store}", 3)
        look = counted.left(f"{KEY}-{store}", 3)
        assert look is not None
        assert (look.remaining, look.granted, look.limit) == (left, left > 0, 3)
        assert 1 <= look.reset_seconds <= 60
    assert counted.take(f"{KEY}-{store}", 3).granted is False


def test_of_several_processes_each_sees_its_share() -> None:
    look = limits(WAAPI_PROCESSES=4).left(KEY, 100)

    assert look is not None
    assert look.remaining == 25


@pytest.mark.redis
def test_a_store_that_does_not_answer_leaves_it_unknown() -> None:
    assert limits("redis://127.0.0.1:1/0").left(KEY, 3) is None
