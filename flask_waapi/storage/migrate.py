"""Our own migrations, beside the host's: own scripts, own version table, the host's tables never seen.

The only module that runs Alembic; the version scripts aside, none imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from ..errors import NotFound
from .tables import PREFIX, Base

VERSION_TABLE = "waapi_alembic_version"

Steps = Callable[[Any, MigrationContext], Any]


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to ``revision``; nothing happens when they are.

    :raises NotFound: there is no such revision.
    """
    scripts = _scripts()
    _run(engine, scripts, _up_to(scripts, revision))


def downgrade(engine: Engine, revision: str) -> None:
    """Take the tables back to ``revision``, ``base`` for none.

    :raises NotFound: there is no such revision.
    """
    scripts = _scripts()
    # As in alembic.command, which has no public twin that takes a connection.
    _run(engine, scripts, lambda current, _: scripts._downgrade_revs(revision, current))  # noqa: SLF001


def upgrade_sql(dialect_name: str) -> None:
    """Print the DDL from nothing to the newest revision, for databases that a person migrates."""
    scripts = _scripts()
    environment = EnvironmentContext(
        Config(),
        scripts,
        fn=_up_to(scripts, "head"),
        as_sql=True,
    )
    with environment:
        environment.configure(dialect_name=dialect_name, version_table=VERSION_TABLE, literal_binds=True)
        with environment.begin_transaction():
            environment.run_migrations()


def current(engine: Engine) -> str | None:
    """The revision of the tables; ``None`` before the first upgrade."""
    with engine.connect() as connection:
        return _context(connection).get_current_revision()


def head() -> str | None:
    """The newest revision there is."""
    return _scripts().get_current_head()


def differences(engine: Engine) -> list[Any]:
    """What Alembic would still change to make the tables equal the models; empty when equal."""
    with engine.connect() as connection:
        return list(compare_metadata(_context(connection), Base.metadata))


def _up_to(scripts: ScriptDirectory, revision: str) -> Steps:
    return lambda current, _: scripts._upgrade_revs(revision, current)  # noqa: SLF001


def dialect_name(engine: Engine) -> str:
    """The name of the engine's dialect for :func:`upgrade_sql`."""
    if engine.dialect.name != "mysql":
        return engine.dialect.name
    # Only the server tells whether it is MySQL or MariaDB, and their collations differ.
    with engine.connect():
        return "mariadb" if getattr(engine.dialect, "is_mariadb", False) else "mysql"


def _run(engine: Engine, scripts: ScriptDirectory, steps: Steps) -> None:
    environment = EnvironmentContext(Config(), scripts, fn=steps)
    with engine.begin() as connection, environment:
        environment.configure(
            connection=connection,
            target_metadata=Base.metadata,
            version_table=VERSION_TABLE,
            render_as_batch=True,
        )
        try:
            with environment.begin_transaction():
                environment.run_migrations()
        except CommandError as error:
            raise NotFound(f"{error}; the newest revision is {head()}.") from error


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "flask_waapi:storage/migrations")
    return ScriptDirectory.from_config(config)


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(
        connection,
        opts={"version_table": VERSION_TABLE, "include_name": _is_ours, "compare_type": False},
    )


def _is_ours(name: str | None, type_: str, parent_names: Any) -> bool:
    return type_ != "table" or ((name or "").startswith(PREFIX) and name != VERSION_TABLE)
