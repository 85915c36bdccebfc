"""The secret part of an API key: its form, its checksum, its digest.

``wak_live_`` or ``wak_test_``, 32 random base62 characters (190 bits), then the CRC-32 of all that in 6
base62 characters. The checksum rejects garbage and typing errors without touching the database.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Callable

MODES = ("live", "test")
"""What a key can be for. A test key only ever reaches the simulation."""

PATTERN = r"wak_(live|test)_[0-9A-Za-z]{38}"
"""Regular expression of a secret, for secret scanners too."""

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH = 32
_CHECKSUM_LENGTH = 6


def generate(mode: str, choice: Callable[[str], str] = secrets.choice) -> str:
    """A new secret.

    :param mode: one of :data:`MODES`.
    :param choice: draws one character of an alphabet.
    """
    body = f"wak_{mode}_" + "".join(choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return body + _checksum(body)


def is_well_formed(secret: str) -> bool:
    """Whether the string has the form of a secret and its checksum holds; no I/O."""
    if re.fullmatch(PATTERN, secret, re.ASCII) is None:
        return False
    return _checksum(secret[:-_CHECKSUM_LENGTH]) == secret[-_CHECKSUM_LENGTH:]


def digest(secret: str, pepper: bytes) -> bytes:
    """What is stored of a secret: 32 bytes of HMAC-SHA-256 under the server's pepper."""
    return hmac.digest(pepper, secret.encode(), hashlib.sha256)


def masked(mode: str, last_four: str) -> str:
    """What may be shown of a secret afterwards."""
    return f"wak_{mode}_…{last_four}"


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    characters = []
    for _ in range(_CHECKSUM_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[index])
    return "".join(reversed(characters))
