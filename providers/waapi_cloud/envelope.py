"""From the body of a webhook to its items: entries, changes, and the lists within a change.

The envelope is that of Meta's page on webhook payloads. One request may hold many entries, many changes
in each and many items in each of those; every one is read on its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask_waapi import CallbackItem, ProviderEvent

from .account_events import read_account_change, read_account_error
from .inbound import read_echo, read_message
from .json_values import DEEPEST, Unreadable, is_deeper, member, read_json, text_at
from .preferences import read_preference
from .statuses import read_status
from .surroundings import Surroundings
from .template_events import read_template_change

Events = tuple[ProviderEvent, ...]
Reader = Callable[[dict[str, Any], Surroundings], Events]
"""Reads an object into what it means: nothing for a kind it does not know.

It raises :class:`Unreadable` for what is broken.
"""

MESSAGE_FIELDS = frozenset({"messages", "smb_message_echoes", "message_echoes", "user_preferences"})
"""The fields of changes that hold lists, of which each element is an item."""

_READERS_OF_LISTS: dict[str, Reader] = {
    "statuses": read_status,
    "messages": read_message,
    "message_echoes": read_echo,
    "user_preferences": read_preference,
    "errors": read_account_error,
}
_NO_ITEMS = frozenset({"contacts"})
_NAME = re.compile(r"[a-z_]{1,40}")
_EXCERPT = 1_000


def read_callback(
    body: bytes,
    phone_number_id: str,
    business_account_id: str | None = None,
    *,
    learn_number: Callable[[str], None] = lambda shown: None,
) -> list[CallbackItem]:
    """The items of a callback whose signature was good.

    :param phone_number_id: of the instance; one webhook brings what other numbers receive as well.
    :param business_account_id: likewise, if it is configured.
    :param learn_number: told the instance's number wherever the callback shows it.
    :returns: one item for each thing that is told. Nothing is raised, whatever the body is.
    """
    try:
        document = read_json(body)
    except ValueError:
        excerpt = body[:_EXCERPT].decode("utf-8", "backslashreplace")
        return [CallbackItem("", excerpt, problem="It is not JSON.")]
    return list(_Reading(phone_number_id, business_account_id, learn_number).document(document))


@dataclass(frozen=True)
class _Reading:
    """One pass over a callback, for one instance."""

    phone_number_id: str
    business_account_id: str | None
    learn_number: Callable[[str], None]

    def document(self, document: Any) -> Iterator[CallbackItem]:
        if not isinstance(document, dict) or not isinstance(document.get("entry"), list):
            yield _broken("", document, "It has no list of entries.")
            return
        for position, entry in _elements(document, "entry", ""):
            yield from self._entry(position, entry)

    def _entry(self, position: str, entry: Any) -> Iterator[CallbackItem]:
        if not isinstance(entry, dict) or not isinstance(entry.get("changes"), list):
            yield _broken(position, entry, "It has no list of changes.")
            return
        for change_position, change in _elements(entry, "changes", f"{position}."):
            yield from self._change(change_position, change, entry)

    def _change(self, position: str, change: Any, entry: dict[str, Any]) -> Iterator[CallbackItem]:
        field, value = member(change, "field"), member(change, "value")
        if not isinstance(field, str):
            yield _broken(position, change, "It does not say which field has changed.")
        elif not isinstance(value, dict):
            yield _broken(position, change, "Its value is not an object.")
        else:
            around = Surroundings(value, entry, self.phone_number_id, self.business_account_id)
            if field in MESSAGE_FIELDS:
                if around.is_ours and (shown := text_at(value, "metadata", "display_phone_number")):
                    self.learn_number(shown)
                yield from _lists(position, change, around)
            else:
                yield _item(position, change, partial(_read_change, field, value, around))


def _read_change(field: str, value: dict[str, Any], around: Surroundings) -> Events:
    events = read_template_change(field, value, around) or read_account_change(field, value, around)
    if events:
        around.require_our_account()
    return events


def _lists(position: str, change: dict[str, Any], around: Surroundings) -> Iterator[CallbackItem]:
    is_empty = True
    for name, found in around.value.items():
        known = name in _READERS_OF_LISTS
        is_new_list = isinstance(found, list) and _NAME.fullmatch(name)
        if name in _NO_ITEMS or found is None or not (known or is_new_list):
            continue
        is_empty = False
        if not isinstance(found, list):
            yield _broken(f"{position}.value.{name}", found, "It is not a list.")
        for item_position, item in _elements(around.value, name, f"{position}.value."):
            if not known:
                yield _item(item_position, item, tuple)
            elif isinstance(item, dict):
                yield _item(item_position, item, partial(_READERS_OF_LISTS[name], item, around))
            else:
                yield _broken(item_position, item, "It is not an object.")
    if is_empty:
        yield _item(position, change, tuple)


def _elements(parent: Any, name: str, prefix: str) -> Iterator[tuple[str, Any]]:
    found = parent.get(name)
    for index, element in enumerate(found if isinstance(found, list) else ()):
        yield f"{prefix}{name}[{index}]", element


def _item(position: str, raw: Any, read: Callable[[], Events]) -> CallbackItem:
    if is_deeper(raw, DEEPEST):
        return _broken(position, raw, "")
    try:
        return CallbackItem(position, raw, read())
    except Unreadable as error:
        return CallbackItem(position, raw, problem=str(error))
    except Exception as error:
        return CallbackItem(
            position, raw, problem=f"The provider broke while reading it: {type(error).__name__}."
        )


def _broken(position: str, raw: Any, problem: str) -> CallbackItem:
    if is_deeper(raw, DEEPEST):
        return CallbackItem(position, None, problem=f"It has more than {DEEPEST} levels.")
    return CallbackItem(position, raw, problem=problem)
