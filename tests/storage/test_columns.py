"""Column types mean the same on every database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from flask_waapi.storage.columns import (
    Clipped,
    ExactString,
    UtcDateTime,
    digest,
    long_text,
    ordered_uuid,
)

samples = sa.Table(
    "waapi_test_samples",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("moment", UtcDateTime()),
    sa.Column("word", ExactString(20), unique=True),
    sa.Column("text", long_text()),
    sa.Column("uuid", ordered_uuid()),
    sa.Column("digest", digest(), unique=True),
    sa.Column("clipped", Clipped(10)),
)


@pytest.fixture
def connection(database_uri: str) -> Iterator[sa.Connection]:
    """A connection to a database with the table of samples, once for each kind."""
    engine = sa.create_engine(database_uri)
    samples.create(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def kept(connection: sa.Connection, column: str, values: list[object]) -> list[object]:
    """What is read of the values after they were written."""
    connection.execute(samples.insert(), [{column: value} for value in values])
    return list(connection.scalars(sa.select(samples.c[column]).order_by(samples.c.id)))


def test_a_moment_is_kept_to_the_microsecond_and_read_as_aware_utc(connection: sa.Connection) -> None:
    moments: list[object] = [
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=-11, minutes=-30))),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
        None,
    ]

    found = kept(connection, "moment", moments)

    assert found == moments
    assert {moment.tzinfo for moment in found if isinstance(moment, datetime)} == {UTC}


def test_moments_of_all_zones_compare_and_sort_as_moments(connection: sa.Connection) -> None:
    east = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    west = datetime(2025, 12, 31, 20, tzinfo=timezone(timedelta(hours=-5)))
    kept(connection, "moment", [west, east])

    query = sa.select(samples.c.id).order_by(samples.c.moment)

    assert list(connection.scalars(query)) == [2, 1]
    assert list(connection.scalars(query.where(samples.c.moment <= east))) == [2]


def test_a_naive_time_is_refused(connection: sa.Connection) -> None:
    with pytest.raises(sa.exc.StatementError, match="has no time zone"):
        kept(connection, "moment", [datetime(2026, 1, 1)])  # noqa: DTZ001 - the fault under test


@settings(max_examples=40)
@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_any_moment_survives(moment: datetime) -> None:
    column, dialect = UtcDateTime(), sqlite.dialect()

    found = column.process_result_value(column.process_bind_param(moment, dialect), dialect)

    # As UTC: times that a zone skips or repeats are never equal to those of another.
    assert found == moment.astimezone(UTC)


def test_words_are_compared_to_the_letter(connection: sa.Connection) -> None:
    words: list[object] = ["shop", "Shop", "shóp", "shop\u0301", "ｓhop", "ſhop", "shop.", "ß", "ss"]

    assert kept(connection, "word", words) == words
    for word in words:
        assert connection.scalar(sa.select(sa.func.count()).where(samples.c.word == word)) == 1


def test_long_texts_of_any_script_are_kept_whole(connection: sa.Connection) -> None:
    texts: list[object] = ["x" * 1_000_000, "💥" * 100_000, "", "\u0301\u202e\x01\x7f", "line\r\nbreak\ttab "]

    assert kept(connection, "text", texts) == texts


def test_uuids_sort_by_their_digits(connection: sa.Connection) -> None:
    numbers = [0, 1, 2**127, 2**64, 2**128 - 1, 0x0199_0000_0000_7000_8000_0000_0000_0001, 2**120 + 5]
    uuids: list[object] = [UUID(int=number) for number in numbers]
    assert kept(connection, "uuid", uuids) == uuids

    ordered = list(connection.scalars(sa.select(samples.c.uuid).order_by(samples.c.uuid)))

    assert ordered == sorted(UUID(int=number) for number in numbers)
    above = sa.select(sa.func.count()).where(samples.c.uuid > UUID(int=2**64))
    assert connection.scalar(above) == 4


def test_digests_are_bytes_and_differ_by_a_single_bit(connection: sa.Connection) -> None:
    digests: list[object] = [bytes(32), b"A" * 32, b"a" * 32, b"\xff" * 32, b" " * 32, bytes(range(32))]

    assert kept(connection, "digest", digests) == digests


def test_clipped_words_are_cut_and_never_refused(connection: sa.Connection) -> None:
    given_words: list[object] = ["short", "x" * 500, "ü" * 11, "a\0b", "a\ud800b", "", None]

    assert kept(connection, "clipped", given_words) == ["short", "x" * 10, "ü" * 10, "ab", "a?b", "", None]


def test_a_number_where_words_belong_is_kept_as_words(connection: sa.Connection) -> None:
    given: list[object] = [20503, 1.5]

    assert kept(connection, "clipped", given) == ["20503", "1.5"]


def test_a_clipped_word_is_found_by_the_whole_of_it(connection: sa.Connection) -> None:
    kept(connection, "clipped", ["x" * 500])

    assert connection.scalar(sa.select(samples.c.id).where(samples.c.clipped == "x" * 500)) == 1
