"""The provider instances that a viewer may see, and the one that their account sends from."""

from __future__ import annotations

from ..access.key_views import KeyView
from ..errors import WaApiError
from ..messaging.routing import ProviderQuery
from ..services import Services
from .access import Viewer


def visible(services: Services, viewer: Viewer) -> list[str]:
    """The names of the configured instances that the viewer may see, in the order of the configuration."""
    return [name for name in services.providers.names() if viewer.may_see(name)]


def sending(services: Services, viewer: Viewer, key: KeyView | None = None) -> str | None:
    """The instance that the account sends from, as far as that is settled before there is a message.

    :param key: whose messages are asked for; without it, those of a key that names no instance.
    :returns: its name; ``None`` where it cannot be told, or is not the viewer's to see.
    """
    query = ProviderQuery(viewer.account, key.id if key else None, None, None)
    try:
        name = services.routing.instance_for(query, key.provider if key else None)
    except WaApiError:
        # The send itself will tell; the page must open all the same.
        return None
    return name if viewer.may_see(name) else None


def first_shown(services: Services, viewer: Viewer) -> str | None:
    """The instance that a page about one of them opens with; ``None`` where the viewer may see none."""
    names = visible(services, viewer)
    wanted = (sending(services, viewer), services.providers.default, *names)
    return next((name for name in wanted if name in names), None)
