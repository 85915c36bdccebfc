"""Processes of a run: started with their output in a file, killed and stopped by process id."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

STOP_SECONDS = 30.0
TOLD_BYTES = 2_000


class Program:
    """A running process.

    :param log: where its output goes, behind what is there.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def children(self) -> list[int]:
        """Process ids of its children, whichever of its threads has forked them."""
        return children(self.pid)

    def kill(self) -> None:
        """``kill -9``, of its children too."""
        # Stopped first, so that it starts no other child in between.
        self.signal(signal.SIGSTOP)
        orphans = self.children()
        self.signal(signal.SIGKILL)
        self.process.wait()
        for orphan in orphans:
            kill(orphan)

    def signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Ask it to end, and make it when it does not; its exit code."""
        if self.is_alive:
            self.process.terminate()
        return self.wait(seconds)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end, which comes by force after so many seconds; its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.wait()

    def told(self) -> str:
        """The end of what it has written."""
        return self.log.read_bytes()[-TOLD_BYTES:].decode("utf-8", "replace")


def children(pid: int) -> list[int]:
    """Process ids of a process's children; none when it has ended."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def kill(pid: int) -> None:
    """``kill -9``, if it still runs."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
