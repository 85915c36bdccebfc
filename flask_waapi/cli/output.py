"""What the commands have in common: the account option, tables, JSON, errors as words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from ..errors import ConfigurationError, StorageUnavailable, ValidationFailed, WaApiError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

ACTOR = "cli"
"""Who has done what a command does."""

account_option = click.option(
    "--account", default="default", show_default=True, help="Whose keys and messages."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def tells_errors(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Turn our errors into one message each and exit code 1."""

    @wraps(command)
    def told(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except ValidationFailed as error:
            _stop("\n".join(f"{fault.message} Expected: {fault.expected}." for fault in error.faults))
        except StorageUnavailable as error:
            # Whoever sits at the command line is the one who can do something about it.
            _stop(f"The database cannot be reached.\n{_told_by_driver(error.__cause__)}")
        except WaApiError as error:
            _stop(error.message)
        except ConfigurationError as error:
            _stop(str(error))
        except (OperationalError, ProgrammingError) as error:
            if error.statement is None:
                _stop(f"The database cannot be reached.\n{error.orig}")
            _stop(f"{error.orig}\nIf the tables are missing or old, run: flask waapi db upgrade")

    return told


def _told_by_driver(error: BaseException | None) -> BaseException | None:
    return getattr(error, "orig", None) or error


def _stop(message: str) -> NoReturn:
    raise click.ClickException(message)


def print_json(values: Any) -> None:
    """Print values as JSON, indented."""
    click.echo(json.dumps(values, indent=2, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows in columns as wide as their longest cell."""
    cells = [[*header], *([str(cell) if cell is not None else "-" for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())
