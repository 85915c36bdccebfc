"""A template on the command line: in options, in a JSON file, or in both."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO, TypeVar

import click

from ..messaging.templates.placeholders import looks_named
from ..messaging.templates.rules import CATEGORIES, FORMATS

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--category", type=click.Choice(CATEGORIES, case_sensitive=False)),
    click.option("--header", help="Text of the header."),
    click.option("--body", help="Text of the body, with {{name}} or {{1}} for what varies."),
    click.option("--footer", help="Text of the footer."),
    click.option(
        "--quick-reply", "replies", multiple=True, help="A button that replies; may be given several times."
    ),
    click.option(
        "--example",
        "examples",
        multiple=True,
        help="NAME=VALUE, or a VALUE for placeholders that go by position; one for each of them.",
    ),
    click.option("--parameter-format", type=click.Choice(FORMATS, case_sensitive=False)),
    click.option("--ttl", type=int, help="Seconds for which an undelivered message is kept."),
    click.option(
        "--file", "source", type=click.File(), help="JSON object with these members; - for the input."
    ),
)


def form_options(command: Command) -> Command:
    """The options that make up a template."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_form(given: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a template, from the options of :func:`form_options`.

    :raises ClickException: the file holds no JSON object.
    """
    options = dict(given)
    source, replies, examples = options.pop("source"), options.pop("replies"), options.pop("examples")
    members = read_json(source) if source else {}
    members |= {name: value for name, value in options.items() if value is not None}
    if replies:
        members["buttons"] = list(replies)
    if examples:
        members["examples"] = _examples(examples, members)
    return members


def read_json(source: TextIO) -> dict[str, Any]:
    """The JSON object in a file.

    :raises ClickException: there is none.
    """
    try:
        found = json.load(source)
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{source.name} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise click.ClickException(f"{source.name} holds no JSON object.")
    return found


def _examples(given: Sequence[str], members: Mapping[str, Any]) -> Any:
    texts = [members[part] for part in ("header", "body") if isinstance(members.get(part), str)]
    if not looks_named(texts):
        return list(given)
    return {name: value for name, _, value in (pair.partition("=") for pair in given)}
