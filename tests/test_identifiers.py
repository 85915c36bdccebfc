"""Ids that sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from flask_waapi.identifiers import moment_of, ordered_id, uuid7

MOMENTS = st.integers(0, 253_000_000_000_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
RANDOM_BITS = st.integers(0, (1 << 62) - 1)


@given(MOMENTS, RANDOM_BITS)
def test_it_is_a_version_7_of_the_rfc(now: datetime, random_bits: int) -> None:
    made = uuid7(now, random_bits)

    assert (made.version, made.variant) == (7, RFC_4122)


@given(MOMENTS, RANDOM_BITS)
def test_its_first_48_bits_are_the_milliseconds_since_1970(now: datetime, random_bits: int) -> None:
    milliseconds = (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    assert uuid7(now, random_bits).int >> 80 == milliseconds


@given(MOMENTS, MOMENTS, RANDOM_BITS, RANDOM_BITS)
def test_their_order_is_that_of_their_times(
    one: datetime, other: datetime, random_one: int, random_other: int
) -> None:
    ids = uuid7(one, random_one), uuid7(other, random_other)

    if one < other:
        assert ids[0] < ids[1]
        assert ids[0].hex < ids[1].hex
    elif one > other:
        assert ids[0] > ids[1]


@given(MOMENTS, RANDOM_BITS, RANDOM_BITS)
def test_one_microsecond_is_told_from_the_next(now: datetime, random_one: int, random_other: int) -> None:
    assert uuid7(now, random_one) < uuid7(now + timedelta(microseconds=1), random_other)


@given(MOMENTS, RANDOM_BITS)
def test_the_zone_of_the_time_does_not_matter(now: datetime, random_bits: int) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert uuid7(elsewhere, random_bits) == uuid7(now, random_bits)


@given(MOMENTS, RANDOM_BITS)
def test_the_random_bits_are_kept_whole(now: datetime, random_bits: int) -> None:
    assert uuid7(now, random_bits).int & ((1 << 62) - 1) == random_bits


def test_ids_of_one_moment_differ() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    assert len({uuid7(now) for _ in range(1_000)}) == 1_000


@given(MOMENTS, MOMENTS)
def test_an_ordered_one_comes_after_another_whatever_the_time_is(now: datetime, then: datetime) -> None:
    before = ordered_id(then)

    made = ordered_id(now, after=before)

    assert made > before
    assert (made.version, made.variant) == (7, RFC_4122)
    assert moment_of(made) == max(moment_of(before), moment_of(uuid7(now)))
