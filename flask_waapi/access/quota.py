"""The daily limit: exact, in the database, by UTC day.

One conditional upsert a request. Counting by reading and then writing admits too many as soon as two
processes do it (measured: twice the limit); counters leased in blocks lose what a killed process held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from ..storage.models import DailyUsage

DAYS_KEPT = 31
"""How many days of a key's past stay; the last day on which it was used always does."""


@dataclass(frozen=True)
class Quota:
    """A limit after a request has asked for its share.

    :param limit: requests in the window.
    :param share: how many of them who counts may grant: all, or the part of one of several processes.
    :param remaining: how many are left of it.
    :param reset_seconds: whole seconds until there are more.
    :param granted: whether this request got its share.
    """

    limit: int
    share: int
    remaining: int
    reset_seconds: int
    granted: bool


def take(session: Session, key_id: UUID, limit: int, now: datetime, amount: int = 1) -> Quota:
    """Count requests of the key, all of them or, where that would exceed the day's limit, none."""
    moment = now.astimezone(UTC)
    row = {"key_id": key_id, "day": moment.date(), "used": amount, "last_used_at": moment}
    used = _take(session, row, limit) if amount <= limit else None
    if used is None:
        return left(session, key_id, limit, now)
    if used == amount:
        # Once a day, along the primary key: no job has to look through the rows of all keys.
        oldest = moment.date() - timedelta(days=DAYS_KEPT)
        session.execute(delete(DailyUsage).where(DailyUsage.key_id == key_id, DailyUsage.day < oldest))
    return Quota(limit, limit, max(0, limit - used), _until_midnight(moment), granted=True)


def left(session: Session, key_id: UUID, limit: int, now: datetime) -> Quota:
    """What the key has left of the day; nothing is counted, and nothing granted."""
    moment = now.astimezone(UTC)
    usage = session.get(DailyUsage, (key_id, moment.date()))
    used = usage.used if usage else 0
    return Quota(limit, limit, max(0, limit - used), _until_midnight(moment), granted=False)


def _until_midnight(moment: datetime) -> int:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(1, int((midnight - moment).total_seconds()))


def _take(session: Session, row: dict[str, Any], limit: int) -> int | None:
    if session.get_bind().dialect.name in {"mysql", "mariadb"}:
        return _take_mysql(session, row, limit)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(DailyUsage)
        .values(row)
        .on_conflict_do_update(
            index_elements=[DailyUsage.key_id, DailyUsage.day],
            set_={"used": DailyUsage.used + row["used"], "last_used_at": row["last_used_at"]},
            where=DailyUsage.used + row["used"] <= limit,
        )
        .returning(DailyUsage.used)
    )
    used: int | None = session.execute(statement).scalar_one_or_none()
    return used


def _take_mysql(session: Session, row: dict[str, Any], limit: int) -> int | None:
    # No condition on its upsert: make sure of the row first, then count under its lock.
    key = (DailyUsage.key_id == row["key_id"], DailyUsage.day == row["day"])
    session.execute(
        mysql.insert(DailyUsage).values(row | {"used": 0}).on_duplicate_key_update(used=DailyUsage.used)
    )
    counted = session.execute(
        update(DailyUsage)
        .where(*key, DailyUsage.used + row["used"] <= limit)
        .values(used=DailyUsage.used + row["used"], last_used_at=row["last_used_at"])
    )
    if counted.rowcount == 0:  # type: ignore[attr-defined]
        return None
    usage = session.get(DailyUsage, (row["key_id"], row["day"]))
    return usage.used if usage else None
