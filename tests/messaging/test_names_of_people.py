"""People whom a provider calls otherwise than we do: one person, by whichever of their names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from answers import data, error
from factories import (
    RECORDING,
    TEMPLATE_SEND,
    TEXT_SEND,
    MakeWorld,
    World,
    template_body,
    text_body,
)
from flask_waapi import PreferenceUpdate, SendResult
from flask_waapi.messaging.aliases import know_as, names_of
from flask_waapi.messaging.window import Known
from flask_waapi.storage.inbound_models import Contact, ContactAlias
from incoming import contact, writes, written
from recorder import ORDER_CONFIRMATION
from reports import apply
from restrictions import OFFER
from statements import statements

DIALLED, TOLD = "+5511987654321", "+551187654321"
"""A number of Brazil's as people dial it, and as WhatsApp writes it."""

USER_ID = "BR.13491208655302741918"


@pytest.fixture
def strict(make_world: MakeWorld, migrated_uri: str) -> World:
    """An app that enforces the window, sending by a recorder, once for each kind of database."""
    world = make_world(database_uri=migrated_uri, **RECORDING, WAAPI_SERVICE_WINDOW="enforce")
    world.script.templates = [ORDER_CONFIRMATION, OFFER]
    return world


def dial(
    world: World, number: str = DIALLED, recipient_id: str | None = TOLD[1:], account: str = "shop"
) -> None:
    """Let an account send a template, to which the provider answers whom it is for."""
    world.clock.advance(1)
    world.script.outcomes.append(SendResult(f"out-{len(world.script.sent)}", recipient_id))
    key = world.secrets.get(account) or world.issue_key(account, account=account)
    data(world.post(TEMPLATE_SEND, template_body(to=number), key), 201)


def stops(world: World, name: str, *, wants: bool = False, user_id: str | None = None) -> None:
    """Let somebody refuse marketing, or allow it again."""
    world.clock.advance(1)
    apply(world, "recorder", PreferenceUpdate(name, wants, world.clock(), user_id))


def offered(world: World, name: str) -> int:
    """What a marketing send to somebody is answered with."""
    body = template_body(to=name, template_name="offer", variables=None)
    return world.post(TEMPLATE_SEND, body).status_code


def received(world: World) -> list[str]:
    """The accounts that have got messages, in the order of these."""
    return [message.account for message in world.messages() if message.direction == "inbound"]


def test_an_answer_is_of_the_account_that_dialled_the_number_otherwise(strict: World) -> None:
    dial(strict)

    writes(strict, TOLD)

    assert received(strict) == ["shop"]


def test_it_is_of_the_account_that_wrote_last_by_whichever_name(strict: World) -> None:
    for turn, (account, number) in enumerate([("a", DIALLED), ("b", TOLD), ("a", DIALLED)]):
        dial(strict, number, account=account)
        writes(strict, TOLD, provider_message_id=f"in-{turn}")

    assert received(strict) == ["a", "b", "a"]


def test_who_has_written_can_be_written_to_by_the_number_that_was_dialled(strict: World) -> None:
    error(strict.post(TEXT_SEND, text_body(to=DIALLED)), 409, "SERVICE_WINDOW_CLOSED")
    dial(strict)
    writes(strict, TOLD)

    data(strict.post(TEXT_SEND, text_body(to=DIALLED)), 201)
    data(strict.post(TEXT_SEND, text_body(to=TOLD)), 201)


def test_an_account_is_told_when_somebody_last_wrote_by_another_name(strict: World) -> None:
    dial(strict)
    writes(strict, TOLD)
    moment = strict.clock().isoformat().replace("+00:00", "Z")
    strict.clock.advance(24 * 3_600)

    answer = strict.post(TEXT_SEND, text_body(to=DIALLED), strict.secrets["shop"])

    assert error(answer, 409, "SERVICE_WINDOW_CLOSED")["details"] == {"last_received_at": moment}


def test_who_wants_no_marketing_gets_none_at_the_number_that_was_dialled(strict: World) -> None:
    dial(strict)

    stops(strict, TOLD)
    assert (offered(strict, DIALLED), offered(strict, TOLD)) == (409, 409)
    stops(strict, TOLD, wants=True)
    assert (offered(strict, DIALLED), offered(strict, TOLD)) == (201, 201)


def test_a_wish_is_told_to_the_account_that_dialled_the_number_otherwise(strict: World) -> None:
    dial(strict)

    tally = apply(strict, "recorder", PreferenceUpdate(TOLD, False, strict.clock()))

    assert [event.account for event in tally.events] == ["shop"]


def test_what_one_instance_calls_somebody_says_nothing_to_another(strict: World) -> None:
    dial(strict)
    writes(strict, TOLD, provider="simulation")

    assert Known(strict.services.store, {"simulation"}).contacts(DIALLED, {"simulation"}) == []


@pytest.mark.parametrize("recipient_id", [None, DIALLED, DIALLED[1:], "", "whatsapp:+551187654321", "٣" * 9])
def test_where_a_provider_names_nobody_else_no_statement_is_made(
    recording: World, recipient_id: str | None
) -> None:
    with statements(recording.services.store.engine) as seen:
        dial(recording, recipient_id=recipient_id)

    assert [statement for statement, _ in seen if "waapi_contact" in statement] == []
    assert recording.count(ContactAlias) == 0


