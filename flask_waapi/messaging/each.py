"""Work on many things, of which one that fails must hinder no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(items: Iterable[Item], work: Callable[[Item], Result]) -> list[Result]:
    """Do the work for each item; what was wrong with the first that failed is raised after the others.

    :returns: what came of each, in their order.
    """
    results: list[Result] = []
    failure: Exception | None = None
    for item in items:
        try:
            results.append(work(item))
        except Exception as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return results
