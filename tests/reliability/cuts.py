"""The connection breaks after the message was handed over: nobody knows, until its status comes."""

from __future__ import annotations

import time
from collections import Counter

from waiting import eventually

from .engines import ENGINES, FULL, Scale
from .load import Load, none
from .places import Place
from .stage import staged
from .verdict import CARRIED, Verdict, judge, read_books

REPORT_SECONDS = 2.5
"""When the double reports: after the sender has given up waiting for its answer."""


def closed_or_silent(number: int) -> str:
    """Recipients whose message is taken and never answered for."""
    return "+15553000408" if number % 2 else "+15553000444"


def cuts(place: Place, engine: str, *, messages: int, scale: Scale = FULL) -> Verdict:
    """Send messages that are taken without an answer, and wait for their statuses."""
    verdict = Verdict("connection cut", engine, place.database, messages=messages)
    started = time.monotonic()
    delays = dict.fromkeys(("sent", "delivered", "read"), REPORT_SECONDS)
    with staged(place, status_delays=delays) as stage, ENGINES[engine](stage, {}, scale) as running:
        load = Load(
            stage.port,
            stage.key,
            messages=messages,
            recipient=closed_or_silent,
            waits=running.waits,
            keyed=none,
        )
        with load:
            pass
        eventually(lambda: len(read_books(stage).unconfirmed) >= messages, 30.0 + messages, pause=0.2)
        stage.double.wait_until_reported(60.0)
        books = judge(stage, load.tally, verdict)
        answered = set(load.tally.codes)
        verdict.expect(answered == {202}, f"answered with {dict(load.tally.codes)}")
        told = len(books.unconfirmed)
        verdict.expect(told == messages, f"only {told} of {messages} were unconfirmed at first")
        ends = Counter(books.statuses.values())
        verdict.expect(ends.keys() <= CARRIED, f"not all were settled: {dict(ends)}")
        verdict.expect(len(books.accepted) == messages, f"the double took {len(books.accepted)}")
    verdict.seconds = time.monotonic() - started
    return verdict
