"""What the provider may answer, and what must become of the message."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask_waapi.storage.models import Message
from flask_waapi.testing.graph_double import Close, ErrorAnswer, Fault, Hang, RawAnswer
from waiting import eventually

from .engines import Running, Scale, workers
from .places import Place
from .stage import TEXT_SEND, Stage, staged
from .verdict import Verdict, read_books

ATTEMPTS = 3
UNCONFIRMED_SECONDS = 6
PATIENCE_SECONDS = 60.0
ONE_WORKER = Scale(web=2, workers=1, nodes=0)


@dataclass(frozen=True)
class Case:
    """One misbehaviour.

    :param status: how the message ends.
    :param fault: what befalls the first attempt; without it the recipient says so.
    :param attempts: how often it was handed over.
    :param was_unconfirmed: whether its outcome was unknown for a time.
    :param taken: how often the double took it.
    :param pause: seconds that must lie between the first attempt and the last.
    """

    name: str
    status: str
    recipient: str = "+15555000001"
    fault: Fault | None = None
    attempts: int = 1
    was_unconfirmed: bool = False
    taken: int = 1
    pause: float = 0.0


GARBAGE = RawAnswer(200, b'{"messages": [', accepted=True)
EDGE_PAGE = RawAnswer(500, b"<html>Sorry</html>")

CASES = (
    Case("hangs after taking it", "sent", fault=Hang(), was_unconfirmed=True),
    Case("hangs without taking it", "failed", fault=Hang(accepted=False), was_unconfirmed=True, taken=0),
    Case("garbage after taking it", "sent", fault=GARBAGE, was_unconfirmed=True),
    Case("closes after taking it", "sent", fault=Close(), was_unconfirmed=True),
    Case("closes without taking it", "failed", fault=Close(accepted=False), was_unconfirmed=True, taken=0),
    Case("500 of an edge server", "failed", fault=EDGE_PAGE, was_unconfirmed=True, taken=0),
    Case("refuses", "failed", "+15550131026", taken=0),
    Case("refuses later", "failed", "+15551131026"),
    # Those that are tried again come last: their second attempt must not meet the fault of another.
    Case("500 of Graph, once", "sent", fault=ErrorAnswer(131000, http_status=500), attempts=2, pause=1.0),
    Case(
        "429 with Retry-After, once", "sent", fault=ErrorAnswer(130429, retry_after=2), attempts=2, pause=2.0
    ),
    Case("overloaded for ever", "failed", "+15550131016", attempts=ATTEMPTS, taken=0, pause=10.0),
)


def provider_answers(place: Place, *, cases: Sequence[Case] = CASES) -> Verdict:
    """One message for each case, sent by a worker."""
    verdict = Verdict("provider answers", "worker", place.database, messages=len(cases))
    started = time.monotonic()
    settings = {
        "WAAPI_MAX_ATTEMPTS": ATTEMPTS,
        "WAAPI_UNCONFIRMED_AFTER": UNCONFIRMED_SECONDS,
        # One thread, so that a fault befalls the message it is meant for.
        "WAAPI_SEND_THREADS": 1,
    }
    with staged(place) as stage, workers(stage, settings, ONE_WORKER) as running:
        sent = [(case, _send(stage, running, case)) for case in cases]
        eventually(lambda: all(_has_ended(stage, case, ours) for case, ours in sent), PATIENCE_SECONDS, 0.2)
        for case, ours in sent:
            _compare(stage, verdict, case, ours)
        verdict.unconfirmed = len(read_books(stage).unconfirmed)
    verdict.seconds = time.monotonic() - started
    return verdict


def _send(stage: Stage, running: Running, case: Case) -> UUID:
    if case.fault is not None:
        stage.double.fail_next(case.fault)
    before = len(_attempts(stage, None))
    body = {"to": case.recipient, "text": case.name}
    status, answer = running.server.request("POST", TEXT_SEND, stage.key, body)
    if status != 202:
        raise RuntimeError(f"{case.name}: answered with {status}: {answer}")
    # The next case's fault must not befall this message.
    if not eventually(lambda: len(_attempts(stage, None)) > before, PATIENCE_SECONDS):
        raise TimeoutError(f"{case.name}: nobody sends it")
    return UUID(answer["data"]["message_uuid"])


def _attempts(stage: Stage, ours: UUID | None) -> list[str]:
    """What was handed to the double, by our ids; of one message, or of all."""
    ids = [
        str((request.json or {}).get("biz_opaque_callback_data"))
        for request in stage.double.requests
        if request.path.endswith("/messages")
    ]
    return ids if ours is None else [known for known in ids if known == str(ours)]


def _has_ended(stage: Stage, case: Case, ours: UUID) -> bool:
    return _message(stage, ours).status == case.status


def _message(stage: Stage, ours: UUID) -> Message:
    with stage.services.store.read() as session:
        return session.get_one(Message, ours)


def _compare(stage: Stage, verdict: Verdict, case: Case, ours: UUID) -> None:
    """Write into the verdict where a message differs from its case."""
    books = read_books(stage)
    message = _message(stage, ours)
    found = {
        "status": message.status,
        "attempts": len(_attempts(stage, ours)),
        "was_unconfirmed": ours in books.unconfirmed,
        "taken": books.accepted[ours],
    }
    for name, value in found.items():
        wanted = getattr(case, name)
        verdict.expect(value == wanted, f"{case.name}: {name} is {value!r}, not {wanted!r}")
    waited = (message.updated_at - message.created_at).total_seconds()
    verdict.expect(waited >= case.pause, f"{case.name}: it was over after {waited} seconds")
    is_told = message.status != "failed" or bool(message.failure_code and message.failure_reason)
    verdict.expect(is_told, f"{case.name}: it does not say why it failed")
