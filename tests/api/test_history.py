"""GET /messages: filters, pages, and a cursor that neither repeats nor loses a message."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answers import data, error, pointers
from factories import MESSAGES, RECIPIENT, TEXT_SEND, World, add_messages, text_body
from flask_waapi import Rejected
from native_interactives import GROUP, USER


def listed(world: World, key: str = "", **query: Any) -> list[str]:
    """The ids on the first page of a history."""
    return [message["message_uuid"] for message in data(world.get(f"{MESSAGES}?{urlencode(query)}", key))]


def pages(world: World, **query: Any) -> Iterator[list[str]]:
    """The ids on each page of a history, page by page."""
    cursor = None
    while True:
        given = query if cursor is None else {**query, "cursor": cursor}
        answer = world.get(f"{MESSAGES}?{urlencode(given)}")
        yield [message["message_uuid"] for message in data(answer)]
        cursor = answer.get_json()["meta"]["next_cursor"]
        if cursor is None:
            return


def test_an_empty_history_is_one_page(any_world: World) -> None:
    answer = any_world.get(MESSAGES)

    assert data(answer) == []
    assert answer.get_json()["meta"] == {"next_cursor": None, "limit": 50}


def test_the_newest_message_comes_first(any_world: World) -> None:
    sent = []
    for _ in range(3):
        sent.append(data(any_world.send(), 201)["message_uuid"])
        any_world.clock.advance(1)

    assert listed(any_world) == sent[::-1]


def test_a_message_reads_in_the_history_as_it_does_alone(world: World) -> None:
    data(world.send(reference="r"), 201)

    (found,) = data(world.get(MESSAGES))

    alone = data(world.get(f"{MESSAGES}/{found['message_uuid']}"))
    del alone["events"]
    assert found == alone


@pytest.fixture(scope="module")
def library(shared: World) -> World:
    """An account of its own with messages that differ in all that can be asked for."""
    if "library" not in shared.secrets:
        shared.issue_key("library", account="library")
        for minute in range(6):
            add_messages(
                shared,
                1,
                account="library",
                status=["queued", "sent", "delivered"][minute % 3],
                type=["text", "template", "image"][minute % 3],
                recipient=["+1234567890", "+12345678901"][minute % 2],
                template_name=["welcome", "Welcome", None][minute % 3],
                reference=["order-1", "order-2", "50%", "order_1", None, "a'b"][minute],
                created_at=shared.clock() + timedelta(minutes=minute),
            )
            shared.clock.advance(60)
    return shared


@pytest.mark.parametrize(
    "members",
    [{"to": RECIPIENT}, {"to": USER}, {"recipient": USER}, {"to": GROUP, "recipient_type": "group"}],
    ids=str,
)
def test_whoever_can_be_written_to_is_found_by_the_same_name(
    recording: World, members: dict[str, str]
) -> None:
    add_messages(recording, 1, recipient="+19999999999")
    sent = recording.post(TEXT_SEND, {"text": "Hello", **members}).get_json()["data"]["message_uuid"]
    to = members.get("to") or members["recipient"]

    assert listed(recording, to=to) == [sent]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "sent"}, 2),
        ({"status": "read"}, 0),
        ({"type": "image"}, 2),
        ({"type": "nonsense"}, 0),
        ({"to": "+1234567890"}, 3),
        ({"to": "+12345678901"}, 3),
        ({"to": "+19999999999"}, 0),
        ({"template_name": "welcome"}, 2),
        ({"template_name": "WELCOME"}, 0),
        ({"reference": "order-1"}, 1),
        ({"reference": "order_1"}, 1),
        ({"reference": "order%"}, 0),
        ({"reference": "50%"}, 1),
        ({"reference": "a'b"}, 1),
        ({"reference": "' OR 1=1 --"}, 0),
        ({"status": "sent", "type": "template"}, 2),
        ({"status": "sent", "type": "text"}, 0),
        ({"limit": "2"}, 2),
    ],
)
def test_filters_narrow_exactly(library: World, query: dict[str, str], found: int) -> None:
    assert len(listed(library, library.secrets["library"], **query)) == found


def test_filters_tell_cases_apart_on_every_database(any_world: World) -> None:
    add_messages(any_world, 1, template_name="welcome", reference="Order")
    add_messages(any_world, 1, template_name="Welcome", reference="order")

    assert len(listed(any_world, template_name="welcome")) == 1
    assert len(listed(any_world, reference="order")) == 1


def test_from_is_included_and_until_is_not(any_world: World) -> None:
    ids = []
    for _ in range(4):
        ids += [str(identifier) for identifier in add_messages(any_world, 1)]
        any_world.clock.advance(timedelta(microseconds=1))

    found = listed(
        any_world,
        **{"from": "2026-01-01T00:00:00.000001Z", "until": "2026-01-01T00:00:00.000003+00:00"},
    )

    assert found == [ids[2], ids[1]]


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        ({"from": "2026-01-01T01:00:00+01:00"}, 1),
        ({"from": "2025-12-31T19:00:00-05:00"}, 1),
        ({"from": "2026-01-01T00:00:01Z"}, 0),
        ({"until": "2026-01-01T00:00:00Z"}, 0),
        ({"from": "1970-01-01T00:00:00Z"}, 1),
        ({"from": "1969-12-31T23:59:59Z"}, 1),
        ({"from": "0001-01-01T00:00:00Z"}, 1),
        ({"until": "0001-01-01T00:00:00Z"}, 0),
        ({"until": "9999-12-31T23:59:59.999999Z"}, 1),
        ({"from": "9999-12-31T23:59:59.999999Z"}, 0),
    ],
)
def test_any_moment_in_any_zone_may_bound_the_history(
    world: World, bounds: dict[str, str], found: int
) -> None:
    add_messages(world, 1)

    assert len(listed(world, **bounds)) == found


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"status": "Sent"}, "/status"),
        ({"status": ""}, "/status"),
        ({"type": ""}, "/type"),
        ({"to": " 1234567890"}, "/to"),
        ({"to": "+12345 67890"}, "/to"),
        ({"to": "é"}, "/to"),
        ({"to": "x" * 161}, "/to"),
        ({"to": "+1234567890\n"}, "/to"),
        ({"reference": ""}, "/reference"),
        ({"reference": "x" * 256}, "/reference"),
        ({"template_name": "x" * 513}, "/template_name"),
        ({"from": "yesterday"}, "/from"),
        ({"from": "2026-01-01T00:00:00"}, "/from"),
        ({"from": "2026-01-01T00:00:00 00:00"}, "/from"),
        ({"until": "1767225600"}, "/until"),
        ({"until": "2026-13-01T00:00:00Z"}, "/until"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "/from"),
        ({"limit": "0"}, "/limit"),
        ({"limit": "101"}, "/limit"),
        ({"limit": "-1"}, "/limit"),
        ({"limit": "ten"}, "/limit"),
        ({"limit": ""}, "/limit"),
        ({"limit": "9" * 5000}, "/limit"),
        ({"cursor": "x"}, "/cursor"),
        ({"cursor": ""}, "/cursor"),
        ({"cursor": "!" * 22}, "/cursor"),
        ({"cursor": base64.urlsafe_b64encode(b"x" * 15).decode()}, "/cursor"),
        ({"cursor": base64.urlsafe_b64encode(b"x" * 17).decode()}, "/cursor"),
        ({"cursor": "ü" * 22}, "/cursor"),
        ({"offset": "10"}, "/offset"),
        ({"page": "2"}, "/page"),
        ({"account": "other"}, "/account"),
        ({"created_from": "2026-01-01T00:00:00Z"}, "/created_from"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_name(shared: World, query: dict[str, str], wrong: str) -> None:
    assert pointers(shared.get(f"{MESSAGES}?{urlencode(query)}")) == {wrong}


def test_all_wrong_parameters_are_told_at_once(shared: World) -> None:
    answer = shared.get(f"{MESSAGES}?status=x&limit=0&limit=1&from=x&nothing=1")

    assert pointers(answer) == {"/status", "/limit", "/from", "/nothing"}


@pytest.mark.parametrize(
    "name", ["status", "type", "to", "template_name", "reference", "from", "until", "cursor", "limit"]
)
def test_a_nul_character_is_refused_and_not_left_to_the_database(shared: World, name: str) -> None:
    assert pointers(shared.get(f"{MESSAGES}?{name}=a%00b")) == {f"/{name}"}


def test_bytes_that_are_not_utf8_break_nothing(shared: World) -> None:
    assert data(shared.get(f"{MESSAGES}?reference=%ff%fe")) == []


def test_a_page_has_fifty_messages_unless_asked_for_up_to_a_hundred(world: World) -> None:
    add_messages(world, 120)

    assert [len(page) for page in pages(world)] == [50, 50, 20]
    assert [len(page) for page in pages(world, limit=100)] == [100, 20]


def test_equal_timestamps_neither_repeat_nor_lose_a_message(any_world: World) -> None:
    ids = add_messages(any_world, 41)

    found = [identifier for page in pages(any_world, limit=7) for identifier in page]

    assert found == [str(identifier) for identifier in reversed(ids)]


@pytest.mark.parametrize("seconds", [0, 1])
def test_pages_stay_stable_while_messages_are_added(any_world: World, seconds: int) -> None:
    ids = [str(identifier) for identifier in reversed(add_messages(any_world, 10))]
    found = []

    for page in pages(any_world, limit=3):
        found += page
        any_world.clock.advance(seconds)
        # Of the same moment, a new message may sort behind the cursor: it is shown, and moves no other.
        add_messages(any_world, 2 if len(found) < 20 else 0)

    assert [identifier for identifier in found if identifier in ids] == ids
    assert len(set(found)) == len(found)


def test_a_full_last_page_has_no_cursor(world: World) -> None:
    add_messages(world, 4)

    assert [len(page) for page in pages(world, limit=2)] == [2, 2]


def test_the_cursor_works_with_filters(world: World) -> None:
    for status in ["sent", "failed"] * 4:
        add_messages(world, 1, status=status)

    assert [len(page) for page in pages(world, limit=3, status="failed")] == [3, 1]


def test_a_cursor_of_another_account_shows_nothing_of_it(world: World) -> None:
    add_messages(world, 3)
    cursor = world.get(f"{MESSAGES}?limit=1").get_json()["meta"]["next_cursor"]
    stranger = world.issue_key("stranger", account="other")

    assert listed(world, stranger, cursor=cursor) == []


def test_the_history_holds_only_the_accounts_own_messages(any_world: World) -> None:
    add_messages(any_world, 3)
    add_messages(any_world, 2, account="other")
    stranger = any_world.issue_key("stranger", account="other")

    assert len(listed(any_world)) == 3
    assert len(listed(any_world, stranger)) == 2


def test_failed_messages_are_in_it_too(recording: World) -> None:
    recording.script.outcomes.append(Rejected("No."))
    error(recording.post(TEXT_SEND, text_body()), 422, "MESSAGE_REJECTED")

    assert len(listed(recording, status="failed", to=RECIPIENT)) == 1


@pytest.fixture(scope="module")
def crowd(shared: World) -> list[str]:
    """The ids of messages of the account ``crowd``, newest first; many of them of one moment."""
    shared.issue_key("crowd", account="crowd")
    ids = []
    for _ in range(5):
        ids += add_messages(shared, 3, account="crowd")
        shared.clock.advance(1)
    return [str(identifier) for identifier in reversed(ids)]


@settings(max_examples=12)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_any_page_sizes_read_each_message_once(shared: World, crowd: list[str], sizes: list[int]) -> None:
    found: list[str] = []
    cursor: str | None = ""
    for size in itertools.cycle(sizes):
        query = {"limit": size} | ({"cursor": cursor} if cursor else {})
        answer = shared.get(f"{MESSAGES}?{urlencode(query)}", shared.secrets["crowd"])
        found += [message["message_uuid"] for message in data(answer)]
        cursor = answer.get_json()["meta"]["next_cursor"]
        if cursor is None:
            break

    assert found == crowd
