"""What a command does to a key holds for the API."""

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
def test_a_key_made_shown_switched_and_deleted_by_command_is_so_for_the_api(world: World, by: str) -> None:
    words = ("keys", "create", "--name", "shop", "--permission", "view_messages", "--json")
    made = json.loads(invoke(world, *words).stdout)

    def state(command: str) -> str:
        shown: dict[str, str] = json.loads(invoke(world, "keys", command, made[by], "--json").stdout)
        return shown["state"]

    assert data(world.get(MESSAGES, made["key"])) == []
    assert (state("show"), state("disable")) == ("active", "inactive")
    error(world.get(MESSAGES, made["key"]), 401, "KEY_INACTIVE")
    assert state("enable") == "active"
    assert data(world.get(MESSAGES, made["key"])) == []
    assert invoke(world, "keys", "delete", made[by], "--yes").exit_code == 0
    error(world.get(MESSAGES, made["key"]), 401, "INVALID_API_KEY")