def test_a_name_that_is_known_already_is_looked_up_and_not_written(recording: World) -> None:
    dial(recording)

    with statements(recording.services.store.engine) as seen:
        dial(recording)

    (asked,) = [statement for statement, _ in seen if "waapi_contact_aliases" in statement]
    assert asked.startswith("SELECT")


def test_a_group_gives_nobody_a_name(recording: World) -> None:
    recording.script.outcomes.append(SendResult("out-1", TOLD))
    data(recording.post(TEXT_SEND, text_body(to=DIALLED, recipient_type="group")), 201)

    assert recording.count(ContactAlias) == 0


def test_who_is_told_by_number_and_user_id_is_one_person(strict: World) -> None:
    dial(strict, TOLD)
    writes(strict, TOLD, user_id=USER_ID)

    data(strict.post(TEXT_SEND, text_body(to=USER_ID)), 201)
    stops(strict, TOLD)
    assert offered(strict, USER_ID) == 409
    writes(strict, USER_ID, provider_message_id="by id")
    assert received(strict) == ["shop", "shop"]
    assert contact(strict, USER_ID) is None


def test_a_wish_told_by_number_and_user_id_holds_for_both(strict: World) -> None:
    stops(strict, TOLD, user_id=USER_ID)

    assert (offered(strict, TOLD), offered(strict, USER_ID)) == (409, 409)
    stops(strict, USER_ID, wants=True)
    assert (offered(strict, TOLD), offered(strict, USER_ID)) == (201, 201)


def test_what_was_known_under_a_user_id_is_known_under_the_number_once_that_is_told(strict: World) -> None:
    writes(strict, USER_ID, sender_name="Ana")
    stops(strict, USER_ID)

    writes(strict, TOLD, user_id=USER_ID, opens_window=False)

    assert (offered(strict, TOLD), offered(strict, USER_ID)) == (409, 409)
    data(strict.post(TEXT_SEND, text_body(to=TOLD)), 201)
    known = contact(strict, TOLD)
    assert known is not None
    assert known.name == "Ana"
    assert strict.count(Contact) == 1


def test_the_newer_of_two_wishes_stands_when_two_turn_out_to_be_one(strict: World) -> None:
    stops(strict, USER_ID)
    stops(strict, TOLD, wants=True)

    writes(strict, TOLD, user_id=USER_ID)

    assert (offered(strict, TOLD), offered(strict, USER_ID)) == (201, 201)


def test_a_message_told_again_by_an_older_name_is_stored_once(any_recording: World) -> None:
    told = written(any_recording, sender=TOLD, user_id=USER_ID)

    with ThreadPoolExecutor(8) as pool:
        tallies = list(pool.map(lambda _: apply(any_recording, "recorder", told), range(8)))

    assert [tally.parked for tally in tallies] == [[]] * 8
    assert len(any_recording.messages()) == 1
    assert any_recording.count(ContactAlias) == 1


def test_names_that_lead_to_a_name_follow_where_it_leads(any_recording: World) -> None:
    store = any_recording.services.store
    with store.begin() as session:
        for name, number in [("a", "b"), ("b", "c"), ("c", "a"), ("d", "b"), ("c", "c"), ("x", "y")]:
            know_as(session, "recorder", name, number)

    with store.read() as session:
        assert [names_of(session, "recorder", name) for name in "abcd"] == [["c", "a", "b", "d"]] * 4
        assert names_of(session, "recorder", "nobody") == ["nobody"]
        assert names_of(session, "simulation", "a") == ["a"]


def test_a_user_id_that_goes_to_another_number_takes_its_wish_along(strict: World) -> None:
    stops(strict, DIALLED, user_id=USER_ID)

    writes(strict, TOLD, user_id=USER_ID)

    assert (offered(strict, TOLD), offered(strict, USER_ID), offered(strict, DIALLED)) == (409, 409, 409)


def test_a_number_that_is_dialled_eight_times_at_once_is_named_once(any_recording: World) -> None:
    any_recording.key()
    any_recording.script.outcomes.extend(SendResult(f"out-{turn}", TOLD) for turn in range(8))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: any_recording.send(to=DIALLED).status_code, range(8)))

    assert answers == [201] * 8
    assert any_recording.count(ContactAlias) == 1


def test_names_of_a_whole_batch_are_looked_up_once(any_recording: World) -> None:
    expected = [f"+5511{number:09}" for number in range(1_000)]
    with any_recording.services.store.begin() as session:
        rows = [{"provider": "recorder", "name": name, "number": f"t{name}"} for name in expected[::2]]
        session.execute(sa.insert(ContactAlias), rows)
    writes(any_recording, f"t{expected[500]}")
    writes(any_recording, expected[501])
    known = Known(any_recording.services.store, {"recorder"}, expected)

    with statements(any_recording.services.store.engine) as seen:
        found = [number for number in expected if known.contacts(number, {"recorder"})]

    assert found == expected[500:502]
    assert sum("waapi_contact" in statement for statement, _ in seen) == 2


def test_the_longest_user_id_is_stored_and_found_whole(strict: World) -> None:
    longest = "BR.ENT." + "x" * 128
    writes(strict, longest)
    writes(strict, TOLD, user_id=longest)

    data(strict.post(TEXT_SEND, text_body(to=longest)), 201)
    stops(strict, TOLD)
    assert offered(strict, longest) == 409
    assert strict.messages()[0].sender == longest
