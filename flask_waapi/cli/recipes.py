"""``flask waapi recipes ...``"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup

from ..access.key_fields import KeyFields
from ..access.key_views import KeyView
from ..access.permissions import Permission
from ..services import Services, current_services
from .output import account_option, tells_errors
from .recipe_file import Recipe, RecipeError, read_recipe
from .recipe_run import run_recipe

ACTOR = "recipes"

LIMIT = 1_000_000
"""Of the key that is made for a run: what is tried is the app, not a limit."""

recipes = AppGroup("recipes", help="Requests saved in the playground, with what they are to come to.")


@recipes.command("run")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--key", help="Name or id of the key to act as; without it, one is made and deleted again.")
@account_option
@tells_errors
def run(files: tuple[Path, ...], key: str | None, account: str) -> None:
    """Make the requests of recipes, in simulation, and compare what comes of them with what is expected.

    Ends with 1 when one of them came to something else, or is no recipe.
    """
    services = current_services()
    failed = 0
    with _key(services, account, key) as acting:
        for file in files:
            name, problems = _try(services, acting, file)
            failed += bool(problems)
            click.echo(f"{'FAIL' if problems else 'ok':<4} {file}: {name}")
            for problem in problems:
                click.echo(f"     {problem}")
    click.echo(f"{len(files) - failed:,} as expected, {failed:,} not.")
    if failed:
        raise SystemExit(1)


def _try(services: Services, key: KeyView, file: Path) -> tuple[str, Sequence[str]]:
    """The name of a recipe, and what was not as expected."""
    recipe: Recipe | None = None
    try:
        recipe = read_recipe(file.read_bytes())
        return recipe.name, run_recipe(services, key, recipe)
    except RecipeError as error:
        return (recipe.name if recipe else "not a recipe"), error.problems


@contextmanager
def _key(services: Services, account: str, name: str | None) -> Iterator[KeyView]:
    if name is not None:
        yield services.keys.get(account, name)
        return
    fields = KeyFields(
        name=f"recipes {secrets.token_hex(8)}",
        description="Made for a run of recipes, and deleted after it.",
        permissions=tuple(permission.value for permission in Permission),
        mode="test",
        rate_limit=LIMIT,
        daily_limit=LIMIT,
    )
    made = services.keys.issue(fields, account=account, actor=ACTOR).key
    try:
        yield made
    finally:
        services.keys.delete(account, str(made.id), actor=ACTOR)
