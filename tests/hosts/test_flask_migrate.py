"""A host with Flask-Migrate: its autogenerate sees its own tables and never ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask_migrate  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa

from factories import World
from flask_waapi import include_name
from flask_waapi.storage import migrate
from host_apps import HostBase, Order

MakeHost = Callable[..., World]

# Flask-Migrate's own env.py calls it.
pytestmark = pytest.mark.filterwarnings("ignore:'get_engine' is deprecated:DeprecationWarning")


def migrate_plainly(world: World) -> None:
    """Flask-Migrate as its documentation shows it."""
    flask_migrate.Migrate(world.app, world.db)


def migrate_with_our_filter(world: World) -> None:
    """The same, with the line from our documentation."""
    flask_migrate.Migrate(world.app, world.db, include_name=include_name)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the host's migrations will be."""
    return tmp_path / "migrations"


def generate(world: World, directory: Path) -> str:
    """What ``flask db init`` and ``flask db migrate`` write; nothing of it is run."""
    with world.app.app_context():
        flask_migrate.init(str(directory))
        environment = directory / "env.py"
        # It would set up logging for the whole test run.
        text = environment.read_text().replace("fileConfig(config.config_file_name)", "")
        environment.write_text(text)
        flask_migrate.migrate(str(directory), message="generated")
        world.db.session.remove()
    (version,) = (directory / "versions").glob("*.py")
    return version.read_text()


def dropped(script: str) -> set[str]:
    """The tables that the upgrade of a script drops."""
    upgrade = script.partition("def downgrade")[0]
    return set(re.findall(r"drop_table\('(\w+)'", upgrade))


def forget_purchases(world: World) -> None:
    """Let the host's model be newer than its database."""
    with world.app.app_context():
        world.db.drop_all()


def test_a_host_that_came_first_is_given_the_filter(make_host: MakeHost, directory: Path) -> None:
    world = make_host(migrate_plainly)
    forget_purchases(world)

    script = generate(world, directory)

    assert dropped(script) == set()
    assert "create_table('purchases'" in script
    assert "waapi_" not in script


def test_a_host_that_comes_after_us_passes_the_filter_itself(make_host: MakeHost, directory: Path) -> None:
    world = make_host(migrate_with_our_filter, order="waapi first")
    forget_purchases(world)

    script = generate(world, directory)

    assert dropped(script) == set()
    assert "create_table('purchases'" in script
    assert "waapi_" not in script


def test_without_the_filter_the_hosts_migration_would_drop_our_tables(
    make_host: MakeHost, directory: Path
) -> None:
    world = make_host(migrate_plainly, order="waapi first")

    script = generate(world, directory)

    assert {"waapi_keys", "waapi_messages", "waapi_alembic_version"} <= dropped(script)


def test_the_filter_may_be_given_although_we_would_add_it(make_host: MakeHost, directory: Path) -> None:
    world = make_host(migrate_with_our_filter)
    forget_purchases(world)

    assert "waapi_" not in generate(world, directory)


def test_a_filter_of_the_hosts_own_keeps_working(make_host: MakeHost, directory: Path) -> None:
    def no_legacy(name: str | None, type_: str, parent_names: Any) -> bool:
        return not (type_ == "table" and name == "legacy")

    def with_own_filter(world: World) -> None:
        flask_migrate.Migrate(world.app, world.db, include_name=no_legacy)

    world = make_host(with_own_filter)
    with world.services.store.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE legacy (id INTEGER)"))
        connection.execute(sa.text("CREATE TABLE left_over (id INTEGER)"))

    assert dropped(generate(world, directory)) == {"left_over"}


def test_each_side_keeps_its_own_version_table(make_host: MakeHost, directory: Path) -> None:
    world = make_host(migrate_plainly)
    forget_purchases(world)
    generate(world, directory)

    with world.app.app_context():
        flask_migrate.upgrade(str(directory))
        flask_migrate.migrate(str(directory), message="nothing to do")
        world.db.session.remove()

    assert len(list((directory / "versions").glob("*.py"))) == 1
    engine = world.services.store.engine
    assert {"alembic_version", "purchases", migrate.VERSION_TABLE} <= set(
        sa.inspect(engine).get_table_names()
    )
    assert migrate.current(engine) == migrate.head()
    assert migrate.differences(engine) == []


def test_the_hosts_downgrade_leaves_our_tables(make_host: MakeHost, directory: Path) -> None:
    world = make_host(migrate_plainly)
    forget_purchases(world)
    generate(world, directory)

    with world.app.app_context():
        flask_migrate.upgrade(str(directory))
        flask_migrate.downgrade(str(directory))

    engine = world.services.store.engine
    assert "purchases" not in sa.inspect(engine).get_table_names()
    assert migrate.differences(engine) == []


def test_the_hosts_create_all_and_drop_all_pass_our_tables_by(make_host: MakeHost, order: Order) -> None:
    world = make_host(migrate_with_our_filter, order=order)
    forget_purchases(world)

    names = sa.inspect(world.services.store.engine).get_table_names()

    assert "purchases" not in names
    assert "waapi_keys" in names
    assert not [name for name in HostBase.metadata.tables if name.startswith("waapi_")]
