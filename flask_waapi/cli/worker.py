"""``flask waapi worker``"""

from __future__ import annotations

import signal

import click
from flask.cli import with_appcontext

from ..services import current_services


@click.command()
@with_appcontext
@click.option("--once", is_flag=True, help="Do what is due now and end.")
def worker(once: bool) -> None:
    """Send what waits and apply what providers have announced, until stopped.

    For WAAPI_DISPATCH=worker and WAAPI_BACKGROUND_THREAD=False; as many as you like on one database. On
    SIGTERM and Ctrl-C it brings the messages in hand to their end and takes no others.
    """
    loop = current_services().worker
    if once:
        while (found := loop.run_once()) > 0:
            pass
        if found < 0:
            raise click.ClickException("A job has failed; the log says why.")
        return
    signal.signal(signal.SIGTERM, lambda *_: loop.stop_soon())
    signal.signal(signal.SIGINT, lambda *_: loop.stop_soon())
    click.echo("Working; stop with Ctrl-C.")
    loop.run()
