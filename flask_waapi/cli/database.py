"""``flask waapi db ...``"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from ..services import current_services
from ..storage import migrate
from .output import tells_errors

database = AppGroup("db", help="Our own tables, beside the host's migrations.")


@database.command("upgrade")
@click.option("--sql", is_flag=True, help="Print the DDL instead of running it.")
@click.argument("revision", default="head")
@tells_errors
def upgrade(sql: bool, revision: str) -> None:
    """Bring the tables up to date."""
    engine = current_services().store.engine
    if sql:
        migrate.upgrade_sql(migrate.dialect_name(engine))
        return
    migrate.upgrade(engine, revision)
    click.echo(f"The tables are at revision {migrate.current(engine)}.")


@database.command("downgrade")
@click.argument("revision")
@tells_errors
def downgrade(revision: str) -> None:
    """Take the tables back to a revision; `base` removes them with all they hold."""
    engine = current_services().store.engine
    migrate.downgrade(engine, revision)
    click.echo(f"The tables are at revision {migrate.current(engine) or 'none'}.")


@database.command("current")
@tells_errors
def current() -> None:
    """Show the revision of the tables."""
    revision = migrate.current(current_services().store.engine)
    click.echo(f"{revision or 'none'} (newest: {migrate.head()})")


@database.command("check")
@tells_errors
def check() -> None:
    """Exit with 1 when the tables are not those that the code expects."""
    differences = migrate.differences(current_services().store.engine)
    if differences:
        for difference in differences:
            click.echo(f"{difference}")
        raise click.ClickException("Run `flask waapi db upgrade`.")
    click.echo("The tables are those that the code expects.")
