"""``flask waapi messages``, ``flask waapi templates``, and the accounts of ``flask waapi providers``"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import Result

from factories import MESSAGES, RECORDING, MakeWorld, World, add_messages
from flask_waapi import AccountUpdate, Misconfigured, Retryable, TemplateUpdate
from reports import apply

Run = Callable[..., Result]
Refused = Callable[..., str]


class TestMessages:
    """``messages list`` and ``messages show``"""

    def test_each_message_has_a_line(self, run: Run, world: World) -> None:
        sent = world.send(reference="my-order-123").get_json()["data"]["message_uuid"]

        header, line = run("messages", "list").stdout.splitlines()

        assert header.split() == [
            "MESSAGE",
            "STATUS",
            "TYPE",
            "FROM",
            "TO",
            "TEMPLATE",
            "REFERENCE",
            "CREATED",
        ]
        assert line.split() == [
            sent,
            "sent",
            "template",
            "-",
            "+1234567890",
            "order_confirmation",
            "my-order-123",
            "2026-01-01T00:00:00.000000Z",
        ]

    def test_as_json_it_is_what_the_api_answers(self, run: Run, world: World) -> None:
        world.send()

        printed = json.loads(run("messages", "list", "--json").stdout)

        assert printed == {"messages": world.get(MESSAGES).get_json()["data"], "next_cursor": None}

    @pytest.mark.parametrize(
        ("flags", "found"),
        [
            ((), 3),
            (("--status", "failed"), 1),
            (("--to", "+4915112345678"), 1),
            (("--reference", "r"), 1),
            (("--template-name", "order_confirmation"), 0),
            (("--status", "failed", "--reference", "r"), 0),
            (("--account", "acme"), 1),
        ],
    )
    def test_filters_are_those_of_the_api(
        self, run: Run, world: World, flags: tuple[str, ...], found: int
    ) -> None:
        add_messages(world, 1, status="failed")
        add_messages(world, 1, recipient="+4915112345678")
        add_messages(world, 1, reference="r")
        add_messages(world, 1, account="acme")

        assert len(json.loads(run("messages", "list", "--json", *flags).stdout)["messages"]) == found

    def test_the_cursor_at_the_end_of_a_page_leads_to_the_next(self, run: Run, world: World) -> None:
        ids = [str(made) for made in reversed(add_messages(world, 5))]

        *lines, more = run("messages", "list", "--limit", "3").stdout.splitlines()[1:]
        rest = run("messages", "list", *more.removeprefix("More: ").split()).stdout.splitlines()[1:]

        assert [line.split()[0] for line in (*lines, *rest)] == ids

    def test_show_prints_a_message_and_its_timeline(self, run: Run, world: World) -> None:
        sent = world.send().get_json()["data"]["message_uuid"]

        shown = json.loads(run("messages", "show", sent).stdout)

        assert shown["message_uuid"] == sent
        assert [event["status"] for event in shown["events"]] == ["queued", "sent"]

    def test_a_message_that_is_not_there_is_told_in_words(self, refused: Refused, world: World) -> None:
        (theirs,) = add_messages(world, 1, account="acme")

        told = [
            refused("messages", "show", str(found)).replace(str(found), "") for found in (uuid4(), theirs)
        ]

        assert told[0] == told[1]
        assert told[0].startswith("Error: ")

    def test_a_cursor_that_is_none_is_told_in_words(self, refused: Refused) -> None:
        assert refused("messages", "list", "--cursor", "zz").startswith("Error: The cursor is not valid.")

    @pytest.mark.parametrize(
        "flags", [("--limit", "0"), ("--limit", "101"), ("--status", "lost")], ids=" ".join
    )
    def test_a_flag_that_cannot_be_read_is_a_matter_of_usage(
        self, refused: Refused, flags: tuple[str, ...]
    ) -> None:
        assert flags[0] in refused("messages", "list", *flags, code=2)


class TestTemplates:
    """``templates sync`` and ``templates list``"""

    @pytest.fixture
    def world(self, make_world: MakeWorld) -> World:
        """An app whose templates a test can change."""
        return make_world(**RECORDING)

    def test_they_are_read_when_they_never_were(self, run: Run, world: World) -> None:
        _, line = run("templates", "list").stdout.splitlines()

        assert line.split(maxsplit=5) == [
            "order_confirmation",
            "en",
            "APPROVED",
            "UTILITY",
            "-",
            "customer_name, order_id, total  -",
        ]
        assert world.script.listings == 1

    def test_what_the_provider_reports_of_them_is_listed(self, run: Run, world: World) -> None:
        run("templates", "sync")
        paused = TemplateUpdate(
            "order_confirmation",
            "en",
            world.clock(),
            status="PAUSED",
            quality="RED",
            reason="Recipients have reported it.",
        )
        apply(world, "recorder", paused)

        _, line = run("templates", "list").stdout.splitlines()

        assert line.split()[2:5] == ["PAUSED", "UTILITY", "RED"]
        assert line.endswith("Recipients have reported it.")

    def test_a_sync_reads_them_anew(self, run: Run, world: World) -> None:
        run("templates", "list")
        world.script.templates.clear()

        assert "0 templates of provider 'recorder' read." in run("templates", "sync").stdout
        assert json.loads(run("templates", "list", "--json").stdout) == []

    def test_as_json_it_is_what_the_api_answers(self, run: Run, world: World) -> None:
        printed = json.loads(run("templates", "list", "--json").stdout)

        assert printed == world.get("/api/v1/external/templates").get_json()["data"]

    def test_those_of_another_instance_can_be_asked_for(self, run: Run) -> None:
        assert "shipping_update" in run("templates", "list", "--provider", "simulation").stdout

    @pytest.mark.parametrize("command", ["list", "sync"])
    def test_an_instance_that_does_not_exist_is_told_with_those_that_do(
        self, refused: Refused, command: str
    ) -> None:
        told = refused("templates", command, "--provider", "nobody")

        assert told == "Error: There is no provider 'nobody'; there are: recorder, simulation."

    @pytest.mark.parametrize("error", [Misconfigured("The token is wrong."), Retryable("No line.")])
    def test_a_provider_that_does_not_answer_is_told_and_the_old_list_stays(
        self, run: Run, refused: Refused, world: World, error: Exception
    ) -> None:
        run("templates", "sync")
        world.script.template_error = error

        assert refused("templates", "sync") == f"Error: The templates could not be read: {error}"
        assert "order_confirmation" in run("templates", "list").stdout


class TestAccounts:
    """``providers``, of what they report"""

    def test_each_state_has_a_line(self, run: Run, world: World) -> None:
        now = world.clock()
        ended = now - timedelta(hours=1)
        apply(
            world,
            "simulation",
            AccountUpdate(
                "restriction",
                "It is restricted.",
                now,
                "critical",
                frozenset({"template"}),
                now + timedelta(1),
            ),
            AccountUpdate("violation", "It was in the wrong.", ended, "warning", until=ended),
        )

        header, *lines = run("providers").stdout.split("\n\n")[1].splitlines()

        assert header.split() == ["INSTANCE", "SUBJECT", "SEVERITY", "SINCE", "UNTIL", "STOPS", "REPORT"]
        assert [line.split(maxsplit=6) for line in lines] == [
            [
                "simulation",
                "restriction",
                "critical",
                "2026-01-01T00:00:00.000000Z",
                "2026-01-02T00:00:00.000000Z",
                "template",
                "It is restricted.",
            ],
            [
                "simulation",
                "violation",
                "over",
                "2025-12-31T23:00:00.000000Z",
                "2025-12-31T23:00:00.000000Z",
                "-",
                "It was in the wrong.",
            ],
        ]

    def test_without_tables_the_instances_are_shown_all_the_same(
        self, run: Run, make_world: MakeWorld, tmp_path: Path
    ) -> None:
        bare = make_world(WAAPI_DATABASE_URI=f"sqlite:///{tmp_path / 'bare.sqlite'}")

        output = run("providers", world=bare).stdout

        assert "SimulationProvider" in output
        assert "The database cannot be read" in output
