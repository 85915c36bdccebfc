"""Our own migrations, on every database: up, up again, down, and nothing of the host's touched."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from flask_waapi import include_name
from flask_waapi.storage import migrate
from flask_waapi.storage.migrate import VERSION_TABLE
from flask_waapi.storage.models import PREFIX, Base

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
    for name in sorted(OURS):
        columns = {
            column["name"]: (str(column["type"]), column["nullable"], column["default"])
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


def test_from_nothing_all_tables_are_made(engine: sa.Engine) -> None:
    assert migrate.current(engine) is None

    migrate.upgrade(engine)

    assert tables(engine) == OURS | {VERSION_TABLE}
    assert migrate.current(engine) == migrate.head()


def test_the_tables_are_those_of_the_models(engine: sa.Engine) -> None:
    migrate.upgrade(engine)

    assert migrate.differences(engine) == []


def test_migrations_and_create_all_make_the_same(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    migrated = shape(engine)
    migrate.downgrade(engine, "base")

    Base.metadata.create_all(engine)

    assert shape(engine) == migrated


def test_a_second_upgrade_does_nothing(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *given: statements.append(str(given[2])))

    migrate.upgrade(engine)

    changing = [
        text
        for text in statements
        if not text.lstrip().upper().startswith(("SELECT", "PRAGMA", "SHOW", "DESCRIBE"))
    ]
    assert changing == []


def test_down_to_nothing_and_up_again(engine: sa.Engine) -> None:
    migrate.upgrade(engine)

    migrate.downgrade(engine, "base")
    assert tables(engine) == {VERSION_TABLE}
    assert migrate.current(engine) is None

    migrate.upgrade(engine)
    assert migrate.differences(engine) == []


def test_each_revision_goes_down_and_up(engine: sa.Engine) -> None:
    revisions = []
    migrate.upgrade(engine)
    while (current := migrate.current(engine)) is not None:
        revisions.append(current)
        migrate.downgrade(engine, "-1")
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


def test_an_unknown_revision_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(Exception, match="nonsense"):
        migrate.upgrade(engine, "nonsense")

    assert tables(engine) <= {VERSION_TABLE}


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql", "mariadb"])
def test_the_ddl_can_be_printed_for_a_person_to_run(capsys: pytest.CaptureFixture[str], dialect: str) -> None:
    migrate.upgrade_sql(dialect)

    printed = capsys.readouterr().out
    for name in OURS | {VERSION_TABLE}:
        assert f"CREATE TABLE {name}" in printed
    assert f"INSERT INTO {VERSION_TABLE}" in printed


def test_the_printed_ddl_makes_the_tables(engine: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    migrate.upgrade_sql(engine.dialect.name)
    statements = [part.strip() for part in capsys.readouterr().out.split(";")]

    with engine.begin() as connection:
        for statement in statements:
            lines = [line for line in statement.splitlines() if not line.startswith("--")]
            if lines and lines[0] not in {"BEGIN", "COMMIT"}:
                connection.exec_driver_sql("\n".join(lines).replace("%", "%%"))

    assert migrate.differences(engine) == []
    assert migrate.current(engine) == migrate.head()


def test_the_hosts_logging_is_left_alone(engine: sa.Engine) -> None:
    host_logger = logging.getLogger("a_host_of_tests")
    before = (host_logger.disabled, logging.getLogger().handlers[:], logging.getLogger().level)

    migrate.upgrade(engine)

    assert (host_logger.disabled, logging.getLogger().handlers, logging.getLogger().level) == before


def test_every_table_of_ours_has_our_prefix_and_metadata_of_its_own() -> None:
    assert all(name.startswith(PREFIX) for name in {*OURS, VERSION_TABLE})
    assert not include_name(VERSION_TABLE, "table", {})
    assert include_name("orders", "table", {})
    assert include_name("waapi_keys", "column", {})
    assert include_name(None, "schema", {})


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_name_in_a_table_fits_every_database(name: str) -> None:
    table = Base.metadata.tables[name]
    names = [*(column.name for column in table.columns), *(str(index.name) for index in table.indexes)]
    names += [str(constraint.name) for constraint in table.constraints if constraint.name]

    assert [text for text in names if len(text) > 63] == []
