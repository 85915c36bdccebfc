"""The objects that a send is made of, and how Meta refuses what is wrong with them.

Something missing is refused with 131008, something of a wrong JSON type or with an unknown name with 100,
a wrong value with 131009; the details name the member as Meta does: ``interactive['action']['name']``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .errors import GraphError
from .media import MediaShelf

_WEB_ADDRESS = re.compile(r"https?://[^/\s]\S*", re.IGNORECASE)


class Part:
    """One object of a send.

    :param value: the JSON value; only an object is one.
    :param place: where it stands, ``interactive['action']``; empty for the send itself.
    :raises GraphError: it is no object. So do all methods for what Meta would refuse.
    """

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise GraphError(100, f"{place or 'The body'} must be an object.")
        self.value: dict[str, Any] = value
        self.place = place

    def __contains__(self, name: str) -> bool:
        return name in self.value

    def place_of(self, name: str) -> str:
        """Where a member stands."""
        return f"{self.place}['{name}']" if self.place else name

    def only(self, *names: str) -> None:
        """Refuse members with other names."""
        unknown = self.value.keys() - set(names)
        if unknown:
            raise GraphError(100, f"Unexpected key {min(unknown)!r} in {self.place}.")

    def needed(self, name: str) -> Any:
        """A member that must be there."""
        if self.value.get(name) is None:
            raise GraphError(131008, f"The parameter {self.place_of(name)} is required.")
        return self.value[name]

    def part(self, name: str) -> Part:
        """An object that must be there."""
        return Part(self.needed(name), self.place_of(name))

    def parts(self, name: str, least: int, most: int) -> list[Part]:
        """A list of objects that must be there. :param least, most: how many."""
        values = self.needed(name)
        if not isinstance(values, list):
            raise GraphError(100, f"{self.place_of(name)} must be a list.")
        if not least <= len(values) <= most:
            raise self.wrong(name, f"has {least} to {most} items, not {len(values)}")
        return [Part(value, f"{self.place_of(name)}[{index}]") for index, value in enumerate(values)]

    def text(self, name: str, longest: int | None = None, *, shortest: int = 1) -> str:
        """A text that must be there. :param longest, shortest: characters."""
        value = self.needed(name)
        if not isinstance(value, str):
            raise GraphError(100, f"{self.place_of(name)} must be a string.")
        if len(value) < shortest or (longest is not None and len(value) > longest):
            raise self.wrong(name, f"has {shortest} to {longest or 'any number of'} characters")
        return value

    def optional_text(self, name: str, longest: int | None = None) -> str | None:
        """A text that may be left out."""
        return self.text(name, longest) if name in self else None

    def choice(self, name: str, *values: str) -> str:
        """One of these words, which must be there."""
        value = self.text(name)
        if value not in values:
            raise self.wrong(name, f"is one of {', '.join(values)}")
        return value

    def whole_number(self, name: str, least: int, most: int) -> int:
        """A whole number that must be there."""
        value = self.needed(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise GraphError(100, f"{self.place_of(name)} must be a whole number.")
        if not least <= value <= most:
            raise self.wrong(name, f"lies between {least} and {most}")
        return value

    def flag(self, name: str) -> None:
        """A boolean that may be left out."""
        if not isinstance(self.value.get(name, False), bool):
            raise GraphError(100, f"{self.place_of(name)} must be a boolean.")

    def one_of(self, *names: str) -> str:
        """Exactly one of these members must be there; its name."""
        given = [name for name in names if self.value.get(name) is not None]
        if len(given) != 1:
            raise GraphError(131008, f"{self.place} needs exactly one of {', '.join(names)}.")
        return given[0]

    def web_address(self, name: str) -> str:
        """An http(s) address that must be there."""
        value = self.text(name)
        if not _WEB_ADDRESS.fullmatch(value):
            raise self.wrong(name, "is an http(s) address")
        return value

    def medium(self, shelf: MediaShelf, *others: str) -> None:
        """The source of a medium: the id of an upload or an address. :param others: further members."""
        self.only("id", "link", *others)
        self.source(shelf)

    def source(self, shelf: MediaShelf) -> None:
        """Exactly one of ``id`` and ``link``; other members are not looked at."""
        if self.one_of("id", "link") == "link":
            self.web_address("link")
        elif self.value["id"] not in shelf:
            raise self.wrong("id", "is the id of an uploaded medium")

    def wrong(self, name: str, rule: str) -> GraphError:
        """The refusal of a member's value. :param rule: what it is when it is right."""
        return GraphError(131009, f"The value of {self.place_of(name)} is not valid: it {rule}.")


def check_unique(what: str, values: Iterable[str]) -> None:
    """Refuse a value that is there twice.

    :raises GraphError: one is.
    """
    seen = list(values)
    for value in seen:
        if seen.count(value) > 1:
            raise GraphError(131009, f"Each {what} must be unique; {value!r} is there twice.")
