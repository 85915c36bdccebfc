"""Messages that come in: each stored once, for whom it is meant, whatever it holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answers import data, error
from factories import MESSAGES, RECIPIENT, RECORDING, TEXT_SEND, MakeWorld, World, text_body
from flask_waapi import OutcomeUnknown, PreferenceUpdate, Rejected
from flask_waapi.errors import MessageNotFailed, MessageNotQueued, ValidationFailed
from flask_waapi.plugins.events import AccountEvent
from flask_waapi.storage.inbound_models import Contact
from flask_waapi.storage.models import Message, MessageEvent
from incoming import OUR_NUMBER, contact, receiving, writes, written
from reports import apply

STRANGER = "+4915112345678"


def inbound(world: World) -> list[Message]:
    """The messages that came in, oldest first."""
    return [message for message in world.messages() if message.direction == "inbound"]


def test_a_message_is_stored_as_it_was_told(any_recording: World) -> None:
    content = {"type": "text", "text": {"body": "Grüße 💥"}, "context": {"id": "recorder-1"}}
    told = written(any_recording, content=content, text="Grüße 💥", sender_name="John", reply_to="recorder-1")

    tally = apply(any_recording, "recorder", told)

    message = any_recording.message()
    assert (message.direction, message.status, message.type) == ("inbound", "received", "text")
    assert (message.sender, message.sender_name, message.recipient) == (RECIPIENT, "John", OUR_NUMBER)
    assert (message.content, message.rendered, message.reply_to) == (content, "Grüße 💥", "recorder-1")
    assert (message.provider, message.provider_message_id) == ("recorder", "in-1")
    assert (message.is_echo, message.simulated, message.key_id, message.attempts) == (False, False, None, 0)
    assert (message.created_at, message.lane, message.due_at) == (any_recording.clock(), None, None)
    assert [event.type for event in tally.events] == ["message.received"]
    assert tally.events[0].message_uuid == message.id


def test_its_timeline_has_the_moment_at_which_it_was_written(any_recording: World) -> None:
    moment = any_recording.clock() - timedelta(minutes=7)

    writes(any_recording, occurred_at=moment)

    with any_recording.services.store.read() as session:
        event = session.scalars(sa.select(MessageEvent)).one()
    assert (event.status, event.occurred_at, event.recorded_at) == (
        "received",
        moment,
        any_recording.clock(),
    )


def test_a_message_that_is_told_again_changes_nothing(any_recording: World) -> None:
    told = written(any_recording)
    apply(any_recording, "recorder", told, told)
    any_recording.clock.advance(60)

    tally = apply(any_recording, "recorder", told)

    assert (tally.applied, tally.events) == (1, [])
    assert len(any_recording.messages()) == 1
    assert any_recording.count(MessageEvent) == 1


def test_the_same_message_from_eight_threads_is_stored_once(any_recording: World) -> None:
    told = written(any_recording)

    with ThreadPoolExecutor(8) as pool:
        tallies = list(pool.map(lambda _: apply(any_recording, "recorder", told), range(8)))

    assert [tally.parked for tally in tallies] == [[]] * 8
    assert sum(len(tally.events) for tally in tallies) == 1
    assert len(any_recording.messages()) == 1


def test_several_messages_of_many_people_told_at_once_by_many_are_each_stored_once(
    any_recording: World,
) -> None:
    told = [
        written(any_recording, f"in-{person}-{number}", sender=f"+49151000000{person}")
        for person in range(4)
        for number in range(3)
    ]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda turn: apply(any_recording, "recorder", *told[turn:], *told[:turn]), range(6)))

    found = [message.provider_message_id for message in any_recording.messages()]
    assert sorted(map(str, found)) == sorted(message.provider_message_id for message in told)


def test_one_id_at_two_instances_is_two_messages(make_world: MakeWorld, migrated_uri: str) -> None:
    providers = {"recorder": {}, "second": {"type": "recorder"}}
    world = make_world(database_uri=migrated_uri, WAAPI_PROVIDERS=providers, WAAPI_DEFAULT_PROVIDER="second")

    for provider in providers:
        writes(world, provider=provider, provider_message_id="same")

    assert len(world.messages()) == 2


def test_a_message_we_have_sent_with_the_same_id_hides_none_that_comes_in(recording: World) -> None:
    recording.send()

    writes(recording, provider_message_id="recorder-1")

    assert len(inbound(recording)) == 1


def test_messages_of_one_callback_keep_their_order(any_recording: World) -> None:
    ids = [f"in-{number}" for number in range(20)]

    apply(any_recording, "recorder", *(written(any_recording, message_id) for message_id in ids))

    assert [message.provider_message_id for message in any_recording.messages()] == ids


def test_it_is_of_the_account_that_wrote_to_its_sender_last(any_recording: World) -> None:
    for account in ("first", "second"):
        key = any_recording.issue_key(account, account=account)
        any_recording.clock.advance(1)
        any_recording.post(TEXT_SEND, text_body(), key)
    any_recording.post(TEXT_SEND, text_body(to=STRANGER), any_recording.secrets["first"])

    writes(any_recording)

    assert [message.account for message in inbound(any_recording)] == ["second"]


def test_an_answer_is_of_the_account_whose_message_it_answers(any_recording: World) -> None:
    for account in ("first", "second"):
        any_recording.clock.advance(1)
        any_recording.post(TEXT_SEND, text_body(), any_recording.issue_key(account, account=account))

    writes(any_recording, reply_to="recorder-1", provider_message_id="in-1")
    writes(any_recording, reply_to="of-nobody", provider_message_id="in-2")

    assert [message.account for message in inbound(any_recording)] == ["first", "second"]


@pytest.mark.parametrize("way", ["scheduled", "canceled", "refused"])
def test_an_account_whose_message_never_went_out_has_not_written(any_recording: World, way: str) -> None:
    any_recording.post(TEXT_SEND, text_body(), any_recording.issue_key("first", account="first"))
    any_recording.clock.advance(1)
    second = any_recording.issue_key("second", account="second")
    if way == "refused":
        any_recording.script.outcomes.append(Rejected("Unknown recipient."))
        error(any_recording.post(TEXT_SEND, text_body(), second), 422, "MESSAGE_REJECTED")
    else:
        later = (any_recording.clock() + timedelta(days=300)).isoformat()
        queued = data(any_recording.post(TEXT_SEND, text_body(send_at=later), second), 202)
        if way == "canceled":
            data(any_recording.delete(f"{MESSAGES}/{queued['message_uuid']}", second))

    writes(any_recording)

    assert [message.account for message in inbound(any_recording)] == ["first"]


def test_an_account_whose_send_got_no_answer_may_have_written(recording: World) -> None:
    recording.script.outcomes.append(OutcomeUnknown("The connection broke."))
    recording.post(TEXT_SEND, text_body(), recording.issue_key("other", account="other"))

    writes(recording)

    assert [message.account for message in inbound(recording)] == ["other"]


def test_it_is_of_the_inbound_account_where_none_has_written_to_its_sender(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING, WAAPI_INBOUND_ACCOUNT="front-desk")
    world.post(TEXT_SEND, text_body(simulate=True))

    writes(world)

    assert [message.account for message in inbound(world)] == ["front-desk"]


def test_an_echo_is_of_the_account_that_wrote_to_its_recipient(any_recording: World) -> None:
    any_recording.post(TEXT_SEND, text_body(), any_recording.issue_key("other", account="other"))

    echo = written(any_recording, sender=OUR_NUMBER, recipient=RECIPIENT, is_echo=True, opens_window=False)
    tally = apply(any_recording, "recorder", echo)

    (message,) = inbound(any_recording)
    assert (message.account, message.is_echo, message.recipient) == ("other", True, RECIPIENT)
    assert [event.type for event in tally.events] == ["message.echoed"]


def test_an_echo_says_nothing_of_when_its_recipient_has_written(recording: World) -> None:
    echo = written(recording, sender=OUR_NUMBER, recipient=RECIPIENT, is_echo=True, sender_name="We")

    apply(recording, "recorder", echo)

    known = contact(recording)
    assert known is not None
    assert (known.last_received_at, known.name) == (None, None)


ODD: dict[str, dict[str, Any]] = {
    "a NUL": {"content": {"a\0b": ["x\0y"]}, "text": "a\0b", "sender_name": "a\0b"},
    "a lone surrogate": {"content": {"a\ud800": "\udfff"}, "text": "a\ud800", "reply_to": "\ud800"},
    "a long type": {"type": "x" * 500},
    "a long name": {"sender_name": "x" * 5_000},
    "a long sender": {"sender": "user:" + "x" * 5_000},
    "a long recipient": {"recipient": "x" * 5_000},
    "a long id": {"provider_message_id": "x" * 5_000},
    "an odd id": {"provider_message_id": "a\0b\ud800"},
    "an odd sender": {"sender": "a\0b\ud800"},
    "a long text": {"text": "ä" * 100_000, "content": {"body": "ä" * 100_000}},
    "nothing to read": {"text": None, "content": {}},
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_message_is_stored_once_on_every_database(shared_anywhere: World, kind: str) -> None:
    before = len(shared_anywhere.messages())
    odd = {"provider_message_id": f"odd {kind}"} | ODD[kind]
    message_id = odd.pop("provider_message_id")

    tallies = [apply(shared_anywhere, "recorder", written(shared_anywhere, message_id, **odd)) for _ in "ab"]

    assert [tally.parked for tally in tallies] == [[], []]
    assert len(shared_anywhere.messages()) == before + 1


MOMENTS = st.lists(st.tuples(st.integers(0, 5), st.integers(-100, 100)), min_size=1, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(told=MOMENTS)
def test_when_somebody_wrote_last_is_the_newest_moment_in_any_order_and_never_lies_ahead(
    shared_recording: World, told: list[tuple[int, int]]
) -> None:
    world = shared_recording
    with world.services.store.begin() as session:
        for model in (MessageEvent, Message, Contact):
            session.execute(sa.delete(model))
    moments = {number: world.clock() + timedelta(seconds=seconds) for number, seconds in told}

    for number, _ in told:
        writes(world, provider_message_id=f"in-{number}", occurred_at=moments[number])

    known = contact(world)
    assert known is not None
    assert known.last_received_at == min(max(moments.values()), world.clock())
    assert len(world.messages()) == len(moments)


def test_a_message_that_opens_no_window_does_not_count_as_writing(recording: World) -> None:
    writes(recording, opens_window=False, sender_name="John")

    known = contact(recording)
    assert known is not None
    assert (known.last_received_at, known.name) == (None, "John")


def test_an_older_message_does_not_bring_an_old_name_back(recording: World) -> None:
    writes(recording, sender_name="New")
    writes(
        recording,
        provider_message_id="old",
        sender_name="Old",
        occurred_at=recording.clock() - timedelta(hours=1),
    )

    known = contact(recording)
    assert known is not None
    assert known.name == "New"


def test_who_changes_their_number_stays_opted_out_and_in_their_account(any_recording: World) -> None:
    other = any_recording.issue_key("other", account="other")
    any_recording.post(TEXT_SEND, text_body(), other)
    apply(any_recording, "recorder", PreferenceUpdate(RECIPIENT, False, any_recording.clock()))

    tally = writes(any_recording, STRANGER, type="system", opens_window=False, former_sender=RECIPIENT)

    known = contact(any_recording, STRANGER)
    assert known is not None
    assert known.marketing_stopped
    assert [event.type for event in tally.events] == ["message.received", "contact.updated"]
    assert inbound(any_recording)[0].account == "other"


def test_a_newer_wish_of_the_new_number_stands_against_that_of_the_old(recording: World) -> None:
    apply(recording, "recorder", PreferenceUpdate(RECIPIENT, False, recording.clock()))
    recording.clock.advance(1)
    apply(recording, "recorder", PreferenceUpdate(STRANGER, True, recording.clock()))

    writes(recording, STRANGER, former_sender=RECIPIENT)

    known = contact(recording, STRANGER)
    assert known is not None
    assert not known.marketing_stopped


def test_what_came_in_can_be_neither_taken_back_nor_retried(recording: World) -> None:
    writes(recording)
    uuid = recording.message().id

    with pytest.raises(MessageNotQueued, match="is received"):
        recording.services.interventions.cancel("default", uuid, actor="ann")
    with pytest.raises(MessageNotFailed, match="is received"):
        recording.services.interventions.retry("default", uuid, actor="ann")


class TestSimulation:
    def test_somebody_who_is_let_write_is_stored_and_told(self, any_world: World) -> None:
        told: list[AccountEvent] = []

        event = receiving(any_world, told).simulate(RECIPIENT, "Hello", account="shop")

        message = any_world.message()
        assert told == [event]
        assert (event.type, event.message_uuid) == ("message.received", message.id)
        assert (message.account, message.provider, message.simulated) == ("shop", "simulation", True)
        assert (message.sender, message.rendered) == (RECIPIENT, "Hello")
        known = contact(any_world, provider="simulation")
        assert known is not None
        assert known.last_received_at == any_world.clock()

    def test_each_time_is_a_message_of_its_own(self, world: World) -> None:
        for _ in range(3):
            receiving(world, []).simulate(RECIPIENT, "Hello")

        assert len(world.messages()) == 3

    def test_it_ends_where_simulated_messages_end(self, recording: World) -> None:
        receiving(recording, []).simulate(RECIPIENT, "Hello")

        assert recording.message().provider == "simulation"

    def test_a_default_provider_that_is_simulated_is_written_to(self, make_world: MakeWorld) -> None:
        world = make_world(WAAPI_PROVIDERS={"rehearsal": {"type": "simulated_recorder"}})

        receiving(world, []).simulate(RECIPIENT, "Hello")

        assert world.message().provider == "rehearsal"

    @pytest.mark.parametrize(
        ("arguments", "pointers"),
        [
            ({"provider": "recorder"}, {"/provider"}),
            ({"provider": "nobody"}, {"/provider"}),
            ({"sender": "12"}, {"/sender"}),
            ({"text": " "}, {"/text"}),
            ({"text": "x" * 4097}, {"/text"}),
            ({"sender": "", "text": "", "provider": "recorder"}, {"/sender", "/text", "/provider"}),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, recording: World, arguments: dict[str, str], pointers: set[str]
    ) -> None:
        wanted = {"sender": RECIPIENT, "text": "Hello"} | arguments

        with pytest.raises(ValidationFailed) as refused:
            receiving(recording, []).simulate(**wanted)

        assert {fault.pointer for fault in refused.value.faults} == pointers
        assert recording.messages() == []
