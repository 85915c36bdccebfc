"""What is known of recipients: looked up once for a whole batch, and when a window is open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from factories import RECORDING, MakeWorld, World
from flask_waapi import Text
from flask_waapi.errors import AccountRestricted, ServiceWindowClosed
from flask_waapi.messaging.send_requests import Sender, SendRequest
from flask_waapi.messaging.templates.rendering import TemplateDraft
from flask_waapi.messaging.window import WINDOW, Known, is_open, refuse_restricted
from flask_waapi.storage.inbound_models import ProviderState
from flask_waapi.testing import ManualClock
from incoming import writes

NOW = ManualClock()()


@contextmanager
def queries(world: World, table: str) -> Iterator[list[str]]:
    """The statements about a table that are made within the block."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *others: object) -> None:
        if table in statement:
            seen.append(statement)

    engine = world.services.store.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


def numbers(count: int) -> list[str]:
    """So many recipients."""
    return [f"+4915{number:08}" for number in range(count)]


def state(**members: object) -> ProviderState:
    """What a provider has said of its account."""
    values = {"provider": "recorder", "subject": "restriction", "summary": "Restricted.", "until": None}
    return ProviderState(**values | members)


def test_a_window_is_open_for_24_hours_to_the_microsecond() -> None:
    moment = timedelta(microseconds=1)

    assert is_open(NOW, NOW)
    assert is_open(NOW, NOW + WINDOW - moment)
    assert not is_open(NOW, NOW + WINDOW)
    assert not is_open(None, NOW)


@given(st.integers(-200_000, 200_000))
def test_somebody_who_writes_later_opens_it_for_no_less(seconds: int) -> None:
    moment = NOW + timedelta(seconds=seconds)

    assert is_open(NOW, moment) <= is_open(NOW + timedelta(seconds=1), moment)


def test_contacts_of_a_thousand_recipients_are_read_with_one_query(any_recording: World) -> None:
    expected = numbers(1_000)
    writes(any_recording, expected[500])
    known = Known(any_recording.services.store, {"recorder"}, expected)

    with queries(any_recording, "waapi_contacts") as seen:
        found = [number for number in expected if known.contacts(number, {"recorder"})]

    assert found == [expected[500]]
    assert len(seen) == 1


def test_more_recipients_are_read_in_chunks(recording: World) -> None:
    expected = numbers(2_500)
    known = Known(recording.services.store, {"recorder"}, expected)

    with queries(recording, "waapi_contacts") as seen:
        assert not any(known.contacts(number, {"recorder"}) for number in expected)

    assert len(seen) == 3


def test_a_recipient_nobody_expected_is_found_too(recording: World) -> None:
    (number,) = numbers(1)
    writes(recording, number)
    known = Known(recording.services.store, {"recorder"})

    assert [contact.number for contact in known.contacts(number, {"recorder"})] == [number]
    assert known.contacts(number, {"simulation"}) == []


def test_a_whole_batch_asks_once_for_its_contacts_and_once_for_restrictions(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING, WAAPI_SERVICE_WINDOW="enforce")
    requests = [SendRequest(number, Text("Hello")) for number in numbers(50)]
    for number in numbers(25):
        writes(world, number)
    composer = world.services.pipeline._composer
    finder = composer.finder(requests)
    sent = 0

    with queries(world, "waapi_contacts") as contacts, queries(world, "waapi_provider_states") as states:
        for request in requests:
            try:
                composer.compose(request, Sender("default"), finder)
                sent += 1
            except ServiceWindowClosed:
                continue

    assert (sent, len(contacts), len(states)) == (25, 1, 1)


def test_templates_ask_for_no_contacts(make_world: MakeWorld) -> None:
    world = make_world(**RECORDING, WAAPI_SERVICE_WINDOW="enforce")
    values = {"customer_name": "John Doe", "order_id": "ORD-12345", "total": "99.99"}
    request = SendRequest("+1234567890", TemplateDraft("order_confirmation", "en", values))
    composer = world.services.pipeline._composer

    with queries(world, "waapi_contacts") as seen:
        composer.compose(request, Sender("default"), composer.finder([request]))

    assert seen == []


def test_a_batch_of_odd_recipients_asks_for_none_of_them(any_recording: World) -> None:
    requests = [SendRequest(to, Text("Hello")) for to in ("a\0b", "\ud800", "", "+1 234", "+1234567890")]

    finder = any_recording.services.pipeline._composer.finder(requests)

    assert finder.known.contacts("+1234567890", {"recorder"}) == []


@pytest.mark.parametrize(
    ("stops", "ends_in", "kind", "refuses"),
    [
        (["template"], None, "template", True),
        (["template"], None, "free_form", False),
        (["free_form", "template"], 60, "free_form", True),
        (["free_form"], 0, "free_form", False),
        (["free_form"], -60, "free_form", False),
        ([], None, "template", False),
    ],
)
def test_a_restriction_stops_what_it_names_until_it_ends(
    stops: list[str], ends_in: int | None, kind: str, refuses: bool
) -> None:
    until = None if ends_in is None else NOW + timedelta(seconds=ends_in)
    states = [state(stops=[]), state(stops=stops, until=until)]

    if not refuses:
        refuse_restricted(states, kind, NOW)
        return
    with pytest.raises(AccountRestricted, match=r"Restricted\."):
        refuse_restricted(states, kind, NOW)
