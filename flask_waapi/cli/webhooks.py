"""``flask waapi webhooks ...``"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import click
from flask.cli import AppGroup

from ..api.envelope import timestamp
from ..outgoing.endpoints import EndpointView, IssuedEndpoint
from ..outgoing.log import LARGEST_PAGE, STANDARD_PAGE, STATES, DeliveryView
from ..outgoing.sample_events import TEST
from ..outgoing.webhooks import Webhooks
from ..plugins.events import EVENT_TYPES
from ..services import current_services
from .moment import Hours, Moment
from .output import ACTOR, account_option, json_option, print_json, print_table, tells_errors

webhooks = AppGroup("webhooks", help="Endpoints that hear of an account's events.")
events_option = click.option(
    "--event", "events", multiple=True, help="A type of event, or * for all; may be given several times."
)


@webhooks.command("create")
@click.argument("url")
@events_option
@click.option("--description", default="")
@account_option
@json_option
@tells_errors
def create(url: str, events: tuple[str, ...], description: str, account: str, as_json: bool) -> None:
    """Create an endpoint and show its signing secret, this once. Without --event it hears of all."""
    issued = _webhooks().endpoints.create(
        url, events or ("*",), description=description, account=account, actor=ACTOR
    )
    _print_issued(issued, f"Endpoint {issued.endpoint.id} is ready.", as_json)


@webhooks.command("list")
@account_option
@json_option
@tells_errors
def list_endpoints(account: str, as_json: bool) -> None:
    """List the endpoints, newest first."""
    found = _webhooks().endpoints.list(account)
    if as_json:
        print_json([_values(endpoint) for endpoint in found])
        return
    print_table(
        ("ID", "STATE", "URL", "EVENTS", "FAILURES"),
        [
            (endpoint.id, endpoint.state, endpoint.url, ",".join(endpoint.events), endpoint.failures)
            for endpoint in found
        ],
    )


@webhooks.command("show")
@click.argument("endpoint")
@account_option
@json_option
@tells_errors
def show(endpoint: str, account: str, as_json: bool) -> None:
    """Show an endpoint; its secret cannot be shown again."""
    _print(_values(_webhooks().endpoints.get(account, endpoint)), as_json)


@webhooks.command("update")
@click.argument("endpoint")
@click.option("--url")
@events_option
@click.option("--description")
@account_option
@json_option
@tells_errors
def update(
    endpoint: str,
    url: str | None,
    events: tuple[str, ...],
    description: str | None,
    account: str,
    as_json: bool,
) -> None:
    """Change what is given; the events given replace the former ones."""
    view = _webhooks().endpoints.update(
        account, endpoint, url=url, events=events or None, description=description, actor=ACTOR
    )
    _print(_values(view), as_json)


@webhooks.command("pause")
@click.argument("endpoint")
@account_option
@json_option
@tells_errors
def pause(endpoint: str, account: str, as_json: bool) -> None:
    """Let an endpoint's deliveries wait."""
    _print(_values(_webhooks().endpoints.pause(account, endpoint, actor=ACTOR)), as_json)


@webhooks.command("resume")
@click.argument("endpoint")
@account_option
@json_option
@tells_errors
def resume(endpoint: str, account: str, as_json: bool) -> None:
    """Deliver again after a pause, what has waited too."""
    _print(_values(_webhooks().endpoints.resume(account, endpoint, actor=ACTOR)), as_json)


@webhooks.command("enable")
@click.argument("endpoint")
@account_option
@json_option
@tells_errors
def enable(endpoint: str, account: str, as_json: bool) -> None:
    """Switch on again what was disabled because it kept failing."""
    _print(_values(_webhooks().endpoints.enable(account, endpoint, actor=ACTOR)), as_json)


@webhooks.command("delete")
@click.argument("endpoint")
@click.option("--yes", is_flag=True, help="Do not ask.")
@account_option
@tells_errors
def delete(endpoint: str, yes: bool, account: str) -> None:
    """Delete an endpoint for good, with the log of its deliveries."""
    view = _webhooks().endpoints.get(account, endpoint)
    if not yes:
        click.confirm(f"Delete {view.id} ({view.url})? This cannot be undone.", abort=True)
    _webhooks().endpoints.delete(account, view.id, actor=ACTOR)
    click.echo(f"Endpoint {view.id} is deleted.")


