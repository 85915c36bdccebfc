"""Who can be written to: people by their number or user id, and groups."""

from __future__ import annotations

import re

from ..content import GROUP
from ..errors import Fault

E164 = r"\+[1-9][0-9]{6,14}"
"""The shape of a phone number. Whether it exists is for the provider to say."""

USER_ID = r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}"
"""The shape of a business-scoped user id, by which people who hide their number are reached."""

GROUP_ID = r"[!-~]{1,160}"
"""The shape of a group's id: whatever the provider makes it of, without spaces."""

LONGEST_RECIPIENT = 160
"""Characters of a name that is stored, whoever it names."""

_EXPECTED = "E.164: a plus sign, country code and number, 7 to 15 digits, such as +1234567890"


def is_user_id(recipient: str) -> bool:
    """Whether a recipient is named by a user id."""
    return re.fullmatch(USER_ID, recipient, re.ASCII) is not None


def is_person(recipient: str) -> bool:
    """Whether this has the shape of a number or of a user id."""
    return is_user_id(recipient) or re.fullmatch(E164, recipient, re.ASCII) is not None


def recipient_faults(recipient: str, recipient_type: str) -> list[Fault]:
    """What is wrong with a recipient. :param recipient_type: ``individual`` or ``group``."""
    if recipient_type == GROUP:
        if re.fullmatch(GROUP_ID, recipient, re.ASCII):
            return []
        return [Fault("/to", "Invalid group id", "1 to 160 printable ASCII characters, without spaces")]
    if is_person(recipient):
        return []
    return [Fault("/to", "Invalid phone number format", _EXPECTED)]
