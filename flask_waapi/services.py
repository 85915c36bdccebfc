"""The working parts of one app, as the composition root has put them together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app

from .access.gate import Gate
from .access.keys import Keys
from .access.usage import RequestLog
from .messaging.inbound import Inbound
from .messaging.pipeline import Pipeline
from .messaging.templates import Catalogue
from .plugins.registry import Providers
from .settings import Settings
from .storage.session import Store
from .work.loop import Loop

EXTENSION = "waapi"
"""Our name in ``app.extensions``."""


@dataclass(frozen=True)
class Services:
    """Everything a request, a command or the loop works with."""

    settings: Settings
    clock: Callable[[], datetime]
    store: Store
    keys: Keys
    gate: Gate
    request_log: RequestLog
    providers: Providers
    catalogue: Catalogue
    pipeline: Pipeline
    inbound: Inbound
    loop: Loop


def current_services() -> Services:
    """The services of the current app.

    :raises RuntimeError: there is no app context, or flask-waapi was not initialised on its app.
    """
    try:
        return cast("Services", current_app.extensions[EXTENSION])
    except KeyError:
        raise RuntimeError(
            "flask-waapi is not initialised on this app: call WaApi(app, ...) or init_app(app)."
        ) from None
