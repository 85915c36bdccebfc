"""Column types that mean the same on SQLite, PostgreSQL, MariaDB and MySQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, String, Text, Uuid
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware UTC in Python, to the microsecond in every database.

    :raises ValueError: a naive time was given, whose zone nobody can know.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; times are aware UTC.")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactString(TypeDecorator[str]):
    """Text of a bounded length, compared byte by byte in every database.

    MariaDB's default collation takes ``Shop`` for ``shop``, and its binary one ``shop`` for ``shop ``.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name not in {"mysql", "mariadb"}:
            return dialect.type_descriptor(String(self.length))
        is_mariadb = getattr(dialect, "is_mariadb", dialect.name == "mariadb")
        collation = "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"
        return dialect.type_descriptor(mysql.VARCHAR(self.length, charset="utf8mb4", collation=collation))


class Clipped(TypeDecorator[str]):
    """Words of a provider's, cut to fit: a longer one must not cost the record of what happened.

    :param length: characters kept.
    :param stored: the column's type; without it, :class:`ExactString` of that length.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int, stored: TypeEngine[str] | None = None) -> None:
        super().__init__(length)
        self.length = length
        self.stored = stored or ExactString(length)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return self.stored

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        # Networks number what others name. PostgreSQL refuses NUL in any text, every driver a lone surrogate.
        return str(value).replace("\0", "").encode(errors="replace").decode()[: self.length]


def long_text() -> Text:
    """Text of any length; MariaDB's own ends at 64 kB."""
    return Text().with_variant(mysql.MEDIUMTEXT(charset="utf8mb4"), "mysql", "mariadb")


def ordered_uuid() -> Uuid[Any]:
    """A UUID that sorts by its hexadecimal digits everywhere, as paging by key needs.

    MariaDB's own UUID type sorts by other rules, so text is stored there and on SQLite.
    """
    return Uuid(native_uuid=False).with_variant(postgresql.UUID(), "postgresql")


def digest() -> LargeBinary:
    """32 raw bytes. As text, a case-insensitive collation would merge different digests."""
    return LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb")
