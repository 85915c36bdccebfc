"""Webhooks to real endpoints by real processes that are killed; at full size: ``make reliability``."""

from __future__ import annotations

import secrets

import pytest

from . import report
from .engines import SMALL
from .places import Place
from .webhooks import webhook_kills

pytest.importorskip("gunicorn", reason="real processes need the extra: reference")


@pytest.mark.parametrize(
    "migrated_uri",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
    indirect=True,
)
def test_killed_workers_lose_no_webhook(place: Place) -> None:
    seed = secrets.randbelow(1_000_000)
    verdict = webhook_kills(place, messages=60, count=3, seed=seed, scale=SMALL)
    print(report.line(verdict))
    assert verdict.faults == []
