"""``flask waapi messages import``"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import click
from flask.cli import with_appcontext

from ..messaging.send_requests import Sender
from ..services import current_services
from .csv_file import CsvFile
from .csv_messages import TO, RowReader
from .importing import Import, Tally, digest_of
from .output import account_option, print_table, tells_errors
from .senders import who_sends

STDIN = "-"


class _Delimiter(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    name = "character"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        given = {"tab": "\t", "\\t": "\t"}.get(value, value)
        if len(given) != 1 or given in '"\r\n\0':
            self.fail(f"{value!r} is not one character; for a tab, say tab.", param, ctx)
        return str(given)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--template-name", help="For rows without a template of their own.")
@click.option("--language", help="For template rows without one of their own.")
@click.option("--type", "message_type", help="For rows without a type: template, text, image ...")
@click.option("--delimiter", type=_Delimiter(), help="Comma, semicolon or tab are found by themselves.")
@click.option("--simulate", is_flag=True, help="End all at the simulation; nothing is sent.")
@click.option("--dry-run", is_flag=True, help="Check all rows and store nothing.")
@click.option("--again", is_flag=True, help="Send all rows, also those that were stored before.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False),
    help="Write the refused rows here, with line, code and reason. Mend them and import this file.",
)
@account_option
@with_appcontext
@tells_errors
def import_messages(
    file: str,
    template_name: str | None,
    language: str | None,
    message_type: str | None,
    delimiter: str | None,
    account: str,
    *,
    simulate: bool,
    dry_run: bool,
    again: bool,
    rejects: str | None,
) -> None:
    """Queue the messages of a CSV file in UTF-8; `-` reads standard input.

    The columns are `to`, and as far as needed: type, reference, text, template_name, language, link,
    caption, filename, media_id, send_at, expires_in. Every other column is a template variable, named by
    its header.

    The same command may be repeated after a crash: it goes on where the file was left, and stores no row
    twice. That is remembered for WAAPI_IDEMPOTENCY_LIFETIME, a day by default, and not for standard input.

    Ends with 1 when a row was refused.
    """
    if rejects is not None and file != STDIN and os.path.realpath(rejects) == os.path.realpath(file):
        raise click.UsageError("--rejects must be another file than the one that is read.")
    services, sender = current_services(), Sender(account, simulated=simulate)
    begin = time.monotonic()
    with ExitStack() as opened:
        source: BinaryIO = sys.stdin.buffer if file == STDIN else opened.enter_context(_read(file))
        may_repeat = file != STDIN and source.seekable()
        if may_repeat:
            _read_through(file, delimiter)
        table = CsvFile(source, delimiter, TO)
        reader = RowReader(table.columns, template_name, language, message_type)
        remembers = may_repeat and not again and not dry_run
        digest = _digest(file, table, reader, sender) if remembers else None
        rejects_file = _create(opened, rejects) if rejects is not None else None
        work = Import(
            services, sender, table, reader, digest=digest, rejects=rejects_file, stores=not dry_run
        )
        with _told_when_stopped(work.tally, remembers=remembers), _progress(source, may_repeat) as advanced:
            work.run(advanced)
    seconds = time.monotonic() - begin
    _tell(work.tally, seconds, rejects, dry_run=dry_run)
    if work.tally.stored and not dry_run:
        click.echo(f"They are sent by {who_sends(services.settings)}.")
        if not may_repeat:
            click.echo("Standard input cannot be continued: the same rows again are sent again.")
    if work.tally.refused:
        raise SystemExit(1)


def _read(file: str) -> BinaryIO:
    return Path(file).open("rb")


def _read_through(file: str, delimiter: str | None) -> None:
    """Find what cannot be read before anything is stored."""
    with _read(file) as stream:
        for _ in CsvFile(stream, delimiter, TO).rows():
            pass


def _digest(file: str, table: CsvFile, reader: RowReader, sender: Sender) -> bytes:
    with _read(file) as stream:
        return digest_of(stream, table, reader, sender)


def _create(opened: ExitStack, path: str) -> TextIO:
    try:
        return opened.enter_context(Path(path).open("w", encoding="utf-8", newline=""))
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}.") from error


@contextmanager
def _progress(source: BinaryIO, knows_size: bool) -> Iterator[Callable[[], None]]:
    """A bar over the bytes read, on a terminal."""
    if not knows_size or not sys.stderr.isatty():
        yield lambda: None
        return
    size = os.fstat(source.fileno()).st_size
    with click.progressbar(length=size, label="Importing", file=sys.stderr) as bar:
        yield lambda: bar.update(source.tell() - bar.pos)


@contextmanager
def _told_when_stopped(tally: Tally, *, remembers: bool) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if not tally.line:
            raise
        then = "The same command goes on from there." if remembers else "It does not go on by itself."
        stored = f"{tally.stored + tally.before:,}"
        click.echo(f"Stopped after line {tally.line}; {stored} messages are stored. {then}", err=True)
        raise


def _tell(tally: Tally, seconds: float, rejects: str | None, *, dry_run: bool) -> None:
    for line in tally.told:
        click.echo(line, err=True)
    if tally.refused > len(tally.told):
        more = f"... and {tally.refused - len(tally.told):,} more."
        click.echo(more if rejects else f"{more} --rejects FILE writes them all.", err=True)
    header = ("VALID" if dry_run else "STORED", "REFUSED", "BEFORE", "SECONDS")
    print_table(header, [(f"{tally.stored:,}", f"{tally.refused:,}", f"{tally.before:,}", f"{seconds:.1f}")])
    if tally.before:
        click.echo(f"{tally.before:,} were stored before, by an import of the same file.")
    if dry_run:
        click.echo("Nothing was stored.")
    if rejects is not None and tally.refused:
        click.echo(f"The refused rows are in {rejects}.")
