"""Several workers on one database, nobody killed: each message goes out once."""

from __future__ import annotations

import time

from .engines import WORKERS, Scale, workers
from .load import Load, none, quick
from .places import Place
from .stage import staged
from .verdict import Verdict, judge

NOBODY = Scale(web=4, workers=0, nodes=0)


def four_workers(place: Place, *, messages: int) -> Verdict:
    """Queue so many messages, then let four workers loose on them."""
    verdict = Verdict("exactly once", f"worker x{WORKERS}", place.database, messages=messages)
    started = time.monotonic()
    # Patient: with a short lease a machine that stands still for seconds would make it another test.
    with staged(place, patient=True) as stage, workers(stage, {}, NOBODY) as running:
        load = Load(stage.port, stage.key, messages=messages, recipient=quick, waits=False, keyed=none)
        with load:
            pass
        verdict.expect(not stage.double.messages, "something was sent without a worker")
        running.fleet.fill(WORKERS)
        books = judge(stage, load.tally, verdict)
        sent = sum(1 for times in books.accepted.values() if times == 1)
        verdict.expect(sent == messages, f"{sent} of {messages} were sent exactly once")
        verdict.expect(not books.unconfirmed, f"{len(books.unconfirmed)} were unconfirmed")
        verdict.expect(not running.fleet.ended(), f"ended by themselves: {running.fleet.ended()}")
    verdict.seconds = time.monotonic() - started
    return verdict
