"""How long the former secret of a key or a webhook endpoint goes on after a new one was made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ..errors import Fault, ValidationFailed

OVERLAPS: Mapping[str, tuple[str, timedelta]] = {
    "168": ("7 days", timedelta(days=7)),
    "24": ("24 hours", timedelta(hours=24)),
    "1": ("1 hour", timedelta(hours=1)),
    "0": ("not at all", timedelta(0)),
}
"""How long it may go on, by its hours: in words, and as such."""

STANDARD_OVERLAP = "24"


def read_overlap(text: str) -> timedelta:
    """How long the former secret is to go on.

    :raises ValidationFailed: it is none of :data:`OVERLAPS`.
    """
    if text not in OVERLAPS:
        expected = ", ".join(words for words, _ in OVERLAPS.values())
        raise ValidationFailed([Fault("/overlap", "This is not one of the choices.", expected)])
    return OVERLAPS[text][1]
