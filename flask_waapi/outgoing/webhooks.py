"""All that an account's owner does with webhooks, for the API, the command line and Python alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..settings import Settings
from ..storage.session import Store
from .endpoints import Endpoints
from .log import DeliveryLog
from .rehearsing import Rehearsals
from .replay import Replays


@dataclass(frozen=True)
class Webhooks:
    """The webhooks of one app."""

    endpoints: Endpoints
    log: DeliveryLog
    replays: Replays
    rehearsals: Rehearsals


def create_webhooks(
    store: Store, settings: Settings, clock: Callable[[], datetime], wake: Callable[[], None]
) -> Webhooks:
    """The webhooks of the app with this store; nothing is kept between calls.

    :param wake: called when there is something new to deliver.
    """
    return Webhooks(
        Endpoints(store, settings, clock),
        DeliveryLog(store),
        Replays(store, clock, wake),
        Rehearsals(store, settings, clock),
    )