@webhooks.command("rotate")
@click.argument("endpoint")
@click.option(
    "--overlap-hours",
    "overlap",
    type=Hours(),
    default=24.0,
    show_default=True,
    help="How long the former secret signs along: 0 to 168.",
)
@account_option
@json_option
@tells_errors
def rotate(endpoint: str, overlap: timedelta, account: str, as_json: bool) -> None:
    """Give an endpoint a new signing secret and show it, this once."""
    issued = _webhooks().endpoints.rotate(account, endpoint, overlap=overlap, actor=ACTOR)
    told = f"Endpoint {issued.endpoint.id} has a new secret; the former one signs along for {overlap}."
    _print_issued(issued, told, as_json)


@webhooks.command("test")
@click.argument("endpoint")
@click.option(
    "--event",
    "event_type",
    type=click.Choice([*EVENT_TYPES]),
    default=TEST,
    show_default=True,
    help="Of another type it carries sample data.",
)
@account_option
@json_option
@tells_errors
def send_test(endpoint: str, event_type: str, account: str, as_json: bool) -> None:
    """Send an event to try an endpoint, whatever that listens to."""
    _print(_delivery_values(_webhooks().replays.send_test(account, endpoint, event_type)), as_json)


@webhooks.command("deliveries")
@click.argument("endpoint")
@click.option("--state", type=click.Choice(STATES))
@click.option("--limit", type=click.IntRange(1, LARGEST_PAGE), default=STANDARD_PAGE, show_default=True)
@click.option("--cursor", help="next_cursor of the page before.")
@account_option
@json_option
@tells_errors
def deliveries(
    endpoint: str, state: str | None, limit: int, cursor: str | None, account: str, as_json: bool
) -> None:
    """List an endpoint's deliveries, newest first."""
    page = _webhooks().log.page(account, endpoint, state=state, limit=limit, cursor=cursor)
    if as_json:
        found = [_delivery_values(delivery) for delivery in page.deliveries]
        print_json({"deliveries": found, "next_cursor": page.next_cursor})
        return
    print_table(
        ("ID", "EVENT", "STATE", "ATTEMPTS", "CREATED", "DUE"),
        [
            (
                delivery.id,
                delivery.event_type,
                delivery.state,
                delivery.attempts,
                timestamp(delivery.created_at),
                timestamp(delivery.due_at),
            )
            for delivery in page.deliveries
        ],
    )
    if page.next_cursor is not None:
        click.echo(f"There are more: --cursor {page.next_cursor}")


@webhooks.command("replay")
@click.argument("delivery_or_endpoint")
@click.option("--since", type=Moment(), help="All of an ENDPOINT since 2027-01-01T00:00:00Z, up to 10,000.")
@account_option
@json_option
@tells_errors
def replay(delivery_or_endpoint: str, since: datetime | None, account: str, as_json: bool) -> None:
    """Make a delivery again now; with --since, all deliveries of an endpoint from then on."""
    replays = _webhooks().replays
    if since is None:
        _print(_delivery_values(replays.replay(account, delivery_or_endpoint)), as_json)
        return
    replayed = replays.replay_since(account, delivery_or_endpoint, since)
    rest = timestamp(replayed.continue_from)
    if as_json:
        print_json({"count": replayed.count, "continue_from": rest})
        return
    click.echo(f"{replayed.count} deliveries are on their way again.")
    if rest is not None:
        click.echo(f"There are more: --since {rest}")


def _webhooks() -> Webhooks:
    return current_services().webhooks


def _print_issued(issued: IssuedEndpoint, told: str, as_json: bool) -> None:
    if as_json:
        print_json(_values(issued.endpoint) | {"secret": issued.secret})
        return
    click.echo(f"{told} The secret is shown only now:\n")
    click.echo(f"  {issued.secret}\n")


def _print(values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:14} {'-' if shown is None else shown}")


def _values(endpoint: EndpointView) -> dict[str, Any]:
    return {
        "id": str(endpoint.id),
        "url": endpoint.url,
        "description": endpoint.description,
        "events": list(endpoint.events),
        "state": endpoint.state,
        "state_reason": endpoint.state_reason,
        "failures": endpoint.failures,
        "failing_since": timestamp(endpoint.failing_since),
        "created_at": timestamp(endpoint.created_at),
        "updated_at": timestamp(endpoint.updated_at),
        "account": endpoint.account,
    }


def _delivery_values(delivery: DeliveryView) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "endpoint_id": str(delivery.endpoint_id),
        "event_id": str(delivery.event_id),
        "event_type": delivery.event_type,
        "message_uuid": str(delivery.message_uuid) if delivery.message_uuid else None,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "due_at": timestamp(delivery.due_at),
        "occurred_at": timestamp(delivery.occurred_at),
        "created_at": timestamp(delivery.created_at),
    }
