"""A search along one index of a table, with a bound to how many rows it looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from .models import Base

MOST_LOOKED_AT = 5_000
"""Rows that one search looks at, where no index holds exactly what is wanted."""

LOWEST, HIGHEST = UUID(int=0), UUID(int=2**128 - 1)

Row = TypeVar("Row", bound=Base)

Column = InstrumentedAttribute[Any]

Equal = Mapping[Column, Any]
"""The values that are wanted in these columns."""


@dataclass(frozen=True)
class Stretch:
    """A part of the table, by its ids, which sort by time.

    :param low: the first id, included. :param high: the end, not included.
    :param ascending: whether the search goes from the low end up; otherwise from the high end down.
    """

    low: UUID = LOWEST
    high: UUID = HIGHEST
    ascending: bool = False


@dataclass(frozen=True)
class Found(Generic[Row]):
    """What a search has found, in its direction.

    :param reached: the last id that was looked at, where the search stopped before its end.
    """

    rows: Sequence[Row]
    reached: UUID | None


def find(
    session: Session,
    model: type[Row],
    indexes: Iterable[Sequence[Column]],
    equal: Equal,
    stretch: Stretch,
    limit: int,
) -> Found[Row]:
    """Rows of a table in a stretch of it.

    :param indexes: the columns of each index before the id, with which all of them end; those first that
        mostly narrow the most. One at least has no other columns than ``equal``.
    :param limit: where to stop; fewer come where the search has looked at :data:`MOST_LOOKED_AT` rows.
    """
    walk = _furthest([_Walk(session, model, columns, stretch) for columns in _usable(indexes, equal)])
    others = {column: value for column, value in equal.items() if column not in walk.held}
    if not others:
        return Found(session.scalars(walk.query(select(model)).limit(limit)).all(), None)
    looked_at = aliased(model, walk.query(select(model)).limit(MOST_LOOKED_AT).subquery())
    query = select(looked_at).where(
        *(getattr(looked_at, column.key) == value for column, value in others.items())
    )
    rows = session.scalars(query.order_by(*walk.order(looked_at)).limit(limit)).all()
    return Found(rows, walk.end if len(rows) < limit else None)


def _usable(indexes: Iterable[Sequence[Column]], equal: Equal) -> list[Equal]:
    """What each index holds of the values, without those that another one holds with more."""
    found = [{column: equal[column] for column in index} for index in indexes if equal.keys() >= set(index)]
    return [held for held in found if not any(held.keys() < other.keys() for other in found)]


def _furthest(walks: Sequence[_Walk[Row]]) -> _Walk[Row]:
    """The walk that gets furthest, be it that there is little on its way."""
    if len(walks) == 1:
        return walks[0]
    ends: list[tuple[UUID, _Walk[Row]]] = []
    for walk in walks:
        if walk.end is None:
            return walk
        ends.append((walk.end, walk))
    furthest = max if walks[0].stretch.ascending else min
    return furthest(ends, key=lambda pair: pair[0])[1]


@dataclass(frozen=True)
class _Walk(Generic[Row]):
    """A walk along the index of some columns, over the rows with these values in them."""

    session: Session
    model: type[Row]
    held: Equal
    stretch: Stretch

    def query(self, query: Select[Any]) -> Select[Any]:
        """The rows, in the order of the walk."""
        for dialect in ("mysql", "mariadb"):
            query = query.with_hint(self.model, f"FORCE INDEX ({self._index()})", dialect)
        return query.where(*self._bounds()).order_by(*self.order(self.model))

    def order(self, model: Any) -> list[Any]:
        """The order of the walk, which only the index of the columns has on PostgreSQL."""
        names = [column.key for column in self._ordered] if self._is_postgresql() else []
        columns = [getattr(model, name) for name in (*names, "id")]
        return columns if self.stretch.ascending else [column.desc() for column in columns]

    @cached_property
    def end(self) -> UUID | None:
        """The id at which the walk has looked at as much as it may; ``None`` if it ends before."""
        query = self.query(select(self._id)).offset(MOST_LOOKED_AT - 1).limit(1)
        return self.session.scalars(query).first()

    @property
    def _id(self) -> Column:
        column: Column = getattr(self.model, "id")  # noqa: B009 - not every table has one
        return column

    @property
    def _ordered(self) -> list[Column]:
        """The columns that no other index has in this order: those behind the first, or it alone."""
        return list(self.held)[1:] or list(self.held)

    def _index(self) -> str:
        return "_".join(["ix", self.model.__tablename__, *(column.key for column in self.held), "id"])

    def _is_postgresql(self) -> bool:
        return self.session.get_bind().dialect.name == "postgresql"

    def _bounds(self) -> list[Any]:
        low, high = self.stretch.low, self.stretch.high
        if not self._is_postgresql():
            equal = [column == value for column, value in self.held.items()]
            return [*equal, and_(self._id >= low, self._id < high)]
        # With an equality here PostgreSQL may as well walk along the primary key, in the hope of meeting the
        # values often; where all of their rows are old, it reads the whole table. A comparison of tuples
        # keeps the columns in the order, which leaves it no other index. A range of each column alone (>= and
        # <= the value) would too, but then the ids are compared entry by entry, so that a deep page walks
        # past all that is newer.
        ordered = self._ordered
        equal = [column == value for column, value in list(self.held.items())[: -len(ordered)]]
        values = [literal(self.held[column], column.type) for column in ordered]
        lowest, highest = (tuple_(*values, literal(end, self._id.type)) for end in (low, high))
        place = tuple_(*ordered, self._id)
        return [*equal, place >= lowest, place < highest]
