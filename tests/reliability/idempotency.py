"""The same ``Idempotency-Key`` from many clients at the same moment, over several processes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

from .engines import inline
from .gateway import HOST
from .load import Tally, slow
from .places import Place
from .server import exchange
from .stage import TEXT_SEND, Stage, staged
from .verdict import Verdict, judge

CLIENTS = 32
CLIENT_SECONDS = 60.0

Answers = list[tuple[int, dict[str, Any]]]


def same_key(place: Place, *, rounds: int) -> Verdict:
    """In each round all clients ask for the same, and one asks again afterwards."""
    verdict = Verdict(f"same key x{CLIENTS}", "inline", place.database, messages=rounds)
    started = time.monotonic()
    with staged(place, patient=True) as stage, inline(stage, {}):
        tally = Tally()
        for number in range(rounds):
            answers = _ask_at_once(stage, number)
            late = _ask(stage, number)
            _compare(verdict, tally, number, answers, late)
        books = judge(stage, tally, verdict)
        verdict.expect(len(books.statuses) == rounds, f"{len(books.statuses)} messages are stored")
        verdict.expect(books.accepted.total() == rounds, f"{books.accepted.total()} were sent")
    verdict.seconds = time.monotonic() - started
    return verdict


def _ask_at_once(stage: Stage, number: int) -> Answers:
    answers: Answers = []
    barrier = threading.Barrier(CLIENTS)

    def client() -> None:
        barrier.wait(CLIENT_SECONDS)
        answers.append(_ask(stage, number))

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _ask(stage: Stage, number: int) -> tuple[int, dict[str, Any]]:
    body = {"to": slow(number), "text": f"message {number}"}
    headers = {"Idempotency-Key": f"round-{number}"}
    with closing(HTTPConnection(HOST, stage.port, timeout=CLIENT_SECONDS)) as connection:
        return exchange(connection, "POST", TEXT_SEND, stage.key, body, headers)


def _compare(
    verdict: Verdict, tally: Tally, number: int, answers: Answers, late: tuple[int, dict[str, Any]]
) -> None:
    codes = Counter(status for status, _ in answers)
    verdict.expect(len(answers) == CLIENTS, f"round {number}: {len(answers)} answers")
    verdict.expect(codes.keys() <= {201, 409} and codes[201] > 0, f"round {number}: answers {dict(codes)}")
    verdict.expect(late[0] == 201, f"round {number}: the repetition was answered with {late[0]}")
    told = [answer["data"] for status, answer in [*answers, late] if status == 201]
    same = all(data == told[0] for data in told)
    verdict.expect(same, f"round {number}: the answers differ: {told[:2]}")
    for data in told:
        tally.acknowledged[number] = UUID(data["message_uuid"])
