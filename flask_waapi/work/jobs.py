"""The jobs of the loop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from ..access import idempotency
from ..access.usage import RequestLog
from ..messaging.delivery import Delivery
from ..messaging.inbound import Inbound
from ..settings import Settings
from ..storage.session import Store
from .loop import Job, Loop

CLEAN_UP_INTERVAL = timedelta(hours=1)


def create_loop(
    delivery: Delivery,
    inbound: Inbound,
    request_log: RequestLog,
    store: Store,
    settings: Settings,
    clock: Callable[[], datetime],
) -> Loop:
    """The loop of one app."""

    def clean_up() -> int:
        return idempotency.forget(store, clock() - settings.idempotency_lifetime)

    return Loop(
        {
            "deliver messages": delivery.deliver_due,
            "apply announced statuses": inbound.apply_due,
            "write the request log": request_log.flush,
            "forget idempotency keys": _every(CLEAN_UP_INTERVAL, clean_up, clock),
        }
    )


def _every(interval: timedelta, job: Job, clock: Callable[[], datetime]) -> Job:
    last: datetime | None = None

    def when_due() -> int:
        nonlocal last
        now = clock()
        if last is not None and now - last < interval:
            return 0
        last = now
        return job()

    return when_due
