"""Whatever the order, repetition and batching of callbacks over eight processes: one end, each told once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callback_tasks import CLOUD, payload, status, take_in
from factories import MakeWorld, World, add_messages

PROCESSES = 8
STATUSES = ("sent", "delivered", "read", "played", "failed")
PATIENCE = 60.0

reports = st.lists(
    st.tuples(st.sampled_from(STATUSES), st.booleans()),
    min_size=1,
    max_size=24,
)
"""A status, and whether it comes in one callback with the one before."""


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Eight processes."""
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def cloud(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app of the Cloud API."""
    return make_world(database_uri=migrated_uri, **CLOUD)


def batches(told: list[tuple[str, bool]]) -> Iterator[list[str]]:
    """The statuses of each callback."""
    number = 0

    def callback(report: tuple[str, bool]) -> int:
        nonlocal number
        number += not report[1]
        return number

    for _, group in groupby(told, key=callback):
        yield [name for name, _ in group]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(told=reports)
def test_every_order_repetition_and_batching_ends_alike(
    cloud: World, migrated_uri: str, pool: ProcessPoolExecutor, told: list[tuple[str, bool]]
) -> None:
    (uuid,) = add_messages(cloud, 1, provider="main", provider_message_id="wamid.early")
    wamid = f"wamid.{uuid}"
    base = 1_780_000_000
    bodies = [
        payload([status(name, wamid, base + STATUSES.index(name), uuid) for name in names])
        for names in batches(told)
    ]

    shares = [bodies[process::PROCESSES] for process in range(PROCESSES)]
    begun = [pool.submit(take_in, migrated_uri, share) for share in shares if share]
    answered = [answer for future in begun for answer in future.result(PATIENCE)]
    while cloud.services.callbacks.apply_due():
        pass

    heard = {name for name, _ in told}
    highest = next(
        name for name in ("played", "read", "delivered", "failed", "sent") if name in heard | {"sent"}
    )
    assert answered == [200] * len(bodies)
    assert cloud.message(uuid).status == highest
    assert sorted(cloud.events(uuid)) == sorted(heard)
