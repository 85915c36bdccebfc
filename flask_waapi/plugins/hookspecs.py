"""The hook a plugin implements, and the markers for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pluggy

from .events import AccountEvent
from .provider import Provider, ProviderContext

PROJECT = "flask_waapi"
"""Name of the pluggy project and of the entry-point group."""

ProviderFactory = Callable[[ProviderContext], Provider]
"""Makes one instance from its settings; a :class:`Provider` class with that constructor is one."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class RegisterProvider(Protocol):
    """Adds a provider type under a name."""

    def __call__(self, name: str, factory: ProviderFactory) -> None:
        """:raises ValueError: the name is taken."""


@hookspec
def waapi_register_providers(register: RegisterProvider) -> None:
    """Call ``register(name, factory)`` once for each provider type the plugin brings."""


@hookspec
def waapi_on_event(event: AccountEvent) -> None:
    """Something has happened in an account; called after its commit, within an app context.

    What it raises is logged and hinders nobody. It is called in the thread that has learnt of the event, so
    it must be quick.
    """
