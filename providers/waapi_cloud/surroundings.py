"""What stands around an item of a callback and is needed to understand it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .json_values import Unreadable, address, member, moment, objects, text_at


@dataclass(frozen=True)
class Surroundings:
    """The change that an item belongs to, and the entry around that.

    :param value: the change's ``value``.
    :param phone_number_id: of this instance.
    :param business_account_id: of this instance, if it is configured.
    """

    value: Mapping[str, Any]
    entry: Mapping[str, Any]
    phone_number_id: str
    business_account_id: str | None = None

    @property
    def our_number(self) -> str:
        """The instance's number, or its id where the number is not told."""
        shown = text_at(self.value, "metadata", "display_phone_number") or ""
        return address(re.sub(r"\D", "", shown)) or self.phone_number_id

    @property
    def is_ours(self) -> bool:
        """Whether this is for the instance's number, as it is unless another one is named."""
        return self._named_id in (None, self.phone_number_id)

    def require_ours(self) -> None:
        """Return only if this is for the instance's number.

        One webhook serves every number of a Meta app.

        :raises Unreadable: it is for another one.
        """
        if not self.is_ours:
            raise Unreadable(f"It is for the number {self._named_id}, which is not this instance's.")

    def require_our_account(self) -> None:
        """Return only if this is about the instance's business account, as far as that is known.

        One webhook serves every account that the Meta app is subscribed to.

        :raises Unreadable: it is about another one.
        """
        named = text_at(self.entry, "id")
        if named is not None and self.business_account_id not in (None, named):
            raise Unreadable(f"It is about the account {named}, which is not this instance's.")

    @property
    def _named_id(self) -> str | None:
        return text_at(self.value, "metadata", "phone_number_id")

    def told_at(self) -> datetime:
        """When the entry was made, for what has no time of its own.

        Meta leaves the entry's time out where messages and statuses have theirs; then the newest of
        them counts.

        :raises Unreadable: nothing here has a time.
        """
        own = moment(self.entry.get("time"))
        if own is not None:
            return own
        beside = [
            moment(item.get("timestamp"))
            for name in ("messages", "statuses")
            for item in objects(self.value.get(name))
        ]
        known = [time for time in beside if time is not None]
        if not known:
            raise Unreadable("It does not say when it happened.")
        return max(known)

    def name_of(self, number: Any, user_id: Any) -> str | None:
        """What a person is called, by the contact with that number or id.

        Contacts are not in the order of the messages, and any member of theirs may be missing.
        """
        for contact in objects(self.value.get("contacts")):
            same_number = number is not None and contact.get("wa_id") == number
            same_id = user_id is not None and contact.get("user_id") == user_id
            if same_number or same_id:
                profile = member(contact, "profile")
                return text_at(profile, "name") or text_at(profile, "username")
        return None


def occurred_at(item: Mapping[str, Any]) -> datetime:
    """The time of an item that has its own.

    :raises Unreadable: it has none.
    """
    time = moment(item.get("timestamp"))
    if time is None:
        raise Unreadable("Its timestamp is missing or cannot be read.")
    return time
