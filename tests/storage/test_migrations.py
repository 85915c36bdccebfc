"""Our migrations, on each kind of database: up, down, beside the host's tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from flask_waapi.storage import migrate
from flask_waapi.storage.models import PREFIX, Base

OUR_TABLES = set(Base.metadata.tables)


@pytest.fixture
def engine(database_uri: str) -> Iterator[sa.Engine]:
    """An engine on an empty database."""
    engine = sa.create_engine(database_uri, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def host_engine(engine: sa.Engine) -> sa.Engine:
    """A database with tables of the host's: one with a row, and its own version table."""
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, title VARCHAR(20))",
            "INSERT INTO orders VALUES (1, 'tea')",
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
            "INSERT INTO alembic_version VALUES ('hosts7')",
        ):
            connection.execute(sa.text(statement))
    return engine


@pytest.fixture(scope="module")
def upgraded(module_uri: str) -> Iterator[sa.Engine]:
    """A database that has been upgraded from empty, for tests that only look at it."""
    engine = sa.create_engine(module_uri, poolclass=sa.NullPool)
    assert migrate.current(engine) is None
    migrate.upgrade(engine)
    yield engine
    engine.dispose()


def tables(engine: sa.Engine) -> set[str]:
    """The tables there are."""
    return set(sa.inspect(engine).get_table_names())


def hosts_rows(engine: sa.Engine) -> tuple[list[str], list[str]]:
    """What the host had put into its tables."""
    with engine.connect() as connection:
        return (
            list(connection.scalars(sa.text("SELECT title FROM orders"))),
            list(connection.scalars(sa.text("SELECT version_num FROM alembic_version"))),
        )


def test_from_empty_an_upgrade_makes_every_table(upgraded: sa.Engine) -> None:
    assert tables(upgraded) == OUR_TABLES | {migrate.VERSION_TABLE}
    assert migrate.current(upgraded) == migrate.head()


def test_the_tables_are_those_of_the_models(upgraded: sa.Engine) -> None:
    assert migrate.differences(upgraded) == []


def test_a_second_upgrade_changes_nothing(upgraded: sa.Engine) -> None:
    with upgraded.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO waapi_template_syncs (provider, attempted_at) VALUES ('x', '2026-01-01')")
        )

    migrate.upgrade(upgraded)

    with upgraded.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM waapi_template_syncs")) == 1


def test_the_hosts_tables_are_left_alone_on_the_way_up_and_down(host_engine: sa.Engine) -> None:
    migrate.upgrade(host_engine)
    assert migrate.differences(host_engine) == []
    assert hosts_rows(host_engine) == (["tea"], ["hosts7"])

    migrate.downgrade(host_engine, "base")
    assert tables(host_engine) == {"orders", "alembic_version", migrate.VERSION_TABLE}
    assert migrate.current(host_engine) is None
    assert hosts_rows(host_engine) == (["tea"], ["hosts7"])

    migrate.upgrade(host_engine)
    assert migrate.differences(host_engine) == []


def test_differences_tell_what_is_missing(engine: sa.Engine) -> None:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE waapi_keys DROP COLUMN description"))

    (difference,) = migrate.differences(engine)

    assert difference[:3] == ("add_column", None, "waapi_keys")
    assert difference[3].name == "description"


def test_the_printed_ddl_makes_the_same_tables(engine: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    migrate.upgrade_sql(engine.dialect.name)

    printed = capsys.readouterr().out
    assert "CREATE TABLE waapi_keys" in printed
    assert tables(engine) == set()
    with engine.begin() as connection:
        for statement in printed.replace("BEGIN;", "").replace("COMMIT;", "").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%"))
    assert migrate.differences(engine) == []
    assert migrate.current(engine) == migrate.head()


def test_every_name_in_the_database_is_of_ours(upgraded: sa.Engine) -> None:
    inspector = sa.inspect(upgraded)

    assert all(name.startswith(PREFIX) for name in inspector.get_table_names())
    if upgraded.dialect.name == "postgresql":
        # There, names of indexes are shared by all tables of a schema.
        names = [index["name"] for table in OUR_TABLES for index in inspector.get_indexes(table)]
        assert all(PREFIX in (name or "") for name in names)
        assert len(set(names)) == len(names)


def test_deleting_a_message_or_a_key_takes_what_hangs_on_it(upgraded: sa.Engine) -> None:
    inspector = sa.inspect(upgraded)

    for table in ("waapi_message_events", "waapi_scheduled_updates", "waapi_key_secrets"):
        (key,) = inspector.get_foreign_keys(table)
        assert key["options"].get("ondelete", "").upper() == "CASCADE"


def test_create_all_makes_what_the_migrations_make(engine: sa.Engine) -> None:
    Base.metadata.create_all(engine)

    assert migrate.differences(engine) == []
