"""The simulation: a whole message life without a network.

Instance settings (all optional): ``delivered_after`` and ``read_after``, in seconds, and
``templates``, a list of templates in Meta's JSON shape or the path of a file that holds one. Some
recipients have another fate than being sent, delivered and read; :mod:`waapi_simulation.outcomes`
lists them.
"""

from __future__ import annotations

from collections.abc import Callable

from flask_waapi import Provider, ProviderContext, hookimpl

from .provider import SimulationProvider

__all__ = ["SimulationProvider", "waapi_register_providers"]


@hookimpl
def waapi_register_providers(
    register: Callable[[str, Callable[[ProviderContext], Provider]], None],
) -> None:
    """Bring the type ``simulation``."""
    register("simulation", SimulationProvider)
