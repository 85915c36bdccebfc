"""``flask waapi templates ...``"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import click
from flask.cli import AppGroup

from ..api.templates import preview_data, preview_of, template_data
from ..errors import TemplateNotFound
from ..messaging.media.opening import opened
from ..messaging.templates.example_files import EXAMPLE_TYPES
from ..messaging.templates.examples import example_draft
from ..messaging.templates.previews import preview as preview_template
from ..messaging.templates.text import read
from ..messaging.templates.trail import Author
from ..plugins.provider import TemplateDefinition
from ..services import current_services
from .output import ACTOR, json_option, print_json, print_table, tells_errors
from .template_options import form_options, read_form, read_json

templates = AppGroup("templates", help="The templates of the providers.")
provider_option = click.option("--provider", help="Instance name; the default one without it.")
author_option = click.option(
    "--account", default="default", show_default=True, help="In whose audit trail it is kept."
)


@templates.command("sync")
@provider_option
@author_option
@tells_errors
def sync(provider: str | None, account: str) -> None:
    """Read the provider's templates anew."""
    services = current_services()
    name = _instance(provider)
    count = services.template_changes.sync(name, Author(account, ACTOR))
    click.echo(f"{count} templates of provider {name!r} read.")


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
        ("NAME", "LANGUAGE", "STATUS", "CATEGORY", "QUALITY", "VARIABLES", "REASON"),
        [
            (
                template["name"],
                template["language"],
                template["status"],
                template["category"],
                template["quality"],
                ", ".join(template["variables"]) or None,
                template["reason"],
            )
            for template in found
        ],
    )


@templates.command("show")
@click.argument("name")
@click.option("--language", help="This one alone.")
@provider_option
@json_option
@tells_errors
def show(name: str, language: str | None, provider: str | None, as_json: bool) -> None:
    """Show a template in its languages."""
    found = _languages(_instance(provider), name, language)
    if as_json:
        print_json([template_data(definition) for definition in found])
        return
    for definition in found:
        _print_template(definition)


@templates.command("preview")
@click.argument("name")
@click.argument("language")
@click.option(
    "--variable",
    "variables",
    multiple=True,
    help="NAME=VALUE, or a VALUE for placeholders that go by position; may be given several times.",
)
@click.option(
    "--file", "source", type=click.File(), help="JSON with variables, header, buttons ...; - for the input."
)
@provider_option
@json_option
@tells_errors
def preview(
    name: str,
    language: str,
    variables: tuple[str, ...],
    source: TextIO | None,
    provider: str | None,
    as_json: bool,
) -> None:
    """Show what a template reads like with its values; without any, with its examples."""
    (definition,) = _languages(_instance(provider), name, language)
    if variables or source:
        values = {"language": language, **(read_json(source) if source else {})}
        if variables:
            values["variables"] = _variables(variables, definition)
        shown = preview_of(definition, values)
    else:
        shown = preview_template(definition, example_draft(definition))
    if as_json:
        print_json(preview_data(shown))
        return
    click.echo(shown.text)
    for button in shown.buttons:
        click.echo(f"[{button.text or button.type}] {button.value or ''}".rstrip())


@templates.command("create")
@click.option("--name")
@click.option("--language", help="Its code, such as en or pt_BR.")
@form_options
@provider_option
@author_option
@json_option
@tells_errors
def create(provider: str | None, account: str, as_json: bool, **given: Any) -> None:
    """Make a template, from options, a JSON file, or both: an option goes before the file's member."""
    made = current_services().template_changes.create(
        _instance(provider), read_form(given), Author(account, ACTOR)
    )
    _print_change(made, "was handed in", as_json)


@templates.command("edit")
@click.argument("name")
@click.argument("language")
@form_options
@provider_option
@author_option
@json_option
@tells_errors
def edit(name: str, language: str, provider: str | None, account: str, as_json: bool, **given: Any) -> None:
    """Change a template; header, body, footer and buttons are replaced as a whole."""
    changes = current_services().template_changes
    edited = changes.edit(_instance(provider), name, language, read_form(given), Author(account, ACTOR))
    _print_change(edited, "was changed", as_json)


@templates.command("upload-example")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "header_format",
    type=click.Choice(list(EXAMPLE_TYPES), case_sensitive=False),
    help="Of the header that it is the example of; without it the file says.",
)
@provider_option
@json_option
@tells_errors
def upload_example(file: Path, header_format: str | None, provider: str | None, as_json: bool) -> None:
    """Upload the example of a media header, and print its handle."""
    changes, instance = current_services().template_changes, _instance(provider)
    with opened(file) as measured:
        handle = changes.upload_example(instance, measured, header_format)
    if as_json:
        print_json({"handle": handle})
        return
    click.echo(handle)


@templates.command("delete")
@click.argument("name")
@click.option("--language", help="This one alone; all without it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@provider_option
@author_option
@tells_errors
def delete(name: str, language: str | None, yes: bool, provider: str | None, account: str) -> None:
    """Delete a template at its provider, for good."""
    instance = _instance(provider)
    languages = [definition.language for definition in _languages(instance, name, language)]
    if not yes:
        click.confirm(f"Delete {name} ({', '.join(languages)})? This cannot be undone.", abort=True)
    author = Author(account, ACTOR)
    count = current_services().template_changes.delete(instance, name, language, author)
    click.echo(f"{name} was deleted in {count} language{'' if count == 1 else 's'}.")


def _languages(instance: str, name: str, language: str | None) -> Sequence[TemplateDefinition]:
    found = current_services().catalogue.languages(instance, name)
    wanted = [definition for definition in found if language in {None, definition.language}]
    if not wanted:
        raise TemplateNotFound(
            f"There is no template {name!r} in {language!r}, but in"
            f" {', '.join(definition.language for definition in found)}."
        )
    return wanted


def _variables(given: Sequence[str], definition: TemplateDefinition) -> Any:
    if definition.parameter_format.upper() != "NAMED":
        return list(given)
    return {name: value for name, _, value in (pair.partition("=") for pair in given)}


def _print_template(definition: TemplateDefinition) -> None:
    text = read(definition)
    facts: Mapping[str, Any] = {
        "status": definition.status,
        "category": definition.category,
        "quality": definition.quality,
        "reason": definition.reason,
        "header": text.header or text.header_format,
        "body": text.body,
        "footer": text.footer,
        "buttons": ", ".join(str(button.get("text") or button.get("type")) for button in text.buttons),
    }
    click.echo(f"{definition.name} ({definition.language})")
    for name, value in facts.items():
        if value:
            click.echo(f"  {name + ':':<10}{value}")


def _print_change(definition: TemplateDefinition, what: str, as_json: bool) -> None:
    if as_json:
        print_json(template_data(definition))
        return
    click.echo(
        f"{definition.name} ({definition.language}) {what}:"
        f" {definition.status}, category {definition.category}."
    )


def _instance(given: str | None) -> str:
    providers = current_services().providers
    name = given or providers.default
    if name not in providers:
        raise click.ClickException(
            f"There is no provider {name!r}; there are: {', '.join(providers.names())}."
        )
    return name
