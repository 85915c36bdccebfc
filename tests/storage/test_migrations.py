"""Our own migrations, on every database: down and up again, and nothing of the host's touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from flask_waapi.storage import migrate
from flask_waapi.storage.migrate import VERSION_TABLE
from flask_waapi.storage.models import Base

OURS = {table.name for table in Base.metadata.sorted_tables}


@pytest.fixture
def engine(database_uri: str) -> Iterator[sa.Engine]:
    """An engine on an empty database, once for each kind."""
    engine = sa.create_engine(database_uri)
    yield engine
    engine.dispose()


def tables(engine: sa.Engine) -> set[str]:
    """The names of the tables there are."""
    return set(sa.inspect(engine).get_table_names())


def shape(engine: sa.Engine) -> dict[str, Any]:
    """Columns, keys, indexes and foreign keys of our tables, as the database tells them."""
    inspector = sa.inspect(engine)
    found = {}
    # SQLite holds no text to a length, so a longer one is no reason to write a table anew.
    length = r"(?<=VARCHAR)\(\d+\)" if engine.dialect.name == "sqlite" else "$^"
    for name in sorted(OURS):
        columns = {
            column["name"]: (re.sub(length, "", str(column["type"])), column["nullable"], column["default"])
            for column in inspector.get_columns(name)
        }
        found[name] = {
            "columns": columns,
            "primary key": inspector.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(
                (str(unique["name"]), unique["column_names"])
                for unique in inspector.get_unique_constraints(name)
            ),
            "indexes": sorted(
                (str(index["name"]), index["column_names"]) for index in inspector.get_indexes(name)
            ),
            "foreign keys": sorted(
                (str(key["name"]), key["constrained_columns"], key["referred_table"], str(key["options"]))
                for key in inspector.get_foreign_keys(name)
            ),
        }
    return found


def test_migrations_and_create_all_make_the_same(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    migrated = shape(engine)
    migrate.downgrade(engine, "base")

    Base.metadata.create_all(engine)

    assert shape(engine) == migrated


def test_each_revision_goes_down_to_nothing_and_up_again(engine: sa.Engine) -> None:
    revisions = []
    migrate.upgrade(engine)
    while (current := migrate.current(engine)) is not None:
        revisions.append(current)
        migrate.downgrade(engine, "-1")
    assert tables(engine) == {VERSION_TABLE}
    for revision in reversed(revisions):
        migrate.upgrade(engine, revision)
        assert migrate.current(engine) == revision

    assert migrate.current(engine) == migrate.head()


def test_the_hosts_tables_and_its_version_are_not_touched(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('the hosts own')"))
        connection.execute(sa.text("CREATE TABLE waapifriends (id INTEGER NOT NULL PRIMARY KEY)"))
        connection.execute(sa.text("INSERT INTO waapifriends VALUES (7)"))

    migrate.upgrade(engine)
    assert migrate.differences(engine) == []
    migrate.downgrade(engine, "base")

    assert tables(engine) == {"alembic_version", "waapifriends", VERSION_TABLE}
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "the hosts own"
        assert connection.scalar(sa.text("SELECT id FROM waapifriends")) == 7


def test_a_missing_table_and_a_missing_column_are_differences(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE waapi_audit"))
        connection.execute(sa.text("ALTER TABLE waapi_keys DROP COLUMN description"))

    found = str(migrate.differences(engine))

    assert "waapi_audit" in found
    assert "description" in found


def test_the_printed_ddl_makes_the_tables(engine: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    migrate.upgrade_sql(migrate.dialect_name(engine))
    statements = [part.strip() for part in capsys.readouterr().out.split(";")]

    with engine.begin() as connection:
        for statement in statements:
            lines = [line for line in statement.splitlines() if not line.startswith("--")]
            if lines and lines[0] not in {"BEGIN", "COMMIT"}:
                connection.exec_driver_sql("\n".join(lines).replace("%", "%%"))

    assert migrate.differences(engine) == []
    assert migrate.current(engine) == migrate.head()
