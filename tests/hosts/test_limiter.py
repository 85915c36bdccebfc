"""A host with its own Flask-Limiter: neither limits the other, and no header comes twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from answers import data, error
from dashboard_host import make_host as make_dashboard_host
from factories import MESSAGES, TEXT_SEND, World, close_app, text_body
from flask_waapi import ConfigurationError
from host_apps import Order

MakeHost = Callable[..., World]

LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def limiter(world: World) -> None:
    """A limiter of the host's, in memory."""
    found = Limiter(get_remote_address, storage_uri="memory://")
    found.init_app(world.app)
    world.app.extensions["hosts_limiter"] = found


def exempting_limiter(world: World) -> None:
    """The same, with the line from the documentation."""
    limiter(world)
    world.app.extensions["hosts_limiter"].exempt(world.waapi.api_blueprint)


def counted_exactly_once(world: World) -> bool:
    """Whether three requests are granted to a key that has three, and no more."""
    key = world.issue_key("three", rate_limit=3)
    statuses = [world.get(MESSAGES, key).status_code for _ in range(4)]
    return statuses == [200, 200, 200, 429]


def test_the_hosts_default_limit_is_not_adopted(make_host: MakeHost, order: Order) -> None:
    world = make_host(exempting_limiter, order=order, RATELIMIT_DEFAULT="1 per minute")

    assert counted_exactly_once(world)


def test_the_hosts_default_limit_holds_for_the_hosts_pages_as_without_us(
    make_host: MakeHost, order: Order
) -> None:
    world = make_host(exempting_limiter, order=order, RATELIMIT_DEFAULT="2 per minute")
    world.send()

    assert [world.client.get("/").status_code for _ in range(3)] == [200, 200, 429]


def test_a_request_over_our_limit_leaves_the_hosts_pages_alone(make_host: MakeHost, order: Order) -> None:
    world = make_host(exempting_limiter, order=order, RATELIMIT_HEADERS_ENABLED=True)
    key = world.issue_key(rate_limit=1)
    world.get(MESSAGES, key)
    error(world.get(MESSAGES, key), 429, "RATE_LIMIT_EXCEEDED")

    answer = world.client.get("/")

    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if "ratelimit" in name.lower()]


def test_a_host_that_switches_its_limits_off_does_not_switch_ours_off(
    make_host: MakeHost, order: Order
) -> None:
    world = make_host(limiter, order=order, RATELIMIT_ENABLED=False)

    assert counted_exactly_once(world)


def test_the_hosts_meta_limit_is_not_adopted(make_host: MakeHost, order: Order) -> None:
    world = make_host(
        exempting_limiter,
        order=order,
        RATELIMIT_DEFAULT="1000 per minute",
        RATELIMIT_META="1 per hour",
    )

    assert counted_exactly_once(world)
    assert world.client.get("/").status_code == 200


@pytest.mark.parametrize(
    "settings",
    [
        {"RATELIMIT_KEY_PREFIX": "hosts"},
        {"RATELIMIT_STRATEGY": "fixed-window"},
        {"RATELIMIT_APPLICATION": "1 per minute"},
        {"RATELIMIT_FAIL_ON_FIRST_BREACH": False},
        {"RATELIMIT_IN_MEMORY_FALLBACK": "1 per minute"},
        {"RATELIMIT_STORAGE_URI": "memory://"},
        {"RATELIMIT_SWALLOW_ERRORS": True},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_no_other_setting_of_the_hosts_limiter_is_adopted(
    make_host: MakeHost, order: Order, settings: dict[str, object]
) -> None:
    assert counted_exactly_once(make_host(exempting_limiter, order=order, **settings))


@pytest.mark.parametrize("status", [200, 429])
def test_no_limit_header_comes_twice(make_host: MakeHost, order: Order, status: int) -> None:
    world = make_host(
        exempting_limiter,
        order=order,
        RATELIMIT_DEFAULT="1000 per minute",
        RATELIMIT_HEADERS_ENABLED=True,
    )
    key = world.issue_key(rate_limit=1)
    answers = {answer.status_code: answer for answer in (world.get(MESSAGES, key) for _ in range(2))}

    for name in LIMIT_HEADERS:
        assert len(answers[status].headers.getlist(name)) == 1
    assert answers[status].headers["X-RateLimit-Limit"] == "1"
    assert ("Retry-After" in answers[status].headers) == (status == 429)


def test_the_hosts_limit_headers_stay_the_hosts(make_host: MakeHost, order: Order) -> None:
    world = make_host(
        exempting_limiter, order=order, RATELIMIT_DEFAULT="7 per minute", RATELIMIT_HEADERS_ENABLED=True
    )

    assert world.client.get("/").headers.getlist("X-RateLimit-Limit") == ["7"]


def test_a_host_that_does_not_exempt_us_limits_us_as_any_page_of_its_own(
    make_host: MakeHost, order: Order
) -> None:
    world = make_host(limiter, order=order, RATELIMIT_DEFAULT="2 per minute")

    answers = [world.post(TEXT_SEND, text_body()) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    data(answers[0], 201)
    assert answers[2].mimetype == "text/html"


@pytest.mark.parametrize("exempt", [False, True])
def test_the_hosts_default_limit_counts_what_the_dashboard_asks_until_its_blueprint_is_exempt(
    sqlite_uri: str, exempt: bool
) -> None:
    host = make_dashboard_host(sqlite_uri, RATELIMIT_DEFAULT="2 per minute")
    found = Limiter(get_remote_address, app=host.app, storage_uri="memory://")
    if exempt:
        found.exempt(host.waapi.dashboard_blueprint)

    statuses = [host.get("/counters.json").status_code for _ in range(3)]

    close_app(host.app)
    assert statuses == [200, 200, 200 if exempt else 429]


def test_without_a_dashboard_there_is_no_blueprint_of_it_to_exempt(host: World) -> None:
    with pytest.raises(ConfigurationError, match="There is no dashboard: give WaApi dashboard_access"):
        _ = host.waapi.dashboard_blueprint


def test_the_hosts_handler_for_429_serves_the_hosts_limit_only(make_host: MakeHost, order: Order) -> None:
    def handled(world: World) -> None:
        exempting_limiter(world)
        world.app.register_error_handler(429, lambda raised: (f"HOST: slow down: {raised}", 429))

    world = make_host(handled, order=order, RATELIMIT_DEFAULT="1 per minute")
    key = world.issue_key(rate_limit=1)
    world.get(MESSAGES, key)

    error(world.get(MESSAGES, key), 429, "RATE_LIMIT_EXCEEDED")
    world.client.get("/")
    assert world.client.get("/").text.startswith("HOST: slow down")


def test_the_hosts_limiter_stays_the_one_on_the_app(make_host: MakeHost, order: Order) -> None:
    world = make_host(limiter, order=order)

    assert world.app.extensions["limiter"] == {world.app.extensions["hosts_limiter"]}


def test_a_host_without_a_limiter_gets_none_from_us(host: World) -> None:
    assert "limiter" not in host.app.extensions
