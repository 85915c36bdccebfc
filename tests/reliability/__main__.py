"""``python -m reliability``: every scenario at full size, one line of a table each."""

from __future__ import annotations

import secrets
import signal
import sys
import time
import traceback
from importlib.util import find_spec

import click

import services

from . import report
from .catalogue import Run, runs
from .places import throw_away
from .verdict import Verdict


@click.command()
@click.option("--messages", default=10_000, show_default=True, help="That go through under kills.")
@click.option("--kills", default=100, show_default=True, help="How many kill -9 there are meanwhile.")
@click.option("--only", multiple=True, metavar="NAME", help="Those whose name or database begins so.")
@click.option("--seed", type=int, help="Of the moments of the kills; printed when it is drawn.")
@click.option("--list", "list_only", is_flag=True, help="Print the names of the runs and end.")
def main(messages: int, kills: int, only: tuple[str, ...], seed: int | None, list_only: bool) -> None:
    """Kill, cut and stop parts of flask-waapi while messages go through, and say what held."""
    # So that what was started is stopped, and what was made removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    chosen = [run for run in runs(messages, kills, seed) if _is_chosen(run, only)]
    if list_only:
        for run in chosen:
            print(run.name, run.database)
        return
    print(f"seed {seed}\n{report.heading()}", flush=True)
    short = 0
    for run in chosen:
        verdict = _carry_out(run)
        short += bool(verdict.faults)
        print(report.line(verdict), flush=True)
    print(f"{len(chosen) - short} of {len(chosen)} hold.")
    sys.exit(1 if short or not chosen else 0)


def _is_chosen(run: Run, only: tuple[str, ...]) -> bool:
    return not only or any(run.name.startswith(word) or run.database == word for word in only)


def _carry_out(run: Run) -> Verdict:
    """The run's verdict; what it needs and is not there falls short as well."""
    missing = [reason for name in run.needs if (reason := services.missing(name))]
    missing += [f"needs the Python package {name}" for name in _packages(run) if find_spec(name) is None]
    if missing:
        return Verdict(run.name, "", run.database, faults=missing)
    started = time.monotonic()
    try:
        with throw_away(run.database) as place:
            return run.carry_out(place)
    except Exception:
        seconds = time.monotonic() - started
        return Verdict(run.name, "", run.database, seconds=seconds, faults=[traceback.format_exc()])


def _packages(run: Run) -> tuple[str, ...]:
    return ("gunicorn", "celery") if "rabbitmq" in run.needs else ("gunicorn",)


if __name__ == "__main__":
    main()
