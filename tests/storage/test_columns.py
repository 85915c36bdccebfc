"""Columns that mean the same on every database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, StatementError

from flask_waapi.identifiers import uuid7
from flask_waapi.storage.columns import UtcDateTime, digest, exact_string, long_text, ordered_uuid

metadata = sa.MetaData()
samples = sa.Table(
    "samples",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("moment", UtcDateTime()),
    sa.Column("word", exact_string(20), unique=True),
    sa.Column("id", ordered_uuid()),
    sa.Column("digest", digest(), unique=True),
    sa.Column("text", long_text()),
)


@pytest.fixture(scope="module")
def engine(module_uri: str) -> Iterator[sa.Engine]:
    """A database with the table of samples."""
    engine = sa.create_engine(module_uri, poolclass=sa.NullPool)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection to a database whose table of samples is empty."""
    with engine.connect() as connection:
        connection.execute(samples.delete())
        connection.commit()
        yield connection


def kept(connection: sa.Connection, column: str, value: object) -> object:
    """What comes back of a value that is stored."""
    connection.execute(samples.insert().values({column: value}))
    connection.commit()
    return connection.scalar(sa.select(samples.c[column]))


NOON = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        NOON.replace(microsecond=1),
        NOON.replace(microsecond=999_999),
        NOON.replace(microsecond=0),
        datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_to_the_microsecond(connection: sa.Connection, moment: datetime) -> None:
    found = kept(connection, "moment", moment)

    assert found == moment
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC or found.utcoffset() == timedelta(0)


@pytest.mark.parametrize("hours", [-9, 2, 5.5])
def test_a_moment_of_another_zone_comes_back_in_utc(connection: sa.Connection, hours: float) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=hours)))

    found = kept(connection, "moment", elsewhere)

    assert found == NOON
    assert isinstance(found, datetime)
    assert found.utcoffset() == timedelta(0)


def test_no_moment_stays_none(connection: sa.Connection) -> None:
    assert kept(connection, "moment", None) is None


def test_a_moment_without_a_zone_is_refused(connection: sa.Connection) -> None:
    with pytest.raises(StatementError, match="has no time zone; times are aware UTC"):
        kept(connection, "moment", NOON.replace(tzinfo=None))


def test_moments_compare_by_time_whatever_their_zone(connection: sa.Connection) -> None:
    kept(connection, "moment", NOON)
    elsewhere = (NOON + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=-11)))
    query = sa.select(sa.func.count()).select_from(samples)

    assert connection.scalar(query.where(samples.c.moment < elsewhere)) == 1
    assert connection.scalar(query.where(samples.c.moment >= elsewhere)) == 0


@pytest.mark.parametrize(
    ("one", "other"), [("Shop", "shop"), ("cafe", "café"), ("ß", "ss"), ("ı", "i"), ("é", "e\u0301")]
)
def test_words_that_differ_in_one_byte_are_two(connection: sa.Connection, one: str, other: str) -> None:
    connection.execute(samples.insert(), [{"word": one}, {"word": other}])

    found = connection.scalars(sa.select(samples.c.word).where(samples.c.word == other)).all()
    assert found == [other]


def test_the_same_word_twice_is_one_too_many(connection: sa.Connection) -> None:
    connection.execute(samples.insert(), [{"word": "shop"}])

    with pytest.raises(IntegrityError):
        connection.execute(samples.insert(), [{"word": "shop"}])


def test_words_of_any_script_come_back(connection: sa.Connection) -> None:
    assert kept(connection, "word", "Ωmega 訂單 🛒") == "Ωmega 訂單 🛒"


def test_ids_sort_by_the_time_they_were_made(connection: sa.Connection) -> None:
    # Steps from a microsecond to years, so that every byte of the time takes part.
    moments = [NOON + timedelta(microseconds=4**step) for step in range(26)]
    ids = [uuid7(moment) for moment in moments]
    shuffled = random.Random(7).sample(ids, len(ids))
    connection.execute(samples.insert(), [{"id": made} for made in shuffled])

    assert connection.scalars(sa.select(samples.c.id).order_by(samples.c.id)).all() == ids
    below = sa.select(samples.c.id).where(samples.c.id < ids[10]).order_by(samples.c.id.desc()).limit(3)
    assert connection.scalars(below).all() == [ids[9], ids[8], ids[7]]


def test_ids_of_any_kind_sort_by_their_digits(connection: sa.Connection) -> None:
    ids = sorted(UUID(int=random.Random(7).getrandbits(128) >> shift) for shift in range(0, 120, 5))
    connection.execute(samples.insert(), [{"id": made} for made in reversed(ids)])

    assert connection.scalars(sa.select(samples.c.id).order_by(samples.c.id)).all() == ids


@pytest.mark.parametrize("value", [b"\x00" * 32, b"\xff" * 32, b"AbCd" * 8, b" " * 32, bytes(range(32))])
def test_a_digest_comes_back_byte_by_byte(connection: sa.Connection, value: bytes) -> None:
    assert kept(connection, "digest", value) == value


def test_digests_that_differ_only_in_the_case_of_letters_are_two(connection: sa.Connection) -> None:
    connection.execute(samples.insert(), [{"digest": b"a" * 32}, {"digest": b"A" * 32}])

    query = sa.select(sa.func.count()).select_from(samples).where(samples.c.digest == b"A" * 32)
    assert connection.scalar(query) == 1


def test_a_text_longer_than_64_kilobytes_comes_back(connection: sa.Connection) -> None:
    text = "Grüße 🛒" * 20_000

    assert kept(connection, "text", text) == text
