"""What providers have reported: where they call, what came in, what could not be applied."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from ...errors import NotFound
from ...messaging.incoming.parking import STATES, get_callback, parked_items
from ...plugins.provider import Provider
from ...services import Services, current_services
from ...storage.inbound_models import ParkedItem, StoredCallback
from ...storage.session import Store
from ..access import Viewer, current_viewer
from ..instances import visible
from ..presentation import Presentation, page

COUNTED = timedelta(hours=24)
MOST_ITEMS = 100
"""How many parked items are shown."""


@dataclass(frozen=True)
class Counts:
    """What came in from a provider instance. :param received: callbacks; the others count their items."""

    received: int = 0
    applied: int = 0
    parked: int = 0
    unmatched: int = 0


@dataclass(frozen=True)
class Instance:
    """A provider instance.

    :param url: where it calls; ``None`` where it does not.
    :param is_configured: or it was once, and has called since.
    """

    name: str
    url: str | None
    counts: Counts
    is_configured: bool = True


@dataclass(frozen=True)
class ParkedCallback:
    """A callback with items that could not be applied.

    :param is_due: whether it is about to be applied again.
    """

    id: UUID
    provider: str
    received_at: datetime
    is_due: bool
    items: Sequence[ParkedItem]


def index() -> Response:
    """The providers' addresses, the last day in numbers, and what is parked."""
    services, viewer = current_services(), current_viewer()
    counted = _count(services.store, services.clock() - COUNTED)
    state = request.args.get("state") if request.args.get("state") in STATES else None
    provider = request.args.get("provider", "").replace("\0", "") or None
    if provider is not None and not viewer.may_see(provider):
        raise NotFound(f"There is no provider {provider!r}.")
    parked = _parked(services.store, viewer.providers if provider is None else [provider], state)
    return page(
        "callbacks.html",
        viewer,
        instances=_instances(services, viewer, counted),
        callbacks=parked,
        is_cut=sum(len(callback.items) for callback in parked) == MOST_ITEMS,
        most_items=MOST_ITEMS,
        meanings=STATES,
        state=state,
        provider=provider,
    )


def replay(callback_id: UUID) -> ResponseReturnValue:
    """Let a callback be applied again in the background."""
    services = current_services()
    callback, _ = get_callback(services.store, callback_id)
    if not current_viewer().may_see(callback.provider):
        raise NotFound(f"There is no callback {callback_id}.")
    services.callbacks.replay([callback.id])
    return redirect(Presentation.url("callbacks", done="callback_replayed"), 303)


def _instances(services: Services, viewer: Viewer, counted: Mapping[str, Counts]) -> Sequence[Instance]:
    providers, names = services.providers, visible(services, viewer)
    gone = sorted(name for name in counted if name not in providers and viewer.may_see(name))
    return [
        *(Instance(name, _address(name, providers[name]), counted.get(name, Counts())) for name in names),
        *(Instance(name, None, counted[name], is_configured=False) for name in gone),
    ]


def _address(name: str, provider: Provider) -> str | None:
    if type(provider).verify_callback is Provider.verify_callback:
        return None
    return url_for("waapi.callback", provider_name=name, _external=True)


def _count(store: Store, since: datetime) -> Mapping[str, Counts]:
    query = (
        select(
            StoredCallback.provider,
            func.count(),
            func.sum(StoredCallback.applied),
            func.sum(StoredCallback.parked),
            func.sum(StoredCallback.unmatched),
        )
        .where(StoredCallback.received_at >= since)
        .group_by(StoredCallback.provider)
    )
    with store.read() as session:
        # Some databases add integers up to a decimal.
        return {name: Counts(*map(int, counts)) for name, *counts in session.execute(query)}


def _parked(store: Store, providers: Collection[str] | None, state: str | None) -> Sequence[ParkedCallback]:
    items: dict[UUID, list[ParkedItem]] = {}
    for item in parked_items(store, providers=providers, state=state, limit=MOST_ITEMS):
        items.setdefault(item.callback_id, []).append(item)
    # The bodies are large, and may be of any account.
    query = select(
        StoredCallback.id, StoredCallback.provider, StoredCallback.received_at, StoredCallback.due_at
    )
    with store.read() as session:
        rows = session.execute(query.where(StoredCallback.id.in_(items)).order_by(StoredCallback.id.desc()))
        return [
            ParkedCallback(row.id, row.provider, row.received_at, row.due_at is not None, items[row.id][::-1])
            for row in rows
        ]
