"""``flask waapi keys``"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from factories import ALL_PERMISSIONS, MESSAGES, MakeWorld, World, text_body
from flask_waapi.access import audit

Run = Callable[..., Result]
Refused = Callable[..., str]

EVERY_FLAG = [
    "--name",
    "shop",
    "--description",
    "Shop",
    "--permission",
    "send_template",
    "--permission",
    "view_messages",
    "--rate-limit",
    "60",
    "--daily-limit",
    "10000",
    "--expires-at",
    "2027-01-01T00:00:00Z",
    "--mode",
    "live",
    "--allow-from",
    "127.0.0.1",
    "--allow-from",
    "2001:db8::/32",
    "--account",
    "acme",
]


def created(run: Run, *words: str) -> dict[str, object]:
    """The JSON object that ``create --json`` prints."""
    printed = run("keys", "create", *words, "--json").stdout
    values: dict[str, object] = json.loads(printed)
    return values


class TestCreate:
    """``keys create``"""

    def test_with_every_flag_one_json_object_is_printed(self, run: Run, world: World) -> None:
        values = created(run, *EVERY_FLAG)

        key = values.pop("key")
        identifier = values.pop("id")
        (view,) = world.services.keys.list("acme")
        assert identifier == str(view.id)
        assert isinstance(key, str)
        assert key.startswith("wak_live_")
        assert values == {
            "account": "acme",
            "name": "shop",
            "description": "Shop",
            "permissions": ["send_template", "view_messages"],
            "rate_limit": 60,
            "daily_limit": 10_000,
            "used_today": 0,
            "mode": "live",
            "enabled": True,
            "state": "active",
            "masked": f"wak_live_…{key[-4:]}",
            "allowed_networks": ["127.0.0.1/32", "2001:db8::/32"],
            "provider": None,
            "expires_at": "2027-01-01T00:00:00.000000Z",
            "created_at": "2026-01-01T00:00:00.000000Z",
            "last_used_at": None,
        }

    def test_nothing_else_is_printed_than_the_object(self, run: Run) -> None:
        result = run("keys", "create", *EVERY_FLAG, "--json")

        assert result.stderr == ""
        assert result.stdout.startswith("{")
        assert result.stdout.endswith("}\n")

    def test_the_key_opens_the_api(self, run: Run, world: World) -> None:
        key = created(run, "--name", "shop", "--permission", "view_messages")["key"]

        assert world.client.get(MESSAGES, headers={"X-API-Key": str(key)}).status_code == 200

    def test_the_key_is_shown_this_once_and_never_again(
        self, run: Run, world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        values = created(run, "--name", "shop", "--permission", "send_text")
        key, identifier = str(values["key"]), str(values["id"])
        world.post("/api/v1/external/messages/text/send", text_body(), key)

        later = [
            run("keys", *words).output
            for words in (
                ("list",),
                ("list", "--json"),
                ("show", "shop"),
                ("show", identifier, "--json"),
                ("disable", "shop", "--json"),
                ("enable", "shop"),
                ("delete", "shop", "--yes"),
            )
        ]

        assert not [output for output in later if key in output or key[9:20] in output]
        assert key not in caplog.text
        with closing(sqlite3.connect(tmp_path / "waapi.sqlite")) as connection:
            assert key not in "\n".join(connection.iterdump())

    def test_for_a_person_the_key_stands_alone_on_its_line(self, run: Run) -> None:
        output = run("keys", "create", "--name", "shop", "--permission", "send_text").stdout

        (line,) = (line.strip() for line in output.splitlines() if "wak_live_" in line)
        assert len(line) == len("wak_live_") + 38
        assert "shown only now" in output

    def test_a_key_without_permissions_is_made_with_a_warning(self, run: Run) -> None:
        assert "no permissions" in run("keys", "create", "--name", "shop").stdout

    def test_without_limits_the_standard_ones_hold(self, run: Run) -> None:
        values = created(run, "--name", "shop")

        assert (values["rate_limit"], values["daily_limit"], values["mode"]) == (60, 1_000, "live")

    def test_a_test_key_says_so(self, run: Run) -> None:
        assert str(created(run, "--name", "shop", "--mode", "test")["key"]).startswith("wak_test_")

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00.000000Z"),
            ("2027-01-01T00:00:00", "2027-01-01T00:00:00.000000Z"),
            ("2027-01-01", "2027-01-01T00:00:00.000000Z"),
            ("2027-01-01T05:30:00+05:30", "2027-01-01T00:00:00.000000Z"),
        ],
    )
    def test_an_expiry_without_a_zone_is_utc(self, run: Run, given: str, meant: str) -> None:
        assert created(run, "--name", "shop", "--expires-at", given)["expires_at"] == meant

    def test_every_permission_can_be_given(self, run: Run) -> None:
        flags = [word for name in ALL_PERMISSIONS for word in ("--permission", name)]

        assert created(run, "--name", "shop", *flags)["permissions"] == list(ALL_PERMISSIONS)

    def test_every_fault_is_told_at_once(self, refused: Refused, world: World) -> None:
        words = refused(
            *("keys", "create", "--name", " ", "--rate-limit", "0", "--expires-at", "2020-01-01"),
            *("--allow-from", "nowhere"),
        )

        assert words.startswith("Error: The name is not usable. Expected: 1 to 100 printable characters.")
        for part in (
            "0 is not a limit",
            "2020-01-01T00:00:00+00:00 is in the past",
            "'nowhere' is not a network",
        ):
            assert part in words
        assert world.services.keys.list("default") == []

    def test_a_name_that_is_taken_is_refused(self, run: Run, refused: Refused) -> None:
        created(run, "--name", "shop")

        assert "The name 'shop' is taken" in refused("keys", "create", "--name", "shop")
        created(run, "--name", "shop", "--account", "acme")

    @pytest.mark.parametrize(
        ("flags", "told"),
        [
            ((), "Missing option '--name'"),
            (("--name", "x", "--permission", "fly"), "'fly' is not one of 'send_template'"),
            (("--name", "x", "--rate-limit", "lots"), "'lots' is not a valid integer"),
            (("--name", "x", "--expires-at", "soon"), "'soon' is not a moment such as 2027-01-01T00:00:00Z"),
            (("--name", "x", "--mode", "real"), "'real' is not one of 'live', 'test'"),
        ],
    )
    def test_a_flag_that_cannot_be_read_is_a_matter_of_usage(
        self, refused: Refused, flags: tuple[str, ...], told: str
    ) -> None:
        assert told in refused("keys", "create", *flags, code=2)


class TestOneKey:
    """``keys show``, ``enable``, ``disable`` and ``delete``, by name and by id."""

    @pytest.fixture(params=["name", "id"])
    def word(self, request: pytest.FixtureRequest, run: Run, world: World) -> str:
        """What the key ``shop`` is called by."""
        world.key()
        (view,) = world.services.keys.list("default")
        return str(getattr(view, request.param))

    def test_show_prints_every_field(self, run: Run, word: str) -> None:
        lines = run("keys", "show", word).stdout.splitlines()
        shown = {name: value.strip() for name, _, value in (line.partition(" ") for line in lines)}

        assert shown["name"] == "shop"
        assert shown["state"] == "active"
        assert shown["permissions"] == ", ".join(ALL_PERMISSIONS)
        assert shown["expires_at"] == "-"
        assert shown["allowed_networks"] == "none"

    def test_a_key_that_is_disabled_opens_nothing_until_it_is_enabled(
        self, run: Run, world: World, word: str
    ) -> None:
        off = json.loads(run("keys", "disable", word, "--json").stdout)
        assert (off["enabled"], off["state"]) == (False, "inactive")
        assert world.get(MESSAGES).get_json()["error"]["code"] == "KEY_INACTIVE"

        on = json.loads(run("keys", "enable", word, "--json").stdout)
        assert (on["enabled"], on["state"]) == (True, "active")
        assert world.get(MESSAGES).status_code == 200

    def test_disabling_twice_is_no_error(self, run: Run, word: str) -> None:
        run("keys", "disable", word)
        run("keys", "disable", word)

    def test_a_key_that_is_deleted_is_gone(self, run: Run, refused: Refused, world: World, word: str) -> None:
        assert run("keys", "delete", word, "--yes").stdout == "Key 'shop' is deleted.\n"

        assert world.get(MESSAGES).get_json()["error"]["code"] == "INVALID_API_KEY"
        assert refused("keys", "show", word) == f"Error: There is no key {word!r} in this account."

    @pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", 1), ("", 1)])
    def test_deleting_asks_first(self, run: Run, world: World, word: str, answer: str, left: int) -> None:
        result = run("keys", "delete", word, input=answer, fails=True)

        assert "Delete 'shop' (wak_live_…" in result.output
        assert "cannot be undone" in result.output
        assert len(world.services.keys.list("default")) == left
        assert result.exit_code == (1 if left else 0)

    def test_what_was_done_is_in_the_audit_trail(self, run: Run, world: World, word: str) -> None:
        (view,) = world.services.keys.list("default")
        for command in (("disable",), ("enable",), ("delete", "--yes")):
            world.clock.advance(1)
            run("keys", command[0], word, *command[1:])

        entries = audit.of_subject(world.services.store, "default", view.id)
        assert [(entry.action, entry.actor) for entry in entries] == [
            ("delete", "cli"),
            ("enable", "cli"),
            ("disable", "cli"),
            ("create", "python"),
        ]

    @pytest.mark.parametrize("command", [("show",), ("enable",), ("disable",), ("delete", "--yes")])
    def test_a_key_of_another_account_is_not_there(
        self, refused: Refused, world: World, word: str, command: tuple[str, ...]
    ) -> None:
        told = refused("keys", command[0], word, *command[1:], "--account", "acme")

        assert told == f"Error: There is no key {word!r} in this account."
        assert world.get(MESSAGES).status_code == 200


class TestList:
    """``keys list``"""

    def test_without_keys_there_is_the_header_alone(self, run: Run) -> None:
        assert run("keys", "list").stdout.split() == (
            ["NAME", "STATE", "KEY", "PERMISSIONS", "PER", "MINUTE", "TODAY", "LAST", "USED"]
        )

    def test_each_key_has_a_line_newest_first(self, run: Run, world: World) -> None:
        world.issue_key("old", permissions=["send_text"], rate_limit=5, daily_limit=7)
        world.clock.advance(1)
        world.issue_key("new", permissions=[])
        world.get(MESSAGES, world.secrets["old"])

        first, second = (line.split() for line in run("keys", "list").stdout.splitlines()[1:])

        assert (first[0], first[1], first[3]) == ("new", "active", "none")
        assert (second[0], second[3], second[4], second[5]) == ("old", "send_text", "5", "0/7")

    def test_as_json_it_is_a_list(self, run: Run, world: World) -> None:
        world.key()

        (values,) = json.loads(run("keys", "list", "--json").stdout)

        assert values["name"] == "shop"
        assert "key" not in values

    def test_keys_of_other_accounts_are_not_listed(self, run: Run, world: World) -> None:
        world.issue_key("theirs", account="acme")

        assert json.loads(run("keys", "list", "--json").stdout) == []
        assert len(json.loads(run("keys", "list", "--json", "--account", "acme").stdout)) == 1


class TestSeveralNumbers:
    @pytest.fixture
    def world(self, make_world: MakeWorld) -> World:
        """An app with two numbers."""
        numbers = {"shop": {"type": "recorder"}, "support": {"type": "recorder"}}
        return make_world(WAAPI_PROVIDERS=numbers, WAAPI_DEFAULT_PROVIDER="shop")

    def test_a_key_is_made_for_a_number_and_given_another(self, run: Run) -> None:
        assert created(run, "--name", "helpdesk", "--provider", "support")["provider"] == "support"

        changed = run("keys", "update", "helpdesk", "--provider", "shop", "--json")
        cleared = run("keys", "update", "helpdesk", "--provider", "", "--json")

        assert json.loads(changed.stdout)["provider"] == "shop"
        assert json.loads(cleared.stdout)["provider"] is None

    @pytest.mark.parametrize("words", [("create", "--name", "x"), ("update", "helpdesk")])
    def test_a_number_that_does_not_exist_is_refused(
        self, run: Run, refused: Refused, words: tuple[str, ...]
    ) -> None:
        created(run, "--name", "helpdesk")

        told = refused("keys", *words, "--provider", "sales")

        assert "'sales' is no provider" in told
        assert "one of shop, support, simulation" in told
