"""The jobs of the loops: of a serving process, and of a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ..access import idempotency, playground_runs, requests
from ..access.usage import RequestLog
from ..messaging.delivery.handover import Delivery
from ..messaging.delivery.overdue import Overdue
from ..messaging.delivery.pace import Pace
from ..messaging.delivery.queue import Queue
from ..messaging.incoming.callbacks import Callbacks
from ..messaging.incoming.parking import JUST_NOW
from ..messaging.incoming.reports import Announced
from ..messaging.media.store import MediaStore
from ..messaging.message_hours import MessageHours
from ..messaging.templates.catalogue import Catalogue
from ..outgoing import expiring_keys, forgetting
from ..outgoing.deliver import Deliverer
from ..outgoing.deliveries import Deliveries
from ..plugins.events import AccountEvent
from ..settings import Settings
from ..storage.owed import Owed
from ..storage.session import Store
from .celery import CeleryWorkers
from .engines import ENGINES
from .loop import Job, Loop
from .senders import Senders, of_callbacks, of_messages, of_templates, of_webhooks

CLEAN_UP_INTERVAL = timedelta(hours=1)

RECOGNISE_INTERVAL = timedelta(minutes=1)

COMPARE_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True)
class Parts:
    """What the jobs of one app work with."""

    store: Store
    owed: Owed
    settings: Settings
    clock: Callable[[], datetime]
    queue: Queue
    delivery: Delivery
    pace: Pace
    overdue: Overdue
    callbacks: Callbacks
    announced: Announced
    catalogue: Catalogue
    media: MediaStore
    webhooks: Deliveries
    deliverer: Deliverer
    request_log: RequestLog
    message_hours: MessageHours
    tell: Callable[[AccountEvent], None]
    celery: CeleryWorkers


def create_loops(parts: Parts) -> tuple[Loop, Loop]:
    """The loop of a serving process and the loop of a worker; in a process one of them runs."""
    loops: list[Loop] = []

    def wake() -> None:
        for loop in loops:
            loop.wake()

    senders = Senders(wake)
    messages = senders.employ(
        of_messages(parts.queue, parts.delivery, parts.pace, parts.settings.send_threads)
    )
    webhooks = senders.employ(
        of_webhooks(parts.webhooks, parts.deliverer, parts.settings.webhook_concurrency)
    )
    callbacks = senders.employ(of_callbacks(parts.callbacks))
    templates = senders.employ(of_templates(parts.catalogue.readings))
    own = {
        "record outcomes": parts.owed.settle,
        "record outcomes of webhooks": parts.deliverer.record_late,
        "write the request log": parts.request_log.flush,
        "count messages": parts.message_hours.count_marked,
    }
    calm = {
        "settle overdue messages": parts.overdue.settle,
        "apply announced statuses": parts.announced.apply_due,
        "read templates anew": templates.take_up,
    }
    shared = {
        "send messages": messages.take_up,
        "apply callbacks": callbacks.take_up,
        **calm,
        "deliver webhooks": webhooks.take_up,
        "recognise early reports": _every(
            RECOGNISE_INTERVAL, lambda: parts.callbacks.recognise_all(JUST_NOW), parts.clock
        ),
        "recognise all early reports": _every(CLEAN_UP_INTERVAL, parts.callbacks.recognise_all, parts.clock),
        "compare the counted messages": _every(COMPARE_INTERVAL, parts.message_hours.compare, parts.clock),
        "give up webhooks": _hourly(parts.deliverer.give_up, parts.clock),
        **{name: _hourly(job, parts.clock) for name, job in _forgetting(parts).items()},
        "tell of expiring keys": _every(CLEAN_UP_INTERVAL, lambda: _tell_expiring(parts), parts.clock),
    }
    serving: dict[str, Job] = dict(own)
    if ENGINES[parts.settings.dispatch].sends_here:
        serving |= shared
    if parts.settings.dispatch == "celery":
        serving["wake Celery workers"] = parts.celery.publish
    loops += [
        Loop(jobs, senders, calm=frozenset(calm), last=frozenset(own))
        for jobs in (serving, {**own, **shared})
    ]
    return loops[0], loops[1]


def _forgetting(parts: Parts) -> dict[str, Job]:
    """What deletes a bounded number of rows whose time is over, in short transactions."""

    def forget(forget_some: Callable[[Session, datetime], int], lifetime: timedelta) -> int:
        before = parts.clock() - lifetime
        return parts.store.write(lambda session: forget_some(session, before))

    settings = parts.settings
    return {
        "forget idempotency keys": lambda: forget(idempotency.forget, settings.idempotency_lifetime),
        "forget callbacks": parts.callbacks.forget,
        "forget media": parts.media.forget,
        "forget runs": lambda: forget(playground_runs.forget, settings.log_lifetime),
        "forget webhooks": lambda: forget(forgetting.forget, settings.log_lifetime),
        "forget requests": lambda: forget(requests.forget, settings.log_lifetime),
    }


def _tell_expiring(parts: Parts) -> int:
    return expiring_keys.tell_expiring(parts.store, parts.clock, parts.tell)


def _every(interval: timedelta, job: Job, clock: Callable[[], datetime]) -> Job:
    last: datetime | None = None

    def when_due() -> int:
        nonlocal last
        now = clock()
        if _is_within(interval, last, now):
            return 0
        last = now
        return job()

    return when_due


def _hourly(job: Job, clock: Callable[[], datetime]) -> Job:
    """A job that is done anew at the next look for as long as it finds something, so that it keeps up with
    whatever comes, and the others have their turn in between."""
    rests_since: datetime | None = None

    def when_due() -> int:
        nonlocal rests_since
        now = clock()
        if _is_within(CLEAN_UP_INTERVAL, rests_since, now):
            return 0
        rests_since = now
        if found := job():
            rests_since = None
        return found

    return when_due


def _is_within(interval: timedelta, since: datetime | None, now: datetime) -> bool:
    # After the clock was set back, what was done last lies in the future.
    return since is not None and since <= now < since + interval
