"""What a command does to a key holds for the API, on every database."""

from __future__ import annotations

import json

import pytest
from click.testing import Result

from answers import data, error
from factories import MESSAGES, World


def invoke(world: World, *words: str) -> Result:
    """Run ``flask waapi`` with these words."""
    return world.app.test_cli_runner().invoke(args=["waapi", *words])


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_key_made_shown_switched_and_deleted_by_command_is_so_for_the_api(
    any_world: World, by: str
) -> None:
    words = ("keys", "create", "--name", "shop", "--permission", "view_messages", "--json")
    made = json.loads(invoke(any_world, *words).stdout)

    def state(command: str) -> str:
        shown: dict[str, str] = json.loads(invoke(any_world, "keys", command, made[by], "--json").stdout)
        return shown["state"]

    assert data(any_world.get(MESSAGES, made["key"])) == []
    assert (state("show"), state("disable")) == ("active", "inactive")
    error(any_world.get(MESSAGES, made["key"]), 401, "KEY_INACTIVE")
    assert state("enable") == "active"
    assert data(any_world.get(MESSAGES, made["key"])) == []
    assert invoke(any_world, "keys", "delete", made[by], "--yes").exit_code == 0
    error(any_world.get(MESSAGES, made["key"]), 401, "INVALID_API_KEY")
