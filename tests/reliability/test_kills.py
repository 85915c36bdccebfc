"""``kill -9`` loses no acknowledged message and sends none twice; at full size: ``make reliability``."""

from __future__ import annotations

import secrets

import pytest

from . import report
from .engines import SMALL
from .kills import kills
from .places import Place

pytest.importorskip("gunicorn", reason="real processes need the extra: reference")

on_sqlite_and_postgresql = pytest.mark.parametrize(
    "migrated_uri",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
    indirect=True,
)

on_postgresql = pytest.mark.parametrize(
    "migrated_uri", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)

MESSAGES = 150
KILLS = 4


def hold(place: Place, engine: str, policy: str = "fail") -> None:
    """A small run of an engine; a failure shows the seed."""
    seed = secrets.randbelow(1_000_000)
    verdict = kills(place, engine, messages=MESSAGES, count=KILLS, seed=seed, policy=policy, scale=SMALL)
    print(report.line(verdict))
    assert verdict.faults == []


@on_sqlite_and_postgresql
def test_killed_web_processes_lose_and_double_nothing(place: Place) -> None:
    hold(place, "inline")


@on_sqlite_and_postgresql
def test_killed_workers_lose_and_double_nothing(place: Place) -> None:
    hold(place, "worker")


@pytest.mark.parametrize("migrated_uri", ["sqlite"], indirect=True)
def test_what_is_resent_by_policy_was_unconfirmed_before(place: Place) -> None:
    hold(place, "worker", policy="resend")


@pytest.mark.rabbitmq
@on_postgresql
def test_killed_celery_processes_lose_and_double_nothing(place: Place) -> None:
    pytest.importorskip("celery", reason="needs the extra: celery")
    hold(place, "celery")
