"""Who sends what waits: one line for each value of ``WAAPI_DISPATCH``.

An engine carries wake-ups and nothing else. It may lose, repeat or delay them: the messages are rows in the
database, and each engine looks at them from time to time without being woken.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Engine:
    """How messages come to be sent.

    :param answers_first: whether a request is answered 202 before its message is sent.
    :param sends_here: whether the background thread of a serving process sends what waits.
    """

    answers_first: bool
    sends_here: bool


ENGINES = {
    "inline": Engine(answers_first=False, sends_here=True),
    "thread": Engine(answers_first=True, sends_here=True),
    "worker": Engine(answers_first=True, sends_here=False),
    "celery": Engine(answers_first=True, sends_here=False),
}
"""By the name in ``WAAPI_DISPATCH``."""
