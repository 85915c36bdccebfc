"""What our migrations make, on every database."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from flask_waapi import include_name
from flask_waapi.storage import migrate
from flask_waapi.storage.migrate import VERSION_TABLE
from flask_waapi.storage.models import PREFIX, Base

OURS = {table.name for table in Base.metadata.sorted_tables}


@pytest.fixture(scope="module")
def engine(module_uri: str) -> Iterator[sa.Engine]:
    """An engine on a database that was empty and has been migrated, once for each kind."""
    engine = sa.create_engine(module_uri)
    assert migrate.current(engine) is None
    migrate.upgrade(engine)
    yield engine
    engine.dispose()


def test_from_nothing_all_tables_are_made(engine: sa.Engine) -> None:
    assert set(sa.inspect(engine).get_table_names()) == OURS | {VERSION_TABLE}
    assert migrate.current(engine) == migrate.head()


def test_the_tables_are_those_of_the_models(engine: sa.Engine) -> None:
    assert migrate.differences(engine) == []


def test_a_second_upgrade_does_nothing(engine: sa.Engine) -> None:
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *given: statements.append(str(given[2])))

    migrate.upgrade(engine)

    changing = [
        text
        for text in statements
        if not text.lstrip().upper().startswith(("SELECT", "PRAGMA", "SHOW", "DESCRIBE"))
    ]
    assert changing == []


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql", "mariadb"])
def test_the_ddl_can_be_printed_for_a_person_to_run(capsys: pytest.CaptureFixture[str], dialect: str) -> None:
    migrate.upgrade_sql(dialect)

    printed = capsys.readouterr().out
    for name in OURS | {VERSION_TABLE}:
        assert f"CREATE TABLE {name}" in printed
    assert f"INSERT INTO {VERSION_TABLE}" in printed


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


def test_the_hosts_logging_is_left_alone(sqlite_uri: str) -> None:
    engine = sa.create_engine(sqlite_uri, poolclass=sa.NullPool)
    host_logger = logging.getLogger("a_host_of_tests")
    before = (host_logger.disabled, logging.getLogger().handlers[:], logging.getLogger().level)

    migrate.upgrade(engine)

    assert (host_logger.disabled, logging.getLogger().handlers, logging.getLogger().level) == before


def test_an_unknown_revision_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(Exception, match="nonsense"):
        migrate.upgrade(engine, "nonsense")

    assert migrate.current(engine) == migrate.head()
