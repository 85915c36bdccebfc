"""The order in which waiting messages are sent: by priority, fair between senders, each once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answers import data
from factories import RECORDING, TEMPLATE_SEND, TEXT_SEND, MakeWorld, World, template_body, text_body
from flask_waapi import OutboundMessage, SendResult, TemplateDefinition
from flask_waapi.messaging.delivery.queue import Queue
from flask_waapi.storage.models import Message
from flask_waapi.storage.owed import Owed
from recorder import Script

MINUTE = timedelta(minutes=1)


def template(name: str, category: str) -> TemplateDefinition:
    """An approved template without placeholders."""
    body = [{"type": "BODY", "text": f"This is {name}."}]
    return TemplateDefinition(name, "en", "APPROVED", category, "POSITIONAL", body)


@pytest.fixture
def queued(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app whose messages wait until ``work``, once for each kind of database."""
    script = Script(
        templates=[
            template("one_time_password", "AUTHENTICATION"),
            template("receipt", "UTILITY"),
            template("sale", "MARKETING"),
        ]
    )
    return make_world(database_uri=migrated_uri, WAAPI_DISPATCH="worker", script=script, **RECORDING)


def send(world: World, reference: str, key: str = "shop") -> None:
    """Queue a text under a name."""
    data(world.post(TEXT_SEND, text_body(reference=reference), key=world.key(key)), 202)


def send_template(world: World, name: str) -> None:
    """Queue a template under its own name."""
    body = template_body(template_name=name, variables=[], reference=name)
    data(world.post(TEMPLATE_SEND, body), 202)


def order(world: World) -> list[str | None]:
    """The references of what was sent, in its order."""
    references = {message.id: message.reference for message in world.messages()}
    return [references[sent.uuid] for sent in world.script.sent]


def queue_of(world: World) -> Queue:
    """A queue of its own on the world's database, as another process has it."""
    return Queue(world.services.store, world.services.settings, world.clock, Owed())


def room_for(count: int) -> Callable[[str], int]:
    """So much room, whatever the provider."""
    return lambda provider: count


def test_a_one_time_password_goes_before_what_has_waited_longer(queued: World) -> None:
    for name in ("sale", "receipt", "one_time_password"):
        send_template(queued, name)
        queued.clock.advance(1)

    queued.work()

    assert order(queued) == ["one_time_password", "receipt", "sale"]


def test_within_one_sender_who_came_first_goes_first(queued: World) -> None:
    for number in range(5):
        send(queued, str(number))
        queued.clock.advance(1)

    queued.work()

    assert order(queued) == ["0", "1", "2", "3", "4"]


def test_a_noisy_key_does_not_keep_another_waiting(queued: World) -> None:
    for _ in range(20):
        send(queued, "noisy", "noisy")
    for _ in range(3):
        send(queued, "quiet", "quiet")

    queued.work()

    assert order(queued)[:7].count("quiet") == 3


def test_a_key_does_not_wait_longer_because_it_is_one_of_many(queued: World) -> None:
    for key in range(6):
        for _ in range(3):
            send(queued, str(key), f"key {key}")

    queued.work()

    assert sorted(order(queued)[:6], key=str) == [str(key) for key in range(6)]


def test_a_claim_shares_its_room_between_the_senders(queued: World) -> None:
    for _ in range(10):
        send(queued, "noisy", "noisy")
    send(queued, "quiet", "quiet")

    claimed = queue_of(queued).claim(room_for(4))

    assert "quiet" in _references(claimed)


def test_a_claim_takes_no_more_than_there_is_room_for(queued: World) -> None:
    for _ in range(5):
        send(queued, "text")

    queue = queue_of(queued)

    assert [len(queue.claim(room_for(count))) for count in (0, 2, 10, 10)] == [0, 2, 3, 0]


def test_a_claimed_message_is_nobody_elses_until_it_is_handed_back(queued: World) -> None:
    send(queued, "text")
    first, second = queue_of(queued), queue_of(queued)

    (message,) = first.claim(room_for(1))
    assert second.claim(room_for(1)) == []
    first.hand_back(message)
    (again,) = second.claim(room_for(1))

    assert (again.id, again.attempts) == (message.id, 1)


def test_a_message_that_another_has_taken_meanwhile_is_not_handed_back(queued: World) -> None:
    send(queued, "text")
    queue = queue_of(queued)
    (late,) = queue.claim(room_for(1))
    queue.hand_back(late)
    queued.clock.advance(1)
    (mine,) = queue.claim(room_for(1))

    queue.hand_back(late)

    assert queue.claim(room_for(1)) == []
    assert queued.message().claimed_at == mine.claimed_at


def test_what_is_not_due_waits(queued: World) -> None:
    later = (queued.clock() + MINUTE).isoformat()
    data(queued.post(TEXT_SEND, text_body(send_at=later)), 202)

    queued.work()
    assert queued.script.sent == []
    queued.clock.advance(MINUTE)
    queued.work()

    assert len(queued.script.sent) == 1


def test_many_claimants_at_once_take_each_message_once(queued: World) -> None:
    for number in range(40):
        send(queued, str(number), f"key {number % 3}")

    def claim_all(queue: Queue) -> list[Message]:
        taken: list[Message] = []
        misses = 0
        while misses < 3:
            found = queue.claim(room_for(3))
            misses = 0 if found else misses + 1
            taken += found
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [
            message
            for messages in pool.map(claim_all, [queue_of(queued) for _ in range(4)])
            for message in messages
        ]

    assert sorted(int(message.reference or "") for message in taken) == list(range(40))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=12), st.integers(1, 5))
def test_whatever_waits_no_sender_gets_far_ahead_of_another_that_waits(
    make_world: MakeWorld, senders: list[str], room: int
) -> None:
    world = make_world(WAAPI_DISPATCH="worker", **RECORDING)
    with world.app.app_context():
        for sender in senders:
            world.waapi.send_text("+1234567890", "Hello", account=sender, reference=sender)
    queue, waiting, got = queue_of(world), senders.copy(), dict.fromkeys(set(senders), 0)

    while waiting:
        claimed = _references(queue.claim(room_for(room)))
        assert claimed
        for sender in claimed:
            waiting.remove(sender)
            got[sender] += 1
        still = {got[sender] for sender in set(waiting)}
        assert not still or max(still) - min(still) <= room


def _references(messages: Iterable[Message]) -> list[str]:
    return [message.reference or "" for message in messages]


def test_two_providers_do_not_wait_for_each_other(make_world: MakeWorld) -> None:
    world = make_world(
        WAAPI_DISPATCH="worker",
        WAAPI_PROVIDERS={"recorder": {}, "simulation": {"type": "simulated_recorder"}},
        WAAPI_DEFAULT_PROVIDER="recorder",
    )
    seen: list[str] = []

    def hold(message: OutboundMessage) -> SendResult:
        # One thread for each provider: this one is occupied until the other has sent.
        for _ in range(6_000):
            if any(sent.to == "+15550001111" for sent in world.script.sent):
                seen.append("other")
                break
            threading.Event().wait(0.01)
        return SendResult("wamid.1")

    world.script.outcomes.append(hold)
    data(world.post(TEXT_SEND, text_body()), 202)
    data(world.post(TEXT_SEND, text_body(to="+15550001111", simulate=True)), 202)

    world.work()

    assert seen == ["other"]
