"""``flask waapi ...``: every command, its words, its JSON, its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from factories import (
    ALL_PERMISSIONS,
    MESSAGES,
    RECORDING,
    TEXT_SEND,
    MakeWorld,
    World,
    close_app,
    text_body,
)
from flask_waapi import Misconfigured, Rejected, Retryable, WaApi
from flask_waapi.cli import group
from flask_waapi.settings import table
from flask_waapi.storage import migrate

Run = Callable[..., Result]


def run(world: World, *arguments: str, answer: str | None = None) -> Result:
    """Run a command of ours."""
    return world.app.test_cli_runner().invoke(args=["waapi", *arguments], input=answer)


def ok(result: Result) -> str:
    """The output of a command that must have succeeded."""
    assert result.exit_code == 0, result.output
    return result.output


def refused(result: Result, words: str) -> None:
    """Check that a command has failed with words and not with a traceback."""
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Error: " in result.output
    assert words in result.output
    assert "Traceback" not in result.output


def test_the_commands_are_those_of_the_documentation() -> None:
    def names(command: Any, path: str = "") -> set[str]:
        if not hasattr(command, "commands"):
            return {path}
        return set().union(*(names(child, f"{path} {name}".strip()) for name, child in command.commands.items()))

    assert names(group) == {
        *(f"keys {name}" for name in ("create", "list", "show", "enable", "disable", "delete")),
        *(f"db {name}" for name in ("upgrade", "downgrade", "current", "check")),
        *(f"messages {name}" for name in ("list", "show")),
        *(f"templates {name}" for name in ("sync", "list")),
        *("providers", "worker", "settings", "openapi", "graph-double"),
    }


def test_every_command_says_what_it_does(shared: World) -> None:
    def check(command: Any, path: list[str]) -> None:
        output = ok(run(shared, *path, "--help"))
        assert command.help or command.short_help, path
        assert "Usage:" in output
        for name, child in getattr(command, "commands", {}).items():
            check(child, [*path, name])

    check(group, [])


CREATE = ("keys", "create", "--json", "--name")


def test_create_with_every_option_prints_one_json_object_with_the_key(any_world: World) -> None:
    permissions = [part for name in ALL_PERMISSIONS for part in ("--permission", name)]
    arguments = ["--description", "Für den Laden", "--rate-limit", "60", "--daily-limit", "10000"]
    arguments += ["--expires-at", "2027-01-01T00:00:00Z", "--mode", "live"]
    arguments += ["--allow-from", "127.0.0.1", "--allow-from", "2001:db8::/32"]

    made = json.loads(ok(run(any_world, *CREATE, "shop", *arguments, *permissions)))

    assert any_world.get(MESSAGES, made["key"]).status_code == 200
    assert made | {"id": "", "key": ""} == {
        "id": "",
        "key": "",
        "name": "shop",
        "description": "Für den Laden",
        "state": "active",
        "enabled": True,
        "mode": "live",
        "masked": f"wak_live_…{made['key'][-4:]}",
        "permissions": list(ALL_PERMISSIONS),
        "rate_limit": 60,
        "daily_limit": 10_000,
        "used_today": 0,
        "allowed_networks": ["127.0.0.1/32", "2001:db8::/32"],
        "expires_at": "2027-01-01T00:00:00.000000Z",
        "created_at": "2026-01-01T00:00:00.000000Z",
        "last_used_at": None,
        "account": "default",
    }


def test_create_without_json_shows_the_key_once_and_warns_of_missing_permissions(world: World) -> None:
    output = ok(run(world, "keys", "create", "--name", "shop"))

    secret = next(line.strip() for line in output.splitlines() if line.strip().startswith("wak_"))
    assert world.services.keys.authenticate(secret).name == "shop"
    assert "It has no permissions" in output
    assert "no permissions" not in ok(run(world, "keys", "create", "--name", "b", "--permission", "send_text"))


def test_an_expiry_without_a_zone_is_utc(world: World) -> None:
    made = json.loads(ok(run(world, *CREATE, "shop", "--expires-at", "2027-06-01T12:00")))

    assert made["expires_at"] == "2027-06-01T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--name", " "], "The name is not usable. Expected: 1 to 100 printable characters."),
        (["--name", "x", "--rate-limit", "0"], "0 is not a limit."),
        (["--name", "x", "--daily-limit", "-1"], "-1 is not a limit."),
        (["--name", "x", "--expires-at", "2020-01-01"], "is in the past."),
        (["--name", "x", "--allow-from", "everywhere"], "'everywhere' is not a network"),
        (["--name", "", "--rate-limit", "0"], "0 is not a limit."),
    ],
)
def test_a_wrong_value_is_told_in_words(shared: World, arguments: list[str], words: str) -> None:
    refused(run(shared, "keys", "create", *arguments), words)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--name", "x", "--permission", "admin"],
        ["--name", "x", "--mode", "sandbox"],
        ["--name", "x", "--rate-limit", "many"],
        ["--name", "x", "--expires-at", "soon"],
        ["--name", "x", "--secret", "mine"],
    ],
)
def test_a_wrong_option_is_a_fault_of_usage(shared: World, arguments: list[str]) -> None:
    result = run(shared, "keys", "create", *arguments)

    assert result.exit_code == 2
    assert "Error: " in result.output


def test_a_taken_name_is_told_in_words(world: World) -> None:
    ok(run(world, *CREATE, "shop"))

    refused(run(world, *CREATE, "shop"), "The name 'shop' is taken by another key of this account.")
    ok(run(world, *CREATE, "shop", "--account", "other"))


def test_list_shows_the_accounts_keys_and_no_secret(world: World) -> None:
    for name in ("one", "two"):
        world.issue_key(name)
        world.clock.advance(1)
    world.issue_key("foreign", account="other")

    printed = ok(run(world, "keys", "list"))
    listed = json.loads(ok(run(world, "keys", "list", "--json")))

    assert [line.split()[0] for line in printed.splitlines()] == ["NAME", "two", "one"]
    assert [key["name"] for key in listed] == ["two", "one"]
    for output in (printed, str(listed)):
        assert not [secret for secret in world.secrets.values() if secret in output]
    assert [key["name"] for key in json.loads(ok(run(world, "keys", "list", "--json", "--account", "other")))] == [
        "foreign"
    ]


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_key_is_shown_switched_and_deleted_by_its_name_or_its_id(any_world: World, by: str) -> None:
    secret = any_world.key()
    word = "shop" if by == "name" else str(any_world.services.keys.get("default", "shop").id)

    def state(command: str) -> str:
        shown: dict[str, str] = json.loads(ok(run(any_world, "keys", command, word, "--json")))
        return shown["state"]

    assert state("show") == "active"
    assert state("disable") == "inactive"
    assert any_world.get(MESSAGES, secret).status_code == 401
    assert state("enable") == "active"
    assert any_world.get(MESSAGES, secret).status_code == 200
    assert "shop" in ok(run(any_world, "keys", "show", word))
    assert ok(run(any_world, "keys", "delete", word, "--yes")) == "Key 'shop' is deleted.\n"
    refused(run(any_world, "keys", "show", word), f"There is no key {word!r} in this account.")


def test_delete_asks_first(world: World) -> None:
    world.key()

    kept = run(world, "keys", "delete", "shop", answer="n\n")
    assert kept.exit_code == 1
    assert "cannot be undone" in kept.output
    assert world.services.keys.get("default", "shop").enabled

    ok(run(world, "keys", "delete", "shop", answer="y\n"))
    refused(run(world, "keys", "show", "shop"), "There is no key")


@pytest.mark.parametrize("command", ["show", "enable", "disable", "delete"])
def test_an_unknown_key_and_a_foreign_one_are_told_in_the_same_words(shared: World, command: str) -> None:
    name = f"foreign to {command}"
    shared.issue_key(name, account="other")

    refused(run(shared, "keys", command, name), f"There is no key '{name}' in this account.")
    refused(run(shared, "keys", command, str(uuid4())), "in this account.")


def test_messages_are_listed_filtered_and_paged(world: World) -> None:
    for number in range(3):
        world.post(TEXT_SEND, text_body(reference=f"order-{number}"))
        world.clock.advance(1)

    printed = ok(run(world, "messages", "list", "--limit", "2"))
    assert [line.split()[5] for line in printed.splitlines()[:3]] == ["REFERENCE", "order-2", "order-1"]
    cursor = printed.splitlines()[-1].removeprefix("More: --cursor ")
    rest = json.loads(ok(run(world, "messages", "list", "--cursor", cursor, "--json")))
    assert [message["reference"] for message in rest["messages"]] == ["order-0"]
    assert rest["next_cursor"] is None
    found = json.loads(ok(run(world, "messages", "list", "--reference", "order-1", "--status", "sent", "--json")))
    assert len(found["messages"]) == 1
    assert json.loads(ok(run(world, "messages", "list", "--account", "other", "--json")))["messages"] == []
    refused(run(world, "messages", "list", "--cursor", "nonsense"), "The cursor is not valid.")


def test_a_message_is_shown_with_its_timeline(world: World) -> None:
    world.post(TEXT_SEND, text_body())
    uuid = str(world.message().id)

    shown = json.loads(ok(run(world, "messages", "show", uuid)))

    assert (shown["message_uuid"], shown["status"], shown["text"]) == (uuid, "sent", "Hello")
    assert [event["status"] for event in shown["events"]] == ["queued", "sent"]
    refused(run(world, "messages", "show", str(uuid4())), "There is no message")
    refused(run(world, "messages", "show", uuid, "--account", "other"), "There is no message")
    assert run(world, "messages", "show", "not-a-uuid").exit_code == 2


def test_templates_are_read_and_listed(recording: World) -> None:
    assert ok(run(recording, "templates", "sync")) == "1 templates of provider 'recorder' read.\n"
    printed = ok(run(recording, "templates", "list"))
    assert "customer_name, order_id, total" in printed
    (listed,) = json.loads(ok(run(recording, "templates", "list", "--json")))
    assert listed["name"] == "order_confirmation"
    assert "login_code" in ok(run(recording, "templates", "list", "--provider", "simulation"))


@pytest.mark.parametrize("command", ["sync", "list"])
def test_templates_that_cannot_be_read_are_told_in_words(recording: World, command: str) -> None:
    recording.script.template_error = Retryable("The network is away.")

    refused(run(recording, "templates", command), "The templates could not be read: The network is away.")
    refused(
        run(recording, "templates", command, "--provider", "nobody"),
        "There is no provider 'nobody'; there are: recorder, simulation.",
    )


def test_providers_are_shown_with_their_types_and_what_could_not_be_used(recording: World) -> None:
    output = ok(run(recording, "providers"))

    assert output.splitlines()[1].split() == ["recorder", "Recorder", "yes"]
    assert "flask-waapi:cloud" in output
    assert "CHECK" not in output


def test_providers_can_be_asked_whether_they_could_send(recording: World) -> None:
    assert "Nothing to check." in ok(run(recording, "providers", "--check"))

    def fail() -> str:
        raise Misconfigured("The token has expired.")

    recording.services.providers["recorder"].check = fail  # type: ignore[method-assign]
    result = run(recording, "providers", "--check")
    refused(result, "A provider cannot send.")
    assert "FAILED: The token has expired." in result.output


def test_a_providers_own_bug_in_its_check_is_told_and_hides_no_other(recording: World) -> None:
    def fail() -> str:
        raise ZeroDivisionError("a bug")

    recording.services.providers["recorder"].check = fail  # type: ignore[method-assign]

    result = run(recording, "providers", "--check")

    refused(result, "A provider cannot send.")
    assert "simulation" in result.output


def test_the_worker_does_what_is_due_and_ends(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_DISPATCH="thread", **RECORDING)
    world.script.outcomes.append(Rejected("No."))
    for _ in range(3):
        world.post(TEXT_SEND, text_body())

    ok(run(world, "worker", "--once"))

    assert sorted(message.status for message in world.messages()) == ["failed", "sent", "sent"]


def test_the_settings_in_force_are_shown_without_secrets(make_world: MakeWorld) -> None:
    world = make_world(WAAPI_KEY_PEPPER="the pepper", WAAPI_STANDARD_RATE_LIMIT=77)

    output = ok(run(world, "settings"))

    assert "the pepper" not in output
    assert "a secret key" not in output
    lines = {line.split()[0]: line.split()[1:] for line in output.splitlines()}
    assert lines["WAAPI_STANDARD_RATE_LIMIT"] == ["77"]
    assert lines["WAAPI_KEY_PEPPER"] == ["(set)"]
    assert len(lines) == len(table()) + 1


def test_the_page_of_settings_names_them_all(shared: World) -> None:
    page = ok(run(shared, "settings", "--markdown"))

    for row in table():
        assert f"| `WAAPI_{row.name.upper()}` |" in page


def test_the_document_is_the_one_that_is_served(shared: World) -> None:
    printed = json.loads(ok(run(shared, "openapi")))

    assert printed == shared.client.get("/api/v1/openapi.json").get_json()


@pytest.fixture
def bare(database_uri: str) -> Any:
    """An app on an empty database, once for each kind."""
    app = Flask("bare_host")
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=database_uri, WAAPI_BACKGROUND_THREAD=False)
    WaApi(app, db=SQLAlchemy(app))
    yield app
    close_app(app)


def test_the_tables_are_made_shown_checked_and_removed(bare: Flask) -> None:
    def db(*arguments: str) -> Result:
        return bare.test_cli_runner().invoke(args=["waapi", "db", *arguments])

    head = migrate.head()
    assert ok(db("current")) == f"none (newest: {head})\n"
    refused(db("check"), "Run `flask waapi db upgrade`.")
    assert ok(db("upgrade")) == f"The tables are at revision {head}.\n"
    assert ok(db("upgrade")) == f"The tables are at revision {head}.\n"
    assert ok(db("current")) == f"{head} (newest: {head})\n"
    assert ok(db("check")) == "The tables are those that the code expects.\n"
    assert "CREATE TABLE waapi_keys" in ok(db("upgrade", "--sql"))
    assert "None" not in ok(db("downgrade", "base"))
    refused(db("check"), "Run `flask waapi db upgrade`.")


@pytest.mark.parametrize("command", [["upgrade", "nonsense"], ["downgrade", "nonsense"]])
def test_an_unknown_revision_is_told_in_words(shared: World, command: list[str]) -> None:
    refused(run(shared, "db", *command), "nonsense")


@pytest.mark.parametrize("command", [["keys", "list"], ["messages", "list"], ["keys", "create", "--name", "x"]])
def test_a_database_without_tables_is_told_in_words(tmp_path: Any, command: list[str]) -> None:
    app = Flask("bare_host")
    uri = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    app.config.update(SECRET_KEY="x", SQLALCHEMY_DATABASE_URI=uri, WAAPI_BACKGROUND_THREAD=False)
    WaApi(app, db=SQLAlchemy(app))

    result = app.test_cli_runner().invoke(args=["waapi", *command])

    refused(result, "flask waapi db upgrade")
    close_app(app)
