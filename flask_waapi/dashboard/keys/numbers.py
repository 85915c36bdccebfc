"""The numbers that a viewer may let a key send from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...access.key_fields import provider_faults
from ...access.key_views import KeyView
from ...errors import Fault
from ...services import Services
from ..access import Viewer
from ..instances import sending, visible


@dataclass(frozen=True)
class Numbers:
    """What may stand in the form of a key as the number that it sends from.

    :param names: of their provider instances.
    :param may_be_open: whether it may be left to the host and the default.
    :param settled: the instance that this leads to, as far as it can be told.
    :param is_asked: whether there is anything to choose.
    """

    names: Sequence[str]
    may_be_open: bool
    settled: str | None
    is_asked: bool

    def faults(self, provider: str | None) -> list[Fault]:
        """What is wrong with the choice of an instance; empty when nothing is."""
        if provider is not None:
            return provider_faults(provider, self.names)
        if self.may_be_open:
            return []
        names = f"one of {', '.join(self.names)}" if self.names else "one that this account has been given"
        return [Fault("/provider", "The key needs a number to send from.", names)]


def numbers_for(services: Services, viewer: Viewer, key: KeyView | None = None) -> Numbers:
    """The numbers among which a viewer may choose.

    :param key: that is changed; it may keep what it has.
    """
    names, settled = visible(services, viewer), sending(services, viewer)
    # Left open, a key would reach through the default what the viewer may not choose.
    may_be_open = viewer.providers is None or settled is not None
    is_asked = len(set(names) - {services.providers.simulation}) > 1 or not may_be_open
    if key is None:
        return Numbers(names, may_be_open, settled, is_asked)
    if key.provider is None:
        return Numbers(names, True, settled, is_asked)
    kept = [] if key.provider in names else [key.provider]
    return Numbers([*names, *kept], may_be_open, settled, True)
