"""``flask waapi providers`` and ``flask waapi graph-double``"""

from __future__ import annotations

from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import OperationalError, ProgrammingError

from ..api.envelope import timestamp
from ..errors import StorageUnavailable
from ..messaging.incoming.account_state import account_states, is_over
from ..plugins.provider_errors import ProviderError
from ..services import Services, current_services
from ..testing.graph_double import main
from .output import print_table


@click.command()
@click.option("--check", is_flag=True, help="Ask each instance whether it could send now.")
@with_appcontext
def providers(check: bool) -> None:
    """Show provider instances, what they report of their accounts, installed types and broken plugins."""
    services = current_services()
    registry = services.providers
    header = ("INSTANCE", "CLASS", "DEFAULT", "SIMULATED", "SENDER", *(("CHECK",) if check else ()))
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
        checked = []
        if check:
            try:
                checked.append(instance.check())
            except ProviderError as error:
                failed = True
                checked.append(f"FAILED: {error.message}")
            except Exception as error:
                failed = True
                checked.append(f"FAILED: {type(error).__name__}: {error}")
        # A check may be what the instance learns its number from.
        rows.append([*row, instance.sends_from or "", *checked])
    print_table(header, rows)
    _print_states(services)
    click.echo()
    origins = registry.types.origins.items()
    print_table(("TYPE", "FROM"), sorted(origins))
    for failure in registry.types.failures:
        click.echo(f"\nThe plugin {failure.plugin} could not be used: {failure.reason}")
    if failed:
        raise click.ClickException("A provider cannot send.")


def _print_states(services: Services) -> None:
    try:
        states = account_states(services.store)
    except (OperationalError, ProgrammingError, StorageUnavailable):
        # This command is also for finding out what is wrong before there is a database.
        click.echo("\nThe database cannot be read, so what they report of their accounts is not shown.")
        return
    if not states:
        return
    now = services.clock()
    click.echo()
    print_table(
        ("INSTANCE", "SUBJECT", "SEVERITY", "SINCE", "UNTIL", "STOPS", "REPORT"),
        [
            (
                state.provider,
                state.subject,
                "over" if is_over(state, now) else state.severity,
                timestamp(state.occurred_at),
                timestamp(state.until),
                ", ".join(state.stops) or None,
                state.summary,
            )
            for state in sorted(states, key=lambda state: (state.provider, state.subject))
        ],
    )


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
