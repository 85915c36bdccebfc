"""``flask waapi db``, on each kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from click.testing import Result

from factories import World, close
from flask_waapi.storage import migrate
from host_apps import make_app

Run = Callable[..., Result]
Refused = Callable[..., str]


@pytest.fixture
def world(database_uri: str) -> Iterator[World]:
    """An app whose database is empty."""
    world = make_app(database_uri)
    world.waapi.init_app(world.app)
    yield world
    close(world)


def tables(world: World) -> set[str]:
    """The tables there are."""
    return set(sa.inspect(world.services.store.engine).get_table_names())


def test_the_whole_way_up_and_down(run: Run, refused: Refused, world: World) -> None:
    newest = migrate.head()
    assert run("db", "current").stdout == f"none (newest: {newest})\n"

    assert run("db", "upgrade").stdout == f"The tables are at revision {newest}.\n"
    assert run("db", "upgrade").stdout == f"The tables are at revision {newest}.\n"
    assert run("db", "current").stdout == f"{newest} (newest: {newest})\n"
    assert run("db", "check").stdout == "The tables are those that the code expects.\n"

    assert run("db", "downgrade", "base").stdout == "The tables are at revision none.\n"
    assert tables(world) == {migrate.VERSION_TABLE}


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
class TestWhatIsTheSameOnEach:
    """Looked at on SQLite alone."""

    def test_sql_prints_the_ddl_and_runs_none(self, run: Run, world: World) -> None:
        printed = run("db", "upgrade", "--sql").stdout

        assert "CREATE TABLE waapi_keys" in printed
        assert "INSERT INTO waapi_alembic_version" in printed
        assert tables(world) == set()

    def test_check_of_an_empty_database_fails_and_says_what_to_run(self, run: Run) -> None:
        result = run("db", "check", fails=True)

        assert result.exit_code == 1
        assert "add_table" in result.stdout
        assert result.stderr == "Error: Run `flask waapi db upgrade`.\n"

    def test_a_revision_that_does_not_exist_is_told_in_words(self, refused: Refused) -> None:
        assert "nowhere" in refused("db", "upgrade", "nowhere")
        assert "nowhere" in refused("db", "downgrade", "nowhere")

    def test_a_command_before_the_upgrade_says_that_it_is_missing(self, refused: Refused) -> None:
        assert "flask waapi db upgrade" in refused("keys", "list")
        assert "flask waapi db upgrade" in refused("keys", "create", "--name", "shop")
        assert "flask waapi db upgrade" in refused("messages", "list")
