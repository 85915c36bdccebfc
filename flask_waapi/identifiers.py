"""Ids that sort by time."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(now: datetime, random_bits: int | None = None) -> UUID:
    """A UUID version 7 (RFC 9562) whose order is that of creation, to the microsecond.

    :param now: the time of creation, aware.
    :param random_bits: 62 bits that tell ids of one microsecond apart; drawn when not given.
    """
    if random_bits is None:
        random_bits = secrets.randbits(62)
    # Whole numbers: a float of seconds loses microseconds of far times.
    microseconds = (now - _EPOCH) // timedelta(microseconds=1)
    milliseconds, rest = divmod(microseconds, 1_000)
    # RFC 9562 section 6.2, method 3: the 12 bits after the version refine the millisecond.
    value = milliseconds << 80 | 7 << 76 | (rest * 4096 // 1000) << 64 | 2 << 62 | random_bits
    return UUID(int=value)
