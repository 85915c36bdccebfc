"""``flask waapi keys rotate`` and ``flask waapi keys update``"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from factories import MESSAGES, World

Run = Callable[..., Result]
Refused = Callable[..., str]


class TestRotate:
    """``keys rotate``"""

    def test_a_new_secret_is_printed_once_and_the_former_one_goes_on_for_a_day(
        self, run: Run, world: World
    ) -> None:
        old = world.key()

        printed = run("keys", "rotate", "shop").stdout

        new = printed.split()[-1]
        assert "accepted for 24 more hours." in printed
        assert [world.get(MESSAGES, key).status_code for key in (old, new)] == [200, 200]
        assert new not in run("keys", "show", "shop").stdout

    def test_an_overlap_of_an_hour_is_told_as_one(self, run: Run, world: World) -> None:
        world.key()

        assert "accepted for 1 more hour." in run("keys", "rotate", "shop", "--overlap-hours", "1").stdout

    def test_without_an_overlap_the_former_one_has_ended(self, run: Run, world: World) -> None:
        old = world.key()

        values = json.loads(run("keys", "rotate", "shop", "--overlap-hours", "0", "--json").stdout)

        assert [world.get(MESSAGES, key).status_code for key in (old, values["key"])] == [401, 200]

    @pytest.mark.parametrize("hours", ["-1", "721"])
    def test_an_overlap_out_of_bounds_is_refused(self, refused: Refused, world: World, hours: str) -> None:
        old = world.key()

        assert "none to 30 days" in refused("keys", "rotate", "shop", "--overlap-hours", hours)

        assert world.get(MESSAGES, old).status_code == 200


class TestUpdate:
    """``keys update``"""

    def test_what_is_given_is_changed_and_the_rest_stays(self, run: Run, world: World) -> None:
        world.issue_key(rate_limit=5, allowed_networks=["203.0.113.0/24"])
        words = [
            "--permission",
            "send_text",
            "--rate-limit",
            "0",
            "--allow-from",
            "",
            "--description",
            "Shop",
        ]

        values = json.loads(run("keys", "update", "shop", *words, "--json").stdout)

        assert (values["permissions"], values["allowed_networks"]) == (["send_text"], [])
        assert (values["rate_limit"], values["daily_limit"], values["description"]) == (60, 100_000, "Shop")

    def test_an_end_is_given_and_taken_back(self, run: Run, world: World) -> None:
        world.key()

        ends = run("keys", "update", "shop", "--expires-at", "2027-01-01T00:00:00Z", "--json")
        never = run("keys", "update", "shop", "--never-expires", "--permission", "none", "--json")

        assert json.loads(ends.stdout)["expires_at"] == "2027-01-01T00:00:00.000000Z"
        assert (json.loads(never.stdout)["expires_at"], json.loads(never.stdout)["permissions"]) == (None, [])

    def test_nothing_to_change_is_a_mistake_in_the_command(self, world: World) -> None:
        world.key()

        result = world.app.test_cli_runner().invoke(args=["waapi", "keys", "update", "shop"])

        assert result.exit_code == 2
        assert "Say what to change" in result.output
