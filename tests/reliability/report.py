"""The table of verdicts, a line at a time."""

from __future__ import annotations

from .verdict import Verdict

COLUMNS = (
    ("scenario", 18),
    ("engine", 10),
    ("database", 10),
    ("messages", 8),
    ("kills", 5),
    ("lost", 4),
    ("doubles", 7),
    ("unconfirmed", 11),
    ("seconds", 7),
)
NUMBERS = {"messages", "kills", "lost", "doubles", "unconfirmed", "seconds"}


def heading() -> str:
    """The first lines of the table."""
    names = "  ".join(_cell(name, name, width) for name, width in COLUMNS)
    rules = "  ".join("-" * width for _, width in COLUMNS)
    return f"{names}  verdict\n{rules}  -------"


def line(verdict: Verdict) -> str:
    """A verdict's line, and below it each thing that falls short."""
    cells = []
    for name, width in COLUMNS:
        value = getattr(verdict, name)
        shown = f"{value:.1f}" if isinstance(value, float) else str(value)
        cells.append(_cell(name, shown, width))
    word = "FALLS SHORT" if verdict.faults else "holds"
    note = f" ({verdict.note})" if verdict.note else ""
    return "\n".join([f"{'  '.join(cells)}  {word}{note}", *(f"    {fault}" for fault in verdict.faults)])


def _cell(name: str, shown: str, width: int) -> str:
    return shown.rjust(width) if name in NUMBERS else shown.ljust(width)
