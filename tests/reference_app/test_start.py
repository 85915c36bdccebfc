"""``python -m reference_app`` as a person starts it: what it prints works, and it stops when told to."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from flask_waapi.testing.graph_double import GraphDouble

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0


class Started:
    """A running app and what it has printed."""

    def __init__(self, process: subprocess.Popen[str], printed: str) -> None:
        self.process = process
        self.printed = printed

    @property
    def curl_lines(self) -> list[str]:
        """The lines that are meant to be pasted."""
        return [line for line in self.printed.splitlines() if line.startswith("curl ")]

    def told(self, label: str) -> str:
        """What stands behind a label."""
        found = re.search(rf"^  {label} +(.*)$", self.printed, re.MULTILINE)
        assert found, self.printed
        return found[1]

    def stop(self) -> tuple[int, str]:
        """End it as a service manager does; its exit code and what it wrote to stderr."""
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, errors


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """A bare environment with an empty HOME."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "WAAPI_"))}
    home = folder / "home"
    home.mkdir(exist_ok=True)
    paths = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    return {
        **kept,
        "HOME": str(home),
        "PORT": "0",
        "FLASK_INSTANCE_PATH": str(folder / "instance"),
        "PYTHONPATH": paths,
        "FLASK_SEED_HISTORY": "false",
        **settings,
    }


@contextmanager
def started(folder: Path, **settings: str) -> Iterator[Started]:
    """A running app, ended at the latest when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reference_app"],
        cwd=folder,
        env=environment(folder, settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Stop with"):
                break
        else:
            pytest.fail(f"It did not start: {process.communicate()[1]}")
        yield Started(process, "".join(lines))
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


@contextmanager
def held_port() -> Iterator[int]:
    """A port that nobody is given by chance; an app that is told its number can listen there."""
    with socket.socket() as held:
        # Bound and not listening: whoever sets the same may be bound to it too, as servers do.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def paste(line: str) -> requests.Response:
    """Send what a curl line says, quoting undone as a shell does."""
    words = iter(shlex.split(line)[1:])
    headers: dict[str, str] = {}
    body = address = None
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        elif word.startswith("http"):
            address = word
        else:
            assert word == "-sS"
    assert address is not None
    return requests.request(
        "GET" if body is None else "POST", address, headers=headers, data=body, timeout=PATIENCE_SECONDS
    )


def wait_for_read(line: str) -> list[str]:
    """The statuses that a message has had by the time that it is read, in their order."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (data := paste(line).json()["data"])["status"] != "read":
        assert time.monotonic() < end, data
        time.sleep(0.1)
    return [event["status"] for event in data["events"]]


def test_the_printed_lines_send_a_message_and_show_it_delivered_and_read(tmp_path: Path) -> None:
    with started(tmp_path) as app:
        send, history, one = app.curl_lines
        sent = paste(send)
        assert sent.status_code == 201
        data = sent.json()["data"]
        assert (data["status"], data["to"]) == ("sent", "+1234567890")

        statuses = wait_for_read(one.replace("MESSAGE_UUID", data["message_uuid"]))

        assert statuses == ["queued", "sent", "delivered", "read"]
        assert paste(history).json()["data"][0]["message_uuid"] == data["message_uuid"]
        assert app.told("Provider") == "simulation: nothing leaves this machine"
        assert app.stop() == (0, "")
    assert list((tmp_path / "home").iterdir()) == []
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "instance").iterdir()}
    assert (modes["secret-key"], modes["demo-password"]) == (0o600, 0o600)


def test_the_printed_login_opens_the_desk_and_outlives_a_restart(tmp_path: Path) -> None:
    with started(tmp_path) as app:
        first = (app.told("Login"), app.told("Password"), app.curl_lines[0])
    with started(tmp_path) as app:
        assert (app.told("Login"), app.told("Password")) == first[:2]
        address = app.told("Order desk")
        with requests.Session() as browser:
            token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(f"{address}login").text)
            assert token is not None
            fields = {"csrf_token": token[1], "name": first[0], "password": first[1]}
            assert browser.post(f"{address}login", data=fields).url == f"{address}orders/"
        assert paste(app.curl_lines[1]).status_code == 200
        former = first[2].replace(first[2].split("/api/")[0], f"curl -sS {address.rstrip('/')}")
        assert paste(former).json()["error"]["code"] == "INVALID_API_KEY"


def test_the_environment_moves_its_messages_to_another_provider_and_back_come_the_statuses(
    tmp_path: Path,
) -> None:
    with (
        held_port() as port,
        GraphDouble(callback_url=f"http://127.0.0.1:{port}/api/v1/callbacks/cloud") as double,
    ):
        settings = {
            "PORT": str(port),
            "FLASK_WAAPI_PROVIDERS": json.dumps({"cloud": double.provider_settings}),
            "FLASK_WAAPI_DEFAULT_PROVIDER": "cloud",
        }
        with started(tmp_path, **settings) as app:
            sent = paste(app.curl_lines[0])
            assert sent.status_code == 201, sent.text
            assert app.told("Provider") == "cloud: messages are sent for real, charges may apply"
            assert double.messages[0].callback_data == sent.json()["data"]["message_uuid"]
            assert double.wait_until_reported(PATIENCE_SECONDS)
            one = app.curl_lines[2].replace("MESSAGE_UUID", sent.json()["data"]["message_uuid"])
            assert "read" in wait_for_read(one)


def test_a_provider_out_of_reach_hinders_no_start(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "base_url": "http://127.0.0.1:1",
        "phone_number_id": "1",
        "business_account_id": "2",
        "access_token": "token",
    }
    with started(tmp_path, FLASK_WAAPI_PROVIDERS=json.dumps({"cloud": settings})) as app:
        assert "Note: The templates could not be read" in app.printed


@pytest.fixture
def ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Starts an app that cannot start; gives what it wrote to stderr."""

    def end(**settings: str) -> str:
        from reference_app.__main__ import main

        for name, value in {"PORT": "0", "FLASK_INSTANCE_PATH": str(tmp_path), **settings}.items():
            monkeypatch.setenv(name, value)
        assert main() == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    return end


def test_a_port_that_is_taken_is_told_with_the_way_out(ended: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        errors = ended(PORT=str(port))

    assert f"Port {port} is taken." in errors
    assert re.search(r"^  PORT=\d+ make run$", errors, re.MULTILINE)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"PORT": "http"}, "PORT must be a number"),
        ({"PORT": "70000"}, "PORT must be a number"),
        ({"HOST": "203.0.113.1"}, "HOST names another address"),
        ({"FLASK_WAAPI_RATE": "1"}, "WAAPI_RATE is not a setting of flask-waapi"),
        ({"FLASK_WAAPI_DEFAULT_PROVIDER": "none"}, "WAAPI_DEFAULT_PROVIDER"),
        ({"FLASK_SQLALCHEMY_DATABASE_URI": "sqlite:////nowhere/desk.sqlite"}, "The database cannot be used"),
    ],
)
def test_what_cannot_work_is_told_in_words(
    ended: Callable[..., str], settings: dict[str, str], told: str
) -> None:
    assert told in ended(**settings)
