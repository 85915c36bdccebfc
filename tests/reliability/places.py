"""Databases to run on: made for one run, and removed after it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

import services
from flask_waapi.storage import migrate
from services import ThrowAwayDatabase

KINDS = ("sqlite", "postgresql", "mariadb")


@dataclass(frozen=True)
class Place:
    """Where a scenario runs.

    :param database_uri: of a database with our tables and no rows.
    :param directory: for the logs of its processes, and other files.
    """

    database_uri: str
    directory: Path

    @property
    def database(self) -> str:
        """The kind of database."""
        name = sa.make_url(self.database_uri).get_backend_name()
        return "mariadb" if name == "mysql" else name


def prepared(database_uri: str, directory: Path) -> Place:
    """A place on an empty database."""
    remembered_as_wal(sa.make_url(database_uri))
    engine = sa.create_engine(database_uri, poolclass=sa.NullPool)
    migrate.upgrade(engine)
    engine.dispose()
    return Place(database_uri, directory)


def remembered_as_wal(url: sa.URL) -> None:
    """Give an SQLite file the journal that the documentation asks for; the file remembers it."""
    if url.database is not None and url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(url.database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")


@contextmanager
def throw_away(kind: str) -> Iterator[Place]:
    """A place that is gone afterwards.

    :raises OSError: there is no server of this kind.
    """
    with tempfile.TemporaryDirectory(prefix="waapi-reliability-") as name:
        directory = Path(name)
        if kind == "sqlite":
            yield prepared(f"sqlite:///{directory / 'waapi.sqlite'}", directory)
            return
        database = ThrowAwayDatabase(services.location(kind))
        try:
            yield prepared(database.uri, directory)
        finally:
            database.drop()
