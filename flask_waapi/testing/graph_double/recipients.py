"""Whom a send reaches: the owner of a number, a person known by a user id, or a group."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import GraphError

_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]+")


def is_user_id(address: object) -> bool:
    """Whether somebody is named by a user id."""
    return isinstance(address, str) and _USER_ID.fullmatch(address) is not None


@dataclass(frozen=True)
class Recipient:
    """Whom a send reaches.

    :param id: by which statuses name it: digits of a number, a user id, or a group's id.
    :param given: as the send writes it.
    :param contact: the member of an answer's contact that repeats the id; groups have none.
    """

    id: str
    given: str
    contact: str | None

    @property
    def is_user_id(self) -> bool:
        """Whether it is a person known by a user id."""
        return self.contact == "user_id"

    @property
    def is_group(self) -> bool:
        """Whether it is a group."""
        return self.contact is None

    def as_contact(self) -> dict[str, str]:
        """The contact in the answer to the send."""
        return {"input": self.given} | ({} if self.contact is None else {self.contact: self.id})

    def as_reported(self) -> dict[str, str]:
        """The members of a status that name the recipient."""
        if self.is_user_id:
            return {"recipient_user_id": self.id}
        return {"recipient_id": self.id} | ({"recipient_type": "group"} if self.is_group else {})


def recipient_of(body: Mapping[str, Any]) -> Recipient:
    """Whom a send is for; ``to`` comes before ``recipient`` where both are given.

    :raises GraphError: nobody, or what is there names nobody.
    """
    kind = body.get("recipient_type", "individual")
    if kind == "group":
        return _group(body)
    if kind != "individual":
        raise GraphError(100, "The parameter recipient_type is one of individual, group.")
    if body.get("to") is not None:
        return _number(body["to"])
    if body.get("recipient") is not None:
        return _user(body["recipient"])
    raise GraphError(131008, "The parameter to is required.")


def _group(body: Mapping[str, Any]) -> Recipient:
    group = body.get("to")
    if group is None:
        raise GraphError(131008, "The parameter to is required.")
    if not isinstance(group, str) or not re.fullmatch(r"[A-Za-z0-9_=-]{1,128}", group):
        raise GraphError(131009, "The parameter to is not the id of a group.")
    return Recipient(group, group, None)


def _number(given: Any) -> Recipient:
    digits = re.sub(r"[ ()+-]", "", given) if isinstance(given, str) else ""
    if not re.fullmatch(r"[0-9]{5,20}", digits):
        raise GraphError(131009, "The parameter to is not a phone number.")
    return Recipient(digits, given, "wa_id")


def _user(given: Any) -> Recipient:
    if not is_user_id(given):
        raise GraphError(131009, "The parameter recipient is not a user id.")
    return Recipient(given, given, "user_id")
