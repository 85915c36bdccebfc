"""The daily limit: exact, in the database, by UTC day.

One conditional upsert a request. Counting by reading and then writing admits too many as soon as two
processes do it (measured: twice the limit); counters leased in blocks lose what a killed process held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from ..storage.models import DailyUsage


@dataclass(frozen=True)
class Quota:
    """A limit after one request has asked for its share.

    :param limit: requests in the window.
    :param remaining: how many are left of it.
    :param reset_seconds: whole seconds until there are more.
    :param granted: whether this request got one.
    """

    limit: int
    remaining: int
    reset_seconds: int
    granted: bool


def take(session: Session, key_id: UUID, limit: int, now: datetime) -> Quota:
    """Count one request of the key, unless the day's limit is used up."""
    moment = now.astimezone(UTC)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    reset_seconds = max(1, int((midnight - moment).total_seconds()))
    used = _take_one(session, key_id, limit, moment)
    if used is None:
        return Quota(limit, 0, reset_seconds, granted=False)
    return Quota(limit, max(0, limit - used), reset_seconds, granted=True)


def _take_one(session: Session, key_id: UUID, limit: int, now: datetime) -> int | None:
    row = {"key_id": key_id, "day": now.date(), "used": 1, "last_used_at": now}
    if session.get_bind().dialect.name in {"mysql", "mariadb"}:
        return _take_one_mysql(session, row, limit)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(DailyUsage)
        .values(row)
        .on_conflict_do_update(
            index_elements=[DailyUsage.key_id, DailyUsage.day],
            set_={"used": DailyUsage.used + 1, "last_used_at": now},
            where=DailyUsage.used < limit,
        )
        .returning(DailyUsage.used)
    )
    used: int | None = session.execute(statement).scalar_one_or_none()
    return used


def _take_one_mysql(session: Session, row: dict[str, Any], limit: int) -> int | None:
    # No condition on its upsert: make sure of the row first, then count under its lock.
    key = (DailyUsage.key_id == row["key_id"], DailyUsage.day == row["day"])
    session.execute(
        mysql.insert(DailyUsage).values(row | {"used": 0}).on_duplicate_key_update(used=DailyUsage.used)
    )
    counted = session.execute(
        update(DailyUsage)
        .where(*key, DailyUsage.used < limit)
        .values(used=DailyUsage.used + 1, last_used_at=row["last_used_at"])
    )
    if counted.rowcount == 0:  # type: ignore[attr-defined]
        return None
    usage = session.get(DailyUsage, (row["key_id"], row["day"]))
    return usage.used if usage else None
