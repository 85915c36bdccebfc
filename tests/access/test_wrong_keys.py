"""Wrong keys are counted by the client's address, and never in the way of a valid key."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from answers import error
from factories import MESSAGES, MakeWorld, World
from flask_waapi import require_key
from flask_waapi.access.secrets import generate


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
