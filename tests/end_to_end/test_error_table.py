"""Each error code of the Cloud API, answered by the double to a send over our API: what becomes of it.

The expectations are written down here once more, by hand from the documentation of the codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from answers import data, error
from factories import TEXT_SEND, World, make_app, text_body
from flask_waapi.messaging.delivery.outcomes import FIRST_BACK_OFF
from flask_waapi.testing.graph_double import ErrorAnswer, GraphDouble
from waapi_cloud.error_codes import RANGES, RULES


class Fate(NamedTuple):
    """What becomes of a message. :param status: of the HTTP answer. :param code: of the failure."""

    status: int
    code: str


PASSING = Fate(503, "PROVIDER_UNAVAILABLE")
SLOWED = Fate(202, "PROVIDER_THROTTLED")
REJECTED = Fate(422, "MESSAGE_REJECTED")
CLOSED = Fate(409, "SERVICE_WINDOW_CLOSED")
MISCONFIGURED = Fate(502, "PROVIDER_ERROR")

EXPECTED: dict[Fate, dict[int, int | None]] = {
    PASSING: {
        1: None, 2: None, 4: 60, 17: 60, 613: 60, 80007: 60, 131000: None, 131016: None, 131052: None,
        131057: 60, 131059: None, 131208: 60, 132069: 360, 133000: None, 133001: None, 133002: None,
        133003: None, 133004: None, 133007: None, 133008: 3600, 133009: 300, 133015: 300, 133016: 259_200,
        134101: 600, 135000: None, 139103: None, 2494100: 60,
    },
    SLOWED: {130429: 1, 131056: 1},
    REJECTED: dict.fromkeys([
        100, 803, 130472, 131008, 131009, 131020, 131021, 131026, 131030, 131041, 131043, 131049, 131050,
        131051, 131053, 131055, 131062, *range(131201, 131208), *range(131209, 131216), 132000, 132001,
        132005, 132007, 132008, 132012, 132015, 132016, 132018, 132068, 134100, 134102, 137000,
        *range(138000, 138019), *range(139000, 139005), 139100, 139101, 139102, *range(147001, 147006),
        2388012, 2388019, 2388040, 2388047, 2388073, 2388091, 2388093, 2388103, 2388293, 2388299,
    ]),
    CLOSED: {131047: None},
    MISCONFIGURED: dict.fromkeys([
        0, 3, 10, 33, 104, 190, *range(200, 300, 33), 299, 368, 130497, 131005, 131031, 131037, 131042,
        131044, 131045, 131048, 131063, 131064, 133005, 133006, 133010, 134011, 136025, 141006, 141010,
        141014,
    ]),
}  # fmt: skip
"""By what becomes of the message: the codes, each with the seconds to wait that are documented."""

A_DAY = 86_400
"""Seconds that we wait at most, whatever is asked."""

ROWS = [(code, fate, wait) for fate, codes in EXPECTED.items() for code, wait in codes.items()]


@contextmanager
def opened(path: Path, **config: Any) -> Iterator[tuple[World, GraphDouble]]:
    """An app that sends to a double."""
    with GraphDouble() as double:
        cloud = double.provider_settings | {"type": "cloud"}
        uri = f"sqlite:///{path / 'waapi.sqlite'}"
        world = make_app(uri, WAAPI_PROVIDERS={"main": cloud}, **config)
        try:
            yield world, double
        finally:
            world.services.providers.close()
            world.services.store.engine.dispose()


@pytest.fixture(scope="module")
def inline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, GraphDouble]]:
    """An app that answers when the double has."""
    with opened(tmp_path_factory.mktemp("inline")) as made:
        yield made


@pytest.fixture(scope="module")
def queued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, GraphDouble]]:
    """An app that answers first."""
    with opened(tmp_path_factory.mktemp("queued"), WAAPI_DISPATCH="worker") as made:
        yield made


def recipient(code: int) -> str:
    """Of each code another, so that no wait for one recipient holds up the next test."""
    return f"+4915{code:09}"


def rested(world: World) -> None:
    """Let pass what the test before has slowed down."""
    world.clock.advance(timedelta(days=4))
    world.work()


def test_every_code_of_the_table_is_expected_here() -> None:
    listed = {code for code, _, _ in ROWS}

    assert listed >= RULES.keys()
    assert all(listed & set(codes) for codes, _ in RANGES)
    assert len(listed) == len(ROWS)


@pytest.mark.parametrize(("code", "fate", "wait"), ROWS)
def test_a_caller_who_waits_for_the_provider_is_told_what_the_code_means(
    inline: tuple[World, GraphDouble], code: int, fate: Fate, wait: int | None
) -> None:
    world, double = inline
    rested(world)
    double.fail_next(ErrorAnswer(code))

    answer = world.post(TEXT_SEND, text_body(to=recipient(code)))

    if fate is SLOWED:
        told = data(answer, 202)
    else:
        told = error(answer, fate.status, fate.code)["details"]
        assert told["provider_code"] == str(code)
    message = world.message(told["message_uuid"])
    assert message.status == ("queued" if fate is SLOWED else "failed")
    assert (message.failure_code, message.provider_code) == (fate.code, str(code))
    if fate is PASSING and wait is not None:
        assert answer.headers["Retry-After"] == str(min(wait, A_DAY))


@pytest.mark.parametrize(("code", "fate", "wait"), ROWS)
def test_a_message_that_was_acknowledged_is_tried_again_when_the_code_says_so(
    queued: tuple[World, GraphDouble], code: int, fate: Fate, wait: int | None
) -> None:
    world, double = queued
    rested(world)
    uuid = data(world.post(TEXT_SEND, text_body(to=recipient(code))), 202)["message_uuid"]
    double.fail_next(ErrorAnswer(code))

    world.work()

    message = world.message(uuid)
    is_retried = fate in {PASSING, SLOWED}
    assert message.status == ("queued" if is_retried else "failed")
    assert (message.failure_code, message.provider_code) == (fate.code, str(code))
    if is_retried:
        assert message.due_at is not None
        seconds = (message.due_at - world.clock()).total_seconds()
        back_off = FIRST_BACK_OFF.total_seconds()
        if wait is None:
            assert 0.8 * back_off <= seconds <= 1.2 * back_off
        else:
            assert seconds == min(wait, A_DAY)


@pytest.mark.parametrize("code", EXPECTED[MISCONFIGURED])
def test_what_needs_an_operator_is_in_the_log_without_the_recipient(
    inline: tuple[World, GraphDouble], code: int, caplog: pytest.LogCaptureFixture
) -> None:
    world, double = inline
    rested(world)
    double.fail_next(ErrorAnswer(code))

    world.post(TEXT_SEND, text_body(to=recipient(code)))

    assert "Provider main cannot send" in caplog.text
    assert recipient(code) not in caplog.text


@pytest.mark.parametrize("code", EXPECTED[SLOWED])
def test_what_is_slowed_is_sent_after_its_wait(inline: tuple[World, GraphDouble], code: int) -> None:
    world, double = inline
    rested(world)
    double.fail_next(ErrorAnswer(code, retry_after=30))
    uuid = data(world.post(TEXT_SEND, text_body(to=recipient(code))), 202)["message_uuid"]

    world.clock.advance(29)
    world.work()
    assert world.message(uuid).status == "queued"
    world.clock.advance(1)
    world.work()

    assert world.message(uuid).status == "sent"


def test_a_lost_answer_is_unconfirmed(inline: tuple[World, GraphDouble]) -> None:
    world, _ = inline
    rested(world)

    uuid = data(world.post(TEXT_SEND, text_body(to="+15553000444")), 202)["message_uuid"]

    assert world.message(uuid).status == "unconfirmed"
