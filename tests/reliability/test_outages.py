"""A part that goes away under load and comes back: the documented behaviour, and nothing lost."""

from __future__ import annotations

import pytest

from . import report
from .engines import SMALL
from .outages import broker_away, database_away, redis_away
from .places import Place
from .verdict import Verdict

pytest.importorskip("gunicorn", reason="real processes need the extra: reference")

on_sqlite = pytest.mark.parametrize("migrated_uri", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "migrated_uri", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)

MESSAGES = 60


def hold(verdict: Verdict) -> None:
    """Show the line of the table, and fail where it falls short."""
    print(report.line(verdict))
    assert verdict.faults == []


@pytest.mark.rabbitmq
@on_sqlite
def test_without_its_broker_celery_sends_later(place: Place) -> None:
    pytest.importorskip("celery", reason="needs the extra: celery")
    hold(broker_away(place, "refused", messages=MESSAGES, scale=SMALL))


@pytest.mark.redis
@on_sqlite
def test_without_redis_requests_are_answered(place: Place) -> None:
    hold(redis_away(place, "hanging", messages=MESSAGES, scale=SMALL))


@on_postgresql
def test_without_its_database_it_answers_503_and_goes_on_afterwards(place: Place) -> None:
    hold(database_away(place, "refused", "inline", messages=MESSAGES, scale=SMALL))
