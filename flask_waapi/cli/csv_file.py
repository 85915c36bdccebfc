"""CSV files, read row by row: a file of a million rows is never held in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, TextIO

import click

DELIMITERS = (",", ";", "\t")
"""What is tried where none is given."""

LONGEST_LINE = 1_000_000
"""Characters. A longer one is no CSV, and must not fill the memory."""


class BadCsv(click.ClickException):
    """The file cannot be read as CSV; its message names the line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"Line {line}: {message}")


@dataclass(frozen=True)
class Row:
    """A row's cells. :param line: of the file, where it begins."""

    line: int
    cells: Sequence[str]


class CsvFile:
    """A file of rows below a header.

    :param stream: its bytes, UTF-8; not ours to close.
    :param delimiter: between cells; ``None`` to find it in the header.
    :param needed: a column that there must be.
    :raises BadCsv: there is no usable header.
    """

    def __init__(self, stream: BinaryIO, delimiter: str | None, needed: str) -> None:
        lines = _lines(stream)
        skipped, first = 0, next(lines, "")
        while first and not first.strip():
            skipped, first = skipped + 1, next(lines, "")
        if not first:
            raise BadCsv(1, "There is no header: the file is empty.")
        self.delimiter = delimiter or _delimiter(first, needed)
        self._rows = _rows(chain([first], lines), self.delimiter, skipped)
        header = next(self._rows)
        self.columns = tuple(name.strip() for name in header.cells)
        _check(header.line, self.columns, needed)

    def rows(self) -> Iterator[Row]:
        """The rows below the header that have anything in them.

        :raises BadCsv: it is not UTF-8, or a quote is not closed.
        """
        return (row for row in self._rows if any(cell.strip() for cell in row.cells))


def _lines(stream: BinaryIO) -> Iterator[str]:
    # What is not UTF-8 is let through, so that it can be told with its line.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        yield from _sound_lines(text)
    finally:
        # Or it would close the stream, which may be standard input; with a closed one it cannot be done.
        with suppress(ValueError):
            text.detach()


def _sound_lines(text: TextIO) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise BadCsv(number, f"It is longer than {LONGEST_LINE:,} characters.")
        try:
            line.encode()
        except UnicodeEncodeError:
            raise BadCsv(number, "It is not UTF-8. Save the file as CSV in UTF-8.") from None
        yield line


def _rows(lines: Iterable[str], delimiter: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begin = skipped + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise BadCsv(begin, _in_words(error)) from None
        if cells is None:
            return
        yield Row(begin, cells)


def _in_words(error: csv.Error) -> str:
    problem = str(error)
    if "unexpected end of data" in problem:
        return "A quote opens in this row and is closed nowhere."
    if "field larger" in problem:
        return f"A cell is longer than {csv.field_size_limit():,} characters; is a quote not closed?"
    if "expected after" in problem:
        return "A cell goes on after its closing quote; a quote within a quoted cell is doubled."
    return f"The row cannot be read: {problem}."


def _delimiter(header: str, needed: str) -> str:
    # Not csv.Sniffer, which takes letters for delimiters where there is one column.
    def cells(delimiter: str) -> list[str]:
        return [cell.strip() for cell in next(csv.reader([header], delimiter=delimiter))]

    return max(DELIMITERS, key=lambda delimiter: (needed in cells(delimiter), len(cells(delimiter))))


def _check(line: int, columns: Sequence[str], needed: str) -> None:
    named = [name for name in columns if name]
    if any("\0" in name for name in named):
        raise BadCsv(line, "The header has a NUL character.")
    if needed not in named:
        raise BadCsv(line, f"There is no column {needed!r}. The header has: {', '.join(named)}.")
    for name in named:
        if named.count(name) > 1:
            raise BadCsv(line, f"The header has the column {name!r} {named.count(name)} times.")
