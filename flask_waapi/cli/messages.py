"""``flask waapi messages ...``"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
from flask.cli import AppGroup

from ..api import schemas
from ..messaging import history
from ..messaging.history import LARGEST_PAGE, STANDARD_PAGE, HistoryFilter
from ..messaging.status import STATUSES
from ..services import current_services
from .output import account_option, json_option, print_json, print_table, tells_errors

messages = AppGroup("messages", help="Messages and what became of them.")


@messages.command("list")
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--to", help="Recipient, E.164.")
@click.option("--template-name")
@click.option("--reference")
@click.option(
    "--limit",
    type=click.IntRange(1, LARGEST_PAGE),
    default=STANDARD_PAGE,
    show_default=True,
)
@click.option("--cursor", help="Printed at the end of the page before.")
@account_option
@json_option
@tells_errors
def list_messages(account: str, as_json: bool, limit: int, cursor: str | None, **wanted: Any) -> None:
    """List messages, newest first."""
    page = history.page(
        current_services().store, account, HistoryFilter(**wanted), limit=limit, cursor=cursor
    )
    found = schemas.MESSAGE.dump(page.messages, many=True)
    if as_json:
        print_json({"messages": found, "next_cursor": page.next_cursor})
        return
    print_table(
        ("MESSAGE", "STATUS", "TYPE", "TO", "TEMPLATE", "REFERENCE", "CREATED"),
        [
            (
                message["message_uuid"],
                message["status"],
                message["type"],
                message["to"],
                message["template_name"],
                message["reference"],
                message["created_at"],
            )
            for message in found
        ],
    )
    if page.next_cursor:
        click.echo(f"More: --cursor {page.next_cursor}")


@messages.command("show")
@click.argument("message_uuid", type=click.UUID)
@account_option
@tells_errors
def show(message_uuid: UUID, account: str) -> None:
    """Show a message and its timeline as JSON."""
    store = current_services().store
    message = history.get(store, account, message_uuid)
    events = schemas.EVENT.dump(history.timeline(store, message), many=True)
    print_json(schemas.MESSAGE.dump(message) | {"events": events})
