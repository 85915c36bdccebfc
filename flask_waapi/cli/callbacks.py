"""``flask waapi callbacks ...``"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import click
from flask.cli import AppGroup

from ..api.envelope import timestamp
from ..messaging.incoming import parking
from ..services import Services, current_services
from ..storage.inbound_models import ParkedItem, StoredCallback
from .moment import Moment
from .output import json_option, print_json, print_table, tells_errors

callbacks = AppGroup("callbacks", help="What providers have reported, and what could not be applied.")

AT_ONCE = 500
"""Callbacks that are set due in one transaction."""

provider_option = click.option("--provider", help="Of one provider instance.")
since_option = click.option("--since", type=Moment(), help="Received at or after this moment.")


@callbacks.command("list")
@provider_option
@since_option
@click.option("--parked", "only_parked", is_flag=True, help="Those with items that could not be applied.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True)
@json_option
@tells_errors
def list_callbacks(as_json: bool, **wanted: Any) -> None:
    """List callbacks, newest first."""
    found = [
        _described(callback) for callback in parking.stored_callbacks(current_services().store, **wanted)
    ]
    if as_json:
        print_json(found)
        return
    print_table(("ID", "PROVIDER", "RECEIVED", "STATE", "APPLIED", "PARKED", "UNMATCHED"), map(_row, found))


@callbacks.command("parked")
@provider_option
@click.option("--state", type=click.Choice(tuple(parking.STATES)), help="Why they are parked.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True)
@json_option
@tells_errors
def list_parked(as_json: bool, provider: str | None, **wanted: Any) -> None:
    """List items that could not be applied, newest first.

    Reports of messages that are not ours, as where a number is shared, are left out unless asked for with
    --state unmatched.
    """
    providers = None if provider is None else [provider]
    found = parking.parked_items(current_services().store, providers=providers, **wanted)
    if as_json:
        print_json([_item(item) for item in found])
        return
    rows = [
        (item.callback_id, item.provider, timestamp(item.parked_at), item.state, item.position, item.reason)
        for item in found
    ]
    print_table(("CALLBACK", "PROVIDER", "PARKED", "STATE", "POSITION", "REASON"), rows)


@callbacks.command("show")
@click.argument("callback_id", type=click.UUID)
@tells_errors
def show(callback_id: UUID) -> None:
    """Show a callback as it came, and what is parked of it, as JSON."""
    callback, items = parking.get_callback(current_services().store, callback_id)
    body: Any = callback.body
    with suppress(ValueError, RecursionError):
        body = json.loads(callback.body)
    print_json(_described(callback) | {"parked_items": [_item(item) for item in items], "body": body})


@callbacks.command("replay")
@click.argument("callback_ids", metavar="[ID...]", type=click.UUID, nargs=-1)
@provider_option
@since_option
@click.option("--parked", "only_parked", is_flag=True, help="All with items that could not be applied.")
@tells_errors
def replay(callback_ids: tuple[UUID, ...], **wanted: Any) -> None:
    """Apply callbacks again, as they came: these, or those that the options find.

    What was applied before changes nothing, so it is safe at any time; after a bug was mended it applies
    what was parked.
    """
    services = current_services()
    ids = _chosen(services, callback_ids, wanted)
    applied = parked = unmatched = 0
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        services.callbacks.replay(some)
        while services.callbacks.apply_due():
            pass
        counts = parking.tallied(services.store, some)
        applied, parked, unmatched = applied + counts[0], parked + counts[1], unmatched + counts[2]
    click.echo(
        f"Applied {len(ids):,} callback{'' if len(ids) == 1 else 's'} again: {applied:,} items applied,"
        f" {parked:,} parked, {unmatched:,} about messages that are not ours."
    )


def _chosen(services: Services, ids: Sequence[UUID], wanted: dict[str, Any]) -> Sequence[UUID]:
    if ids and any(wanted.values()):
        raise click.UsageError("Give ids or options, not both.")
    if not ids and not any(wanted.values()):
        raise click.UsageError("Say which: ids, --parked, --since or --provider.")
    if ids:
        return [parking.get_callback(services.store, callback_id)[0].id for callback_id in ids]
    return parking.callback_ids(services.store, **wanted)


def _described(callback: StoredCallback) -> dict[str, Any]:
    return {
        "id": str(callback.id),
        "provider": callback.provider,
        "received_at": timestamp(callback.received_at),
        "state": _state(callback.due_at),
        "applied": callback.applied,
        "parked": callback.parked,
        "unmatched": callback.unmatched,
    }


def _row(described: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(described.values())


def _state(due_at: datetime | None) -> str:
    return "applied" if due_at is None else "waiting"


def _item(item: ParkedItem) -> dict[str, Any]:
    return {
        "callback_id": str(item.callback_id),
        "provider": item.provider,
        "position": item.position,
        "state": item.state,
        "reason": item.reason,
        "raw": item.raw,
        "parked_at": timestamp(item.parked_at),
    }
