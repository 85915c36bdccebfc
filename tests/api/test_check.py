"""A check tells what a send would do, by the gates of the send itself, and does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from answers import data, error
from factories import API, RECIPIENT, RECORDING, World, template_body, text_body
from flask_waapi import PreferenceUpdate
from flask_waapi.api.checking import SENDS
from flask_waapi.api.schemas.check import FAMILIES
from flask_waapi.gates import GateName
from flask_waapi.storage.models import Base
from incoming import writes
from recorder import ORDER_CONFIRMATION
from reports import apply
from restrictions import OFFER, stop

CHECK = f"{API}/messages/check"
MakeWorld = Callable[..., World]


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An app whose messages go to a recorder, with a service window."""
    return strict_world(make_world)


def strict_world(make_world: MakeWorld, **config: Any) -> World:
    """An app whose messages go to a recorder, whose templates have been read."""
    world = make_world(**RECORDING, WAAPI_SERVICE_WINDOW="enforce", **config)
    world.script.templates = [ORDER_CONFIRMATION, OFFER]
    world.services.catalogue.sync("recorder")
    return world


def check(world: World, endpoint: str, body: Any, **options: Any) -> Any:
    """What the check says."""
    return data(world.post(CHECK, {"endpoint": endpoint, "body": body}, **options), 200)


def gates(checked: Any) -> dict[str, str]:
    """The states of the gates by their names."""
    return {gate["gate"]: gate["state"] for gate in checked["gates"]}


CASES: list[tuple[str, Any]] = [
    ("text/send", text_body()),
    ("text/send", text_body(text="")),
    ("text/send", text_body(to="12", colour="red")),
    ("text/send", text_body(send_at="2020-01-01T00:00:00Z")),
    ("text/send", text_body(reply_to="00000000-0000-7000-8000-000000000000")),
    ("text/send", []),
    ("text/send", text_body(fallback_template={"template_name": "order_confirmation", "language": "en"})),
    ("template/send", template_body()),
    ("template/send", template_body(variables={"order_id": "1"})),
    ("template/send", template_body(template_name="unknown")),
    ("template/send", template_body(template_name="unknown", to="x")),
    ("template/send", template_body(to="US.13491208655302741918")),
    ("media/send", {"to": RECIPIENT, "type": "image", "link": "https://example.com/a.jpg"}),
    ("media/send", {"to": RECIPIENT, "type": "image"}),
    ("location/send", {"to": RECIPIENT, "latitude": 1, "longitude": 2}),
    ("interactive/send", {"to": RECIPIENT, "type": "nonsense"}),
    ("reaction/send", {"to": RECIPIENT, "message_id": "wamid.x", "emoji": "no"}),
    ("raw/send", {"to": RECIPIENT, "raw": {"type": "new", "new": {"a": 1}}}),
]


@pytest.mark.parametrize("simulate", [False, True], ids=["real", "simulated"])
@pytest.mark.parametrize(("endpoint", "body"), CASES)
def test_a_check_and_a_send_come_to_the_same_decision(
    world: World, endpoint: str, body: Any, simulate: bool
) -> None:
    asked = {**body, "simulate": True} if simulate and isinstance(body, dict) else body

    checked = check(world, endpoint, asked)
    answer = world.post(f"{API}/messages/{endpoint}", asked).get_json()

    assert checked["would_send"] is answer["success"], checked
    if answer["success"]:
        assert (checked["type"], checked["text"]) == (answer["data"]["type"], answer["data"]["text"])
        assert checked["simulated"] is answer["data"]["simulated"]
        assert "failed" not in gates(checked).values()
    else:
        refusal = answer["error"]
        assert checked["error"] == {name: refusal[name] for name in refusal if name != "request_id"}
        told = [gate for gate in checked["gates"] if gate["state"] == "failed"]
        assert {gate["code"] for gate in told} == {refusal["code"]}
        if refusal["code"] == "VALIDATION_ERROR":
            by_gates = [fault for gate in told for fault in gate["faults"]]
            assert sorted(map(str, by_gates)) == sorted(map(str, refusal["details"]))


@pytest.mark.parametrize("endpoint", sorted(SENDS))
@pytest.mark.parametrize("permissions", [["send_template"], ["send_text"], ["send_media"]])
def test_the_permission_of_the_send_counts_and_not_that_of_the_check(
    world: World, endpoint: str, permissions: list[str]
) -> None:
    key = world.issue_key(permissions[0], permissions=permissions)

    checked = check(world, endpoint, {}, key=key)
    answer = world.post(f"{API}/messages/{endpoint}", {}, key=key).get_json()

    assert (answer["error"]["code"] == "PERMISSION_DENIED") is (gates(checked)["permission"] == "failed")
    assert checked["error"]["code"] == answer["error"]["code"]


def test_every_send_can_be_checked_by_its_path() -> None:
    assert set(SENDS) == {f"{family}/send" for family in FAMILIES}


def test_all_gates_are_told_in_their_order_and_those_not_come_to_say_so(world: World) -> None:
    checked = check(world, "template/send", template_body(to="nobody"))

    assert [gate["gate"] for gate in checked["gates"]] == [str(gate) for gate in GateName]
    assert gates(checked)["recipient"] == "failed"
    assert gates(checked)["template"] == "passed"
    assert gates(checked)["opt_out"] == "not_reached"
    assert all(gate["reason"].endswith(".") for gate in checked["gates"] if gate["state"] != "failed")


