"""The minute limit: any sixty seconds, all endpoints together, over Redis and without it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

import services
from answers import error, structured_list
from child_tasks import PROCESSES, Processes, read_messages, together
from factories import MESSAGES, TEMPLATES, TEXT_SEND, MakeWorld, World, text_body


@contextmanager
def port_that_refuses() -> Iterator[int]:
    """A port on which nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextmanager
def port_that_hangs() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:

        def accept() -> None:
            while True:
                try:
                    connections.append(stack.enter_context(listener.accept()[0]))
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_the_limit_is_granted_and_no_more(world: World) -> None:
    key = world.issue_key(rate_limit=5)

    answers = [world.get(MESSAGES, key) for _ in range(7)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    error(answers[-1], 429, "RATE_LIMIT_EXCEEDED")


def test_eight_threads_are_granted_exactly_fifty(world: World) -> None:
    key = world.issue_key(rate_limit=50)
    start = threading.Barrier(8)

    def race(_: int) -> list[int]:
        start.wait(20)
        return [world.get(MESSAGES, key).status_code for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        statuses = [status for part in pool.map(race, range(8)) for status in part]

    assert (statuses.count(200), statuses.count(429)) == (50, 30)


def test_all_endpoints_share_the_limit(world: World) -> None:
    key = world.issue_key(rate_limit=3)

    statuses = [
        world.get(MESSAGES, key).status_code,
        world.get(TEMPLATES, key).status_code,
        world.post(TEXT_SEND, text_body(), key).status_code,
        world.get(TEMPLATES, key).status_code,
        world.post(TEXT_SEND, text_body(), key).status_code,
    ]

    assert statuses == [200, 200, 201, 429, 429]


def test_each_key_has_a_limit_of_its_own(world: World) -> None:
    one, other = (world.issue_key(name, rate_limit=1) for name in ("one", "other"))

    assert [world.get(MESSAGES, key).status_code for key in (one, one, other)] == [200, 429, 200]


def test_a_key_without_a_limit_has_the_standard_one(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_STANDARD_RATE_LIMIT=2)
    key = world.issue_key(rate_limit=None)

    assert [world.get(MESSAGES, key).status_code for _ in range(3)] == [200, 200, 429]


def test_the_limits_of_two_apps_are_apart(make_world: MakeWorld) -> None:
    first, second = make_world(), make_world()
    key = first.issue_key(rate_limit=1)

    assert [world.get(MESSAGES, key).status_code for world in (first, first, second)] == [200, 429, 200]


@pytest.mark.parametrize(("limit", "declared", "granted"), [(8, 4, 2), (3, 4, 1), (10, 3, 3), (5, 1, 5)])
def test_in_memory_each_declared_process_grants_its_share(
    make_world: MakeWorld, limit: int, declared: int, granted: int
) -> None:
    world = make_world(WAAPI_PROCESSES=declared)
    key = world.issue_key(rate_limit=limit)

    answers = [world.get(MESSAGES, key) for _ in range(limit + 1)]

    assert [answer.status_code for answer in answers].count(200) == granted
    assert structured_list(answers[0].headers["RateLimit-Policy"])["minute"]["q"] == limit


@pytest.mark.redis
def test_four_processes_share_the_limit_over_redis(
    world: World, sqlite_uri: str, processes: Processes
) -> None:
    key = world.issue_key(rate_limit=50)
    config = {"WAAPI_LIMITS_STORAGE_URI": services.location("redis")}

    statuses = together(processes.run(read_messages, sqlite_uri, key, 20, config))

    assert statuses == {200: 50, 429: 30}


@pytest.mark.redis
def test_without_redis_four_processes_grant_no_more_than_the_limit_together(
    world: World, sqlite_uri: str, processes: Processes
) -> None:
    key = world.issue_key(rate_limit=50)
    with port_that_refuses() as port:
        config = {
            "WAAPI_LIMITS_STORAGE_URI": f"redis://127.0.0.1:{port}/0",
            "WAAPI_PROCESSES": PROCESSES,
        }

        statuses = together(processes.run(read_messages, sqlite_uri, key, 15, config))

    assert statuses == {200: 48, 429: 12}


@pytest.mark.redis
@pytest.mark.parametrize("dead_end", [port_that_refuses, port_that_hangs])
def test_a_redis_that_is_away_costs_little_time_and_grants_the_process_its_share(
    make_world: MakeWorld, dead_end: object
) -> None:
    with dead_end() as port:  # type: ignore[operator]
        world = make_world(WAAPI_LIMITS_STORAGE_URI=f"redis://127.0.0.1:{port}/0", WAAPI_PROCESSES=4)
        key = world.issue_key(rate_limit=20)
        began = time.monotonic()

        answers = [world.get(MESSAGES, key) for _ in range(8)]

        took = time.monotonic() - began
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    # Without an end of its own, a request would wait for the silent one for ever.
    assert took < 30
    assert structured_list(answers[0].headers["RateLimit"])["minute"]["r"] == 4


@pytest.mark.redis
def test_what_redis_holds_names_the_key_by_its_id_and_never_by_its_secret(make_world: MakeWorld) -> None:
    import redis

    uri = services.require("redis")
    world = make_world(WAAPI_LIMITS_STORAGE_URI=uri)
    world.get(MESSAGES)
    key_id = str(world.services.keys.get("default", "shop").id)
    with redis.Redis.from_url(uri, decode_responses=True) as store:
        names = list(store.scan_iter(f"*{key_id}*"))
        leaks = list(store.scan_iter(f"*{world.key()}*"))

    assert len(names) == 1
    assert names[0].startswith("waapi")
    assert leaks == []
