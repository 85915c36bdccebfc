"""The gates stand in one order, and what a refusal costs follows from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from answers import error
from factories import API, MESSAGES, TEMPLATES, TEXT_SEND, World, text_body
from flask_waapi.storage.models import ApiRequest, Message

Request = Callable[[World, str], TestResponse]

ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}


def from_elsewhere(world: World, key: str) -> TestResponse:
    """A request from an address that the key may not be used from."""
    return world.get(MESSAGES, key, environ_overrides=ELSEWHERE)


UNKNOWN = f"{MESSAGES}/00000000-0000-7000-8000-000000000000"

# What is asked, what it is answered, what it costs of the minute and of the day.
COSTS: dict[str, tuple[Request, int, int, int]] = {
    "a success": (lambda world, key: world.get(MESSAGES, key), 200, 1, 1),
    "a send": (lambda world, key: world.post(TEXT_SEND, text_body(), key), 201, 1, 1),
    "no key": (lambda world, key: world.get(MESSAGES, key=None), 401, 0, 0),
    "a wrong key": (lambda world, key: world.get(MESSAGES, key[:-1] + "-"), 401, 0, 0),
    "no permission": (lambda world, key: world.get(TEMPLATES, key), 403, 0, 0),
    "a wrong address": (from_elsewhere, 403, 0, 0),
    "an unknown path": (lambda world, key: world.get(f"{API}/nothing", key), 404, 0, 0),
    "a wrong method": (lambda world, key: world.client.put(MESSAGES, headers={"X-API-Key": key}), 405, 0, 0),
    "a malformed body": (lambda world, key: world.post_raw(TEXT_SEND, b"{", key), 400, 1, 1),
    "a wrong type": (lambda world, key: world.post_raw(TEXT_SEND, b"", key, content_type="a/b"), 415, 1, 1),
    "a large body": (lambda world, key: world.post_raw(TEXT_SEND, b" " * 300_000, key), 413, 1, 1),
    "a body with faults": (lambda world, key: world.post(TEXT_SEND, {}, key), 422, 1, 1),
    "a wrong query": (lambda world, key: world.get(f"{MESSAGES}?limit=0", key), 422, 1, 1),
    "an unknown message": (lambda world, key: world.get(UNKNOWN, key), 404, 1, 1),
}


@pytest.mark.parametrize("kind", COSTS)
def test_each_kind_of_request_costs_what_is_documented(shared: World, kind: str) -> None:
    request, status, of_minute, of_day = COSTS[kind]
    name = f"cost of {kind}"
    key = shared.issue_key(
        name,
        permissions=["send_text", "view_messages"],
        rate_limit=10,
        daily_limit=10,
        allowed_networks=["127.0.0.1"],
    )

    assert request(shared, key).status_code == status

    after = shared.get(MESSAGES, key)
    assert after.headers["RateLimit"].startswith(f'"minute";r={9 - of_minute};')
    assert f'"daily";r={9 - of_day};' in after.headers["RateLimit"]
    assert shared.services.keys.get("default", name).used_today == of_day + 1


def test_a_refusal_by_the_minute_costs_nothing_of_the_day(world: World) -> None:
    key = world.issue_key(rate_limit=2, daily_limit=100)

    for _ in range(6):
        world.get(MESSAGES, key)

    assert world.services.keys.get("default", "shop").used_today == 2


def test_a_refusal_by_the_day_costs_one_of_the_minute(world: World) -> None:
    key = world.issue_key(rate_limit=4, daily_limit=2)

    codes = [
        (world.get(MESSAGES, key).get_json().get("error") or {}).get("code", "granted") for _ in range(6)
    ]

    assert codes == [
        *["granted"] * 2,
        *["DAILY_LIMIT_EXCEEDED"] * 2,
        *["RATE_LIMIT_EXCEEDED"] * 2,
    ]


def hopeless_key(world: World, *, mended: str = "") -> str:
    """A key that fails at every gate behind identification, up to the gate that is mended."""
    order = ["inactive", "expired", "permission", "address", "minute", "day"]
    passed = order[: order.index(mended) + 1] if mended else []
    return world.issue_key(
        f"hopeless{mended}",
        permissions=["view_messages"] if "permission" in passed else [],
        allowed_networks=[] if "address" in passed else ["203.0.113.1"],
        rate_limit=1_000 if "minute" in passed else 1,
        daily_limit=1,
        expires_at=None if "expired" in passed else world.clock() + timedelta(seconds=1),
    )


def test_the_gates_answer_in_their_order(world: World) -> None:
    key = hopeless_key(world)
    world.services.keys.set_enabled("default", "hopeless", False, actor="test")
    world.clock.advance(1)

    error(world.get(MESSAGES, key=None), 401, "MISSING_API_KEY")
    error(world.get(MESSAGES, key), 401, "KEY_INACTIVE")
    world.services.keys.set_enabled("default", "hopeless", True, actor="test")
    error(world.get(MESSAGES, key), 401, "KEY_EXPIRED")
    error(world.get(MESSAGES, hopeless_key(world, mended="expired")), 403, "PERMISSION_DENIED")
    error(world.get(MESSAGES, hopeless_key(world, mended="permission")), 403, "IP_NOT_ALLOWED")
    key = hopeless_key(world, mended="address")
    assert world.get(MESSAGES, key).status_code == 200
    error(world.get(MESSAGES, key), 429, "RATE_LIMIT_EXCEEDED")
    key = hopeless_key(world, mended="minute")
    assert world.get(MESSAGES, key).status_code == 200
    error(world.get(MESSAGES, key), 429, "DAILY_LIMIT_EXCEEDED")


def test_a_limit_refuses_even_what_would_fail_validation(world: World) -> None:
    key = world.issue_key(rate_limit=1)
    world.get(MESSAGES, key)

    error(world.post_raw(TEXT_SEND, b"{", key), 429, "RATE_LIMIT_EXCEEDED")


def test_only_requests_of_known_keys_are_in_the_request_log(world: World) -> None:
    key = world.issue_key(permissions=["view_messages"], rate_limit=2)
    for one in (None, "wak_live_x", key, key, key):
        world.get(MESSAGES, one)
    world.post(TEXT_SEND, text_body(), key)
    world.work()

    with world.services.store.read() as session:
        logged = sorted((row.status, row.error_code or "") for row in session.query(ApiRequest))
    assert logged == [
        (200, ""),
        (200, ""),
        (403, "PERMISSION_DENIED"),
        (429, "RATE_LIMIT_EXCEEDED"),
    ]
    assert world.count(Message) == 0


def test_the_calls_of_the_last_24_hours_are_counted(world: World) -> None:
    for hours in (0, 1, 22):
        world.clock.advance(timedelta(hours=hours))
        world.get(MESSAGES)

    world.services.request_log.flush()
    assert world.services.request_log.counters("default").calls_today == 3
    world.clock.advance(timedelta(hours=1))
    assert world.services.request_log.counters("default").calls_today == 2
    assert world.services.request_log.counters("other").calls_today == 0
