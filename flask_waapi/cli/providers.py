"""``flask waapi providers`` and ``flask waapi graph-double``"""

from __future__ import annotations

from typing import Any

import click
from flask.cli import with_appcontext

from ..plugins.provider import ProviderError
from ..services import current_services
from ..testing.graph_double import main
from .output import print_table


@click.command()
@click.option("--check", is_flag=True, help="Ask each instance whether it could send now.")
@with_appcontext
def providers(check: bool) -> None:
    """Show provider instances, installed types and plugins that could not be used."""
    registry = current_services().providers
    header = ("INSTANCE", "CLASS", "DEFAULT", "SIMULATED", *(("CHECK",) if check else ()))
    rows = []
    failed = False
    for name in registry.names():
        instance = registry[name]
        row = [
            name,
            type(instance).__name__,
            "yes" if name == registry.default else "",
            "yes" if instance.simulated else "",
        ]
        if check:
            try:
                row.append(instance.check())
            except ProviderError as error:
                failed = True
                row.append(f"FAILED: {error.message}")
            except Exception as error:
                failed = True
                row.append(f"FAILED: {type(error).__name__}: {error}")
        rows.append(row)
    print_table(header, rows)
    click.echo()
    origins = registry.types.origins.items()
    print_table(("TYPE", "FROM"), sorted(origins))
    for failure in registry.types.failures:
        click.echo(f"\nThe plugin {failure.plugin} could not be used: {failure.reason}")
    if failed:
        raise click.ClickException("A provider cannot send.")


@click.command()
@click.option("--port", default=8081, show_default=True)
@click.option("--access-token", default="double-access-token", show_default=True)
@click.option("--phone-number-id", default="106540352242922", show_default=True)
@click.option("--business-account-id", default="102290129340398", show_default=True)
@click.option("--app-secret", default="double-app-secret", show_default=True)
@click.option("--callback-url", help="Where signed statuses are posted; none are without it.")
def graph_double(**options: Any) -> None:
    """Run a local double of the WhatsApp Cloud API; it sends nothing."""
    try:
        main(echo=click.echo, **options)
    except OSError as error:
        raise click.ClickException(f"Port {options['port']} cannot be used: {error.strerror}.") from error
