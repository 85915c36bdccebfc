"""Ids that sort by time, and what may name an account."""

from __future__ import annotations

import itertools
import re
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

ACCOUNT = "text of 1 to 64 characters"
"""What :func:`is_account` takes, in words."""

_LONGEST_ACCOUNT = 64
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

_turns = itertools.count()

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


def ordered_id(now: datetime, after: UUID | None = None) -> UUID:
    """An id that sorts after those that this process made before, within one microsecond too.

    :param after: one that it sorts after whatever the time is, as another process's clock may be ahead.
    """
    made = uuid7(now, (next(_turns) % 2**30) << 32 | secrets.randbits(32))
    return made if after is None or made > after else UUID(int=after.int + 1)


def first_id(moment: datetime) -> UUID:
    """The lowest id that :func:`uuid7` may make at a moment; from before 1970 there is none."""
    return uuid7(max(moment, _EPOCH), 0)


def moment_of(identifier: UUID) -> datetime:
    """When an id of ours was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=identifier.int >> 80)


def is_account(value: object) -> bool:
    """Whether this may name an account: every database must be able to hold it, whichever a host has."""
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_ACCOUNT and not _UNSTORABLE.search(value)
