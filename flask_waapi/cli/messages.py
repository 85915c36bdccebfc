"""``flask waapi messages ...``"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import click
from flask.cli import AppGroup

from ..api import answers
from ..errors import NotFound, WaApiError
from ..messaging import history
from ..messaging.history import DIRECTIONS, LARGEST_PAGE, STANDARD_PAGE, HistoryFilter
from ..messaging.status import FAILED, RECEIVED, STATUSES
from ..services import Services, current_services
from .import_messages import import_messages
from .moment import Moment
from .output import ACTOR, account_option, json_option, print_json, print_table, tells_errors
from .senders import who_sends

messages = AppGroup("messages", help="Messages and what became of them.")
messages.add_command(import_messages)


@messages.command("list")
@click.option("--status", type=click.Choice([*STATUSES, RECEIVED]))
@click.option("--direction", type=click.Choice(DIRECTIONS), help="What was sent, or what came in.")
@click.option("--to", help="Recipient, E.164.")
@click.option("--from", "sender", help="Who wrote a message that came in.")
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
    """List messages, newest first: what was sent, and what came in."""
    page = history.page(
        current_services().store, account, HistoryFilter(**wanted), limit=limit, cursor=cursor
    )
    found = answers.MESSAGE.dump(page.messages, many=True)
    if as_json:
        print_json({"messages": found, "next_cursor": page.next_cursor})
        return
    print_table(
        ("MESSAGE", "STATUS", "TYPE", "FROM", "TO", "TEMPLATE", "REFERENCE", "CREATED"),
        [
            (
                message["message_uuid"],
                message["status"],
                message["type"],
                message["from"],
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
    events = answers.EVENT.dump(history.timeline(store, message), many=True)
    print_json(answers.MESSAGE.dump(message) | {"events": events})


@messages.command("receive")
@click.argument("sender", metavar="FROM")
@click.argument("text")
@click.option("--provider", help="The simulated instance; without it, that at which simulated messages end.")
@click.option(
    "--account",
    default="default",
    show_default=True,
    help="Whose message it is, where none has written to FROM before.",
)
@tells_errors
def receive(sender: str, text: str, provider: str | None, account: str) -> None:
    """Let somebody write to us in the simulation, which opens their service window there."""
    event = current_services().receiving.simulate(sender, text, account=account, provider=provider)
    click.echo(f"Received for the account {event.account!r}: {event.message_uuid}")


@messages.command("cancel")
@click.argument("message_uuids", metavar="UUID...", type=click.UUID, nargs=-1, required=True)
@account_option
@tells_errors
def cancel(message_uuids: tuple[UUID, ...], account: str) -> None:
    """Take back messages that still wait.

    Ends with 1 when one of them could not be taken back.
    """
    interventions = current_services().interventions
    canceled, refused = _each(message_uuids, lambda found: interventions.cancel(account, found, actor=ACTOR))
    click.echo(f"{canceled:,} canceled.")
    if refused:
        raise SystemExit(1)


@messages.command("retry")
@click.argument("message_uuids", metavar="[UUID...]", type=click.UUID, nargs=-1)
@click.option("--all-failed", is_flag=True, help="All that have failed, as far as the other options say.")
@click.option("--failure-code", help="Our code of what went wrong, such as PROVIDER_UNAVAILABLE.")
@click.option("--template-name")
@click.option("--to", help="Recipient, E.164.")
@click.option("--since", type=Moment(), help="Created from 2027-01-01T00:00:00Z on; UTC without a zone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@account_option
@tells_errors
def retry(
    message_uuids: tuple[UUID, ...],
    all_failed: bool,
    since: datetime | None,
    yes: bool,
    account: str,
    **wanted: Any,
) -> None:
    """Set failed messages on their way again, with as many attempts as new ones and no expiry.

    Asks before it retries all that have failed, and before it retries a message that may have been sent.
    Ends with 1 when one of those named could not be retried.
    """
    services = current_services()
    if all_failed == bool(message_uuids):
        raise click.UsageError("Say which: UUID..., or --all-failed.")
    narrows = since is not None or any(value is not None for value in wanted.values())
    if message_uuids and narrows:
        raise click.UsageError("--failure-code, --template-name, --to and --since go with --all-failed.")
    if all_failed:
        filter_ = HistoryFilter(status=FAILED, created_from=since, **wanted)
        retried, refused = _retry_all(services, account, filter_, yes=yes), 0
    else:
        if not yes:
            _confirm_named(services, account, message_uuids)
        interventions = services.interventions
        retried, refused = _each(
            message_uuids, lambda found: interventions.retry(account, found, actor=ACTOR)
        )
    click.echo(f"{retried:,} on their way again.")
    if retried:
        click.echo(f"They are sent by {who_sends(services.settings)}.")
    if refused:
        raise SystemExit(1)


def _retry_all(services: Services, account: str, wanted: HistoryFilter, *, yes: bool) -> int:
    refused = history.count_for_senders(services.store, account, wanted)
    if refused:
        click.echo(
            f"{refused:,} not retried: the sender of each was answered with its failure and may have sent it"
            " again. To retry one all the same, name it by its UUID."
        )
    found = history.count(services.store, account, wanted) - refused
    if found and not yes:
        maybe_sent = history.count_maybe_sent(services.store, account, wanted)
        if maybe_sent:
            click.echo(_maybe_sent(maybe_sent))
        click.confirm(f"Retry {found:,} failed {'message' if found == 1 else 'messages'}?", abort=True)
    return services.interventions.retry_failed(account, wanted, actor=ACTOR) if found else 0


def _confirm_named(services: Services, account: str, message_uuids: Sequence[UUID]) -> None:
    maybe_sent = sum(_may_have_been_sent(services, account, found) for found in set(message_uuids))
    if maybe_sent:
        click.echo(_maybe_sent(maybe_sent))
        click.confirm("Retry all the same?", abort=True)


def _may_have_been_sent(services: Services, account: str, message_uuid: UUID) -> bool:
    try:
        message = history.get(services.store, account, message_uuid)
    except NotFound:
        return False
    timeline = history.timeline(services.store, message)
    return message.status == FAILED and history.may_have_been_sent(timeline)


def _maybe_sent(number: int) -> str:
    which = "1 of them" if number == 1 else f"{number:,} of them"
    return f"{which} may have been sent already (OUTCOME_UNKNOWN): the recipient may get it twice."


def _each(message_uuids: Sequence[UUID], act: Callable[[UUID], object]) -> tuple[int, int]:
    """Do it to each message; how often it was done, and how often it was refused, told in words."""
    done = refused = 0
    for message_uuid in dict.fromkeys(message_uuids):
        try:
            act(message_uuid)
            done += 1
        except WaApiError as error:
            refused += 1
            click.echo(f"Error: {error.message}", err=True)
    return done, refused
