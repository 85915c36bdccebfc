"""``flask waapi templates ...``"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from ..api.templates import template_data
from ..services import current_services
from .output import json_option, print_json, print_table, tells_errors

templates = AppGroup("templates", help="The templates of the providers.")
provider_option = click.option("--provider", help="Instance name; the default one without it.")


@templates.command("sync")
@provider_option
@tells_errors
def sync(provider: str | None) -> None:
    """Read the provider's templates anew."""
    services = current_services()
    name = _instance(provider)
    click.echo(f"{services.catalogue.sync(name)} templates of provider {name!r} read.")


@templates.command("list")
@provider_option
@json_option
@tells_errors
def list_templates(provider: str | None, as_json: bool) -> None:
    """List the templates as last read."""
    found = [template_data(item) for item in current_services().catalogue.list(_instance(provider))]
    if as_json:
        print_json(found)
        return
    print_table(
        ("NAME", "LANGUAGE", "STATUS", "CATEGORY", "VARIABLES"),
        [
            (
                template["name"],
                template["language"],
                template["status"],
                template["category"],
                ", ".join(template["variables"]),
            )
            for template in found
        ],
    )


def _instance(given: str | None) -> str:
    providers = current_services().providers
    name = given or providers.default
    if name not in providers:
        raise click.ClickException(
            f"There is no provider {name!r}; there are: {', '.join(providers.names())}."
        )
    return name
