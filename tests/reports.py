"""What a provider reports, applied without a callback."""

from __future__ import annotations

from factories import World
from flask_waapi import CallbackItem, ProviderEvent
from flask_waapi.messaging.incoming.callbacks import Tally


def items(*events: ProviderEvent) -> list[CallbackItem]:
    """One item for each event."""
    return [CallbackItem(f"updates[{index}]", {}, (event,)) for index, event in enumerate(events)]


def apply(world: World, provider: str, *events: ProviderEvent) -> Tally:
    """Apply events of a provider instance; what came of them."""
    return world.services.callbacks.apply(provider, items(*events))
