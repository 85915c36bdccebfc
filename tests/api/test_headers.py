"""What every answer carries: request id, limits, caching; and what only some do."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from werkzeug.test import TestResponse

from answers import error, structured_list
from factories import MESSAGES, TEXT_SEND, World, text_body
from flask_waapi import Misconfigured, Rejected, Retryable


def every_kind_of_answer(world: World) -> list[TestResponse]:
    """A success of each kind, and refusals from every station on the way."""
    world.script.outcomes.extend([Rejected("No."), Misconfigured("No."), Retryable("No.")])
    return [
        *(world.post(TEXT_SEND, text_body()) for _ in range(3)),
        world.post(TEXT_SEND, text_body()),
        world.get(MESSAGES),
        world.get(MESSAGES, key=None),
        world.get(MESSAGES, key="wak_live_x"),
        world.get(f"{MESSAGES}/nothing"),
        world.client.put(MESSAGES),
        world.post(TEXT_SEND, {}),
        world.post_raw(TEXT_SEND, b"{"),
        world.client.get("/api/v1/openapi.json"),
        world.client.get("/api/v1/docs"),
        world.client.post("/api/v1/callbacks/recorder"),
        world.client.post("/api/v1/callbacks/recorder", headers={"X-Signature": "good"}),
        world.client.post("/api/v1/callbacks/nobody"),
    ]


def test_every_answer_has_a_request_id_is_not_stored_and_not_sniffed(recording: World) -> None:
    for answer in every_kind_of_answer(recording):
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_request_ids_differ(shared: World) -> None:
    ids = {shared.get(MESSAGES).headers["X-Request-Id"] for _ in range(5)}

    assert len(ids) == 5


@pytest.mark.parametrize(
    "given",
    ["a", "my-request.1", "018f-AB_c~d+e/f=g:h@i", "x" * 128, "550e8400-e29b-41d4-a716-446655440000"],
)
def test_a_sane_request_id_is_taken_over(shared: World, given: str) -> None:
    answer = shared.get(f"{MESSAGES}/nothing", headers={"X-Request-Id": given})

    assert answer.headers["X-Request-Id"] == given
    assert error(answer, 404, "NOT_FOUND")["request_id"] == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "a b",
        "x" * 129,
        "<script>alert(1)</script>",
        "a;b",
        "a,b",
        '"quoted"',
        "a\\b",
        "${jndi:ldap://x}",
        "%0d%0aSet-Cookie: a=b",
        "grüße",
        "a\tb",
        "a\x7f",
        "${IFS}",
    ],
)
def test_a_hostile_request_id_is_replaced(shared: World, given: str) -> None:
    answer = shared.get(MESSAGES, headers={"X-Request-Id": given})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_the_request_id_is_kept_with_the_message(world: World) -> None:
    world.post(TEXT_SEND, text_body(), headers={"X-Request-Id": "order-page-7"})

    assert world.message().request_id == "order-page-7"


def test_the_limit_fields_are_structured_fields_that_count_down(world: World) -> None:
    key = world.issue_key(rate_limit=5, daily_limit=1_000)

    answers = [world.get(MESSAGES, key) for _ in range(3)]

    for used, answer in enumerate(answers, start=1):
        assert structured_list(answer.headers["RateLimit-Policy"]) == {
            "minute": {"q": 5, "w": 60},
            "daily": {"q": 1_000, "w": 86_400},
        }
        limits = structured_list(answer.headers["RateLimit"])
        assert limits["minute"]["r"] == 5 - used
        assert 1 <= limits["minute"]["t"] <= 60
        assert limits["daily"] == {"r": 1_000 - used, "t": 86_400}


def test_the_day_resets_at_midnight_utc(world: World) -> None:
    world.clock.advance(86_400 - 90)

    answer = world.get(MESSAGES)

    assert structured_list(answer.headers["RateLimit"])["daily"]["t"] == 90


@pytest.mark.parametrize(
    ("limits", "limit", "remaining"),
    [({"rate_limit": 5, "daily_limit": 100}, "5", "4"), ({"rate_limit": 50, "daily_limit": 3}, "3", "2")],
)
def test_the_older_fields_tell_of_the_tightest_limit(
    world: World, limits: dict[str, Any], limit: str, remaining: str
) -> None:
    answer = world.get(MESSAGES, world.issue_key(**limits))

    assert answer.headers["X-RateLimit-Limit"] == limit
    assert answer.headers["X-RateLimit-Remaining"] == remaining
    assert int(answer.headers["X-RateLimit-Reset"]) > time.time()


def test_the_older_fields_tell_of_the_limit_that_refused(world: World) -> None:
    key = world.issue_key(rate_limit=10, daily_limit=2)

    answer = [world.get(MESSAGES, key) for _ in range(3)][-1]

    error(answer, 429, "DAILY_LIMIT_EXCEEDED")
    assert answer.headers["X-RateLimit-Limit"] == "2"
    assert answer.headers["X-RateLimit-Remaining"] == "0"


def test_no_limit_field_stands_twice(shared: World) -> None:
    answer = shared.get(MESSAGES)

    for name in ("RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-Request-Id", "Cache-Control"):
        assert len(answer.headers.getlist(name)) == 1


def test_a_request_that_reached_no_limit_shows_none(shared: World) -> None:
    nothing = shared.issue_key("nothing", permissions=[])
    refused = [shared.get(MESSAGES, key=None), shared.get(MESSAGES, key="x"), shared.get(MESSAGES, nothing)]

    for answer in refused:
        assert not [name for name, _ in answer.headers if "ratelimit" in name.lower()]


def test_a_request_refused_by_the_minute_shows_nothing_of_the_day(world: World) -> None:
    key = world.issue_key(rate_limit=1)
    world.get(MESSAGES, key)

    answer = world.get(MESSAGES, key)

    error(answer, 429, "RATE_LIMIT_EXCEEDED")
    assert structured_list(answer.headers["RateLimit"]).keys() == {"minute"}
    assert structured_list(answer.headers["RateLimit"])["minute"]["r"] == 0


def test_retry_after_stands_on_429_and_503_alone(recording: World) -> None:
    with_retry = {
        answer.status_code for answer in every_kind_of_answer(recording) if "Retry-After" in answer.headers
    }

    assert with_retry == {503}


@pytest.mark.parametrize("limits", [{"rate_limit": 1}, {"daily_limit": 1}])
def test_retry_after_is_whole_seconds_and_not_before_the_limit_resets(
    world: World, limits: dict[str, Any]
) -> None:
    key = world.issue_key(**limits)
    world.get(MESSAGES, key)

    answer = world.get(MESSAGES, key)

    assert answer.status_code == 429
    spent = [window for window in structured_list(answer.headers["RateLimit"]).values() if window["r"] == 0]
    assert int(answer.headers["Retry-After"]) >= max(window["t"] for window in spent) > 0


def test_the_answer_to_a_wrong_key_says_how_to_send_one(shared: World) -> None:
    assert "X-API-Key" in error(shared.get(MESSAGES, key=None), 401, "MISSING_API_KEY")["message"]


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Token", "Api-Key", "Cookie"])
def test_the_key_is_taken_from_its_own_header_only(shared: World, header: str) -> None:
    answer = shared.get(MESSAGES, key=None, headers={header: shared.key()})

    error(answer, 401, "MISSING_API_KEY")


def test_the_key_is_not_taken_from_the_query(shared: World) -> None:
    answer = shared.get(f"{MESSAGES}?X-API-Key={shared.key()}&api_key={shared.key()}", key=None)

    error(answer, 401, "MISSING_API_KEY")


def test_no_answer_sets_a_cookie(shared: World) -> None:
    assert "Set-Cookie" not in shared.get(MESSAGES).headers
    assert "Set-Cookie" not in shared.post(TEXT_SEND, text_body()).headers
