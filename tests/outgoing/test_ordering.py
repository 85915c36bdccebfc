"""Events of one message reach an endpoint in their order, and keep no other message waiting."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import delete_all_rows
from flask_waapi.outgoing import deliveries as deliveries_module
from flask_waapi.outgoing.deliveries import LEASE, ClaimedDelivery, Deliveries
from flask_waapi.testing import ManualClock

from .desk import OTHER_URL, URL, Desk, answer, opened

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def desk(migrated_uri: str, clock: ManualClock) -> Iterator[Desk]:
    """Webhooks, once for each kind of database."""
    with opened(migrated_uri, clock) as desk:
        yield desk


def numbers(desk: Desk, url: str = URL) -> list[int]:
    """The numbers of the events that an endpoint got, in their order."""
    return [call.number for call in desk.internet.calls_to(url)]


def test_a_later_event_waits_while_the_earlier_one_is_in_hand(desk: Desk) -> None:
    desk.endpoint()
    first = desk.publish(message=ONE)
    desk.publish(message=ONE)

    (claimed,) = desk.claim()
    assert desk.claim() == []
    desk.deliverer.attempt(claimed)

    assert numbers(desk) == [first]
    assert desk.deliver_all() == 1


def test_a_later_event_waits_while_the_earlier_one_is_to_be_tried_again(desk: Desk) -> None:
    desk.internet.answers[URL] = answer(500)
    desk.endpoint()
    first = desk.publish(message=ONE)
    desk.deliver()
    second = desk.publish(message=ONE)

    assert desk.deliver_all() == 0
    desk.clock.advance(5)
    desk.internet.answers[URL] = answer(200)
    desk.deliver_all()

    assert numbers(desk) == [first, first, second]


def test_a_later_event_is_delivered_once_the_earlier_one_is_given_up(desk: Desk) -> None:
    desk.internet.answers[URL] = answer(500)
    desk.endpoint()
    first = desk.publish(message=ONE)
    second = desk.publish(message=ONE)
    while desk.deliveries()[0].state == "pending":
        desk.deliver()
        desk.clock.advance(timedelta(minutes=30))
    desk.internet.answers[URL] = answer(200)
    desk.deliver_all()

    assert numbers(desk)[:10] == [first] * 10
    assert numbers(desk)[-1] == second


def test_a_clock_that_is_behind_that_of_another_process_changes_no_order(desk: Desk) -> None:
    desk.endpoint()
    first = desk.publish(message=ONE)
    second = desk.publish(message=ONE, behind=timedelta(microseconds=1))
    third = desk.publish(message=ONE, behind=timedelta(hours=1))

    desk.deliver_all()

    assert numbers(desk) == [first, second, third]


def test_another_message_does_not_wait(desk: Desk) -> None:
    desk.internet.answers[URL] = answer(500)
    desk.endpoint()
    desk.publish(message=ONE)
    desk.deliver()
    other = desk.publish(message=OTHER)
    unrelated = desk.publish("template.updated")

    desk.deliver()

    assert set(numbers(desk)[1:]) == {other, unrelated}


def test_another_endpoint_does_not_wait(desk: Desk) -> None:
    desk.internet.answers[URL] = answer(500)
    desk.endpoint(URL)
    desk.endpoint(OTHER_URL)
    published = [desk.publish(message=ONE) for _ in range(3)]

    desk.deliver_all()

    assert numbers(desk, OTHER_URL) == published
    assert numbers(desk, URL) == published[:1]


def test_an_earlier_event_that_is_found_later_goes_first(desk: Desk) -> None:
    desk.endpoint()
    first, second = desk.publish(message=ONE), desk.publish(message=ONE)
    desk.deliver_all()
    desk.internet.calls.clear()
    for delivery in reversed(desk.deliveries()):
        desk.replays.replay("default", delivery.id)
        desk.clock.advance(1)

    desk.deliver_all()

    assert numbers(desk) == [first, second]


def test_what_was_to_wait_is_not_hurried_by_a_replay_of_an_earlier_event(desk: Desk) -> None:
    desk.endpoint()
    first = desk.publish(message=ONE)
    desk.deliver_all()
    desk.internet.answers[URL] = answer(503, retry_after=timedelta(hours=1))
    second = desk.publish(message=ONE)
    desk.deliver_all()
    desk.internet.answers[URL] = answer(200)
    desk.replays.replay("default", desk.deliveries()[0].id)

    desk.deliver_all()
    assert numbers(desk) == [first, second, first]
    desk.clock.advance(timedelta(hours=1))
    desk.deliver_all()
    assert numbers(desk)[-1] == second


def test_many_that_wait_behind_a_failed_one_do_not_hide_what_can_be_delivered(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries_module, "LOOK", 10)
    monkeypatch.setattr(deliveries_module, "MOST_LOOKS", 2)
    desk.internet.answers[URL] = answer(500)
    desk.endpoint()
    desk.publish(message=ONE)
    desk.deliver()
    desk.publish_many(100, message=ONE)
    desk.clock.advance(0.001)
    free = desk.publish(message=OTHER)

    # Each look puts some off until the first of their message is due.
    for _ in range(6):
        desk.deliver()

    assert numbers(desk)[1:] == [free]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    messages=st.lists(st.sampled_from([ONE, OTHER, None]), min_size=1, max_size=8),
    seed=st.integers(0, 2**32),
)
def test_the_order_holds_whatever_two_processes_do(
    migrated_uri: str, clock: ManualClock, messages: list[UUID | None], seed: int
) -> None:
    delete_all_rows(migrated_uri)
    with opened(migrated_uri, clock, WAAPI_WEBHOOK_DISABLE_AFTER=2_592_000) as desk:
        chance = random.Random(seed)
        endpoint = desk.endpoint()
        message_of = {desk.publish(message=message): message for message in messages}
        desk.internet.answers[URL] = lambda: answer(chance.choice([200, 500]))
        processes = [(Deliveries(desk.store, desk.settings, clock), desk.new_deliverer()) for _ in range(2)]
        in_hand: list[tuple[int, ClaimedDelivery]] = []

        for _ in range(60):
            process = chance.randrange(2)
            in_hand += [(process, claimed) for claimed in processes[process][0].claim({})]
            chance.shuffle(in_hand)
            while in_hand and chance.random() < 0.7:
                process, claimed = in_hand.pop()
                processes[process][1].attempt(claimed)
            clock.advance(chance.choice([timedelta(0), timedelta(seconds=6), LEASE, timedelta(hours=1)]))
            # An attempt takes a quarter of a lease: who holds one longer is dead.
            in_hand = [held for held in in_hand if clock() - held[1].claimed_at < LEASE]
        desk.internet.answers[URL] = answer(200)
        clock.advance(timedelta(days=2))
        desk.deliver_all()

        assert desk.look(endpoint).state == "active"
        assert "pending" not in desk.states()
        for message in {ONE, OTHER}:
            got = [number for number in numbers(desk) if message_of[number] == message]
            assert got == sorted(got)


def test_the_order_holds_for_threads_that_claim_at_the_same_time(desk: Desk) -> None:
    desk.endpoint()
    messages = [UUID(int=number) for number in range(8)]
    message_of = {desk.publish(message=message): message for _ in range(5) for message in messages}
    start = threading.Barrier(3)

    def work(_: int) -> None:
        waiting, deliverer = Deliveries(desk.store, desk.settings, desk.clock), desk.new_deliverer()
        start.wait()
        end = time.monotonic() + 30
        while "pending" in desk.states() and time.monotonic() < end:
            for claimed in waiting.claim({}):
                deliverer.attempt(claimed)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))

    assert sorted(numbers(desk)) == sorted(message_of)
    for message in messages:
        got = [number for number in numbers(desk) if message_of[number] == message]
        assert got == sorted(got)
