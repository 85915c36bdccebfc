"""``flask waapi callbacks``: what came in, what was parked, and applying it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from click.testing import Result

from factories import RECORDING, MakeWorld, World
from flask_waapi import CallbackItem, StatusUpdate

Run = Callable[..., Result]


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An app with one message and one callback: one item applied, one parked, one of a stranger's message."""
    world = make_world(**RECORDING)
    world.send()
    mend(world, is_mended=False)
    receive(world)
    return world


def mend(world: World, *, is_mended: bool = True) -> None:
    """Let the provider understand the second item, or not."""
    delivered = StatusUpdate("delivered", world.clock(), "recorder-1")
    read = StatusUpdate("read", world.clock(), "recorder-1")
    second = (
        CallbackItem("b", {"b": 1}, (read,)) if is_mended else CallbackItem("b", {"b": 1}, problem="Odd.")
    )
    stranger = StatusUpdate("read", world.clock(), "stranger")
    told = [
        CallbackItem("a", {"a": 1}, (delivered,)),
        second,
        CallbackItem("c", {"c": 1}, (stranger,)),
    ]
    world.services.providers["recorder"].parse_callback = lambda body: told  # type: ignore[method-assign]


def receive(world: World) -> None:
    """One callback, applied."""
    headers = {"X-Signature": "good"}
    world.client.post("/api/v1/callbacks/recorder", data=b'{"entry": [1]}', headers=headers)
    world.work()


def test_it_lists_what_came_in(run: Run) -> None:
    listed = run("callbacks", "list").output

    assert listed.splitlines()[0].split() == [
        "ID",
        "PROVIDER",
        "RECEIVED",
        "STATE",
        "APPLIED",
        "PARKED",
        "UNMATCHED",
    ]
    assert listed.splitlines()[1].split()[3:] == ["applied", "1", "1", "1"]


def test_it_lists_what_is_parked_but_for_strangers_messages(run: Run) -> None:
    parked = json.loads(run("callbacks", "parked", "--json").output)

    assert [(item["position"], item["state"], item["reason"], item["raw"]) for item in parked] == [
        ("b", "broken", "Odd.", {"b": 1})
    ]
    (stranger,) = json.loads(run("callbacks", "parked", "--state", "unmatched", "--json").output)
    assert stranger["position"] == "c"
    assert "Odd." in run("callbacks", "parked").output


def test_it_shows_one_as_it_came(run: Run) -> None:
    (listed,) = json.loads(run("callbacks", "list", "--json").output)

    shown = json.loads(run("callbacks", "show", listed["id"]).output)

    assert shown["body"] == {"entry": [1]}
    assert [item["position"] for item in shown["parked_items"]] == ["b", "c"]


def test_a_replay_after_the_fault_was_mended_applies_what_was_parked(run: Run, world: World) -> None:
    mend(world)

    said = run("callbacks", "replay", "--parked").output

    assert said == (
        "Applied 1 callback again: 2 items applied, 0 parked, 1 about messages that are not ours.\n"
    )
    assert world.message().status == "read"
    assert run("callbacks", "list", "--parked").output.count("\n") == 1


def test_a_replay_by_id_by_time_and_by_provider_finds_the_same(run: Run, world: World) -> None:
    (listed,) = json.loads(run("callbacks", "list", "--json").output)

    for words in (
        [listed["id"]],
        ["--since", "2020-01-01"],
        ["--provider", "recorder"],
    ):
        assert run("callbacks", "replay", *words).output.startswith("Applied 1 callback again")
    assert run("callbacks", "replay", "--provider", "other").output.startswith("Applied 0 callbacks")


def test_a_replay_says_which_callback_it_cannot_find(run: Run, refused: Callable[..., str]) -> None:
    unknown = uuid4()

    assert f"There is no callback {unknown}" in refused("callbacks", "replay", str(unknown))


@pytest.mark.parametrize("words", [[], ["--parked", "00000000-0000-4000-8000-000000000000"]])
def test_a_replay_must_be_told_what(refused: Callable[..., str], words: list[str]) -> None:
    assert "Usage:" in refused("callbacks", "replay", *words, code=2)
