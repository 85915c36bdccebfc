"""What is made once and kept in the instance folder."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 2.0
"""How long a process waits for another one that has just begun to write the same secret."""


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in a file that only its owner can read; made at the first call.

    :raises RuntimeError: the file is there and empty.
    """
    _make_folder(path)
    try:
        # Exclusive: of several processes that start together, one makes the secret for all.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    secret = make()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
    return secret


def write_once(path: Path, make: Callable[[], str]) -> None:
    """Write a file, whole, unless there is one; what it holds is made only then."""
    if path.exists():
        return
    text = make()
    _make_folder(path)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


def _make_folder(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _read(path: Path) -> str:
    end = time.monotonic() + PATIENCE_SECONDS
    while not (secret := path.read_text(encoding="utf-8").strip()):
        if time.monotonic() > end:
            raise RuntimeError(f"{path} is empty: delete it, and a new one is made.")
        time.sleep(0.02)
    return secret
