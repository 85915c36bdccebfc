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
from .messaging.delivery.interventions import Interventions
from .messaging.delivery.queue import Queue
from .messaging.delivery.receipts import ReadReceipts
from .messaging.incoming.callbacks import Callbacks
from .messaging.incoming.receiving import Receiving
from .messaging.incoming.reports import Announced
from .messaging.media.store import MediaStore
from .messaging.message_hours import MessageHours
from .messaging.pipeline import Pipeline
from .messaging.routing import Routing
from .messaging.templates.catalogue import Catalogue
from .messaging.templates.changes import TemplateChanges
from .outgoing.webhooks import Webhooks
from .plugins.registry import Providers
from .settings import Settings
from .storage.owed import Owed
from .storage.session import Store
from .work.celery import CeleryWorkers
from .work.loop import Loop

EXTENSION = "waapi"
"""Our name in ``app.extensions``."""


@dataclass(frozen=True)
class Services:
    """Everything a request, a command or a loop works with.

    :param loop: of a serving process. :param worker: of a process that does nothing else.
    """

    settings: Settings
    clock: Callable[[], datetime]
    store: Store
    owed: Owed
    keys: Keys
    gate: Gate
    request_log: RequestLog
    message_hours: MessageHours
    queue: Queue
    providers: Providers
    routing: Routing
    catalogue: Catalogue
    template_changes: TemplateChanges
    pipeline: Pipeline
    interventions: Interventions
    callbacks: Callbacks
    announced: Announced
    receiving: Receiving
    receipts: ReadReceipts
    media: MediaStore
    webhooks: Webhooks
    loop: Loop
    worker: Loop
    celery: CeleryWorkers


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
