"""Files that somebody hands over: by their path, or open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .store import MediaFile


@contextmanager
def opened(file: str | Path | BinaryIO, filename: str | None = None) -> Iterator[MediaFile]:
    """The file, measured; what was opened here is closed at the end of the block.

    :param filename: instead of the file's own name.
    """
    if isinstance(file, str | Path):
        with Path(file).open("rb") as content:
            yield MediaFile.of(content, filename or Path(file).name)
    else:
        yield MediaFile.of(file, filename or Path(str(getattr(file, "name", "file"))).name)
