"""``flask waapi providers``, ``settings``, ``openapi``, ``worker`` and ``graph-double``"""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import Result

from factories import MakeWorld, World
from flask_waapi import Misconfigured, OutboundMessage, Provider, ProviderContext, SendResult, hookimpl
from flask_waapi.cli.documents import settings_page
from recorder import RecorderPlugin

Run = Callable[..., Result]
Refused = Callable[..., str]

ROOT = Path(__file__).parents[2]


def test_the_commands_are_in_one_group_with_a_help_each(world: World) -> None:
    group = world.app.cli.commands["waapi"]
    runner = world.app.test_cli_runner()

    assert "keys" in runner.invoke(args=["waapi", "--help"]).output
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        assert command.get_short_help_str(), name
        assert runner.invoke(args=["waapi", name, "--help"]).exit_code == 0


class Checked(Provider):
    """Can send, or cannot."""

    trouble: ClassVar[Exception | None] = None

    def __init__(self, context: ProviderContext) -> None:
        """Needs no settings."""

    def send(self, message: OutboundMessage) -> SendResult:
        """Never called."""
        raise TypeError

    def check(self) -> str:
        """What is made of the trouble."""
        if self.trouble is not None:
            raise self.trouble
        return "Number +1 555 0100 is connected."


class TestProviders:
    """``providers``"""

    @pytest.fixture
    def checked(self, make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
        """An app with a provider that can be in trouble."""

        class Plugin(RecorderPlugin):
            """Brings one type more."""

            @hookimpl
            def waapi_register_providers(self, register: Callable[..., None]) -> None:
                register("checked", Checked)

        monkeypatch.setattr("factories.RecorderPlugin", Plugin)
        return make_world(
            WAAPI_PROVIDERS={"one": {"type": "checked"}, "two": {"type": "simulation"}},
            WAAPI_DEFAULT_PROVIDER="one",
        )

    def test_instances_and_types_are_listed(self, run: Run, checked: World) -> None:
        output = run("providers", world=checked).stdout
        instances, types = (block.splitlines() for block in output.strip().split("\n\n"))

        assert instances[0].split() == ["INSTANCE", "CLASS", "DEFAULT", "SIMULATED", "SENDER"]
        assert instances[1].split() == ["one", "Checked", "yes"]
        assert instances[2].split() == ["two", "SimulationProvider", "yes"]
        assert "cloud       flask-waapi:cloud" in types

    def test_what_an_instance_sends_from_is_told_as_a_check_has_taught_it(
        self, run: Run, checked: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def check(provider: Checked) -> str:
            provider.sends_from = "+15550000000"
            return "Reached it."

        monkeypatch.setattr(Checked, "check", check)

        assert "+15550000000" not in run("providers", world=checked).stdout
        assert "+15550000000  Reached it." in run("providers", "--check", world=checked).stdout

    def test_a_check_asks_each_instance(self, run: Run, checked: World) -> None:
        output = run("providers", "--check", world=checked).stdout

        assert "Number +1 555 0100 is connected." in output
        assert "Simulation with" in output

    @pytest.mark.parametrize(
        ("trouble", "told"),
        [
            (Misconfigured("The token has expired."), "FAILED: The token has expired."),
            (KeyError("token"), "FAILED: KeyError: 'token'"),
        ],
    )
    def test_an_instance_that_cannot_send_fails_the_check_and_hides_no_other(
        self, run: Run, checked: World, monkeypatch: pytest.MonkeyPatch, trouble: Exception, told: str
    ) -> None:
        monkeypatch.setattr(Checked, "trouble", trouble)

        result = run("providers", "--check", world=checked, fails=True)

        assert result.exit_code == 1
        assert told in result.stdout
        assert "Simulation with" in result.stdout
        assert result.stderr == "Error: A provider cannot send.\n"

    def test_plugins_that_could_not_be_used_are_told(
        self, run: Run, make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        info = tmp_path / "broken-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[flask_waapi]\nbroken = no_such_module\n")
        monkeypatch.syspath_prepend(str(tmp_path))

        output = run("providers", world=make_world()).stdout

        assert "The plugin broken:broken could not be used: ModuleNotFoundError" in output


class TestSettings:
    """``settings``"""

    def test_those_in_force_are_shown_and_no_secret(self, run: Run, make_world: MakeWorld) -> None:
        world = make_world(
            WAAPI_KEY_PEPPER="hunter2",
            WAAPI_KEY_PEPPER_FALLBACKS=["hunter2"],
            WAAPI_PROVIDERS={"main": {"type": "simulation"}},
            WAAPI_MAX_ATTEMPTS=3,
        )

        shown = dict(line.split(maxsplit=1) for line in run("settings", world=world).stdout.splitlines())

        assert shown["WAAPI_MAX_ATTEMPTS"] == "3"
        assert shown["WAAPI_KEY_PEPPER"] == shown["WAAPI_PROVIDERS"] == "(set)"
        assert shown["WAAPI_DATABASE_URI"] == "-"
        assert "hunter2" not in str(shown)
        assert "a secret of tests" not in str(shown)

    def test_as_markdown_it_is_the_page_of_the_documentation(self, run: Run) -> None:
        assert run("settings", "--markdown").stdout == settings_page() + "\n"


def test_openapi_prints_the_document_that_is_served(run: Run, world: World) -> None:
    assert json.loads(run("openapi").stdout) == world.client.get("/api/v1/openapi.json").get_json()


class TestWorker:
    """``worker --once``"""

    def test_it_sends_what_waits_and_ends(self, run: Run, make_world: MakeWorld) -> None:
        world = make_world(WAAPI_DISPATCH="worker")
        with world.app.app_context():
            world.waapi.send_batch([{"to": "+1234567890", "text": "Hello"}] * 120)

        run("worker", "--once", world=world)

        assert [message.status for message in world.messages()] == ["sent"] * 120

    def test_with_nothing_to_do_it_ends_without_a_word(self, run: Run) -> None:
        assert run("worker", "--once").output == ""

    def test_it_applies_what_providers_have_announced(self, run: Run, world: World) -> None:
        sent = world.send().get_json()["data"]["message_uuid"]
        world.clock.advance(3600)

        run("worker", "--once")

        assert world.message(sent).status == "read"

    def test_a_job_that_fails_is_told_by_the_exit_code(
        self, run: Run, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> int:
            raise ZeroDivisionError

        monkeypatch.setitem(world.services.worker._jobs, "send messages", fail)

        result = run("worker", "--once", fails=True)

        assert result.exit_code == 1
        assert "Traceback" not in result.output


class TestGraphDouble:
    """``graph-double``"""

    def test_it_listens_until_it_is_interrupted(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "flask", "--app", "served_app", "waapi", "graph-double"]
        environment = os.environ | {
            "PYTHONPATH": str(ROOT / "tests"),
            "PYTHONUNBUFFERED": "1",
            "WAAPI_TESTS_DATABASE": f"sqlite:///{tmp_path / 'waapi.sqlite'}",
        }
        with subprocess.Popen(
            [*command, "--port", "0", "--access-token", "t0ken"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Where the tests run in the background of a shell, children would inherit that it is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        ) as process:
            try:
                assert process.stdout is not None
                told = "".join(itertools.takewhile(lambda line: "Ctrl-C" not in line, process.stdout))
                found = re.search(r"http://127\.0\.0\.1:(\d+)", told)
                assert found, told
                with pytest.raises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(f"{found[0]}/v25.0/106540352242922/messages", timeout=10)
                graph_error = json.loads(refused.value.read())["error"]
                refused.value.close()
                process.send_signal(signal.SIGINT)
                process.wait(timeout=60)
                assert process.stderr is not None
                errors = process.stderr.read()
            finally:
                process.kill()

        assert "code" in graph_error
        assert process.returncode == 0, errors
        assert '"access_token": "t0ken"' in told
        assert "Traceback" not in errors

    def test_a_port_that_is_taken_is_told_in_words(self, refused: Refused) -> None:
        from flask_waapi.testing import GraphDouble

        with GraphDouble() as double:
            port = double.base_url.rpartition(":")[2].partition("/")[0]

            assert port in refused("graph-double", "--port", port)
