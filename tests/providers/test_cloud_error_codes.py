"""Every documented error code, raised by the double and caught as the kind it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_world import cloud_world, message, unhurried
from flask_waapi import Misconfigured, ProviderError, Rejected, Retryable, Throttled, WindowClosed
from flask_waapi.testing.graph_double import ErrorAnswer, GraphDouble
from waapi_cloud import CloudProvider
from waapi_cloud.error_codes import RANGES, RULES, Kind, rule_for
from waapi_cloud.failures import read_graph_error, retry_after

World = tuple[GraphDouble, CloudProvider]

EXPECTED: dict[type[ProviderError], list[int]] = {
    Retryable: [
        1, 2, 4, 17, 613, 80007, 131000, 131016, 131052, 131057, 131059, 131208,
        132069, 133000, 133001, 133002, 133003, 133004, 133007, 133008, 133009, 133015, 133016,
        134101, 135000, 139103, 2494100,
    ],
    Throttled: [130429, 131056],
    Rejected: [
        100, 803, 130472, 131008, 131009, 131020, 131021, 131026, 131030, 131041, 131043, 131049,
        131050, 131051, 131053, 131055, 131062, 131201, 131202, 131204, 131207, 131209, 131210,
        131211, 131212, 131213, 131214, 131215, 132000, 132001, 132005, 132007, 132008, 132012,
        132015, 132016, 132018, 132068, 134100, 134102, 137000, 138000, 138018, 139000, 139004,
        139100, 139102, 147001, 147005, 2388012, 2388019, 2388040, 2388047, 2388073, 2388091,
        2388093, 2388103, 2388293, 2388299,
    ],
    Misconfigured: [
        0, 3, 10, 33, 104, 190, 200, 299, 368, 130497, 131005, 131031, 131037, 131042, 131044,
        131045, 131048, 131063, 131064, 133005, 133006, 133010, 134011, 136025, 141006, 141010,
        141014,
    ],
    WindowClosed: [131047],
}  # fmt: skip
"""The Cloud API documentation's error codes, by what they mean for a message."""

ROWS = [(code, kind) for kind, codes in EXPECTED.items() for code in codes]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cloud_world() as (double, provider):
        yield double, provider


def failure(world: World, answer: ErrorAnswer, attempt: int = 1) -> ProviderError:
    double, provider = world
    double.fail_next(answer)
    with pytest.raises(ProviderError) as caught:
        provider.send(message(attempt=attempt))
    return caught.value


@pytest.mark.parametrize(("code", "kind"), ROWS)
def test_a_documented_code_is_the_kind_it_belongs_to(
    world: World, code: int, kind: type[ProviderError]
) -> None:
    error = failure(world, ErrorAnswer(code))
    assert type(error) is kind
    assert error.code == str(code)
    assert "fbtrace_id A" in error.message


def test_no_code_of_the_table_is_left_out_here() -> None:
    listed = {code for code, _ in ROWS}
    assert listed >= RULES.keys()
    assert all(listed & set(codes) for codes, _ in RANGES)


@pytest.mark.parametrize("code", [131026, 131047, 190, 2])
def test_a_magic_recipient_raises_the_kind_of_its_code(world: World, code: int) -> None:
    _, provider = world
    kind = dict(ROWS)[code]
    with pytest.raises(kind):
        provider.send(message(to=f"+15550{code:06}"))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ErrorAnswer(999001, is_transient=True), Retryable),
        (ErrorAnswer(999001, http_status=500), Retryable),
        (ErrorAnswer(999001, http_status=503, is_transient=False), Retryable),
        (ErrorAnswer(999001, http_status=429), Retryable),
        (ErrorAnswer(999001, http_status=401), Misconfigured),
        (ErrorAnswer(999001, http_status=400), Rejected),
        (ErrorAnswer(999001, http_status=200), Rejected),
        (ErrorAnswer(131050, is_transient=True), Rejected),
    ],
)
def test_an_unknown_code_goes_by_metas_flag_then_by_the_status(
    world: World, answer: ErrorAnswer, kind: type[ProviderError]
) -> None:
    assert type(failure(world, answer)) is kind


def test_an_unknown_node_is_our_mistake_not_the_messages(world: World) -> None:
    assert type(failure(world, ErrorAnswer(100, subcode=33))) is Misconfigured
    assert type(failure(world, ErrorAnswer(100, subcode=2018001))) is Rejected


@pytest.mark.parametrize(("code", "attempts"), [(1, 2), (135000, 1), (131052, 1)])
def test_a_code_that_mostly_means_a_bad_request_is_retried_only_so_often(
    world: World, code: int, attempts: int
) -> None:
    assert type(failure(world, ErrorAnswer(code), attempts)) is Retryable
    assert type(failure(world, ErrorAnswer(code), attempts + 1)) is Rejected


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        ("Downloading media failed with HTTP code 429", Retryable),
        ("Downloading media failed with HTTP code 503.", Retryable),
        ("Downloading media failed with HTTP code 404", Rejected),
        ("The file of 15003 bytes is too large", Rejected),
        (None, Rejected),
    ],
)
def test_a_medium_is_fetched_again_where_its_server_was_busy(
    world: World, details: str | None, kind: type[ProviderError]
) -> None:
    assert type(failure(world, ErrorAnswer(131053, details=details))) is kind


