"""Importing the messages of a CSV file: in chunks, each stored in one transaction and at most once.

The transaction that stores a chunk leaves a claim named after the file's digest and the chunk's place, as a
request with an ``Idempotency-Key`` does. Whoever imports the same file again, after a crash or by mistake,
finds the claims and stores nothing twice. A row that was refused is tried again: it may be right by now.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from itertools import count, islice
from typing import BinaryIO, TextIO

from ..access.idempotency import Answer, IdempotencyClaim
from ..errors import WaApiError
from ..messaging.send_requests import Sender
from ..services import Services
from ..storage.models import Message
from .csv_file import CsvFile, Row
from .csv_messages import REFUSED_COLUMNS, RowReader, reason_of

CHUNK = 1_000
"""Rows of one transaction."""

ROUTE = "cli:import"

MOST_TOLD = 10
"""Refused rows that are told one by one; a file can hold them all."""


@dataclass
class Tally:
    """How far an import is.

    :param stored: messages stored now; of a dry run, those that could be.
    :param before: messages that an earlier import of the same file has stored.
    :param told: why the first refused rows were refused.
    :param line: of the last row that was dealt with.
    """

    stored: int = 0
    refused: int = 0
    before: int = 0
    told: list[str] = field(default_factory=list)
    line: int = 0


def digest_of(stream: BinaryIO, file: CsvFile, reader: RowReader, sender: Sender) -> bytes:
    """What makes an import the same one: the bytes of the file, and what was said about them."""
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    options = [file.delimiter, astuple(reader), sender.simulated]
    digest.update(json.dumps(options).encode())
    return digest.digest()


class Import:
    """One import of a file.

    :param digest: of the file; ``None`` to store it whatever was stored before.
    :param rejects: where refused rows are written.
    :param stores: whether messages are stored, or only checked.
    """

    def __init__(
        self,
        services: Services,
        sender: Sender,
        file: CsvFile,
        reader: RowReader,
        *,
        digest: bytes | None,
        rejects: TextIO | None,
        stores: bool,
    ) -> None:
        self.tally = Tally()
        self._services = services
        self._sender = sender
        self._file = file
        self._reader = reader
        self._digest = digest
        self._stores = stores
        self._rejects = rejects
        self._writer = csv.writer(rejects, delimiter=file.delimiter) if rejects is not None else None
        self._kept_columns = [name not in REFUSED_COLUMNS for name in file.columns]

    def run(self, advanced: Callable[[], None]) -> Tally:
        """Import all rows.

        :param advanced: called after each chunk.
        :raises BadCsv: a row cannot be read as CSV; those before it have been dealt with.
        """
        if self._writer is not None:
            self._writer.writerow([*REFUSED_COLUMNS, *self._without_reasons(self._file.columns)])
        for place, rows in enumerate(_chunks(self._file.rows())):
            self._import(place, rows)
            self.tally.line = rows[-1].line
            if self._rejects is not None:
                self._rejects.flush()
            advanced()
        return self.tally

    def _import(self, place: int, rows: Sequence[Row]) -> None:
        # The claim of a turn was made by the import that stored rows of this chunk for that time.
        for turn in count():
            claim = self._claim(place, turn)
            answer = self._answer_to(claim) or self._store(rows, claim)
            if answer is None:
                return
            body = answer.body or {}
            self.tally.before += body["stored"]
            refused = set(body["refused"])
            rows = [row for row in rows if row.line in refused]
            if not rows:
                return

    def _claim(self, place: int, turn: int) -> IdempotencyClaim | None:
        if self._digest is None:
            return None
        key = f"{self._digest.hex()}:{place}:{turn}"
        return IdempotencyClaim(self._sender.account, ROUTE, key, self._digest)

    def _answer_to(self, claim: IdempotencyClaim | None) -> Answer | None:
        return self._services.pipeline.first_answer(claim) if claim is not None else None

    def _store(self, rows: Sequence[Row], claim: IdempotencyClaim | None) -> Answer | None:
        """Store rows and count them; the answer of whoever was faster, if anyone was."""
        pipeline = self._services.pipeline
        results = pipeline.check_batch([self._reader.read(row) for row in rows], self._sender)
        refusals = [
            (row, result) for row, result in zip(rows, results, strict=True) if isinstance(result, WaApiError)
        ]
        stored = sum(isinstance(result, Message) for result in results)
        kept = {"stored": stored, "refused": [row.line for row, _ in refusals]}
        # Where nothing is stored there is nothing to claim: the same rows may be tried again.
        if stored and self._stores:
            submission = pipeline.store_batch(results, self._sender, claim, lambda _: (200, kept))
            if submission.answer is not None:
                return submission.answer
        self.tally.stored += stored
        for row, error in refusals:
            self._refuse(row, error)
        return None

    def _refuse(self, row: Row, error: WaApiError) -> None:
        reason = reason_of(error)
        self.tally.refused += 1
        if len(self.tally.told) < MOST_TOLD:
            self.tally.told.append(f"Line {row.line}: {reason}")
        if self._writer is not None:
            self._writer.writerow([row.line, error.code, reason, *self._without_reasons(row.cells)])

    def _without_reasons(self, cells: Sequence[str]) -> list[str]:
        """The cells but for those that an earlier import has put before them."""
        beyond = cells[len(self._kept_columns) :]
        kept = zip(cells, self._kept_columns, strict=False)
        return [*(cell for cell, is_kept in kept if is_kept), *beyond]


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
