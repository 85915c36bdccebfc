"""Delivery by real processes against a provider that misbehaves, and workers that are stopped."""

from __future__ import annotations

import pytest

from . import report
from .answers import provider_answers
from .cuts import cuts
from .engines import SMALL
from .exactly_once import four_workers
from .graceful import graceful_stop
from .idempotency import same_key
from .places import Place
from .verdict import Verdict

pytest.importorskip("gunicorn", reason="real processes need the extra: reference")

on_sqlite = pytest.mark.parametrize("migrated_uri", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize(
    "migrated_uri", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def hold(verdict: Verdict) -> None:
    """Show the line of the table, and fail where it falls short."""
    print(report.line(verdict))
    assert verdict.faults == []


@on_postgresql
def test_four_workers_send_each_message_once(place: Place) -> None:
    hold(four_workers(place, messages=200))


@on_sqlite
def test_a_cut_connection_is_unconfirmed_until_its_status_settles_it(place: Place) -> None:
    hold(cuts(place, "inline", messages=12, scale=SMALL))


@on_sqlite
def test_each_answer_of_the_provider_ends_as_documented(place: Place) -> None:
    hold(provider_answers(place))


@on_postgresql
def test_the_same_idempotency_key_from_many_clients_is_one_message(place: Place) -> None:
    hold(same_key(place, rounds=2))


@on_sqlite
def test_a_worker_that_is_asked_to_stop_leaves_nothing_unconfirmed(place: Place) -> None:
    hold(graceful_stop(place, "worker", messages=16, stops=1))


@pytest.mark.rabbitmq
@on_sqlite
def test_a_celery_worker_that_is_asked_to_stop_leaves_nothing_unconfirmed(place: Place) -> None:
    pytest.importorskip("celery", reason="needs the extra: celery")
    hold(graceful_stop(place, "celery", messages=16, stops=1))
