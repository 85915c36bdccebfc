"""``flask waapi settings``, ``message-types`` and ``openapi``: what is generated from the code."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from ..api.blueprint import openapi_document
from ..services import current_services
from ..settings import PREFIX, table
from .message_types_page import message_types_page
from .output import print_json, print_table

_PAGE_HEAD = """# Settings

Generated from the code by `flask waapi settings --markdown`. Each is read once from the Flask
configuration, `app.config["WAAPI_..."]`; with `app.config.from_prefixed_env()` also from the
environment, as `FLASK_WAAPI_...`.

| setting | default | meaning |
|---|---|---|"""


@click.command()
@click.option("--markdown", is_flag=True, help="Print docs/settings.md.")
@with_appcontext
def settings(markdown: bool) -> None:
    """Show the settings in force; secrets are left out."""
    if markdown:
        click.echo(settings_page())
        return
    in_force = current_services().settings
    print_table(
        ("SETTING", "VALUE"),
        [
            (
                PREFIX + row.name.upper(),
                "(set)"
                if row.metadata["secret"] and getattr(in_force, row.name)
                else getattr(in_force, row.name),
            )
            for row in table()
        ],
    )


def settings_page() -> str:
    """The page ``docs/settings.md``."""
    rows = [
        f"| `{PREFIX}{row.name.upper()}` | `{row.metadata['default']!r}` | {row.metadata['help']} |"
        for row in table()
    ]
    return "\n".join([_PAGE_HEAD, *rows])


@click.command("message-types")
def message_types() -> None:
    """Print docs/message-types.md: each type, its members and limits."""
    click.echo(message_types_page())


@click.command()
@with_appcontext
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    with current_app.test_request_context():
        print_json(openapi_document())
