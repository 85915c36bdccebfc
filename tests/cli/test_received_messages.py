"""``messages list`` with what came in, and ``messages receive``."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from factories import RECIPIENT, RECORDING, MakeWorld, World, add_messages
from incoming import writes

Run = Callable[..., Result]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ((), 3),
        (("--direction", "inbound"), 2),
        (("--direction", "outbound"), 1),
        (("--from", "+4915112345678"), 1),
        (("--status", "received"), 2),
    ],
)
def test_the_list_can_be_narrowed_to_what_came_in(
    run: Run, make_world: MakeWorld, flags: tuple[str, ...], found: int
) -> None:
    world = make_world(**RECORDING)
    add_messages(world, 1)
    for number in (RECIPIENT, "+4915112345678"):
        writes(world, number)

    listed = json.loads(run("messages", "list", "--json", *flags, world=world).stdout)

    assert len(listed["messages"]) == found


def test_the_list_says_who_wrote(run: Run, world: World) -> None:
    writes(world, provider="simulation")

    header, line = run("messages", "list").stdout.splitlines()

    column = header.split().index("FROM")
    assert line.split()[column] == RECIPIENT


def test_somebody_can_be_let_write(run: Run, world: World) -> None:
    printed = run("messages", "receive", RECIPIENT, "Hello", "--account", "shop").stdout

    message = world.message()
    assert printed == f"Received for the account 'shop': {message.id}\n"
    assert (message.sender, message.rendered, message.account) == (RECIPIENT, "Hello", "shop")


def test_a_provider_that_is_not_simulated_is_refused_in_words(
    refused: Refused, make_world: MakeWorld
) -> None:
    world = make_world(**RECORDING)

    told = refused("messages", "receive", RECIPIENT, "Hello", "--provider", "recorder", world=world)

    assert "The provider 'recorder' is not simulated." in told
    assert world.messages() == []


def test_what_is_no_number_is_refused_in_words(refused: Refused, world: World) -> None:
    assert "Invalid phone number format" in refused("messages", "receive", "12", "Hello")
    assert world.messages() == []
