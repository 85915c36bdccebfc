"""Wrong keys are counted by the client's address, and never in the way of a valid key."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from limits.storage import memory

from answers import error
from factories import MESSAGES, MakeWorld, World
from flask_waapi import require_key
from flask_waapi.access.limits import MinuteLimits
from flask_waapi.access.secrets import generate
from flask_waapi.settings import load


@pytest.fixture
def strict(make_world: MakeWorld) -> World:
    """An app that answers ten wrong keys a minute from one address."""
    return make_world(WAAPI_WRONG_KEY_LIMIT=10)


def attempt(world: World, key: str | None = None, address: str = "203.0.113.9") -> int:
    """The status of a request with a wrong key, unless another is given."""
    answer = world.get(MESSAGES, key or generate("live"), environ_overrides={"REMOTE_ADDR": address})
    return answer.status_code


def test_sixty_four_wrong_keys_at_once_get_ten_answers(strict: World) -> None:
    strict.key()
    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(pool.map(lambda _: attempt(strict), range(64)))

    assert statuses == {401: 10, 429: 54}
    assert attempt(strict, strict.key()) == 200


def test_garbage_counts_as_a_wrong_key(strict: World) -> None:
    statuses = [attempt(strict, "garbage") for _ in range(12)]

    assert statuses == [401] * 10 + [429] * 2


def test_the_refusal_says_when_to_come_again(strict: World) -> None:
    for _ in range(10):
        attempt(strict, address="127.0.0.1")

    answer = strict.get(MESSAGES, "garbage")

    error(answer, 429, "RATE_LIMIT_EXCEEDED")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_valid_keys_cost_nothing_of_it(strict: World) -> None:
    for _ in range(30):
        assert attempt(strict, strict.key()) == 200

    assert attempt(strict) == 401


@pytest.mark.parametrize("kind", ["missing", "inactive", "expired"])
def test_a_key_that_is_not_wrong_but_closed_costs_nothing_of_it(strict: World, kind: str) -> None:
    key = strict.issue_key(expires_at=strict.clock().replace(year=2027) if kind == "expired" else None)
    if kind == "inactive":
        strict.services.keys.set_enabled("default", "shop", False, actor="test")
    if kind == "expired":
        strict.clock.advance(400 * 86_400)

    statuses = [strict.get(MESSAGES, None if kind == "missing" else key).status_code for _ in range(20)]

    assert statuses == [401] * 20


@pytest.mark.parametrize(
    ("first", "second", "shared_count"),
    [
        ("203.0.113.9", "203.0.113.10", False),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("not an address", "nor this", True),
    ],
)
def test_an_ipv6_client_is_its_whole_64_and_an_ipv4_client_its_address(
    strict: World, first: str, second: str, shared_count: bool
) -> None:
    for _ in range(10):
        attempt(strict, address=first)

    assert attempt(strict, address=second) == (429 if shared_count else 401)


def test_the_limit_holds_on_a_hosts_own_guarded_view(strict: World) -> None:
    @strict.app.route("/own")
    @require_key("send_text")
    def own() -> str:
        return "own"

    statuses = [strict.get("/own", "garbage").status_code for _ in range(11)]

    assert statuses == [401] * 10 + [429]


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads meet wherever they can."""
    standard = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(standard)


def of_one_process(**config: object) -> MinuteLimits:
    """The limits of a process that answers ten wrong keys a minute from one address."""
    return MinuteLimits(load({"SECRET_KEY": "test", "WAAPI_WRONG_KEY_LIMIT": 10, **config}))


@pytest.mark.usefixtures("quick_switches")
def test_in_memory_threads_that_meet_are_granted_exactly_the_limit() -> None:
    app, limits = Flask("counted"), of_one_process()

    def granted(address: str) -> int:
        with app.test_request_context():
            return sum(limits.count_wrong_key(address).granted for _ in range(5))

    with ThreadPoolExecutor(4) as pool:
        for number in range(300):
            assert sum(pool.map(granted, [f"203.0.{number // 256}.{number % 256}"] * 4)) == 10


def remembered(limits: MinuteLimits) -> set[str]:
    """The names under which memory holds something of wrong keys, once its timer has cleared up."""
    store: Any = limits._wrong_keys.limiter.limiter.storage
    store.timer.join()
    return {*store.storage, *store.expirations, *store.events, *store.locks}


@pytest.mark.parametrize("uri", ["memory://", pytest.param("redis://127.0.0.1:1/0", marks=pytest.mark.redis)])
def test_memory_forgets_the_addresses_of_wrong_keys_after_their_minute(
    monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    limits = of_one_process(WAAPI_LIMITS_STORAGE_URI=uri)
    with Flask("counted").test_request_context():
        for network in range(200):
            limits.count_wrong_key(f"2001:db8:0:{network:x}::1")
        assert len(remembered(limits)) == 200

        later = time.time() + 61
        monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: later))
        limits.count_wrong_key("203.0.113.9")

        assert len(remembered(limits)) == 1
