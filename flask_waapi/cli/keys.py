"""``flask waapi keys ...``"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
from flask.cli import AppGroup

from ..access.key_fields import KeyFields
from ..access.key_views import IssuedKey, KeyView
from ..access.permissions import Permission
from ..access.secrets import MODES
from ..api.envelope import timestamp
from ..services import current_services
from .moment import Hours, Moment
from .output import ACTOR, account_option, json_option, print_json, print_table, tells_errors

keys = AppGroup("keys", help="API keys.")


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
@click.option("--expires-at", type=Moment(), help="2027-01-01T00:00:00Z; UTC without a zone.")
@click.option("--mode", type=click.Choice(MODES), default="live", show_default=True)
@click.option("--allow-from", "allowed_networks", multiple=True, help="IP address or network; several times.")
@click.option("--provider", help="The instance, and so the number, that it sends from.")
@account_option
@json_option
@tells_errors
def create(account: str, as_json: bool, permissions: tuple[str, ...], **fields: Any) -> None:
    """Create a key and show its secret, this once."""
    issued = current_services().keys.issue(
        KeyFields(permissions=permissions, **fields), account=account, actor=ACTOR
    )
    _print_issued(issued, f"Key {issued.key.name!r} ({issued.key.id}) is ready.", as_json)


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


@keys.command("update")
@click.argument("name_or_id")
@click.option("--description")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    type=click.Choice([permission.value for permission in Permission] + ["none"]),
    help="All that it may do from now on; may be given several times.",
)
@click.option("--rate-limit", type=int, help="Requests a minute; 0 for the standard limit.")
@click.option("--daily-limit", type=int, help="Requests a UTC day; 0 for the standard limit.")
@click.option("--expires-at", type=Moment(), help="2027-01-01T00:00:00Z; UTC without a zone.")
@click.option("--never-expires", is_flag=True)
@click.option(
    "--allow-from",
    "allowed_networks",
    multiple=True,
    help='IP address or network; several times; "" for any.',
)
@click.option(
    "--provider",
    help='The instance, and so the number, that it sends from; "" where the host or the default decides.',
)
@account_option
@json_option
@tells_errors
def update(name_or_id: str, account: str, as_json: bool, never_expires: bool, **given: Any) -> None:
    """Change what a key may do; what is not given stays."""
    changes = {name: value for name, value in given.items() if value is not None and value != ()}
    for name in ("rate_limit", "daily_limit", "provider"):
        if name in changes:
            changes[name] = changes[name] or None
    for name, nothing in (("permissions", "none"), ("allowed_networks", "")):
        if name in changes:
            changes[name] = [value for value in changes[name] if value != nothing]
    if never_expires:
        changes["expires_at"] = None
    if not changes:
        raise click.UsageError("Say what to change; see --help.")
    _print(current_services().keys.update(account, name_or_id, changes, actor=ACTOR), as_json)


@keys.command("rotate")
@click.argument("name_or_id")
@click.option(
    "--overlap-hours",
    "overlap",
    type=Hours(),
    default=24.0,
    show_default=True,
    help="How long the former secrets are accepted too, up to 720; 0 ends them at once.",
)
@account_option
@json_option
@tells_errors
def rotate(name_or_id: str, overlap: timedelta, account: str, as_json: bool) -> None:
    """Give a key a new secret and show it, this once."""
    issued = current_services().keys.rotate(account, name_or_id, overlap=overlap, actor=ACTOR)
    hours = f"{overlap / timedelta(hours=1):g}"
    unit = "hour" if hours == "1" else "hours"
    told = f"the former one is accepted for {hours} more {unit}" if overlap else "the former one has ended"
    _print_issued(issued, f"Key {issued.key.name!r} ({issued.key.id}) has a new secret; {told}.", as_json)


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


def _print_issued(issued: IssuedKey, told: str, as_json: bool) -> None:
    if as_json:
        print_json(_values(issued.key) | {"key": issued.secret})
        return
    click.echo(f"{told} It is shown only now:\n")
    click.echo(f"  {issued.secret}\n")
    if not issued.key.permissions:
        click.echo("It has no permissions, so every request with it will be refused.")


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
        "provider": key.provider,
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
