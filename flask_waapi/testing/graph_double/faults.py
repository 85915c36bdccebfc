"""Ways in which the double misbehaves, asked for by a script or by a magic recipient.

A fault belongs to one request. Those with ``accepted`` may take the message before they break, as a
server does whose answer gets lost: such a message is among :attr:`GraphDouble.messages` and its
statuses are reported.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import ClassVar


@dataclass(frozen=True)
class ErrorAnswer:
    """A Graph error.

    :param http_status: instead of the one that belongs to the code.
    :param retry_after: seconds in a ``Retry-After`` header.
    :param is_transient: Meta's own flag; left out when ``None``.
    """

    accepted: ClassVar[bool] = False

    code: int
    details: str | None = None
    subcode: int | None = None
    http_status: int | None = None
    retry_after: int | None = None
    is_transient: bool | None = None


@dataclass(frozen=True)
class RawAnswer:
    """An answer that no Graph API gives: a page of an edge server, half a JSON value, nothing."""

    http_status: int = 503
    body: bytes = b"<html><body>Service Unavailable</body></html>"
    content_type: str = "text/html"
    retry_after: int | None = None
    accepted: bool = False


@dataclass(frozen=True)
class Hang:
    """No answer within the double's ``hang_seconds``, then the connection is closed."""

    accepted: bool = True


@dataclass(frozen=True)
class Close:
    """The connection is closed instead of an answer."""

    accepted: bool = True


@dataclass(frozen=True)
class Delay:
    """The right answer, late."""

    accepted: ClassVar[bool] = True

    seconds: float


Fault = ErrorAnswer | RawAnswer | Hang | Close | Delay
"""Any of them; ``accepted`` says whether the message is taken all the same."""


class FaultQueue:
    """Faults that a script has asked for, each for the next request to a certain place."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[str, deque[Fault]] = {}

    def add(self, edge: str, fault: Fault, times: int) -> None:
        """Let the fault befall the next ``times`` requests whose path ends in ``edge``."""
        with self._lock:
            self._waiting.setdefault(edge, deque()).extend([fault] * times)

    def take(self, path: str) -> Fault | None:
        """The fault for this request, if there is one; it is used up."""
        edge = path.rpartition("/")[2]
        with self._lock:
            waiting = self._waiting.get(edge)
            return waiting.popleft() if waiting else None


_MAGIC = re.compile(r"1555([0-5])([0-9]{6})")

_TRANSPORT_FAULTS: dict[int, Fault] = {
    200: RawAnswer(200, b"Thank you for your message!", accepted=True),
    408: Hang(),
    444: Close(),
}


def magic_fault(recipient: str) -> Fault | None:
    """The fault that a recipient (digits only) asks for, by the table of the package."""
    match = _MAGIC.fullmatch(recipient)
    if match is None:
        return None
    number = int(match[2])
    match match[1]:
        case "0":
            return ErrorAnswer(number, details="Asked for by the recipient's number.")
        case "2":
            return ErrorAnswer(130429, retry_after=number)
        case "3" if 500 <= number <= 599:
            return RawAnswer(number)
        case "3":
            return _TRANSPORT_FAULTS.get(number)
        case "4":
            return Delay(number / 1000)
    return None


Life = tuple[tuple[str, int | None], ...]
"""Statuses in the order in which they are reported, each with its error code, if it has one."""

_LIVES: dict[int, Life] = {
    1: (("sent", None),),
    2: (("sent", None), ("delivered", None)),
    3: (("sent", None), ("delivered", None), ("read", None)),
    4: tuple((status, None) for status in ("read", "delivered", "sent") for _ in range(2)),
    5: (),
}


def magic_life(recipient: str) -> Life | None:
    """The statuses that a recipient (digits only) asks for, by the table of the package."""
    match = _MAGIC.fullmatch(recipient)
    if match is None:
        return None
    number = int(match[2])
    if match[1] == "1":
        return (("failed", number),)
    return _LIVES.get(number) if match[1] == "5" else None