def test_a_closed_window_fails_its_gate_and_an_open_one_passes(world: World) -> None:
    closed = check(world, "text/send", text_body(simulate=True))
    writes(world)
    opened = check(world, "text/send", text_body(simulate=True))

    assert gates(closed)["service_window"] == "failed"
    assert closed["error"]["code"] == "SERVICE_WINDOW_CLOSED"
    assert gates(opened)["service_window"] == "passed"


def test_a_check_stores_nothing_sends_nothing_and_counts_once(world: World) -> None:
    world.key()
    before = rows(world)

    for body in (template_body(), text_body(), {}):
        check(world, "template/send", body)

    after = rows(world)
    assert world.script.sent == []
    assert {name for name in after if after[name] != before[name]} <= {"waapi_daily_usage"}
    answer = world.post(CHECK, {"endpoint": "text/send", "body": text_body()})
    assert answer.headers["X-RateLimit-Remaining"] == str(100_000 - 4)


def test_limits_are_told_as_they_stand_after_the_check_itself(world: World) -> None:
    key = world.issue_key("tight", rate_limit=2, daily_limit=5)

    first = check(world, "template/send", template_body(), key=key)
    second = check(world, "template/send", template_body(), key=key)

    assert "1 of 2 requests are left this minute." in str(first["gates"])
    assert gates(second)["minute_limit"] == "failed"
    assert second["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    error(world.post(CHECK, {"endpoint": "text/send", "body": {}}, key=key), 429, "RATE_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ({}, "/endpoint"),
        ({"endpoint": "text/send"}, "/body"),
        ({"endpoint": "batch", "body": {}}, "/endpoint"),
    ],
)
def test_a_question_that_is_none_is_refused(world: World, question: Any, pointer: str) -> None:
    refused = error(world.post(CHECK, question), 422, "VALIDATION_ERROR")

    assert pointer in [fault["pointer"] for fault in refused["details"]]


def test_of_thousands_of_faults_a_hundred_are_told(world: World) -> None:
    body = {f"member{number}": number for number in range(5_000)}

    checked = check(world, "text/send", text_body(**body))

    assert {len(gate["faults"]) for gate in checked["gates"]} == {0, 100}
    assert len(checked["error"]["details"]) == 100


def test_a_test_key_is_told_that_its_message_would_be_simulated(world: World) -> None:
    key = world.issue_key("test", mode="test")

    assert check(world, "template/send", template_body(), key=key)["simulated"] is True


class TestThePrice:
    """Told where the app's settings have one, and never made up."""

    def test_without_a_setting_it_is_not_known_and_the_check_says_why(self, world: World) -> None:
        checked = check(world, "template/send", template_body())

        assert gates(checked)["price"] == "unknown"
        assert checked["price"]["amount"] is None
        assert "by category and by the recipient's country" in checked["price"]["note"]

    def test_the_longest_prefix_decides(self, make_world: MakeWorld) -> None:
        prices = {"currency": "EUR", "utility": {"": "0.04", "+1": "0.02", "+1234": "0.0211"}}
        world = strict_world(make_world, WAAPI_PRICES=prices)

        told = check(world, "template/send", template_body())["price"]

        assert told["amount"] == "0.0211"
        assert (told["currency"], told["category"], told["prefix"]) == ("EUR", "utility", "+1234")

    def test_a_category_without_a_price_is_said_to_have_none(self, make_world: MakeWorld) -> None:
        world = strict_world(make_world, WAAPI_PRICES={"currency": "EUR", "marketing": 1})

        checked = check(world, "template/send", template_body())

        assert checked["price"]["amount"] is None
        assert "no price of utility" in checked["price"]["note"]

    def test_a_simulated_message_costs_nothing(self, make_world: MakeWorld) -> None:
        world = strict_world(make_world, WAAPI_PRICES={"currency": "EUR", "utility": 1})

        checked = check(world, "template/send", template_body(simulate=True))

        assert gates(checked)["price"] == "not_needed"
        assert checked["price"]["amount"] is None


@pytest.mark.parametrize(
    ("body", "stopped", "gate"),
    [
        (template_body(), "template", "account_restriction"),
        (template_body(template_name="offer", variables=None), "marketing", "opt_out"),
    ],
)
def test_what_was_told_of_account_and_recipient_refuses_check_and_send_alike(
    world: World, body: Any, stopped: str, gate: str
) -> None:
    assert gates(check(world, "template/send", body))[gate] == "passed"
    if stopped == "marketing":
        apply(world, "recorder", PreferenceUpdate(RECIPIENT, False, world.clock()))
    else:
        stop(world, stopped)

    checked = check(world, "template/send", body)
    answer = world.post(f"{API}/messages/template/send", body)

    assert gates(checked)[gate] == "failed"
    assert checked["error"]["code"] == answer.get_json()["error"]["code"]


def rows(world: World) -> dict[str, list[Any]]:
    """All that is stored."""
    with world.services.store.read() as session:
        return {
            name: sorted(map(str, session.execute(sa.select(table)).all()))
            for name, table in Base.metadata.tables.items()
        }
