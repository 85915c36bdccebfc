"""What is to be known before a request is sent for real: who sends it, and whether it leaves the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...access.key_views import KeyView
from ...messaging.decisions import Decision
from ...services import Services


def sender_values(
    services: Services, key: KeyView, decision: Decision | None, price: str
) -> Mapping[str, Any]:
    """What ``_playground_sender.html`` needs.

    :param decision: on the request in the mode for real; ``None`` while it would be refused.
    :param price: what is told of it.
    """
    providers = services.providers
    # The host may choose by the recipient, which can be typed anew after the page was made.
    reachable = providers.names() if key.provider is None else [key.provider]
    values = {
        "sending_key": key,
        "price_note": price,
        "never_leaves": all(name in providers and providers[name].simulated for name in reachable),
        "provider": None,
    }
    if decision is None:
        return values
    name = decision.route.used
    return {
        **values,
        "provider": name,
        "provider_type": services.settings.providers.get(name, {}).get("type", name),
        "sender": providers[name].sends_from,
        "is_simulated": decision.simulated,
    }
