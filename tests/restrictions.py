"""What stands between a message and its recipient: a marketing template, and a restricted account."""

from __future__ import annotations

from datetime import timedelta

from factories import World
from flask_waapi import TemplateDefinition
from flask_waapi.storage.inbound_models import ProviderState

OFFER = TemplateDefinition(
    name="offer",
    language="en",
    status="APPROVED",
    category="MARKETING",
    parameter_format="POSITIONAL",
    components=[{"type": "BODY", "text": "Cups at half the price."}],
)


def stop(world: World, *kinds: str, until: timedelta | None = None) -> None:
    """The provider says that the account may not send these."""
    state = ProviderState(
        provider="recorder",
        subject="restriction",
        severity="critical",
        summary="The account is restricted for spam.",
        details={},
        stops=list(kinds),
        until=world.clock() + until if until is not None else None,
        occurred_at=world.clock(),
    )
    with world.services.store.begin() as session:
        session.add(state)
