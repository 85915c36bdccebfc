"""The logging provider: writes to a logger what would be sent.

Instance settings (all optional): ``level``, the name of a logging level, and ``show_content``,
which puts the words of the messages into the log.
"""

from __future__ import annotations

from collections.abc import Callable

from flask_waapi import Provider, ProviderContext, hookimpl

from .provider import LoggingProvider

__all__ = ["LoggingProvider", "waapi_register_providers"]


@hookimpl
def waapi_register_providers(
    register: Callable[[str, Callable[[ProviderContext], Provider]], None],
) -> None:
    """Bring the type ``logging``."""
    register("logging", LoggingProvider)
