"""How fast a provider instance may send."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Throughput:
    """How fast an instance may send. What would go faster waits.

    :param number: the sending number as its network knows it; instances of one number share its throughput.
    :param messages_per_second: to all recipients together; 0 for any number.
    :param burst: how many may go at once after a while without any.
    :param recipient_interval: seconds between two messages to one recipient; 0 for none.
    :param recipient_burst: how many may go at once to one recipient after a while without any.
    """

    number: str | None = None
    messages_per_second: float = 0
    burst: int = 1
    recipient_interval: float = 0
    recipient_burst: int = 1


UNLIMITED = Throughput()
