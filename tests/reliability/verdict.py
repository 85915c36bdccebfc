"""What became of the messages: the clients' answers, the database and the double laid side by side."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select

from flask_waapi.storage.models import Message, MessageEvent
from waiting import eventually

from .load import Tally
from .stage import LEASE_SECONDS, Stage

STALL_SECONDS = 60.0
"""How long nothing may change before the wait for the end is given up."""

REPORT_SECONDS = 20.0
"""How long a report may take to be applied."""

FINAL = {"sent", "delivered", "read", "played", "failed", "canceled"}
CARRIED = {"sent", "delivered", "read", "played"}
SHOWN = 3


@dataclass
class Verdict:
    """One line of the table.

    :param lost: acknowledged messages that the database does not have.
    :param doubles: messages that went out twice without having been ``unconfirmed`` in between.
    :param unconfirmed: messages that were so at some time.
    :param faults: everything that falls short, in words.
    """

    scenario: str
    engine: str
    database: str
    messages: int = 0
    kills: int = 0
    lost: int = 0
    doubles: int = 0
    unconfirmed: int = 0
    seconds: float = 0.0
    note: str = ""
    faults: list[str] = field(default_factory=list)

    def expect(self, is_so: bool, fault: str) -> None:
        """Note a fault, unless it is so."""
        if not is_so:
            self.faults.append(fault)


@dataclass(frozen=True)
class Books:
    """What database and double hold.

    :param statuses: of each stored message.
    :param unconfirmed: how many events told so, of the messages that have one.
    :param accepted: how often the double has taken each message, by our id.
    :param texts: how often it has taken each text.
    """

    statuses: dict[UUID, str]
    unconfirmed: dict[UUID, int]
    accepted: Counter[UUID]
    texts: Counter[str]

    @property
    def doubles(self) -> list[UUID]:
        """Messages taken more often than they were unconfirmed, and once."""
        return [
            message
            for message, times in self.accepted.items()
            if times > 1 + self.unconfirmed.get(message, 0)
        ]


def read_books(stage: Stage) -> Books:
    """Both as they are now."""
    unconfirmed = (
        select(MessageEvent.message_id, func.count())
        .where(MessageEvent.status == "unconfirmed")
        .group_by(MessageEvent.message_id)
    )
    with stage.services.store.read() as session:
        statuses = {row.id: row.status for row in session.execute(select(Message.id, Message.status))}
        events = {row[0]: row[1] for row in session.execute(unconfirmed)}
    taken = stage.double.messages
    return Books(
        statuses,
        events,
        Counter(UUID(message.callback_data) for message in taken if message.callback_data),
        Counter(str(message.body["text"]["body"]) for message in taken),
    )


def open_messages(stage: Stage) -> int:
    """Messages that a loop still has to look at, those that wait for a report left out."""
    query = select(func.count()).select_from(Message)
    waiting = query.where(Message.status.not_in([*FINAL, "unconfirmed"]))
    with stage.services.store.read() as session:
        return session.scalar(waiting) or 0


def wait_until_settled(stage: Stage, stall_seconds: float = STALL_SECONDS) -> bool:
    """Wait until no message is open, as long as their number goes down; whether that came true."""
    fewest = open_messages(stage)
    deadline = time.monotonic() + stall_seconds
    while fewest:
        time.sleep(0.1)
        now_open = open_messages(stage)
        if now_open < fewest:
            fewest = now_open
            deadline = time.monotonic() + stall_seconds
        if time.monotonic() > deadline:
            return False
    return True


def report_again(stage: Stage) -> None:
    """Report once more what the double took and we do not know of, as Meta does for days."""
    if not stage.reports:
        return
    stage.double.wait_until_reported(60.0)
    for _ in range(3):
        unknown = _unknown(stage)
        if not unknown:
            return
        for start in range(0, len(unknown), 50):
            some = unknown[start : start + 50]
            stage.double.report_batch([stage.double.status(wamid, "sent") for wamid in some])
        # A callback is answered first and applied later.
        eventually(lambda: not _unknown(stage), REPORT_SECONDS, pause=0.2)


def _unknown(stage: Stage) -> list[str]:
    """The provider's ids of what the double took while we do not know whether it did."""
    statuses = read_books(stage).statuses
    return [
        message.wamid
        for message in stage.double.messages
        if message.callback_data and statuses.get(UUID(message.callback_data)) == "unconfirmed"
    ]


def judge(stage: Stage, tally: Tally, verdict: Verdict, *, policy: str = "fail") -> Books:
    """Wait for the end of every message and write into the verdict what falls short."""
    settled = wait_until_settled(stage, STALL_SECONDS + LEASE_SECONDS)
    report_again(stage)
    books = read_books(stage)
    lost = tally.message_ids - books.statuses.keys()
    doubles = books.doubles if policy == "resend" else [m for m, n in books.accepted.items() if n > 1]
    verdict.lost, verdict.doubles = len(lost), len(doubles)
    verdict.unconfirmed = len(books.unconfirmed)
    verdict.messages = verdict.messages or len(tally.acknowledged)
    by_status = Counter(books.statuses.values())
    verdict.expect(settled, f"not all have ended: {dict(by_status)}")
    verdict.expect(not lost, f"lost: {_some(lost)}")
    verdict.expect(not doubles, f"sent twice: {_some(doubles)}")
    _expect_truth(books, verdict)
    if policy != "resend":
        # A client that asks again with one key has one message, whatever ids it was given.
        repeated = [text for text, times in books.texts.items() if times > 1]
        verdict.expect(not repeated, f"the same text went out twice: {repeated[:SHOWN]}")
    return books


def _expect_truth(books: Books, verdict: Verdict) -> None:
    """What we say of a message is what the double knows of it."""
    carried = {message for message, status in books.statuses.items() if status in CARRIED}
    untrue = carried - books.accepted.keys()
    verdict.expect(not untrue, f"said to be sent, and never taken: {_some(untrue)}")
    unsettled = {m for m, status in books.statuses.items() if status == "unconfirmed"} & books.accepted.keys()
    verdict.expect(not unsettled, f"still unconfirmed after their report: {_some(unsettled)}")
    wronged = {m for m, status in books.statuses.items() if status == "failed"} & books.accepted.keys()
    verdict.expect(not wronged, f"said to have failed, and taken: {_some(wronged)}")
    foreign = books.accepted.keys() - books.statuses.keys()
    verdict.expect(not foreign, f"sent without being stored: {_some(foreign)}")


def _some(messages: set[UUID] | list[UUID]) -> str:
    shown = ", ".join(str(message) for message in sorted(messages)[:SHOWN])
    return f"{len(messages)}, such as {shown}"
