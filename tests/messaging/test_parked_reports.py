"""Reports that came before their message had its id, found again where a process died in between."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from factories import World
from flask_waapi import CallbackItem, StatusUpdate
from flask_waapi.messaging.incoming import parking
from flask_waapi.storage.inbound_models import ParkedItem


def park(world: World, *message_ids: str) -> None:
    """Let the recorder report, in one callback, of messages that are not there yet."""
    items = [
        CallbackItem(message_id, {}, (StatusUpdate("delivered", world.clock(), message_id),))
        for message_id in message_ids
    ]
    world.services.providers["recorder"].parse_callback = lambda body: items  # type: ignore[method-assign]
    world.services.callbacks.keep("recorder", b"{}")
    world.work()
    assert world.count(ParkedItem) == len(message_ids)


def send_and_die(world: World) -> None:
    """Send a message; whoever did so does not come to look for its reports."""
    world.services.pipeline._delivery._recognise = lambda *_: None
    world.send()


def test_a_callback_with_several_of_them_is_applied_once(any_recording: World) -> None:
    park(any_recording, "recorder-1", "recorder-2")
    send_and_die(any_recording)
    send_and_die(any_recording)

    assert any_recording.services.callbacks.recognise_all() == 1

    any_recording.work()
    assert {message.status for message in any_recording.messages()} == {"delivered"}
    assert any_recording.count(ParkedItem) == 0


def test_items_that_their_provider_names_alike_are_all_parked(any_recording: World) -> None:
    names = ["item"] * 30 + ["x" * 200] * 30 + ["a\0", "a\N{REPLACEMENT CHARACTER}", "\ud800", "?"]
    items = [CallbackItem(name, {}, problem="It is broken.") for name in names]
    any_recording.services.providers["recorder"].parse_callback = (  # type: ignore[method-assign]
        lambda body: items
    )
    any_recording.services.callbacks.keep("recorder", b"{}")

    any_recording.work()

    assert any_recording.count(ParkedItem) == len(names)


def test_fresh_ones_are_looked_for_by_the_minute_and_all_of_a_day_by_the_hour(recording: World) -> None:
    park(recording, "recorder-1")
    recording.clock.advance(timedelta(minutes=11))
    recording.work()
    send_and_die(recording)

    recording.clock.advance(timedelta(minutes=1))
    recording.work()
    assert recording.message().status == "sent"

    recording.clock.advance(timedelta(hours=1))
    recording.work()
    assert recording.message().status == "delivered"


def test_they_are_looked_for_along_an_index_from_the_oldest_wanted_on(recording: World) -> None:
    """There may be millions that are a stranger's, where a number is shared."""
    engine = recording.services.store.engine
    query = parking.recognisable(recording.clock()).compile(engine, compile_kwargs={"literal_binds": True})

    with engine.connect() as connection:
        plan = [row.detail for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {query}"))]

    assert "(state=? AND id>?)" in plan[0]
    assert not any("ORDER BY" in step for step in plan), plan
