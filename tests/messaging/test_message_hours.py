"""Messages counted by the hour: whatever happens to them, and whoever counts, the rows tell what is there."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import BATCH, MESSAGES, TEXT_SEND, MakeWorld, World, add_messages, text_body
from flask_waapi.access.request_hours import hour_of
from flask_waapi.messaging import message_hours
from flask_waapi.storage.counter_models import CountedHour, MessageHour
from flask_waapi.storage.models import Message

Rows = Counter[tuple[str, datetime, str, str]]

RECIPIENTS = ("+1234567890", "+15550131047", "+15551131026", "+15552000003", "+15552000008", "+15552000009")
"""Of the simulation: read, refused, failed later, slow, unavailable, unavailable once."""


def told(world: World) -> Rows:
    """What the rows tell."""
    with world.services.store.read() as session:
        rows = session.scalars(sa.select(MessageHour)).all()
    return Counter({(row.account, row.hour, row.status, row.failure_code): row.messages for row in rows})


def there(world: World) -> Rows:
    """What the messages tell."""
    with world.services.store.read() as session:
        messages = session.scalars(sa.select(Message).where(Message.direction == "outbound")).all()
    return Counter(
        (message.account, hour_of(message.created_at), message.status, message.failure_code or "")
        for message in messages
    )


def count(world: World) -> None:
    """Let the hours be counted that have changed."""
    world.services.message_hours.count_marked(at_once=True)


def _send(number: int) -> Callable[[World], object]:
    return lambda world: world.post(TEXT_SEND, text_body(to=RECIPIENTS[number % len(RECIPIENTS)]))


def _schedule(number: int) -> Callable[[World], object]:
    return lambda world: world.post(
        TEXT_SEND, text_body(send_at=(world.clock() + timedelta(hours=1 + number)).isoformat())
    )


def _batch(number: int) -> Callable[[World], object]:
    return lambda world: world.post(
        BATCH, {"messages": [{"type": "text", **text_body(to=to)} for to in RECIPIENTS[: 1 + number]]}
    )


def _of_one(number: int, status: str, act: Callable[[World, Message], object]) -> Callable[[World], object]:
    def work(world: World) -> None:
        found = [message for message in world.messages() if message.status == status]
        if found:
            act(world, found[number % len(found)])

    return work


def _cancel(number: int) -> Callable[[World], object]:
    return _of_one(number, "queued", lambda world, message: world.delete(f"{MESSAGES}/{message.id}"))


def _retry(number: int) -> Callable[[World], object]:
    return _of_one(
        number,
        "failed",
        lambda world, message: world.services.interventions.retry("default", message.id, actor="ann"),
    )


def _advance(number: int) -> Callable[[World], object]:
    return lambda world: world.clock.advance(timedelta(minutes=1 + number * 13))


def _work(number: int) -> Callable[[World], object]:
    return lambda world: world.services.worker.run_once()


steps = st.lists(
    st.builds(
        lambda act, number: act(number),
        st.sampled_from((_send, _send, _schedule, _batch, _cancel, _retry, _advance, _work)),
        st.integers(0, 5),
    ),
    min_size=3,
    max_size=8,
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(acts=steps)
def test_the_rows_tell_what_is_there_whatever_has_happened(
    any_world: World, acts: Sequence[Callable[[World], object]]
) -> None:
    for act in acts:
        act(any_world)

    count(any_world)

    assert told(any_world) == there(any_world)


def test_processes_that_send_and_count_at_once_end_with_what_is_there(
    make_world: MakeWorld, migrated_uri: str
) -> None:
    patience = {"connect_args": {"timeout": 30}} if migrated_uri.startswith("sqlite") else {}
    worlds = [make_world(database_uri=migrated_uri, SQLALCHEMY_ENGINE_OPTIONS=patience) for _ in range(3)]
    key = worlds[0].issue_key()
    start, ended = threading.Barrier(6), threading.Event()

    def send(world: World) -> None:
        start.wait(20)
        for number in range(len(RECIPIENTS)):
            world.post(TEXT_SEND, text_body(to=RECIPIENTS[number]), key)

    def keep_counting(world: World) -> None:
        start.wait(20)
        while not ended.wait(0.02):
            count(world)

    with ThreadPoolExecutor(6) as pool:
        counting = [pool.submit(keep_counting, world) for world in worlds]
        try:
            for sending in [pool.submit(send, world) for world in worlds]:
                sending.result(60)
        finally:
            ended.set()
        for done in counting:
            done.result(60)
    for world in worlds:
        count(world)

    assert told(worlds[0]) == there(worlds[0])
    assert sum(told(worlds[0]).values()) == 18


def test_an_hour_is_not_counted_again_at_once(world: World) -> None:
    now = 0.0

    def timer() -> float:
        nonlocal now
        now += 0.01
        return now

    hours = message_hours.MessageHours(world.services.store, world.clock, timer)
    (first,) = add_messages(world, 1)
    hours.mark([("default", first)])
    assert hours.count_marked() == 1

    hours.mark([("default", first)])
    assert hours.count_marked() == 0
    now += message_hours.RESTS * 0.01
    assert hours.count_marked() == 1


def test_an_hour_that_another_process_has_counted_since_is_left_alone(any_world: World) -> None:
    any_world.send()
    counted = CountedHour(
        account="default",
        hour=hour_of(any_world.clock()),
        counted_at=any_world.clock() + timedelta(seconds=6),
    )
    with any_world.services.store.begin() as session:
        session.add(counted)

    count(any_world)

    assert told(any_world) == {}


def test_a_clock_that_is_a_little_fast_loses_nothing(any_world: World) -> None:
    counted = CountedHour(
        account="default",
        hour=hour_of(any_world.clock()),
        counted_at=any_world.clock() + timedelta(seconds=4),
    )
    with any_world.services.store.begin() as session:
        session.add(counted)
    any_world.send()

    count(any_world)

    assert told(any_world) == there(any_world) != {}


def test_what_a_killed_process_forgot_is_put_right(any_world: World) -> None:
    add_messages(any_world, 3, status="delivered")
    add_messages(any_world, 2, account="other", status="failed", failure_code="MESSAGE_REJECTED")
    assert told(any_world) == {}

    any_world.work()
    count(any_world)

    assert told(any_world) == there(any_world) != {}


def test_hours_from_before_there_were_rows_are_counted(world: World) -> None:
    add_messages(world, 1)
    world.clock.advance(timedelta(days=20))
    add_messages(world, 1)
    world.clock.advance(timedelta(hours=3))

    world.services.message_hours.compare()
    count(world)

    assert told(world) == there(world)


def test_an_hour_is_compared_by_one_process_for_all(make_world: MakeWorld) -> None:
    one, other = make_world(), make_world()
    add_messages(one, 1)

    assert one.services.message_hours.compare() == 1
    assert other.services.message_hours.compare() == 0

    one.clock.advance(message_hours.RECENT_CHECK)
    assert other.services.message_hours.compare() == 1


def test_messages_that_came_in_are_not_counted(world: World) -> None:
    add_messages(world, 1, direction="inbound", status="received")

    world.services.message_hours.compare()
    count(world)

    assert told(world) == {}


def test_a_message_of_the_hosts_transaction_is_counted_after_its_commit(any_world: World) -> None:
    with any_world.app.app_context():
        any_world.waapi.send_text("+1234567890", "Hello", session=any_world.db.session)
        count(any_world)
        assert told(any_world) == {}
        any_world.db.session.commit()

    count(any_world)

    assert told(any_world) == there(any_world) != {}


def test_without_a_background_thread_requests_let_hours_be_counted(world: World) -> None:
    world.send()
    world.clock.advance(timedelta(seconds=3))
    world.get(MESSAGES)

    assert told(world) == there(world) != {}
