"""Which tests a run takes that shows something else than the code: other versions, missing packages."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec

import pytest

DRIVERS = {"sqlite": "sqlite3", "postgresql": "psycopg", "mariadb": "pymysql"}
"""The kinds of database, each with the package without which it is of no use."""

CASES = 3
"""How many cases of one test are taken: what a version changes, it changes for more than one of them."""


def few_of(items: Sequence[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Of a test that is there once for each kind of database, one kind by turns; of its other cases, a few.

    :returns: those that are kept, in their order, and those that are left out. The same ones each time, so
        that all processes of a run agree.
    """
    kept = set(_some_cases(_one_kind(items)))
    return [item for item in items if item in kept], [item for item in items if item not in kept]


def _one_kind(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    same: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if (kind := _kind(item)) is not None and find_spec(DRIVERS[kind]) is not None:
            same[item.nodeid.replace(kind, "")].append(item)
        else:
            yield item
    for test, kinds in same.items():
        yield kinds[zlib.crc32(test.encode()) % len(kinds)]


def _kind(item: pytest.Item) -> str | None:
    call = getattr(item, "callspec", None)  # only a test with parameters has one
    values = call.params.values() if call else ()
    return next((value for value in values if isinstance(value, str) and value in DRIVERS), None)


def _some_cases(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    tests: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(item)
    for cases in tests.values():
        # From the first to the last, with the same distance between them.
        places = (place * (len(cases) - 1) // (CASES - 1) for place in range(CASES))
        yield from (cases[place] for place in dict.fromkeys(places))
