"""Where events come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A provider instance that tells of something.

    :param provider: its name; its message ids mean nothing to another.
    :param simulated: whether no message of its can leave the machine.
    :param account: whose messages are that come in from somebody unknown.
    """

    provider: str
    simulated: bool
    account: str
