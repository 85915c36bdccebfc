"""The recipients that stand for an outcome, as the provider tells them at which simulated messages end."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ...discretion import log_failure
from ...services import Services

logger = logging.getLogger(__name__)


def magic_recipients(services: Services) -> Mapping[str, str]:
    """What becomes of a message to each of them, by its number; those asked for most come first."""
    name = services.providers.simulation
    try:
        return dict(services.providers[name].test_recipients())
    except Exception as error:
        # A menu that a plugin cannot fill must not cost the page.
        log_failure(logger, error, "Provider %s cannot tell its test recipients", name)
        return {}
