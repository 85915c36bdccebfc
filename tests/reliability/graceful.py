"""SIGTERM to a process that has messages in hand."""

from __future__ import annotations

import time

from sqlalchemy import func, select

from flask_waapi.storage.models import Message
from waiting import eventually

from .engines import ENGINES, Scale
from .load import Load, none, slow
from .places import Place
from .stage import Stage, staged
from .verdict import Verdict, judge, read_books

STOP_SECONDS = 60.0
START_SECONDS = 60.0
NOBODY = Scale(web=2, workers=0, nodes=0)


def graceful_stop(place: Place, engine: str, *, messages: int, stops: int) -> Verdict:
    """Stop the only worker in the midst of its work, start another, and so on.

    :param engine: ``worker`` or ``celery``.
    """
    verdict = Verdict("SIGTERM", engine, place.database, messages=messages, kills=0)
    verdict.note = f"{stops} stops"
    started = time.monotonic()
    # Without reports, which would settle what an ungraceful stop has left.
    with staged(place, reports=False, patient=True) as stage, ENGINES[engine](stage, {}, NOBODY) as running:
        load = Load(stage.port, stage.key, messages=messages, recipient=slow, waits=False, keyed=none)
        with load:
            pass
        for number in range(stops):
            before = len(stage.double.messages)
            program = running.fleet.start(number)
            running.fleet.programs = [program]
            begun = eventually(lambda before=before: len(stage.double.messages) > before, START_SECONDS)  # type: ignore[misc]
            verdict.expect(begun, f"stop {number}: the worker sent nothing: {program.told()}")
            code = program.stop(STOP_SECONDS)
            verdict.expect(code == 0, f"stop {number}: it ended with {code}: {program.told()}")
            left = _in_hand(stage)
            verdict.expect(not left, f"stop {number}: {left} messages are still in its hand")
        unknown = read_books(stage).unconfirmed
        verdict.expect(not unknown, f"{len(unknown)} were unconfirmed by a graceful stop")
        running.fleet.programs = [running.fleet.start(stops)]
        books = judge(stage, load.tally, verdict)
        verdict.expect(not books.unconfirmed, f"{len(books.unconfirmed)} were unconfirmed in the end")
        verdict.expect(len(books.accepted) == messages, f"{len(books.accepted)} were sent")
    verdict.seconds = time.monotonic() - started
    return verdict


def _in_hand(stage: Stage) -> int:
    """Messages that belong to some process."""
    query = select(func.count()).select_from(Message).where(Message.claimed_at.is_not(None))
    with stage.services.store.read() as session:
        return session.scalar(query) or 0
