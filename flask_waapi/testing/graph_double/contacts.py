"""What contact cards must look like."""

from __future__ import annotations

import re

from .errors import GraphError
from .parts import Part

MOST_CARDS = 5

_NAME_PARTS = ("first_name", "last_name", "middle_name", "prefix", "suffix")
_LISTS = {
    "phones": ("phone", "type", "wa_id"),
    "emails": ("email", "type"),
    "urls": ("url", "type"),
    "addresses": ("street", "city", "state", "zip", "country", "country_code", "type"),
}
_ANY_NUMBER = 1_000
_BIRTHDAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")


def check_contacts(message: Part) -> None:
    """Check the ``contacts`` list of a send.

    :raises GraphError: Meta would refuse it.
    """
    for card in message.parts("contacts", 1, MOST_CARDS):
        card.only("name", "org", "birthday", *_LISTS)
        _check_name(card.part("name"))
        for name, members in _LISTS.items():
            if name in card:
                for item in card.parts(name, 0, _ANY_NUMBER):
                    _check_texts(item, *members)
                    _check_country(item)
        if "org" in card:
            _check_texts(card.part("org"), "company", "department", "title")
        if "birthday" in card and not _BIRTHDAY.fullmatch(card.text("birthday")):
            raise card.wrong("birthday", "is a day such as 1999-12-31")


def _check_name(name: Part) -> None:
    name.text("formatted_name")
    _check_texts(name, "formatted_name", *_NAME_PARTS)
    if not any(part in name for part in _NAME_PARTS):
        raise GraphError(131008, f"{name.place} needs one of {', '.join(_NAME_PARTS)}.")


def _check_texts(part: Part, *members: str) -> None:
    part.only(*members)
    for member in members:
        part.optional_text(member)


def _check_country(item: Part) -> None:
    country = item.optional_text("country_code")
    if country is not None and not re.fullmatch(r"[A-Za-z]{2}", country):
        raise item.wrong("country_code", "is a code of two letters")
