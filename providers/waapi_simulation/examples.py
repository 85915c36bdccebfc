"""The magic recipients as a menu: those that are asked for most, then the rest."""

from __future__ import annotations

from .codes import CODES
from .outcomes import BEHAVIOUR_PREFIX, BEHAVIOURS, FAILED_PREFIX, REFUSED_PREFIX

_FIRST = (
    (f"{REFUSED_PREFIX}131009", "invalid number: refused with code 131009"),
    (f"{FAILED_PREFIX}131026", "not on WhatsApp: accepted, failed later with code 131026"),
    (f"{REFUSED_PREFIX}131047", "service window closed: refused with code 131047"),
    (f"{REFUSED_PREFIX}132015", "template paused: refused with code 132015"),
    (
        f"{BEHAVIOUR_PREFIX}000007",
        "429 from the provider: throttled at every attempt, to be tried after 30 s",
    ),
    (f"{BEHAVIOUR_PREFIX}000010", "timeout after the message was handed over: unconfirmed"),
)


def _all_in_order() -> tuple[tuple[str, str], ...]:
    found = dict(_FIRST)
    for behaviour in BEHAVIOURS:
        found.setdefault(behaviour.recipient, behaviour.summary.replace("`", ""))
    for known in CODES:
        label = f"refused with code {known.code}: {known.reason}"
        found.setdefault(f"{REFUSED_PREFIX}{known.code:06}", label)
    for known in CODES:
        label = f"accepted, failed later with code {known.code}: {known.reason}"
        found.setdefault(f"{FAILED_PREFIX}{known.code:06}", label)
    return tuple(found.items())


EXAMPLES = _all_in_order()
"""Each number, and what becomes of a message to it."""
