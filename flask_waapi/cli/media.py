"""``flask waapi media ...``"""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from ..api import answers
from ..messaging.media.kinds import KINDS
from ..messaging.media.store import MediaFile, MediumView
from ..messaging.routing import ProviderQuery
from ..plugins.provider_errors import ProviderError
from ..services import current_services
from .output import account_option, json_option, print_json, print_table, tells_errors

media = AppGroup("media", help="Files that the providers keep: uploaded, or part of what came in.")


@media.command("upload")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--type", "kind", type=click.Choice(list(KINDS)), help="As what it is to be sent.")
@click.option("--provider", help="Instance name; the one that sends for the account without it.")
@click.option("--simulate", is_flag=True, help="Hand it to the simulation.")
@account_option
@json_option
@tells_errors
def upload(
    file: Path, kind: str | None, provider: str | None, simulate: bool, account: str, as_json: bool
) -> None:
    """Upload a file, to be sent by its id."""
    services = current_services()
    asked = services.routing.instance_for(ProviderQuery(account, None, None, kind), provider)
    used, _ = services.providers.end_for(asked, simulated=simulate)
    with file.open("rb") as content:
        measured = MediaFile.of(content, file.name)
        medium = services.media.upload(measured, account=account, provider=used, kind=kind)
    _print(medium, as_json=as_json)


@media.command("show")
@click.argument("media_id")
@account_option
@json_option
@tells_errors
def show(media_id: str, account: str, as_json: bool) -> None:
    """Show what is known of a medium."""
    _print(current_services().media.get(account, media_id), as_json=as_json)


@media.command("download")
@click.argument("media_id")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@account_option
@tells_errors
def download(media_id: str, file: Path, account: str) -> None:
    """Fetch the content of a medium into a FILE that does not exist yet."""
    medium, found = current_services().media.download(account, media_id)
    try:
        with closing(found), file.open("xb") as content:
            for piece in found.chunks:
                content.write(piece)
    except FileExistsError:
        raise click.ClickException(f"{file} exists already: name another file.") from None
    except ProviderError as error:
        # Half a file would pass for a whole one.
        with suppress(OSError):
            file.unlink()
        raise click.ClickException(error.message) from error
    click.echo(f"{file} written, {medium.mime_type}.")


@media.command("delete")
@click.argument("media_id")
@account_option
@tells_errors
def delete(media_id: str, account: str) -> None:
    """Let the provider forget a medium."""
    current_services().media.delete(account, media_id)
    click.echo(f"Medium {media_id} deleted.")


def _print(medium: MediumView, *, as_json: bool) -> None:
    described: dict[str, Any] = answers.MEDIUM.dump(medium)
    if as_json:
        print_json(described)
        return
    names = ("media_id", "mime_type", "size", "filename", "expires_at")
    print_table([name.upper() for name in names], [[described[name] for name in names]])
