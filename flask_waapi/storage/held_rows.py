"""Rows that a transaction holds, made by it if need be."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from .models import Base

Row = TypeVar("Row", bound=Base)


def hold(session: Session, model: type[Row], key: dict[str, Any], **initial: Any) -> Row:
    """A row by its primary key, held against others until the transaction ends.

    :param key: the columns of the primary key.
    :param initial: further columns of a row that there was none of.
    """
    query = select(model).filter_by(**key).with_for_update()
    query = query.execution_options(populate_existing=True)
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        # Another transaction may make it at the same moment, which is no error here.
        session.execute(_insert_missing(session.get_bind().dialect.name, model, key, key | initial))
        found = session.execute(query).scalar_one()
    return found


def _insert_missing(dialect: str, model: type[Base], key: dict[str, Any], values: dict[str, Any]) -> Any:
    if dialect in {"mysql", "mariadb"}:
        # Not IGNORE, which leaves each of two with a lock on the row that the other waits for.
        statement = mysql.insert(model).values(values)
        name = next(iter(key))
        return statement.on_duplicate_key_update({name: statement.inserted[name]})
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(model).values(values).on_conflict_do_nothing()
