"""``flask waapi keys ...``"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import AppGroup

from ..access.key_fields import KeyFields
from ..access.keys import KeyView
from ..access.permissions import Permission
from ..access.secrets import MODES
from ..api.envelope import timestamp
from ..services import current_services
from .output import account_option, json_option, print_json, print_table, tells_errors

ACTOR = "cli"

keys = AppGroup("keys", help="API keys.")


class _Moment(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a moment such as 2027-01-01T00:00:00Z.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@keys.command("create")
@click.option("--name", required=True, help="Unique within the account.")
@click.option("--description", default="")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    type=click.Choice([permission.value for permission in Permission]),
    help="May be given several times.",
)
@click.option("--rate-limit", type=int, help="Requests a minute; the standard limit without it.")
@click.option("--daily-limit", type=int, help="Requests a UTC day; the standard limit without it.")
@click.option("--expires-at", type=_Moment(), help="2027-01-01T00:00:00Z; UTC without a zone.")
@click.option("--mode", type=click.Choice(MODES), default="live", show_default=True)
@click.option("--allow-from", "allowed_networks", multiple=True, help="IP address or network; several times.")
@account_option
@json_option
@tells_errors
def create(account: str, as_json: bool, permissions: tuple[str, ...], **fields: Any) -> None:
    """Create a key and show its secret, this once."""
    issued = current_services().keys.issue(
        KeyFields(permissions=permissions, **fields), account=account, actor=ACTOR
    )
    if as_json:
        print_json(_values(issued.key) | {"key": issued.secret})
        return
    click.echo(f"Key {issued.key.name!r} ({issued.key.id}) is ready. It is shown only now:\n")
    click.echo(f"  {issued.secret}\n")
    if not issued.key.permissions:
        click.echo("It has no permissions, so every request with it will be refused.")


@keys.command("list")
@account_option
@json_option
@tells_errors
def list_keys(account: str, as_json: bool) -> None:
    """List the keys, newest first."""
    found = current_services().keys.list(account)
    if as_json:
        print_json([_values(key) for key in found])
        return
    print_table(
        ("NAME", "STATE", "KEY", "PERMISSIONS", "PER MINUTE", "TODAY", "LAST USED"),
        [
            (
                key.name,
                key.state,
                key.masked,
                ",".join(key.permissions) or "none",
                key.rate_limit,
                f"{key.used_today}/{key.daily_limit}",
                timestamp(key.last_used_at),
            )
            for key in found
        ],
    )


@keys.command("show")
@click.argument("name_or_id")
@account_option
@json_option
@tells_errors
def show(name_or_id: str, account: str, as_json: bool) -> None:
    """Show a key; its secret cannot be shown again."""
    _print(current_services().keys.get(account, name_or_id), as_json)


@keys.command("enable")
@click.argument("name_or_id")
@account_option
@json_option
@tells_errors
def enable(name_or_id: str, account: str, as_json: bool) -> None:
    """Switch a key on."""
    _print(current_services().keys.set_enabled(account, name_or_id, True, actor=ACTOR), as_json)


@keys.command("disable")
@click.argument("name_or_id")
@account_option
@json_option
@tells_errors
def disable(name_or_id: str, account: str, as_json: bool) -> None:
    """Switch a key off; no process accepts it once this has ended."""
    _print(current_services().keys.set_enabled(account, name_or_id, False, actor=ACTOR), as_json)


@keys.command("delete")
@click.argument("name_or_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@account_option
@tells_errors
def delete(name_or_id: str, yes: bool, account: str) -> None:
    """Delete a key for good."""
    key = current_services().keys.get(account, name_or_id)
    if not yes:
        click.confirm(f"Delete {key.name!r} ({key.masked})? This cannot be undone.", abort=True)
    current_services().keys.delete(account, str(key.id), actor=ACTOR)
    click.echo(f"Key {key.name!r} is deleted.")


def _print(key: KeyView, as_json: bool) -> None:
    values = _values(key)
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        shown = ", ".join(value) or "none" if isinstance(value, list) else value
        click.echo(f"{name:17} {'-' if shown is None else shown}")


def _values(key: KeyView) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "name": key.name,
        "description": key.description,
        "state": key.state,
        "enabled": key.enabled,
        "mode": key.mode,
        "masked": key.masked,
        "permissions": [permission.value for permission in key.permissions],
        "rate_limit": key.rate_limit,
        "daily_limit": key.daily_limit,
        "used_today": key.used_today,
        "allowed_networks": list(key.allowed_networks),
        "expires_at": timestamp(key.expires_at),
        "created_at": timestamp(key.created_at),
        "last_used_at": timestamp(key.last_used_at),
        "account": key.account,
    }