# Waits


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 1), (2, 4), (3, 16), (4, 64), (40, 3600), (10**9, 3600)]
)
def test_the_wait_for_one_recipient_grows_fourfold(world: World, attempt: int, seconds: int) -> None:
    error = failure(world, ErrorAnswer(131056), attempt)
    assert isinstance(error, Retryable)
    assert error.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize("code", [codes for codes, rule in RULES.items() if rule.wait is not None])
def test_the_servers_word_goes_before_our_wait(world: World, code: int) -> None:
    error = failure(world, ErrorAnswer(code, retry_after=77))
    assert isinstance(error, Retryable)
    assert error.retry_after == timedelta(seconds=77)


def test_a_transient_code_leaves_the_wait_to_the_caller(world: World) -> None:
    error = failure(world, ErrorAnswer(131016))
    assert isinstance(error, Retryable)
    assert error.retry_after is None


def test_every_throttle_of_the_table_has_a_wait() -> None:
    rules = [*RULES.values(), *(rule for _, rule in RANGES)]
    throttles = [rule for rule in rules if rule.kind is Kind.THROTTLED]
    assert throttles
    assert all(rule.delay(1) for rule in throttles)


def test_the_longest_wait_is_kept_whole() -> None:
    rule = rule_for(133016, subcode=None, http_status=400, is_transient=False)
    assert rule.delay(1) == rule.delay(9) == timedelta(hours=72)


AT_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
USAGE = '{"102290129340398":[{"type":"messaging","estimated_time_to_regain_access":%s}]}'


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "120"}, timedelta(seconds=120)),
        ({"Retry-After": " 0 "}, timedelta()),
        ({"Retry-After": "Sun, 01 Mar 2026 12:05:00 GMT"}, timedelta(minutes=5)),
        ({"Retry-After": "Sun, 01 Mar 2026 11:00:00 GMT"}, timedelta()),
        ({"Retry-After": "999999999"}, timedelta(days=7)),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"X-Business-Use-Case-Usage": USAGE % 15}, timedelta(minutes=15)),
        ({"X-Business-Use-Case-Usage": USAGE % '"15"'}, timedelta(minutes=15)),
        ({"X-Business-Use-Case-Usage": USAGE % 0}, None),
        ({"X-Business-Use-Case-Usage": USAGE % "null"}, None),
        ({"X-Business-Use-Case-Usage": "[]"}, None),
        ({"X-Business-Use-Case-Usage": '{"1":2}'}, None),
        ({"X-Business-Use-Case-Usage": "{"}, None),
        ({"Retry-After": "3", "X-Business-Use-Case-Usage": USAGE % 15}, timedelta(seconds=3)),
    ],
)
def test_the_headers_that_ask_for_a_pause_are_read(
    headers: dict[str, str], expected: timedelta | None
) -> None:
    assert retry_after(headers, AT_NOON) == expected


@unhurried
@given(st.text(), st.text())
def test_no_header_breaks_the_reading_of_a_pause(wait: str, usage: str) -> None:
    headers = {"Retry-After": wait, "X-Business-Use-Case-Usage": usage}
    pause = retry_after(headers, AT_NOON)
    assert pause is None or timedelta() <= pause <= timedelta(days=7)


# The error object

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)

ERROR_MEMBERS = ("code", "error_subcode", "message", "title", "error_data", "fbtrace_id")


@unhurried
@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(ERROR_MEMBERS, JSON_VALUES),
    )
)
def test_no_error_object_breaks_its_reading(value: dict[str, Any]) -> None:
    error = read_graph_error(value)
    if error is not None:
        raised = error.provider_error(http_status=400, retry_after=None, attempt=1)
        assert raised.message
        assert error.refusal().reason


@pytest.mark.parametrize("value", [None, "error", [], {}, {"code": None}, {"code": True}])
def test_what_has_no_code_is_no_graph_error(value: Any) -> None:
    assert read_graph_error(value) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"code": 1, "message": "(#1) Words"}, "Words"),
        ({"code": "1", "title": "Words"}, "Words"),
        ({"code": 1, "message": "Words", "error_data": "More"}, "Words: More"),
        ({"code": 1, "message": "Words", "error_data": {"details": "More"}}, "Words: More"),
        ({"code": 1, "message": "Words", "error_data": {"details": "Words, more"}}, "Words, more"),
        ({"code": 1, "error_data": {"details": "More"}}, "More"),
    ],
)
def test_metas_words_are_put_together_without_repetition(value: Any, text: str) -> None:
    error = read_graph_error(value)
    assert error is not None
    assert error.text == text
