"""Calls of the API by the hour, beside the log of the single ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Date, cast, delete, func, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from ..identifiers import first_id
from ..storage.counter_models import RequestHour
from ..storage.models import ApiRequest
from ..storage.session import Store
from .request_entry import RequestEntry

HOUR = timedelta(hours=1)


class Calls(NamedTuple):
    """Calls of one key that had one outcome, within one hour or day.

    :param step: the beginning of the hour or day. :param error_code: empty where there is none.
    """

    step: datetime
    key_id: UUID
    status: int
    error_code: str
    calls: int
    duration_ms: float


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def add(session: Session, entries: Iterable[RequestEntry]) -> None:
    """Count the entries that the transaction writes into the log."""
    counted: dict[tuple[Any, ...], list[float]] = {}
    for entry in entries:
        key = (entry.account, hour_of(entry.occurred_at), entry.key_id, entry.status, entry.error_code or "")
        calls = counted.setdefault(key, [0, 0.0])
        calls[0] += 1
        calls[1] += entry.duration_ms
    # Sorted, so that two processes which count the same rows never wait for each other.
    rows = [
        {
            "account": account,
            "hour": hour,
            "key_id": key_id,
            "status": status,
            "error_code": error_code,
            "calls": int(calls),
            "duration_ms": duration,
        }
        for (account, hour, key_id, status, error_code), (calls, duration) in sorted(counted.items())
    ]
    session.execute(_upsert(session.get_bind().dialect.name, rows))


def _upsert(dialect: str, rows: Sequence[dict[str, Any]]) -> Any:
    if dialect in {"mysql", "mariadb"}:
        statement = mysql.insert(RequestHour).values(rows)
        return statement.on_duplicate_key_update(
            calls=RequestHour.calls + statement.inserted.calls,
            duration_ms=RequestHour.duration_ms + statement.inserted.duration_ms,
        )
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    upsert = insert(RequestHour).values(rows)
    return upsert.on_conflict_do_update(
        index_elements=list(RequestHour.__table__.primary_key),
        set_={
            "calls": RequestHour.calls + upsert.excluded.calls,
            "duration_ms": RequestHour.duration_ms + upsert.excluded.duration_ms,
        },
    )


def count_since(session: Session, account: str, start: datetime) -> int:
    """How many calls there have been after a moment: whole hours, and what the log holds of the first."""
    whole = hour_of(start) + HOUR
    of_hours = select(func.sum(RequestHour.calls)).where(
        RequestHour.account == account, RequestHour.hour >= whole
    )
    first = first_id(start + timedelta(microseconds=1))
    of_log = (
        select(func.count())
        .select_from(ApiRequest)
        .where(ApiRequest.account == account, ApiRequest.id >= first, ApiRequest.id < first_id(whole))
    )
    both = select(of_hours.scalar_subquery(), of_log.scalar_subquery())
    in_hours, in_log = session.execute(both).one()
    return int(in_hours or 0) + int(in_log)


def by_hour(store: Store, account: str, start: datetime, key_id: UUID | None = None) -> list[Calls]:
    """The calls from an hour on, oldest first.

    :param key_id: of this key alone.
    """
    return _read(store, account, start, key_id, lambda dialect: RequestHour.hour)


def by_day(store: Store, account: str, start: datetime, key_id: UUID | None = None) -> list[Calls]:
    """The same, added up by UTC day: of a month, a thirtieth of the rows."""
    return _read(store, account, start, key_id, _day_on)


def _read(
    store: Store,
    account: str,
    start: datetime,
    key_id: UUID | None,
    step_on: Callable[[str], Any],
) -> list[Calls]:
    with store.read() as session:
        step = step_on(session.get_bind().dialect.name).label("step")
        group = (step, RequestHour.key_id, RequestHour.status, RequestHour.error_code)
        # A sum of whole numbers is a decimal one on PostgreSQL and MariaDB, which takes long to read.
        calls = cast(func.sum(RequestHour.calls), BigInteger)
        query = (
            select(*group, calls, func.sum(RequestHour.duration_ms))
            .where(RequestHour.account == account, RequestHour.hour >= hour_of(start))
            .group_by(*group)
            .order_by(step)
        )
        if key_id is not None:
            query = query.where(RequestHour.key_id == key_id)
        # Many rows share a step.
        moment_of_step = cache(_as_moment)
        return [Calls(moment_of_step(step), *rest) for step, *rest in session.execute(query)]


def _day_on(dialect: str) -> Any:
    # PostgreSQL would take the day of the connection's zone.
    hour = func.timezone("UTC", RequestHour.hour) if dialect == "postgresql" else RequestHour.hour
    return func.date(hour, type_=Date)


def _as_moment(step: date) -> datetime:
    return step if isinstance(step, datetime) else datetime(step.year, step.month, step.day, tzinfo=UTC)


def forget(session: Session, before: datetime) -> None:
    """Delete the hours that ended before a moment."""
    session.execute(delete(RequestHour).where(RequestHour.hour < hour_of(before)))
